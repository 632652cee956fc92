"""Member `probe`: frozen pretrained features and a regularised linear head."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from tellapart.backbones.features import Backbone
from tellapart.backbones.graph import Graph
from tellapart.members.balance import decide_balance
from tellapart.members.extraction import view_of
from tellapart.members.head import CLIP, STRENGTHS, Axes, Linear, fit_axes, fit_linear
from tellapart.members.member import Fitted, Job, Write
from tellapart.members.scores import log_losses, softmax
from tellapart.pictures.features import Features
from tellapart.scale.executor import Advance
from tellapart.split import deal

QUICK_FOLDS, QUICK_STRENGTH = 5, 1e-3


@dataclass(frozen=True)
class Reach:
    """One way to look at the features: the columns taken, on their principal axes.

    What tells the classes apart on natural pictures lies deep; on cells and parts the deepest map, which knows
    ImageNet's things, only adds noise (nuclei: out-of-fold AUC .979 with it, .985 without). Hence both are tried.
    """

    words: str
    axes: Axes
    rows: np.ndarray


@dataclass(frozen=True)
class Setup:
    """What is chosen inside the folds."""

    reach: Reach
    strength: float

    def fit(self, at: np.ndarray, labels: np.ndarray, weights_K: np.ndarray) -> Linear:
        """Fit the head on the pictures `at`; the classes' weights are taken back from its logits."""
        own = None if np.all(weights_K == 1) else weights_K[labels[at]]
        linear = fit_linear(self.reach.rows[at], labels[at], len(weights_K), self.strength, own)
        return Linear(linear.weight_RK, linear.bias_K - np.log(weights_K).astype(np.float32))

    def logits(self, linear: Linear, at: np.ndarray) -> np.ndarray:
        """Return (n, K) logits of the pictures `at`."""
        return linear.logits(self.reach.rows[at])


def fit_probe(job: Job, features_ND: Features, backbone: Backbone) -> Fitted:
    """Cross-validate the head on the training part, then fit it on training and validation part.

    Standardisation and axes are fitted on the training part as a whole: they use no label, and with the features
    clipped an unseen picture cannot be told from them.
    """
    began = time.perf_counter()
    repeats = job.split.folds.shape[0]
    job.progress.stage("probe", repeats * job.split.count)
    labels = job.pictures.labels
    train, validation = job.split.indices("train"), job.split.indices("validation")
    development, open_part = np.concatenate([train, validation]), np.flatnonzero(job.split.parts != "test")
    setups = [
        Setup(reach, s)
        for reach in reaches(features_ND, backbone.deepest, train, open_part)
        for s in STRENGTHS
    ]
    shared = job.executor.share((tuple(setups), labels))
    losses = np.concatenate([_losses_by_fold(job, shared, len(setups), folds) for folds in job.split.folds])
    best = losses.argmin(1).tolist()
    scored = _cross_validated(job, shared, best, np.ones(job.classes))
    balance = decide_balance(
        labels[train],
        job.classes,
        scored[train],
        lambda weights: _cross_validated(job, shared, best, weights)[train],
    )
    weights = np.array(balance.weights)
    if balance.is_weighted:
        scored = _cross_validated(job, shared, best, weights)
    scored[job.split.indices("test")] = np.nan
    final = setups[losses.sum(0).argmin()]

    def refit(more: np.ndarray) -> Write:
        linear = final.fit(np.concatenate([development, more]), labels, weights)
        return lambda graph, images: write_probe(graph, images, backbone, final.reach.axes, linear)

    return Fitted(
        name="probe",
        logits=scored,
        view=view_of(backbone, job.plan["probe.area_px"]),
        write=refit(np.array([], dtype=np.int64)),
        refit=refit,
        seconds=time.perf_counter() - began,
        words=f"{features_ND.shape[1]} frozen features of {backbone.name}; chosen inside the folds: "
        f"{final.reach.words}, strength {final.strength:g}; {balance.words()}",
        balance=balance,
    )


Shared = tuple[tuple[Setup, ...], np.ndarray]
"""What all tasks need: the setups, whose rows are large, and the (N,) labels."""


def score_fold(
    shared: Shared,
    setup: int,
    fit: np.ndarray,
    scored: Sequence[np.ndarray],
    weights_K: np.ndarray,
    *,
    advance: Advance,
) -> list[np.ndarray]:
    """Fit one setup on the pictures at `fit`; return the (n, K) logits of those at each of `scored`."""
    one = shared[0][setup]
    linear = one.fit(fit, shared[1], weights_K)
    advance(1)
    return [one.logits(linear, at) for at in scored]


