"""Findings about the classes: uneven, too small, and what so many pictures can show at all."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tellapart.audit.finding import Finding, Severity, finding
from tellapart.evaluate.estimate import Estimate
from tellapart.evaluate.intervals import proportion
from tellapart.pictures.collection import Pictures
from tellapart.split import HELD_BACK

UNEVEN = 3
"""From this ratio of the largest to the smallest class on, naming the larger of two is right three times in four."""

FEW = 30
"""Independent pictures of a class below which a recall is known to no better than about ±.17 (exact interval at .8)."""

SMALL_DIFFERENCE = 0.05
"""A difference of accuracy that people argue about; where even this cannot be seen, it is said."""

DISAGREE = 0.1
"""Share of pictures on which two good classifiers typically disagree; the fewer, the finer a difference is seen."""

POWER = 1.96 + 0.84
"""Normal quantiles for a two-sided test at 5 % that finds a true difference in 80 % of cases (Cohen 1988)."""


def find_in_classes(pictures: Pictures, groups: np.ndarray) -> Iterator[Finding]:
    """Yield what is wrong with the classes; `groups` (N,) int says which pictures are not independent."""
    counts = pictures.counts()
    largest, smallest = max(counts, key=counts.__getitem__), min(counts, key=counts.__getitem__)
    ratio = counts[largest] / max(1, counts[smallest])
    if ratio >= UNEVEN:
        share = proportion(counts[largest], len(pictures))
        yield finding(
            "classes.imbalance",
            "warn",
            f"{largest!r} has {ratio:.1f} times as many pictures as {smallest!r} "
            f"({counts[largest]} against {counts[smallest]})",
            advice="Judge by balanced accuracy, not by accuracy; collect more of the rare class if you can. Training "
            "weighs the classes by itself.",
            evidence={
                "pictures": counts,
                "ratio": round(ratio, 2),
                "accuracy_of_always_naming_the_largest": share,
            },
        )
    yield from _too_few(pictures, groups)


def independent(labels: np.ndarray, groups: np.ndarray, classes: int) -> np.ndarray:
    """Return (K,) how many groups each class has pictures of."""
    pairs = np.unique(np.stack([labels, groups], axis=1), axis=0)
    return np.bincount(pairs[:, 0], minlength=classes)


def smallest_visible_difference(n: int) -> float:
    """Return the difference in accuracy of two classifiers that `n` test pictures would show in 80 % of cases.

    Both answer the same pictures, and only those on which they disagree count (McNemar's test, normal approximation).
    """
    return min(1.0, POWER * float(np.sqrt(DISAGREE / max(n, 1))))


def _too_few(pictures: Pictures, groups: np.ndarray) -> Iterator[Finding]:
    units = independent(pictures.labels, groups, len(pictures.classes))
    sealed = next((part for part in ("test", "validation") if np.any(pictures.parts == part)), None)
    tested = np.ones(len(pictures), bool) if sealed is None else pictures.parts == sealed
    test_units = len(np.unique(groups[tested])) // (HELD_BACK if sealed is None else 1)
    visible = smallest_visible_difference(test_units)
    few = {name: int(n) for name, n in zip(pictures.classes, units, strict=True) if n < FEW}
    if not few and visible <= SMALL_DIFFERENCE:
        return
    severity: Severity = "warn" if few else "note"
    seen = f"differences in accuracy under about {100 * visible:.0f} points cannot be seen"
    if few:
        title = (
            f"Few independent pictures of {', '.join(f'{name!r} ({n})' for name, n in few.items())}; {seen}"
        )
    else:
        title = f"With {test_units} independent test pictures {seen}"
    rare = (
        int(units.min())
        if sealed is None
        else int(independent(pictures.labels[tested], groups[tested], len(units)).min())
    )
    rare = max(1, rare // (HELD_BACK if sealed is None else 1))
    yield finding(
        "classes.too_few",
        severity,
        title,
        advice="Trust no small difference between two trainings; more pictures of other objects (not more shots of the "
        "same) narrow the intervals: four times as many halve them.",
        evidence={
            "independent_pictures": {name: int(n) for name, n in zip(pictures.classes, units, strict=True)},
            "independent_test_pictures": test_units,
            "smallest_visible_difference": round(visible, 4),
            "assumed_share_of_disagreement": DISAGREE,
            "recall_of_rarest_class_if_four_of_five_are_found": _recall(rare),
        },
    )


def _recall(n: int) -> Estimate:
    return proportion(round(0.8 * n), n)
