"""When to say "not sure": the confidence below which a prediction is handed to a person."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from tellapart.evaluate.clusters import share_of
from tellapart.evaluate.estimate import Estimate
from tellapart.evaluate.labelled import predict
from tellapart.evaluate.part import Booleans, Floats, Part, check_part

# The sure ones should be right this often, or half as often wrong as all, whichever asks more.
RIGHT_WHEN_SURE = 0.95
# A share of right ones among fewer sure pictures than this says nothing (3 / 20 = .15: rule of three).
FEWEST_SURE = 20


@dataclass(frozen=True)
class NotSure:
    """Where "not sure" begins, and what it does on the pictures it is applied to.

    Attributes
    ----------
    below
        "Not sure" is said where the probability of the predicted class is less than this.
    rate
        How often the sure ones are to be right.
    reached
        Whether that was possible on the out-of-fold pictures.
    sure
        Share of pictures that are sure.
    right_when_sure, right_when_not_sure
        Share of right predictions among them; undefined where there are none.
    """

    below: float
    rate: float
    reached: bool
    sure: Estimate
    right_when_sure: Estimate
    right_when_not_sure: Estimate

    def to_dict(self) -> dict[str, Any]:
        """Return plain numbers."""
        return {
            "below": self.below,
            "rate": self.rate,
            "reached": self.reached,
            "sure": self.sure.to_dict(),
            "right_when_sure": self.right_when_sure.to_dict(),
            "right_when_not_sure": self.right_when_not_sure.to_dict(),
        }


def choose_not_sure(
    labels: ArrayLike,
    probabilities: ArrayLike,
    *,
    positive: int | None = None,
    threshold: float | None = None,
    groups: ArrayLike | None = None,
) -> NotSure:
    """Choose on out-of-fold probabilities the confidence below which to say "not sure".

    Parameters
    ----------
    labels : (N,) integers
    probabilities : (N, K) calibrated, out of fold
    positive, threshold
        How labels are predicted with two classes; see `tellapart.evaluate.labelled.predict`.
    groups : (N,) ids of dependent pictures

    Returns
    -------
    NotSure
        The lowest confidence at which the sure ones (at least 20) are right in 95 %, or in half of
        the errors of all, whichever asks more. Where no confidence does that: where the 95 % is
        what a calibrated probability claims. Where all are right: the lowest confidence seen (a new
        picture falls below it once in N + 1 times), .95 at most.
    """
    part = check_part(labels, probabilities, groups)
    confidence, right = _confidence(part, positive, threshold)
    wrong = 1 - float(right.mean()) if part.n else 1.0
    rate = max(RIGHT_WHEN_SURE, 1 - wrong / 2)
    below, reached = RIGHT_WHEN_SURE, False
    if part.n >= FEWEST_SURE:
        order = np.argsort(-confidence, kind="stable")
        falling, n_sure = confidence[order], np.arange(1, part.n + 1)
        share = np.cumsum(right[order]) / n_sure
        # a cut is only possible between different confidences
        last_of_ties = np.append(falling[1:] != falling[:-1], True)
        good = np.flatnonzero((share >= rate - 1e-12) & (n_sure >= FEWEST_SURE) & last_of_ties)
        if len(good):
            below, reached = float(falling[good[-1]]), True
            if good[-1] == part.n - 1:
                below = min(below, RIGHT_WHEN_SURE)
    return _describe(part, confidence, right, below, rate, reached)


def apply_not_sure(
    rule: NotSure,
    labels: ArrayLike,
    probabilities: ArrayLike,
    *,
    positive: int | None = None,
    threshold: float | None = None,
    groups: ArrayLike | None = None,
) -> NotSure:
    """Return what a chosen rule does on other pictures, such as the sealed part."""
    part = check_part(labels, probabilities, groups)
    confidence, right = _confidence(part, positive, threshold)
    return _describe(part, confidence, right, rule.below, rule.rate, rule.reached)


def _confidence(part: Part, positive: int | None, threshold: float | None) -> tuple[Floats, Booleans]:
    predicted = predict(part, positive, threshold)
    return part.probabilities[np.arange(part.n), predicted], predicted == part.labels


def _describe(
    part: Part, confidence: Floats, right: Booleans, below: float, rate: float, reached: bool
) -> NotSure:
    sure = confidence >= below
    return NotSure(
        below,
        rate,
        reached,
        share_of(part, sure, np.ones(part.n, dtype=bool)),
        share_of(part, right, sure),
        share_of(part, right, ~sure),
    )
