"""Member `probe`: frozen pretrained features and a regularised linear head."""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import combinations
from pathlib import Path

import numpy as np

from tellapart.backbones.features import Backbone, run_by_shape, session
from tellapart.backbones.graph import Graph
from tellapart.members.head import CLIP, STRENGTHS, Axes, Linear, fit_axes, fit_linear
from tellapart.members.member import Fitted, Job
from tellapart.members.scores import log_losses, softmax
from tellapart.pictures.store import PictureStore
from tellapart.pictures.view import View

BATCH = 16  # throughput is flat from 8 to 32 pictures; larger ones only cost memory


def view_of(backbone: Backbone) -> View:
    """Return how pictures are prepared for a backbone."""
    side = round(backbone.area_px**0.5)
    return View("area", side, side, backbone.multiple)


def extract(
    backbone: Backbone, store: PictureStore, file: Path, advance: Callable[[int], None] = lambda _: None
) -> np.ndarray:
    """Return (N, D) float32 features of all pictures of `store`; kept in `file` and read from there a second time."""
    if file.exists():
        return np.load(file, mmap_mode="r", allow_pickle=False)
    engine, view = session(backbone.model), view_of(backbone)
    width = engine.get_outputs()[0].shape[1]
    temporary = file.with_suffix(".part.npy")
    rows = np.lib.format.open_memmap(temporary, mode="w+", dtype=np.float32, shape=(len(store), width))
    chunk = 8 * BATCH  # so that pictures of one shape meet
    for start in range(0, len(store), chunk):
        images = [view.apply(store[i]) for i in range(start, min(start + chunk, len(store)))]
        rows[start : start + len(images)] = run_by_shape(
            lambda x: engine.run(None, {"images": x})[0], images, BATCH
        )
        advance(len(images))
    rows.flush()
    del rows
    temporary.replace(file)
    return np.load(file, mmap_mode="r", allow_pickle=False)


def fit_probe(job: Job, features_ND: np.ndarray, backbone: Backbone) -> Fitted:
    """Cross-validate the head on the training part, then fit it on training and validation part.

    Standardisation and axes are fitted on the training part as a whole: they use no label, and with the features
    clipped an unseen picture cannot be told from them.
    """
    began = time.perf_counter()
    job.progress.stage("probe", job.split.folds.shape[0] * job.split.count)
    labels = job.pictures.labels
    train, validation = job.split.indices("train"), job.split.indices("validation")
    axes = fit_axes(features_ND[train])
    rows = np.zeros((len(labels), axes.axes_DR.shape[1]), dtype=np.float32)
    development = np.concatenate([train, validation])
    rows[development] = axes.apply(features_ND[development])
    strengths = [_strengths_by_fold(rows, labels, job.classes, folds) for folds in job.split.folds]
    scored = np.zeros((len(labels), job.classes))
    flat = [strength for chosen in strengths for strength in chosen]
    for (fit, score), strength in zip(job.split.rounds(), flat, strict=True):
        linear = fit_linear(rows[fit], labels[fit], job.classes, strength)
        scored[score] += linear.logits(rows[score]) / job.split.folds.shape[0]
        scored[validation] += linear.logits(rows[validation]) / len(flat)
        job.progress.advance(1)
    scored[job.split.indices("test")] = np.nan
    final = float(np.exp(np.median(np.log(flat))))
    linear = fit_linear(rows[development], labels[development], job.classes, final)
    spread = f"{min(flat):g}" if min(flat) == max(flat) else f"{min(flat):g} to {max(flat):g}"
    return Fitted(
        name="probe",
        logits=scored,
        view=view_of(backbone),
        write=lambda graph, images: write_probe(graph, images, backbone, axes, linear),
        seconds=time.perf_counter() - began,
        words=f"{features_ND.shape[1]} frozen features of {backbone.name}; strength {spread}, chosen inside the folds",
    )


def _strengths_by_fold(rows: np.ndarray, labels: np.ndarray, classes: int, folds: np.ndarray) -> list[float]:
    """For every fold the strength of least log loss on the others, each of them scored by a fit without both."""
    count = int(folds.max()) + 1
    if count < 3:
        return [STRENGTHS[len(STRENGTHS) // 2]] * count
    totals = np.zeros((count, len(STRENGTHS)))
    for one, other in combinations(range(count), 2):
        fit = np.flatnonzero((folds >= 0) & (folds != one) & (folds != other))
        for s, strength in enumerate(STRENGTHS):
            linear = fit_linear(rows[fit], labels[fit], classes, strength)
            for outer, inner in ((one, other), (other, one)):
                scored = np.flatnonzero(folds == inner)
                totals[outer, s] += log_losses(softmax(linear.logits(rows[scored])), labels[scored]).sum()
    return [STRENGTHS[int(best)] for best in totals.argmin(1)]


def write_probe(graph: Graph, images: str, backbone: Backbone, axes: Axes, linear: Linear) -> str:
    """Write backbone and head to `graph`; `images` is the uint8 input (N, H, W, 3)."""
    features = graph.embed(backbone.model, images)
    standard = graph.affine(features, 1 / axes.scale_D, -axes.mean_D / axes.scale_D)
    low, high = (graph.constant(np.array(value, dtype=np.float32)) for value in (-CLIP, CLIP))
    clipped = graph.op("Clip", standard, low, high)
    return graph.linear(clipped, axes.axes_DR @ linear.weight_RK, linear.bias_K)
