"""The members of the main job as learners of a study: train on some pictures in some way, score others.

n pictures, K classes, D features.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from tellapart.members.extraction import extract
from tellapart.members.head import MAX_AXES, STRENGTHS, fit_axes, fit_linear
from tellapart.members.reach import Setup, reaches
from tellapart.members.scores import log_losses, softmax
from tellapart.members.speed import time_backbone
from tellapart.scale.executor import Advance, Task
from tellapart.split import deal
from tellapart.study.arm import Arm
from tellapart.study.bench import Bench
from tellapart.study.views import Changed, Shrunk

INNER_FOLDS = 3
TIMED = 200  # pictures that one fit of the head is timed on


Scored = tuple[np.ndarray, float]
"""Logits (m, K) of the pictures that were scored, and the seconds that training and scoring took."""


class Learner(Protocol):
    """What trains the arms of a study.

    Attributes
    ----------
    name
        The member's.
    key
        Names its trainings in files: learners that train in different ways differ in it.
    folds, repeats
        Of the cross-validation, where there is time.
    usual_px
        Side of the square it looks at by default, px.
    sides
        What that may be, rising.
    threads
        That a training computes on.
    """

    name: str
    key: str
    folds: int
    repeats: int
    usual_px: int
    sides: Sequence[int]
    threads: int

    def words(self) -> str:
        """Say what is trained."""

    def on(self, bench: Bench) -> Learner:
        """Return the learner of another bench."""

    def looking_at(self, side_px: int) -> Learner:
        """Return the learner that looks at another of its `sides` by default."""

    def preparing(self, arm: Arm) -> float:
        """Return the seconds until an arm can be trained first, about."""

    def training(self, arm: Arm, n: int) -> float:
        """Return the seconds of one training on n pictures, about."""

    def prepare(self, arms: Sequence[Arm]) -> None:
        """Do what is done once for all trainings."""

    def begin(
        self, arm: Arm, chosen: np.ndarray, weights_K: np.ndarray, score: np.ndarray, seed: int
    ) -> Task[Scored]:
        """Begin to train on `chosen` (indices, repetitions count), and to score the pictures at `score`.

        The classes' weights are taken back from the logits, so that they speak of the classes' own shares.
        """

    def seconds_a_picture(self, side_px: int) -> float:
        """Return what scoring one picture of this size takes, without shrinking or enlarging it."""


@dataclass(frozen=True, eq=False)
class Known:
    """What all heads on some features need: (n, D) rows, (n,) labels and groups, how many features are the deepest."""

    rows_nD: np.ndarray
    labels: np.ndarray
    groups: np.ndarray
    deepest: int


class ProbeLearner:
    """Frozen features and a linear head; strength and depths are chosen by folds inside the training pictures."""

    name, key, folds, repeats, threads = "probe", "probe", 5, 3, 1

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.usual_px = round(bench.area_px**0.5)
        self.sides: Sequence[int] = (self.usual_px,)
        self.feature_seconds = time_backbone(bench.backbone, bench.area_px, bench.store)
        self.fit_seconds = self._time_fit()
        self._rows: dict[tuple[object, ...], np.ndarray] = {}
        self._sent: dict[tuple[object, ...], Known] = {}

    def on(self, bench: Bench) -> ProbeLearner:
        """Return the learner of another bench."""
        return ProbeLearner(bench)

    def looking_at(self, side_px: int) -> ProbeLearner:  # noqa: ARG002 - it has one size only
        """Return the learner itself."""
        return self

    def words(self) -> str:
        """Say what is trained."""
        return f"frozen features of {self.bench.backbone.name} and a linear head"

    def preparing(self, arm: Arm) -> float:
        """Return the seconds of the features an arm needs."""
        passes = (not self._is_usual(arm)) + arm.changes
        look = arm.look_px or self.usual_px
        return self.feature_seconds * (look / self.usual_px) ** 2 * len(self.bench.labels) * passes

    def training(self, arm: Arm, n: int) -> float:
        """Return the seconds of all fits for one choice and one head."""
        m = n * (2 if arm.changes else 1)
        few = min(TIMED, len(self.bench.labels))
        # A fit goes over pictures times axes; there are as many axes as pictures, up to a bound.
        larger = m * min(m, MAX_AXES) / (few * min(few, MAX_AXES))
        return self.fit_seconds * max(1.0, larger) * (2 * len(STRENGTHS) * INNER_FOLDS + 1)

    def prepare(self, arms: Sequence[Arm]) -> None:
        """Compute the features that are not there yet."""
        missing = sum((not self._is_usual(arm)) + arm.changes for arm in arms)
        self.bench.progress.stage("features", missing * len(self.bench.labels))
        for arm in arms:
            if self.preparing(arm) > self.bench.seconds_left():
                return  # the rounds will find the time up, and say so
            self._features(arm)

    def begin(
        self, arm: Arm, chosen: np.ndarray, weights_K: np.ndarray, score: np.ndarray, seed: int
    ) -> Task[Scored]:
        """Fit and score; changed copies of the training pictures stand beside the pictures themselves."""
        if arm.changes:
            chosen = np.concatenate([chosen, chosen + len(self.bench.labels)])
        return self.bench.executor.submit(fit_head, self._shared(arm), chosen, weights_K, score, seed)

    def seconds_a_picture(self, side_px: int) -> float:
        """Time the backbone at this size; the head costs nothing beside it."""
        store = self.bench.store
        height, width = (float(px) for px in np.median(store.shapes, axis=0))
        scale = side_px / max(height, width)
        return time_backbone(self.bench.backbone, max(32, round(height * width * scale**2)), store)

    def _time_fit(self) -> float:
        labels = self.bench.labels
        few = np.linspace(0, len(labels) - 1, min(TIMED, len(labels))).astype(int)
        rows = fit_axes(self.bench.features_nD, at=few).apply(self.bench.features_nD, few)
        fit_linear(
            rows, labels[few], self.bench.classes, STRENGTHS[-1]
        )  # the first one also loads what it needs
        began = time.perf_counter()
        fit_linear(rows, labels[few], self.bench.classes, STRENGTHS[-1])
        return time.perf_counter() - began

    def _is_usual(self, arm: Arm) -> bool:
        return arm.side_px is None and arm.look_px is None

    def _features(self, arm: Arm) -> np.ndarray:
        """(n, D) of the pictures; (2n, D) with their changed copies."""
        key = _seen(arm)
        if key not in self._rows:
            own = self._plain(arm)
            if arm.policy is not None and arm.changes:
                images = Changed(Shrunk(self.bench.store, arm.side_px), arm.policy, self.bench.seed)
                own = np.concatenate([own, self._extract(images, arm, f"features-{arm.key}-changed.npy")])
            self._rows[key] = own
        return self._rows[key]

    def _shared(self, arm: Arm) -> Known:
        """Return what the tasks of an arm need; its rows are sent once."""
        key, bench = _seen(arm), self.bench
        if key not in self._sent:
            rows = self._features(arm)
            copies = len(rows) // len(bench.labels)
            labels, groups = (np.tile(one, copies) for one in (bench.labels, bench.groups))
            self._sent[key] = bench.executor.share(Known(rows, labels, groups, bench.backbone.deepest))
        return self._sent[key]

    def _plain(self, arm: Arm) -> np.ndarray:
        if self._is_usual(arm):
            return self.bench.features_nD
        images = Shrunk(self.bench.store, arm.side_px)
        return self._extract(images, arm, f"features-{arm.side_px}-{arm.look_px}.npy")

    def _extract(self, images: Shrunk | Changed, arm: Arm, name: str) -> np.ndarray:
        bench = self.bench
        area = bench.area_px if arm.look_px is None else arm.look_px**2
        file = bench.work / f"{len(images)}-{name}"
        return extract(bench.backbone, area, images, file, bench.progress.advance)[np.arange(len(images))]


def _seen(arm: Arm) -> tuple[object, ...]:
    """Return what an arm's features depend on."""
    return arm.side_px, arm.look_px, arm.policy


