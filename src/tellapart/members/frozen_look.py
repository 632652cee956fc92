"""What the frozen network knows before it is tuned: heads to begin with, and which changes leave the label as it is.

N pictures, 2D pooled columns, R principal axes, K classes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from tellapart.backbones.lite import Lite, load_lite
from tellapart.members.canvases import Canvases
from tellapart.members.head import Axes, Linear, fit_axes, fit_linear
from tellapart.members.member import Job
from tellapart.members.policy import POLICIES
from tellapart.members.scores import log_losses, softmax
from tellapart.members.tuned_net import frozen_rows
from tellapart.pictures.features import StoredFeatures
from tellapart.tuning_plan import LOOK_PICTURES

STRENGTH = 1e-3  # of the heads: a middling one, as the audit's quick probe has

Change = Callable[[torch.Tensor], torch.Tensor]


@dataclass(frozen=True, eq=False)
class FrozenLook:
    """What was seen.

    Attributes
    ----------
    axes, rows
        Of the pooled features, fitted on the training part; (N, R), zero for the sealed part.
    policy, why
        Which of `POLICIES` the training takes, and the figures it rests on.
    """

    axes: Axes
    rows: np.ndarray
    policy: str
    why: str

    def fit_head(self, labels: np.ndarray, at: np.ndarray, weights_K: np.ndarray) -> Linear:
        """Fit a head on the pictures `at`; the classes' weights stay in its logits."""
        own = None if np.all(weights_K == 1) else weights_K[labels[at]]
        return fit_linear(self.rows[at], labels[at], len(weights_K), STRENGTH, own)


def look(job: Job, canvases: Canvases) -> FrozenLook:
    """Look at all pictures once; the features are kept in the work folder.

    Axes use no label, and with the features clipped an unseen picture cannot be told from those they were fitted on.
    """
    lite, train = load_lite(), job.split.indices("train")
    features = _features(lite, canvases, job)
    axes = fit_axes(features, at=train)
    rows = np.zeros((len(features), axes.axes_DR.shape[1]), dtype=np.float32)
    known = np.flatnonzero(job.split.parts != "test")
    rows[known] = axes.apply(features, known)
    policy, why = _policy(job, canvases, lite, axes, rows)
    return FrozenLook(axes, rows, policy, why)


def _features(lite: Lite, canvases: Canvases, job: Job) -> StoredFeatures:
    file: Path = job.work / f"finetune-{canvases.height}x{canvases.width}.npy"
    if file.exists():
        return StoredFeatures(file)
    temporary, count = file.with_suffix(".part.npy"), len(job.pictures)
    with temporary.open("wb") as out:
        for number, rows in enumerate(frozen_rows(lite, canvases, np.arange(count), lambda x: x)):
            if number == 0:
                header = {"descr": "<f4", "fortran_order": False, "shape": (count, rows.shape[1])}
                np.lib.format.write_array_header_1_0(out, header)
            out.write(rows.astype("<f4").tobytes())
            job.progress.advance(len(rows))
    temporary.replace(file)
    return StoredFeatures(file)


def _policy(job: Job, canvases: Canvases, lite: Lite, axes: Axes, rows_NR: np.ndarray) -> tuple[str, str]:
    """Return the policy whose changed copies, added to what heads are fitted on, give the least log loss, and why.

    What is scored is unchanged and out of fold: copies that do not keep their label mislead the head.
    """
    train = job.split.indices("train")
    some = train[np.unique(np.linspace(0, len(train) - 1, min(len(train), LOOK_PICTURES)).astype(int))]

    def changed(change: Change) -> np.ndarray:
        rows = np.concatenate(list(frozen_rows(lite, canvases, some, change)))
        return axes.standard(rows) @ axes.axes_DR

    def quarter(x: torch.Tensor) -> torch.Tensor:
        return x.transpose(2, 3).flip(3)

    def half(x: torch.Tensor) -> torch.Tensor:
        return x.flip(2, 3)

    mirrored = changed(lambda x: x.flip(3))
    turned = changed(quarter if canvases.height == canvases.width else half)
    copies: dict[str, list[np.ndarray]] = {"none": [], "mirrorings": [mirrored], "turns": [mirrored, turned]}
    losses = {name: _loss(job, some, rows_NR[some], more) for name, more in copies.items()}
    best = min(losses, key=lambda name: losses[name])
    found = ", ".join(f"{POLICIES[name].words()} {loss:.4f}" for name, loss in losses.items())
    return best, f"log loss of a head on the frozen network, fitted with copies by {found}"


def _loss(job: Job, some: np.ndarray, rows_nR: np.ndarray, copies: Sequence[np.ndarray]) -> float:
    """Return the log loss of heads fitted with the changed copies on all folds but the one that is scored."""
    folds, labels, losses = job.split.folds[0][some], job.pictures.labels[some], np.zeros(len(some))
    for fold in np.unique(folds):
        fit, score = folds != fold, folds == fold
        rows = np.concatenate([rows_nR[fit], *(copy[fit] for copy in copies)])
        # The strength weighs a sum over pictures: copies must not weaken the regularisation.
        strength = STRENGTH / (1 + len(copies))
        linear = fit_linear(rows, np.tile(labels[fit], 1 + len(copies)), job.classes, strength)
        losses[score] = log_losses(softmax(linear.logits(rows_nR[score])), labels[score])
    return float(losses.mean())
