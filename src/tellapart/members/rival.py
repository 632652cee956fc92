"""The best member before: what a dear one must be able to beat for its trainings to be worth their time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tellapart.members.member import Fitted, Job
from tellapart.members.scores import balanced_accuracy, best_share, log_losses, paired_gain, softmax

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

    def plain_balanced_accuracy(self) -> float:
        """Out of fold, of its plain look.

        How well a network knows such pictures shows in one look at each. More looks brought it from .74 to .94 on
        pellets, where nets trained from scratch reach 1.00 and must not be given up after a glance.
        """
        plain, rows = self.fitted.plain_logits, self.job.split.indices("train")
        logits = self.fitted.logits if plain is None else plain
        return balanced_accuracy(logits[rows].argmax(1), self.job.pictures.labels[rows])

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


def find_rival(job: Job, before: Sequence[Fitted]) -> Rival | None:
    """Return the complete member of least log loss; None where there is none."""
    rows = job.split.indices("train", "validation")

    def loss(fitted: Fitted) -> float:
        return float(log_losses(softmax(fitted.logits[rows]), job.pictures.labels[rows]).mean())

    best = min((one for one in before if one.complete), key=loss, default=None)
    return None if best is None else Rival(best, job)
