"""The stratified bootstrap, as counts of how often each picture is drawn, and paired differences.

N pictures, R replicates. A measure that takes (R, N) weights is computed for all replicates at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import ArrayLike

from tellapart.evaluate.estimate import Estimate
from tellapart.evaluate.intervals import LEVEL
from tellapart.evaluate.likelihood import losses
from tellapart.evaluate.part import Floats, Integers, Part, check_part
from tellapart.evaluate.ranking import weighted_average_precision, weighted_roc_area

# Efron and Tibshirani (1993), section 13.3: percentiles want 1,000 replicates or more.
REPLICATES = 2000
# Numbers in one block of weights (16 MB): more would only spill the cache.
_BLOCK = 2_000_000

Statistic = Callable[[Part, Floats], Floats]


def bootstrap_weights(
    labels: Integers, clusters: Integers | None, rng: np.random.Generator, replicates: int = REPLICATES
) -> Iterator[Floats]:
    """Yield blocks of (r, N) draws with replacement, r summing to `replicates`.

    Every class keeps its number of pictures (of clusters, each counted under the label of its first
    picture); whole clusters are drawn together.
    """
    unit_of = np.arange(len(labels)) if clusters is None else clusters
    first = np.unique(unit_of, return_index=True)[1]
    unit_labels = labels[first]
    rows = max(1, _BLOCK // max(1, len(labels)))
    done = 0
    while done < replicates:
        size = min(rows, replicates - done)
        drawn = np.empty((size, len(first)))
        for c in np.unique(unit_labels):
            own = np.flatnonzero(unit_labels == c)
            picks = rng.integers(0, len(own), size=(size, len(own)))
            flat = picks + len(own) * np.arange(size)[:, None]
            drawn[:, own] = np.bincount(flat.ravel(), minlength=size * len(own)).reshape(size, len(own))
        yield drawn[:, unit_of]
        done += size


def weighted_accuracy(part: Part, weights: Floats) -> Floats:
    """(R,) shares of right most probable classes."""
    right = part.probabilities.argmax(axis=1) == part.labels
    return weights @ right / weights.sum(axis=1)


def weighted_balanced_accuracy(part: Part, weights: Floats) -> Floats:
    """(R,) mean recalls of the most probable class, over the classes that occur."""
    right = part.probabilities.argmax(axis=1) == part.labels
    recalls = []
    for c in part.classes_present:
        own = weights[:, part.labels == c]
        with np.errstate(invalid="ignore"):
            recalls.append(own @ right[part.labels == c] / own.sum(axis=1))
    return np.mean(recalls, axis=0)


def weighted_log_loss(part: Part, weights: Floats) -> Floats:
    """(R,) mean losses in nats."""
    return weights @ losses(part) / weights.sum(axis=1)


def weighted_roc_auc(part: Part, weights: Floats) -> Floats:
    """(R,) areas under the ROC curve; one against the rest with more than two classes."""
    chosen = part.classes_present if part.n_classes > 2 else [1]
    return np.mean(
        [weighted_roc_area(part.labels == c, part.probabilities[:, c], weights) for c in chosen], axis=0
    )


def weighted_mean_precision(part: Part, weights: Floats) -> Floats:
    """(R,) average precisions, one class against the rest, averaged (also with two classes)."""
    return np.mean(
        [
            weighted_average_precision(part.labels == c, part.probabilities[:, c], weights)
            for c in part.classes_present
        ],
        axis=0,
    )


STATISTICS: dict[str, Statistic] = {
    "accuracy": weighted_accuracy,
    "balanced_accuracy": weighted_balanced_accuracy,
    "log_loss": weighted_log_loss,
    "roc_auc": weighted_roc_auc,
    "average_precision": weighted_mean_precision,
}


def paired_difference(
    labels: ArrayLike,
    first: ArrayLike,
    second: ArrayLike,
    *,
    measure: str,
    groups: ArrayLike | None = None,
    seed: int = 0,
) -> Estimate:
    """How much higher `measure` is for the first classifier than for the second on the same pictures.

    Parameters
    ----------
    labels : (N,) integers
    first, second : (N, K) probabilities of two classifiers for the same pictures
    measure
        One of `STATISTICS`; accuracies are of the most probable class.
    groups : (N,) ids of dependent pictures, drawn together

    Returns
    -------
    Estimate
        Difference with the percentile interval of the stratified, paired bootstrap; undefined with
        fewer than two classes. Where both always agree the interval is 0 wide: they are then the
        same on this part.

    Raises
    ------
    ValueError
        When the measure is unknown or the arrays do not fit together.

    References
    ----------
    Efron and Tibshirani (1993), An Introduction to the Bootstrap, chapter 13.
    """
    if measure not in STATISTICS:
        raise ValueError(f"measure: expected one of {', '.join(STATISTICS)}, found {measure!r}")
    a, b = check_part(labels, first, groups), check_part(labels, second, groups)
    n = a.n if a.clusters is None else int(a.clusters.max()) + 1
    if len(a.classes_present) < 2:
        return Estimate.undefined(n)
    statistic = STATISTICS[measure]
    once = np.ones((1, a.n))
    value = float((statistic(a, once) - statistic(b, once))[0])
    blocks = bootstrap_weights(a.labels, a.clusters, np.random.default_rng(seed))
    drawn = np.concatenate([statistic(a, weights) - statistic(b, weights) for weights in blocks])
    low, high = np.nanquantile(drawn, [0.5 - LEVEL / 2, 0.5 + LEVEL / 2])
    return Estimate(value, min(float(low), value), max(float(high), value), n)
