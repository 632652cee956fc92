"""The best member before: what a dear one must be able to beat for its trainings to be worth their time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from tellapart.members.member import Fitted, Job
from tellapart.members.scores import balanced_accuracy, best_share, log_losses, paired_gain, softmax

POOR = 0.90
"""Balanced accuracy below which a member is poor."""
FEW_ERRORS = 5
"""Left by the member before: a flawless one would not be told from it (exact McNemar test, p >= .06)."""


@dataclass(frozen=True)
class Rival:
    """A member that scored every picture a choice rests on."""

    fitted: Fitted
    job: Job

    def unbeatable(self) -> str:
        """Say why no other member need be tried; empty where one may be better."""
        rows = self.job.split.indices("train")
        errors = int(np.sum(self.fitted.logits[rows].argmax(1) != self.job.pictures.labels[rows]))
        if errors > FEW_ERRORS:
            return ""
        return (
            f"Not tried: {self.fitted.name} leaves {errors} out-of-fold errors, and not even a flawless member would "
            f"be told from that (exact McNemar test)."
        )

    @property
    def is_poor(self) -> bool:
        """Whether other members get all their looks: see `is_poor`."""
        return is_poor(self.job, self.fitted.logits)

    def stands(self, scored: np.ndarray, logits: np.ndarray) -> str:
        """Say why more folds would not change the choice; empty where they may.

        They may where another member's logits (n, K) of the first fold's held-out pictures `scored`, with the share
        that suits them best, lower the log loss by more than one standard error of the paired difference.
        """
        truth, mine = self.job.pictures.labels[scored], softmax(self.fitted.logits[scored])
        share = best_share(mine, softmax(logits), truth)
        mixed = (1 - share) * mine + share * softmax(logits)
        gain, error = paired_gain(log_losses(mine, truth), log_losses(mixed, truth))
        if gain > error:
            return ""
        return (
            f"Given up after the look: on the first fold, even blended in with its best share of {share:.0%}, it "
            f"lowers the log loss of {self.fitted.name} by {gain:.4f} only (standard error {error:.4f})."
        )


def is_poor(job: Job, logits_NK: np.ndarray) -> bool:
    """Whether a member knows so little of such pictures, out of fold, that others may do far better."""
    rows = job.split.indices("train")
    return balanced_accuracy(logits_NK[rows].argmax(1), job.pictures.labels[rows]) < POOR


def log_loss(job: Job, fitted: Fitted) -> float:
    """Return the log loss on the pictures that a choice rests on, nats."""
    rows = job.split.indices("train", "validation")
    return float(log_losses(softmax(fitted.logits[rows]), job.pictures.labels[rows]).mean())


def find_rival(job: Job, before: Sequence[Fitted]) -> Rival | None:
    """Return the complete member of least log loss; None where there is none."""
    best = min((one for one in before if one.complete), key=partial(log_loss, job), default=None)
    return None if best is None else Rival(best, job)
