"""Measures of the predicted labels: accuracy, recall, precision, F1, balanced accuracy, confusion.

N pictures, K classes; a confusion has a row for each true class and a column for each predicted one.
"""

from __future__ import annotations

import numpy as np

from tellapart.evaluate.clusters import (
    correlations,
    effective_share,
    n_clusters,
    n_units,
    share_of,
    student_quantile,
    variance,
)
from tellapart.evaluate.estimate import Estimate
from tellapart.evaluate.intervals import limits_of_share, mean_limits, mean_of_proportions, wilson_limits
from tellapart.evaluate.part import Booleans, Floats, Integers, Part


def predict(part: Part, positive: int | None, threshold: float | None) -> Integers:
    """(N,) predicted classes.

    With two classes, a positive and a threshold: positive where its probability is at least the
    threshold. Otherwise the most probable class (the first of equals).
    """
    if part.n_classes == 2 and positive is not None and threshold is not None:
        return np.where(part.probabilities[:, positive] >= threshold, positive, 1 - positive)
    return part.probabilities.argmax(axis=1)


def confusion_matrix(labels: Integers, predicted: Integers, n_classes: int) -> Integers:
    """(K, K) counts, true class by row."""
    flat = np.bincount(labels * n_classes + predicted, minlength=n_classes**2)
    return flat.reshape(n_classes, n_classes)


def accuracy(part: Part, predicted: Integers) -> Estimate:
    """Share of pictures predicted right, with its exact interval."""
    right = predicted == part.labels
    return share_of(part, right, np.ones(part.n, dtype=bool))


def recall(part: Part, predicted: Integers, c: int) -> Estimate:
    """Share of class `c` that was found, with its exact interval."""
    return share_of(part, predicted == c, part.labels == c)


def precision(part: Part, predicted: Integers, c: int) -> Estimate:
    """Share of what was called `c` that is `c`, with its exact interval, given how many were called."""
    return share_of(part, part.labels == c, predicted == c)


def balanced_accuracy(part: Part, predicted: Integers) -> Estimate:
    """Mean recall of the classes that occur; undefined with fewer than two of them.

    Interval: `mean_of_proportions` (MOVER), whose width does not vanish when all are right.
    """
    present = part.classes_present
    if len(present) < 2:
        return Estimate.undefined(part.n)
    value, influence = balanced_accuracy_influence(part, predicted)
    share = effective_share(influence, part.labels, part.clusters)
    counts = part.class_counts[present]
    hits = np.bincount(part.labels[predicted == part.labels], minlength=part.n_classes)[present]
    low, high = mean_of_proportions(hits / counts, counts * share)
    return Estimate(value, min(low, value), max(high, value), n_units(part))


def balanced_accuracy_influence(part: Part, predicted: Integers) -> tuple[float, Floats]:
    """Balanced accuracy and (N,) what each picture adds to its deviation from the truth."""
    present, counts = part.classes_present, np.maximum(part.class_counts, 1)
    right = (predicted == part.labels).astype(np.float64)
    recalls = np.bincount(part.labels, weights=right, minlength=part.n_classes) / counts
    influence = (right - recalls[part.labels]) / (counts[part.labels] * len(present))
    return float(recalls[present].mean()), influence


def f1_scores(confusions: Floats) -> Floats:
    """F1 of every class from (..., K, K) confusions; 0 where nothing of a class was found."""
    hits = np.diagonal(confusions, axis1=-2, axis2=-1)
    both = confusions.sum(axis=-1) + confusions.sum(axis=-2)
    return np.divide(2 * hits, both, out=np.zeros_like(both, dtype=float), where=both > 0)


def f1_estimates(part: Part, predicted: Integers) -> tuple[list[Estimate], Estimate]:
    """F1 of every class, and their mean over the classes that occur (macro F1).

    Interval: Wilson's at the effective number of pictures that the variance of the influences gives;
    where all or none of a class is found, at its number of pictures. The class counts are held fixed.
    Macro F1 combines these with the correlations of the classes (`mean_limits`).
    In simulations it covers better than drawing confusions from a Dirichlet posterior (Goutte and
    Gaussier 2005), whose prior pulls the mean of many classes down.

    Returns
    -------
    per_class : list of K estimates, undefined for classes that do not occur
    macro : Estimate, undefined with fewer than two classes
    """
    present, k = part.classes_present, part.n_classes
    confusion = confusion_matrix(part.labels, predicted, k)
    values = f1_scores(confusion.astype(float))
    influence = _f1_influence(part, predicted, confusion, values)
    per_class = [Estimate.undefined()] * k
    for c in present:
        touched = (part.labels == c) | (predicted == c)
        size = int(confusion[c].sum())
        per_class[c] = _estimate(part, float(values[c]), influence[c], size, touched)
    if len(present) < 2:
        return per_class, Estimate.undefined(part.n)
    mean = float(values[present].mean())
    lows, highs = [per_class[c].low for c in present], [per_class[c].high for c in present]
    together = correlations(influence[present], part.labels, part.clusters)
    low, high = mean_limits(values[present], lows, highs, together)
    return per_class, Estimate(mean, low, high, n_units(part))


def _estimate(part: Part, value: float, influence: Floats, size: int, touched: Booleans) -> Estimate:
    spread, degrees = variance(influence, part.labels, part.clusters)
    if 0 < value < 1 and spread > 0:
        low, high = limits_of_share(value, spread, student_quantile(degrees))
    else:
        # F1 = 2 r / (1 + r) at best for a recall r: near 0 it moves twice as fast, as from half the pictures
        halved = size if value > 0 else size / 2
        low, high = wilson_limits(value, halved * effective_share(0 * influence, part.labels, part.clusters))
    return Estimate(value, min(low, value), max(high, value), n_clusters(part.clusters, touched))


def _f1_influence(part: Part, predicted: Integers, confusion: Integers, values: Floats) -> Floats:
    """(K, N) what each picture adds to the deviation of each class's F1."""
    both = np.maximum(confusion.sum(axis=0) + confusion.sum(axis=1), 1)
    each = np.arange(len(confusion))[:, None]
    true, called = part.labels == each, predicted == each
    return (2.0 * (true & called) - values[:, None] * (true.astype(float) + called)) / both[:, None]