def _cross_validated(job: Job, shared: Shared, setups: Sequence[int], weights_K: np.ndarray) -> np.ndarray:
    """Return (N, K) logits: out of fold for the training part, the folds' average for the validation part."""
    validation = job.split.indices("validation")
    scored, repeats = np.zeros((len(job.pictures), job.classes)), job.split.folds.shape[0]
    rounds = list(job.split.rounds())
    begun = [
        job.executor.submit(
            score_fold,
            shared,
            setup,
            fit,
            (score, validation),
            weights_K,
            advance=job.progress.advance,
        )
        for (fit, score), setup in zip(rounds, setups, strict=True)
    ]
    for (_, score), task in zip(rounds, begun, strict=True):
        held_out, of_validation = task.result()
        scored[score] += held_out / repeats
        scored[validation] += of_validation / len(setups)
    return scored


def reaches(features_ND: Features, deepest: int, train: np.ndarray, open_part: np.ndarray) -> list[Reach]:
    """Return the ways to look: axes are fitted on the rows `train`, and applied to the rows `open_part`.

    The last `deepest` features are the deepest.
    """
    width = features_ND.shape[1]
    found = []
    for words, columns in (("all depths", width), ("all depths but the deepest", width - deepest)):
        if columns > 0:
            axes = fit_axes(features_ND, columns, train)
            rows = np.zeros((len(features_ND), axes.axes_DR.shape[1]), dtype=np.float32)
            rows[open_part] = axes.apply(features_ND, open_part)
            found.append(Reach(words, axes, rows))
    return found


def _losses_by_fold(job: Job, shared: Shared, setups: int, folds: np.ndarray) -> np.ndarray:
    """Return (folds, setups): for every fold the log loss on the others, each of them scored by a fit without both.

    With two folds there are no others: all depths at a middling strength are then the best by decree.
    """
    count = int(folds.max()) + 1
    if count < 3:
        return np.tile([0.0 if setup == len(STRENGTHS) // 2 else 1.0 for setup in range(setups)], (count, 1))
    totals = np.zeros((count, setups))
    pairs = list(combinations(range(count), 2))
    begun = [job.executor.submit(losses_of_pair, shared, job.classes, folds, pair) for pair in pairs]
    for (one, other), task in zip(pairs, begun, strict=True):
        totals[[one, other]] += task.result()
    return totals


def losses_of_pair(
    shared: Shared, classes: int, folds: np.ndarray, pair: tuple[int, int], *, advance: Advance
) -> np.ndarray:
    """Fit every setup without two folds; return (2, setups), the log losses summed over the other of the two."""
    (setups, labels), (one, other) = shared, pair
    fit, losses = np.flatnonzero((folds >= 0) & (folds != one) & (folds != other)), np.zeros((2, len(setups)))
    for s, setup in enumerate(setups):
        linear = setup.fit(fit, labels, np.ones(classes))
        for row, inner in enumerate((other, one)):
            scored = np.flatnonzero(folds == inner)
            losses[row, s] = log_losses(softmax(setup.logits(linear, scored)), labels[scored]).sum()
    advance(0)
    return losses


def quick_probe(
    features_ND: Features, labels: np.ndarray, classes: int, seed: int
) -> Callable[[np.ndarray], np.ndarray]:
    """Return (N,) groups -> (N, K) out-of-fold probabilities at a middling strength, groups whole.

    For the audit, which compares ways to split and looks for wrong labels: choosing the strength would change little.
    """
    reach: list[np.ndarray] = []

    def probe(groups: np.ndarray) -> np.ndarray:
        if not reach:
            reach.append(fit_axes(features_ND).apply(features_ND))
        rows = reach[0]
        folds, scores = deal(labels, groups, QUICK_FOLDS, seed), np.full((len(labels), classes), np.nan)
        for fold in np.unique(folds):
            fit, score = folds != fold, folds == fold
            linear = fit_linear(rows[fit], labels[fit], classes, QUICK_STRENGTH)
            scores[score] = softmax(linear.logits(rows[score]))
        return scores

    return probe


def write_probe(graph: Graph, images: str, backbone: Backbone, axes: Axes, linear: Linear) -> str:
    """Write backbone and head to `graph`; `images` is the uint8 input (N, H, W, 3)."""
    features = graph.embed(backbone.model, images)
    standard = graph.affine(features, 1 / axes.scale_D, -axes.mean_D / axes.scale_D)
    low, high = (graph.constant(np.array(value, dtype=np.float32)) for value in (-CLIP, CLIP))
    clipped = graph.op("Clip", standard, low, high)
    return graph.linear(clipped, axes.axes_DR @ linear.weight_RK, linear.bias_K)
