"""Dependent pictures: how many independent ones they are worth.

Pictures of one object, patient or panel resemble each other, so that 60 pictures of 12 objects say
less than 60 of 60. Every measure here is, to first order, a sum of one contribution a picture (its
influence); where the contributions of a cluster go together, the variance grows by the *design
effect*, and the counts shrink to effective ones.
"""

from __future__ import annotations

import numpy as np
from scipy import special

from tellapart.evaluate.estimate import Estimate
from tellapart.evaluate.intervals import LEVEL, Z, proportion
from tellapart.evaluate.part import Booleans, Floats, Integers, Part


def n_units(part: Part) -> int:
    """How many independent units the part holds: clusters, or pictures."""
    return part.n if part.clusters is None else int(part.clusters.max()) + 1


def student_quantile(degrees: float, comparisons: int = 1) -> float:
    """Two-sided 95 % quantile of Student's t, of all comparisons together; at least one degree of freedom."""
    return float(special.stdtrit(max(degrees, 1.0), 1 - (1 - LEVEL) / 2 / comparisons))


def variance(influence: Floats, strata: Integers, clusters: Integers | None = None) -> tuple[float, float]:
    """Variance of a measure, and the degrees of freedom that this variance is known with.

    Parameters
    ----------
    influence : (M,) contributions of the pictures to the deviation of the measure from the truth
    strata : (M,) class of each: classes are samples of their own, with fixed counts
    clusters : (M,) cluster of each, or None; contributions are summed within each before

    Returns
    -------
    variance, degrees
        0 and 1 where nothing varies. Degrees after Satterthwaite, with the fourth moments as observed:
        where few pictures carry all of the variance, as in a nearly flawless part, it is known badly.

    References
    ----------
    Satterthwaite (1946), Biometrics Bulletin 2; variance of a variance: Kenney and Keeping (1951);
    clusters: Obuchowski (1997), Biometrics 53.
    """
    values, classes = _by_unit(influence, strata, clusters)
    total = uncertainty = 0.0
    for c in np.unique(classes):
        own = values[classes == c]
        n = len(own)
        if n < 2:
            continue
        square = float(own.var(ddof=1))
        fourth = float(((own - own.mean()) ** 4).mean())
        normal = 2 * square**2 / (n - 1)
        total += n * square
        uncertainty += n**2 * max(normal, (fourth - square**2 * (n - 3) / (n - 1)) / n)
    return (total, 2 * total**2 / uncertainty) if uncertainty > 0 else (0.0, 1.0)


def _by_unit(influence: Floats, strata: Integers, clusters: Integers | None) -> tuple[Floats, Integers]:
    """Contribution and class of every independent unit."""
    if clusters is None:
        return influence, strata
    codes, first, inverse = np.unique(clusters, return_index=True, return_inverse=True)
    values = np.bincount(inverse, weights=influence, minlength=len(codes)).astype(np.float64)
    # where a cluster holds several classes, the classes are no samples of their own
    pure = bool((strata == strata[first][inverse]).all())
    return values, strata[first] if pure else np.zeros(len(codes), dtype=np.int64)


def correlations(influences: Floats, strata: Integers, clusters: Integers | None) -> Floats:
    """(F, F) correlations of F measures from their (F, M) influences; 0 for those that do not vary."""
    units = []
    for influence in influences:
        values, classes = _by_unit(influence, strata, clusters)
        means = np.bincount(classes, weights=values) / np.maximum(np.bincount(classes), 1)
        units.append(values - means[classes])
    deviations = np.array(units)
    products = deviations @ deviations.T
    scale = np.sqrt(np.diagonal(products))
    scale[scale < 1e-12] = np.inf
    result = products / np.outer(scale, scale)
    np.fill_diagonal(result, 1.0)
    return result


def design_effect(influence: Floats, strata: Integers, clusters: Integers | None) -> float:
    """Return the factor by which dependence raises the variance, from 1 to that of whole dependence.

    Whole dependence, as if a cluster were one picture repeated, is also returned where no picture
    differs from the others (all right), so that the spread cannot be seen.

    References
    ----------
    Kish (1965), Survey Sampling.
    """
    if clusters is None or len(influence) == 0:
        return 1.0
    whole = float((np.bincount(clusters) ** 2).sum()) / len(influence)
    alone, _ = variance(influence, strata)
    together, _ = variance(influence, strata, clusters)
    if alone <= 0 or together <= 0:
        return whole
    return min(max(together / alone, 1.0), whole)


def effective_share(influence: Floats, strata: Integers, clusters: Integers | None) -> float:
    """Return the share of the counts that is left once dependence is paid for, in (0, 1].

    Parameters
    ----------
    influence, strata, clusters
        As in `variance`.

    Returns
    -------
    float
        ``effective n / n``: one over the design effect, times ``(z / t)**2`` with t on the degrees
        of freedom of the variance, because few clusters estimate their own spread badly; at least
        one picture a cluster (of equal size). 1 without clusters.

    References
    ----------
    Korn and Graubard (1998), Survey Methodology 24, 193-201.
    """
    if clusters is None or len(influence) == 0:
        return 1.0
    least = len(influence) / float((np.bincount(clusters) ** 2).sum())
    if least >= 1:
        return 1.0
    _, degrees = variance(influence, strata, clusters)
    correction = (Z / student_quantile(degrees)) ** 2
    return max(least, correction / design_effect(influence, strata, clusters))


def n_clusters(clusters: Integers | None, chosen: Booleans) -> int:
    """How many independent units there are among the chosen pictures ((N,) mask)."""
    if clusters is None:
        return int(chosen.sum())
    return len(np.unique(clusters[chosen]))


def share_of(part: Part, hit: Booleans, among: Booleans) -> Estimate:
    """Estimate the share of hits among the chosen pictures, exact limits at the effective counts.

    Parameters
    ----------
    hit, among : (N,) masks
    """
    n = int(among.sum())
    if n == 0:
        return Estimate.undefined()
    hits = hit[among].astype(float)
    clusters = None if part.clusters is None else part.clusters[among]
    share = effective_share(hits - hits.mean(), np.zeros(n, dtype=np.int64), clusters)
    found = proportion(float(hits.sum()), n, n * share)
    return Estimate(found.value, found.low, found.high, n_clusters(part.clusters, among))
