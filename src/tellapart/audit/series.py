"""Suspected series, and whether they make a score by picture look better than it is.

N pictures, K classes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from tellapart.audit.blind import predicted_evenly
from tellapart.audit.finding import Finding, finding
from tellapart.audit.groups import Suspected
from tellapart.evaluate.estimate import Estimate
from tellapart.pictures.collection import Pictures

INFLATED = 0.01
"""A score by picture that is surely this much higher than by group is not to be believed (the limit of a leak)."""

Probe = Callable[[np.ndarray], np.ndarray]
"""(N,) int groups -> (N, K) out-of-fold probabilities of folds that keep groups whole; NaN where not scored."""


@dataclass(frozen=True, eq=False)
class Series:
    """Suspected groups, and the balanced accuracy of a classifier in folds by picture and by group.

    Without a classifier the three figures are undefined.
    """

    suspected: Suspected
    by_picture: Estimate
    by_group: Estimate
    gap: Estimate

    @property
    def is_inflated(self) -> bool:
        """Whether the score by picture is surely too high."""
        return self.gap.is_defined and self.gap.low > INFLATED


def judge_series(
    labels: np.ndarray, suspected: Suspected | None, groups: np.ndarray, probe: Probe | None
) -> Series | None:
    """Score a classifier in folds that keep only `groups` (N,) whole, and in folds that keep the series whole."""
    if suspected is None:
        return None
    if probe is None:
        return Series(suspected, *(Estimate.undefined(),) * 3)
    return Series(suspected, *_both_ways(labels, probe(groups), probe(suspected.groups), suspected.groups))


def _both_ways(
    labels: np.ndarray, by_picture: np.ndarray, by_group: np.ndarray, groups: np.ndarray
) -> tuple[Estimate, Estimate, Estimate]:
    """Return the balanced accuracy of both and their paired difference, groups counted as the units."""
    from tellapart.evaluate.labelled import balanced_accuracy
    from tellapart.evaluate.paired import paired_difference
    from tellapart.evaluate.part import check_part

    at = np.flatnonzero(np.isfinite(by_picture).all(axis=1) & np.isfinite(by_group).all(axis=1))
    own, units = labels[at], groups[at]
    guesses = [predicted_evenly(scores[at], own) for scores in (by_picture, by_group)]
    certain = [np.eye(by_picture.shape[1])[guess] for guess in guesses]
    first, second = (
        balanced_accuracy(check_part(own, rows, units), guess)
        for rows, guess in zip(certain, guesses, strict=True)
    )
    return first, second, paired_difference(own, *certain, measure="balanced_accuracy", groups=units)


def find_series(pictures: Pictures, series: Series | None) -> Iterator[Finding]:
    """Yield what suspected series do to a score."""
    if series is None:
        return
    suspected, sets = series.suspected, series.suspected.sets()
    evidence: dict[str, Any] = {
        "groups": len(sets),
        "pictures": sum(len(members) for members in sets),
        "neighbours_alike": suspected.alike,
        "expected_by_chance": round(suspected.expected, 4),
        "order": suspected.order,
    }
    title = (
        f"{evidence['pictures']} pictures look like {len(sets)} series of shots of the same thing, "
        f"near by {suspected.order}"
    )
    if series.gap.is_defined:
        evidence |= {
            "score_by_picture": series.by_picture,
            "score_by_group": series.by_group,
            "score_gap": series.gap,
        }
        title += f"; splitting by picture scores {100 * series.gap.value:.0f} points higher than by series"
    yield finding(
        "groups.suspected",
        "stop" if series.is_inflated else "warn",
        title,
        advice="If the series are right, save the proposed groups.csv beside the pictures: the score by series is the "
        "one that will hold for new things. Where the score by picture is surely too high, 'tellapart train' keeps the "
        "series whole by itself. If they are wrong, ignore this.",
        evidence=evidence,
        files=[[pictures.paths[i] for i in members] for members in sorted(sets, key=len, reverse=True)],
    )
