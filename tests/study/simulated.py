"""A bench without pixels, and a learner whose skill is known: what a study should find is then known too."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from tellapart.pictures.collection import Pictures
from tellapart.pictures.decode import Facts
from tellapart.pictures.store import PictureStore
from tellapart.progress import Quiet
from tellapart.scale.executor import Advance, Here, Task
from tellapart.study.arm import Arm
from tellapart.study.bench import Bench
from tellapart.study.learners import Scored

SIDE = 400


def bench(
    work: Path,
    counts: tuple[int, ...] = (200, 200),
    *,
    side: int = SIDE,
    seconds: float = 300.0,
    each: int = 1,
) -> Bench:
    """Groups hold `each` pictures of one class."""
    labels = np.repeat(np.arange(len(counts)), counts)
    n = len(labels)
    pictures = Pictures(
        root=work,
        paths=tuple(f"{i:05d}.png" for i in range(n)),
        labels=labels,
        classes=tuple("abcdefgh"[: len(counts)]),
        parts=np.full(n, "", dtype="<U10"),
        groups=np.full(n, "", dtype=object),
    )
    facts = (Facts(side, side, "RGB", "PNG", False, 1, 1),) * n
    shapes = np.full((n, 2), side, dtype=np.int64)
    began = time.monotonic()
    return Bench(
        pictures=pictures,
        store=PictureStore(work / "none", shapes, np.zeros(n, dtype=np.int64), facts),
        groups=np.arange(n) // each,
        features_nD=np.zeros((n, 1), dtype=np.float32),
        backbone=None,  # type: ignore[arg-type] - the simulated learner has none
        area_px=256**2,
        positive=int(np.argmin(counts)),
        left_out=0,
        seed=0,
        work=work,
        began=began,
        deadline=began + seconds,
        progress=Quiet(),
    )


class Learner:
    """Logits of two or more normal classes, `skill` apart; prior as in the pictures it was given.

    What makes a picture easy or hard is its own, whatever the arm; a little is the training's.
    """

    name, key, folds, repeats, usual_px, sides, threads = "simulated", "simulated", 5, 3, 256, (256,), 1

    def __init__(self, where: Bench, skill: Callable[[Arm, int], float], seconds: float = 0.0) -> None:
        self.bench, self.skill, self.seconds = where, skill, seconds
        self.trained: list[tuple[str, np.ndarray]] = []
        shape = (len(where.labels), where.classes)
        self.own = np.random.default_rng(1).normal(size=shape)

    def words(self) -> str:
        return "simulated"

    def on(self, where: Bench) -> Learner:
        return Learner(where, self.skill, self.seconds)

    def looking_at(self, side_px: int) -> Learner:
        return self

    def preparing(self, arm: Arm) -> float:
        return 0.0

    def training(self, arm: Arm, n: int) -> float:
        return self.seconds

    def prepare(self, arms: object) -> None:
        pass

    def seconds_a_picture(self, side_px: int) -> float:
        return 1e-6 * side_px**2

    def begin(
        self, arm: Arm, chosen: np.ndarray, weights_K: np.ndarray, score: np.ndarray, seed: int
    ) -> Task[Scored]:
        return Here().submit(self.score, arm, chosen, score, seed)

    def score(
        self, arm: Arm, chosen: np.ndarray, score: np.ndarray, seed: int, *, advance: Advance
    ) -> Scored:
        began = time.perf_counter()
        self.trained.append((arm.key, chosen))
        truth = np.eye(self.bench.classes)[self.bench.labels[score]]
        skill = self.skill(arm, len(chosen))
        noise = self.own[score] + 0.1 * np.random.default_rng(seed).normal(size=truth.shape)
        counts = np.bincount(self.bench.labels[chosen], minlength=self.bench.classes)
        rows = skill * (skill * truth + noise) + np.log(counts / counts.sum())
        return rows, time.perf_counter() - began