def fit_head(
    known: Known,
    chosen: np.ndarray,
    weights_K: np.ndarray,
    score: np.ndarray,
    seed: int,
    *,
    advance: Advance,
) -> Scored:
    """Choose a setup inside the pictures at `chosen`, fit it on them, and score others."""
    began = time.perf_counter()
    own = np.unique(chosen)
    found = reaches(known.rows_nD, known.deepest, own, np.union1d(own, score))
    setups = [Setup(reach, strength) for reach in found for strength in STRENGTHS]
    best = _best_inside(setups, chosen, known.labels, known.groups, weights_K, seed)
    rows = np.asarray(best.logits(best.fit(chosen, known.labels, weights_K), score))
    advance(0)
    return rows, time.perf_counter() - began


def _best_inside(
    setups: Sequence[Setup],
    chosen: np.ndarray,
    labels: np.ndarray,
    groups: np.ndarray,
    weights_K: np.ndarray,
    seed: int,
) -> Setup:
    """Return the setup of least log loss on folds of the training pictures themselves."""
    if np.bincount(labels[chosen]).max() < INNER_FOLDS:
        return setups[len(STRENGTHS) // 2]
    folds = deal(labels[chosen], groups[chosen], INNER_FOLDS, seed)
    losses = np.zeros(len(setups))
    for fold in np.unique(folds):
        fit, score = chosen[folds != fold], chosen[folds == fold]
        for s, setup in enumerate(setups):
            linear = setup.fit(fit, labels, weights_K)
            losses[s] += log_losses(softmax(setup.logits(linear, score)), labels[score]).sum()
    return setups[int(losses.argmin())]
