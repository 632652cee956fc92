"""The detail net as a learner of a study."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tellapart.members.canvases import Canvases, make_canvases
from tellapart.members.detail import POLICIES
from tellapart.members.policy import Policy
from tellapart.members.speed import time_detail
from tellapart.pictures.view import View
from tellapart.plan import canvas, detail_sides, detail_steps
from tellapart.study.arm import Arm
from tellapart.study.bench import Bench
from tellapart.study.views import Shrunk

SLOWER = 1.3  # a step with its pictures read and changed, times the bare step that was timed


class DetailLearner:
    """Small nets from scratch, one for each fold."""

    name, folds, repeats = "detail", 3, 2

    def __init__(self, bench: Bench, usual_px: int | None = None, policy: Policy = POLICIES["none"]) -> None:
        import os

        import torch

        torch.set_num_threads(os.cpu_count() or 1)
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

    def logits(
        self, arm: Arm, chosen: np.ndarray, weights_K: np.ndarray, score: np.ndarray, seed: int
    ) -> np.ndarray:
        """Train one net and score with it."""
        from tellapart.members.detail_net import Schedule, logits, train

        look = arm.look_px or self.usual_px
        schedule = Schedule(
            steps=detail_steps(len(chosen), look),
            policy=self.policy if arm.policy is None else arm.policy,
            class_weights=tuple(map(float, weights_K)),
        )
        canvases = self._canvases(arm)
        net = train(canvases, chosen, self.bench.labels, schedule, seed)
        return logits(net, canvases, score).astype(np.float64)

    def seconds_a_picture(self, side_px: int) -> float:
        """Time the net at this size: a third of a training step, which also goes back."""
        from tellapart.members.detail_net import BATCH

        return time_detail(canvas(self._found, max(32, side_px))) / BATCH / 3

    def _canvases(self, arm: Arm) -> Canvases:
        view = View("canvas", *canvas(self._found, arm.look_px or self.usual_px))
        file = (
            self.bench.work / f"{len(self.bench.labels)}-canvas-{arm.side_px}-{view.height}x{view.width}.u8"
        )
        return make_canvases(Shrunk(self.bench.store, arm.side_px), view, file, self.bench.progress.advance)
