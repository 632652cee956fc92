"""The detail net as a learner of a study."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from tellapart.members.canvases import Canvases, make_canvases
from tellapart.members.detail import POLICIES
from tellapart.members.detail_net import BATCH, Schedule, logits, train
from tellapart.members.policy import Policy
from tellapart.members.speed import time_detail
from tellapart.pictures.view import View
from tellapart.plan import canvas, detail_sides, detail_steps
from tellapart.scale.executor import Advance, Task
from tellapart.study.arm import Arm
from tellapart.study.bench import Bench
from tellapart.study.learners import Scored
from tellapart.study.views import Shrunk

SLOWER = 1.3  # a step with its pictures read and changed, times the bare step that was timed


@dataclass(frozen=True, eq=False)
class Net:
    """All that the training of one net needs, wherever it runs: pictures and what to train on and to score."""

    canvases: Canvases
    chosen: np.ndarray
    labels: np.ndarray
    schedule: Schedule
    score: np.ndarray
    seed: int
    threads: int


def train_net(one: Net, *, advance: Advance) -> Scored:
    """Train one net and score with it."""
    began = time.perf_counter()
    torch.set_num_threads(one.threads)
    labels = one.labels.copy()  # what was sent here cannot be written to, which torch wants
    net = train(one.canvases, one.chosen.copy(), labels, one.schedule, one.seed)
    rows = logits(net, one.canvases, one.score).astype(np.float64)
    advance(0)
    return rows, time.perf_counter() - began


class DetailLearner:
    """Small nets from scratch, one for each fold."""

    name, folds, repeats = "detail", 3, 2

    def __init__(self, bench: Bench, usual_px: int | None = None, policy: Policy = POLICIES["none"]) -> None:
        self.threads = os.cpu_count() or 1
        torch.set_num_threads(self.threads)
        self.bench = bench
        sides = bench.store.shapes.astype(float)
        self._found = {
            "longest_side_px": {"median": bench.longest_px},
            "aspect_median": round(float(np.median(sides[:, 0] / sides[:, 1])), 3),
            "aspect_spread": round(float(np.std(np.log(sides[:, 0] / sides[:, 1]))), 3),
        }
        self.sides: Sequence[int] = detail_sides(self._found)
        self.usual_px = self.sides[0] if usual_px is None else usual_px
        self.policy = policy
        self.key = f"detail-{self.usual_px}-{policy.mirror:d}{policy.turns:d}"
        self.step_seconds = SLOWER * time_detail(canvas(self._found, self.usual_px))

    def looking_at(self, side_px: int) -> DetailLearner:
        """Return the learner that looks at another size by default."""
        return DetailLearner(self.bench, side_px, self.policy)

    def changing(self, policy: Policy) -> DetailLearner:
        """Return the learner that changes its pictures in another way."""
        return DetailLearner(self.bench, self.usual_px, policy)

    def on(self, bench: Bench) -> DetailLearner:
        """Return the learner of another bench."""
        return DetailLearner(bench, self.usual_px, self.policy)

    def words(self) -> str:
        """Say what is trained."""
        return f"small nets from scratch at {self.usual_px} px with {self.policy.words()}"

    def preparing(self, arm: Arm) -> float:  # noqa: ARG002 - canvases cost little beside a training
        """Return the seconds until an arm can be trained first: next to none."""
        return 0.002 * len(self.bench.labels)

    def training(self, arm: Arm, n: int) -> float:
        """Return the seconds of one training."""
        look = arm.look_px or self.usual_px
        return detail_steps(n, look) * self.step_seconds * (look / self.usual_px) ** 2

    def prepare(self, arms: Sequence[Arm]) -> None:
        """Write the pictures at the sizes the nets look at."""
        self.bench.progress.stage("canvases", len(arms) * len(self.bench.labels))
        for arm in arms:
            self._canvases(arm)

    def begin(
        self, arm: Arm, chosen: np.ndarray, weights_K: np.ndarray, score: np.ndarray, seed: int
    ) -> Task[Scored]:
        """Begin to train one net and to score with it."""
        look = arm.look_px or self.usual_px
        schedule = Schedule(
            steps=detail_steps(len(chosen), look),
            policy=self.policy if arm.policy is None else arm.policy,
            class_weights=tuple(map(float, weights_K)),
        )
        one = Net(self._canvases(arm), chosen, self.bench.labels, schedule, score, seed, self.threads)
        return self.bench.executor.submit(train_net, one, threads=self.threads)

    def seconds_a_picture(self, side_px: int) -> float:
        """Time the net at this size: a third of a training step, which also goes back."""
        return time_detail(canvas(self._found, max(32, side_px))) / BATCH / 3

    def _canvases(self, arm: Arm) -> Canvases:
        view = View("canvas", *canvas(self._found, arm.look_px or self.usual_px))
        file = (
            self.bench.work / f"{len(self.bench.labels)}-canvas-{arm.side_px}-{view.height}x{view.width}.u8"
        )
        images = Shrunk(self.bench.store, arm.side_px)
        return make_canvases(images, view, file, self.bench.progress.advance)
