"""How good several runs of a program are, and how much a change gains: balanced accuracy over seeds and pictures.

Two things vary: the seed (other starting weights, another order, another split) and which pictures happen to judge.
The standard error has a part for each, Student's quantile the degrees of freedom of both together.

References
----------
Satterthwaite (1946), Biometrics Bulletin 2: degrees of freedom of a sum of variances. Agresti and Caffo (2000), The
American Statistician 54: pseudo-observations, so that a flawless difference keeps an interval.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tellapart.evaluate.clusters import student_quantile
from tellapart.evaluate.estimate import Estimate

from .judged import Judged

SAME_PICTURES = 0.9
"""From this share of common pictures on, before and after are compared picture by picture."""
PSEUDO = 0.5
"""Two made-up pictures per class, this far above and below its mean, widen the interval of a flawless class."""

Variance = tuple[float, float]  # of a mean, and the degrees of freedom it is known with


def level(runs: Sequence[Judged]) -> Estimate:
    """Return the balanced accuracy of some runs, one a seed.

    Parameters
    ----------
    runs
        At least one.
    """
    values = np.array([one.balanced_accuracy for one in runs])
    looks, labels, right = _pooled(runs)
    return _estimate(values, _of_pictures(labels, right), len(looks)).within(0.0, 1.0)


def gain(before: Sequence[Judged], after: Sequence[Judged], comparisons: int = 1) -> Estimate:
    """Return how much balanced accuracy a change gains; `before[i]` and `after[i]` have the same seed.

    Parameters
    ----------
    before, after
        Of equal length, at least one.
    comparisons
        How many differences are looked at: the intervals hold for all of them together (Bonferroni).
    """
    differences = np.array(
        [b.balanced_accuracy - a.balanced_accuracy for a, b in zip(before, after, strict=True)]
    )
    looks_a, labels_a, right_a = _pooled(before)
    looks_b, labels_b, right_b = _pooled(after)
    common, at_a, at_b = np.intersect1d(looks_a, looks_b, return_indices=True)
    fewest = min(len(looks_a), len(looks_b))
    paired = len(common) >= SAME_PICTURES * fewest and (labels_a[at_a] == labels_b[at_b]).all()
    if paired:
        variance = _of_pictures(labels_a[at_a], right_b[at_b] - right_a[at_a])
    else:
        variance = _sum(_of_pictures(labels_a, right_a), _of_pictures(labels_b, right_b))
    return _estimate(differences, variance, len(common) if paired else fewest, comparisons).within(-1.0, 1.0)


def interaction(
    base: Sequence[Judged], one: Sequence[Judged], other: Sequence[Judged], both: Sequence[Judged]
) -> Estimate:
    """Return what two changes gain together beyond the sum of what each gains alone.

    Parameters
    ----------
    base, one, other, both
        Of equal length; entry i of each has the same seed.
    """
    cells = (both, one, other, base)
    values = np.array([[run.balanced_accuracy for run in cell] for cell in cells])
    parts = [_of_pictures(labels, right) for _, labels, right in map(_pooled, cells)]
    fewest = min(len(_pooled(cell)[0]) for cell in cells)
    return _estimate(values[0] - values[1] - values[2] + values[3], _sum(*parts), fewest)


def _pooled(runs: Sequence[Judged]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return each picture once: looks (M,), labels (M,), and how often it was right, (M,)."""
    looks = np.concatenate([one.looks for one in runs])
    labels = np.concatenate([one.labels for one in runs])
    right = np.concatenate([one.right for one in runs])
    distinct, first, inverse = np.unique(looks, return_index=True, return_inverse=True)
    counts = np.bincount(inverse, minlength=len(distinct))
    return distinct, labels[first], np.bincount(inverse, weights=right) / counts


def _of_pictures(labels: np.ndarray, values: np.ndarray) -> Variance:
    """Return the variance of the mean over classes of the mean of `values` (M,), classes being samples of their own."""
    present = np.unique(labels)
    parts = []
    for c in present:
        own = values[labels == c]
        widened = np.concatenate([own, [own.mean() - PSEUDO, own.mean() + PSEUDO]])
        parts.append((float(widened.var(ddof=1)) / len(widened) / len(present) ** 2, len(own)))
    total = sum(part for part, _ in parts)
    degrees = total**2 / sum(part**2 / max(n - 1, 1) for part, n in parts)
    return total, degrees


def _sum(*variances: Variance) -> Variance:
    total = sum(variance for variance, _ in variances)
    if total <= 0:
        return 0.0, 1.0
    return total, total**2 / sum(variance**2 / degrees for variance, degrees in variances if variance > 0)


def _estimate(values: np.ndarray, of_pictures: Variance, n: int, comparisons: int = 1) -> Estimate:
    variance = of_pictures
    if len(values) > 1:
        variance = _sum(of_pictures, (float(values.var(ddof=1)) / len(values), len(values) - 1))
    half = student_quantile(variance[1], comparisons) * variance[0] ** 0.5
    mean = float(values.mean())
    return Estimate(mean, mean - half, mean + half, n)
