"""Measures of the ranking: area under the ROC curve, average precision.

Both are estimated with the variance of their influence (what each picture adds), which for the ROC
area is DeLong's, and takes clusters by summing the influence within each.

N pictures, U distinct scores in falling order, R weightings (replicates).
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from tellapart.evaluate.clusters import effective_share, n_units, student_quantile, variance
from tellapart.evaluate.estimate import Estimate
from tellapart.evaluate.intervals import area_limits, logit_limits, wilson_limits
from tellapart.evaluate.part import Booleans, Floats, Integers, Part


def tied_counts(
    positive: Booleans, scores: Floats, weights: Floats | None = None
) -> tuple[Floats, Floats, Floats, Integers]:
    """Count positives and negatives at each distinct score, from the highest down.

    Parameters
    ----------
    positive, scores : (N,)
    weights : (R, N) how often each picture counts; one row of ones by default

    Returns
    -------
    distinct : (U,) scores, falling
    positives, negatives : (R, U) counts at exactly that score
    rank : (N,) index into `distinct` of each picture
    """
    order = np.argsort(-scores, kind="stable")
    falling = scores[order]
    starts = np.flatnonzero(np.r_[True, falling[1:] != falling[:-1]]) if len(falling) else np.zeros(0, int)
    rows = np.ones((1, len(scores))) if weights is None else weights
    ordered, hit = rows[:, order], positive[order]
    positives = np.add.reduceat(ordered * hit, starts, axis=1)
    negatives = np.add.reduceat(ordered * ~hit, starts, axis=1)
    rank = np.empty(len(scores), dtype=np.int64)
    rank[order] = np.repeat(np.arange(len(starts)), np.diff(np.r_[starts, len(scores)]))
    return falling[starts], positives, negatives, rank


def roc_area_influence(positive: Booleans, scores: Floats) -> tuple[float, Floats]:
    """Area under the ROC curve and (N,) what each picture adds to its deviation from the truth.

    DeLong's structural components (placements), each less the area and divided by its class count:
    the sum of their squares is DeLong's variance. By sorting, in O(N log N).

    References
    ----------
    DeLong, DeLong and Clarke-Pearson (1988), Biometrics 44; Sun and Xu (2014), IEEE SPL 21.
    """
    _, p, q, rank = tied_counts(positive, scores)
    positives, negatives = p[0], q[0]
    n_pos, n_neg = positives.sum(), negatives.sum()
    # share of negatives below a score, and of positives above it, ties half
    below = (n_neg - np.cumsum(negatives) + negatives / 2) / n_neg
    above = (np.cumsum(positives) - positives / 2) / n_pos
    area = float((positives * below).sum() / n_pos)
    influence = np.where(positive, (below[rank] - area) / n_pos, (above[rank] - area) / n_neg)
    return area, influence


def average_precision_influence(positive: Booleans, scores: Floats) -> tuple[float, Floats]:
    """Average precision and (N,) what each picture adds to its deviation from the truth.

    The precision at a score falls with every negative above it and rises with every positive above
    it; both derivatives are averaged over the positives (the class counts are held fixed).
    """
    _, p, q, rank = tied_counts(positive, scores)
    positives, negatives = p[0], q[0]
    n_pos, n_neg = positives.sum(), negatives.sum()
    found, false = np.cumsum(positives), np.cumsum(negatives)
    called = found + false
    precision = found / called
    value = float((positives * precision).sum() / n_pos)
    # d precision / d found and / d false, weighted by the share of positives at that score
    share = positives / n_pos
    by_found, by_false = share * false / called**2, share * found / called**2
    # a picture at rank r is above every score from r on
    later_found, later_false = np.cumsum(by_found[::-1])[::-1], np.cumsum(by_false[::-1])[::-1]
    mean_found = float((by_found * found).sum()) / n_pos
    mean_false = float((by_false * false).sum()) / n_neg
    influence = np.where(
        positive,
        (precision[rank] - value) / n_pos + later_found[rank] - mean_found,
        mean_false - later_false[rank],
    )
    return value, influence


def roc_auc(part: Part, positive: int | None) -> Estimate:
    """Area under the ROC curve; one class against the rest, averaged, with more than two classes.

    Logit-transformed DeLong with Student's t (degrees of freedom: see
    `tellapart.evaluate.clusters.variance`); where the area is 0 or 1, where DeLong's variance
    is 0, Newcombe's interval from the counts (`area_limits`).

    Parameters
    ----------
    positive
        Index of the positive class with two classes (the area is the same for either).

    References
    ----------
    Qin and Hotilovac (2008), Stat. Methods in Medical Research 17 (logit); Obuchowski (1997),
    Biometrics 53 (clusters).
    """
    return _one_against_the_rest(part, positive, roc_area_influence, _area_fallback)


def average_precision(part: Part, positive: int | None) -> Estimate:
    """Area under the precision-recall curve as average precision, of the positive class.

    One class against the rest, averaged, with more than two classes. Logit interval; where the value
    is 1, Wilson's with the number of positives.

    References
    ----------
    Boyd, Eng and Page (2013), ECML-PKDD, LNAI 8190 (logit interval).
    """
    return _one_against_the_rest(part, positive, average_precision_influence, _precision_fallback)


def _area_fallback(value: float, n_pos: float, n_neg: float) -> tuple[float, float]:
    return area_limits(value, n_pos, n_neg)


def _precision_fallback(value: float, n_pos: float, n_neg: float) -> tuple[float, float]:  # noqa: ARG001
    return wilson_limits(value, n_pos)


def _one_against_the_rest(
    part: Part,
    positive: int | None,
    influence_of: Callable[[Booleans, Floats], tuple[float, Floats]],
    fallback: Callable[[float, float, float], tuple[float, float]],
) -> Estimate:
    counts = part.class_counts
    if len(part.classes_present) < 2:
        return Estimate.undefined(part.n)
    chosen = [positive] if positive is not None and part.n_classes == 2 else list(part.classes_present)
    found = [influence_of(part.labels == c, part.probabilities[:, c]) for c in chosen]
    value = float(np.mean([v for v, _ in found]))
    influence = np.mean([i for _, i in found], axis=0)
    n_pos = float(np.mean(counts[chosen]))
    spread, degrees = variance(influence, part.labels, part.clusters)
    if 0 < value < 1 and spread > 0:
        low, high = logit_limits(value, math.sqrt(spread), student_quantile(degrees))
    else:
        share = effective_share(np.zeros(part.n), part.labels, part.clusters)
        low, high = fallback(value, n_pos * share, (part.n - n_pos) * share)
    return Estimate(value, min(low, value), max(high, value), n_units(part))
