"""95 % intervals that stay honest on a few dozen pictures: proportions, means of proportions, areas.

Every function is pure and takes counts that need not be whole: dependent pictures count as fewer
independent ones (`tellapart.evaluate.clusters`). benchmarks/coverage measures how often each covers.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike
from scipy import optimize, special

from tellapart.evaluate.estimate import Estimate

# 95 % two-sided everywhere: what readers expect, and what the interface promises.
LEVEL = 0.95
Z = float(special.ndtri(0.5 + LEVEL / 2))


def exact_limits(successes: float, n: float, level: float = LEVEL) -> tuple[float, float]:
    """Clopper-Pearson limits of a proportion: never less than `level`, often more.

    Parameters
    ----------
    successes, n
        Counts, possibly effective (not whole); ``0 <= successes <= n``.

    Returns
    -------
    low, high
        (0, 1) when n is 0.

    References
    ----------
    Clopper and Pearson (1934), Biometrika 26. Conservative on purpose: what is read from it
    ("0 of 30 missed still allows 12 %") must not promise too much.
    """
    if n <= 0:
        return 0.0, 1.0
    tail = (1 - level) / 2
    failures = max(n - successes, 0.0)
    low = 0.0 if successes <= 0 else float(special.betaincinv(successes, failures + 1, tail))
    high = 1.0 if failures <= 0 else float(special.betaincinv(successes + 1, failures, 1 - tail))
    return low, high


def proportion(successes: float, n: int, effective_n: float | None = None) -> Estimate:
    """Estimate a proportion with its exact interval.

    With an effective n below n (dependent pictures) the exact limits are taken at the effective
    counts: Korn and Graubard (1998), Survey Methodology 24.
    """
    if n <= 0:
        return Estimate.undefined()
    size = n if effective_n is None else min(effective_n, n)
    value = successes / n
    return Estimate(value, *exact_limits(value * size, size), max(1, round(size)))


def wilson_limits(value: float, n: float, z: float = Z) -> tuple[float, float]:
    """Wilson's score limits of a proportion; n may be effective. Close to nominal on average.

    References
    ----------
    Wilson (1927), JASA 22; Brown, Cai and DasGupta (2001), Statistical Science 16.
    """
    if n <= 0:
        return 0.0, 1.0
    shrink = 1 + z * z / n
    middle = (value + z * z / (2 * n)) / shrink
    half = z * math.sqrt(value * (1 - value) / n + z * z / (4 * n * n)) / shrink
    return max(0.0, middle - half), min(1.0, middle + half)


def mid_p_limits(successes: float, n: float) -> tuple[float, float]:
    """Limits of a proportion that cover 95 % on average instead of at least: exact, with mid-p tails.

    Half of the chance of exactly what was seen is counted to each tail. Counts need not be whole.

    References
    ----------
    Lancaster (1961), JASA 56; Agresti and Gottard (2007), Computational Statistics & Data Analysis 51.
    """
    if n <= 0:
        return 0.0, 1.0
    tail = (1 - LEVEL) / 2
    failures = max(n - successes, 0.0)

    def fewer(p: float) -> float:
        """Chance of fewer successes than seen, and half of just as many."""
        below = float(special.betainc(failures + 1, successes, 1 - p)) if successes > 0 else 0.0
        until = float(special.betainc(failures, successes + 1, 1 - p)) if failures > 0 else 1.0
        return (below + until) / 2

    low = 0.0 if successes <= 0 else float(optimize.brentq(lambda p: 1 - fewer(p) - tail, 0.0, 1.0))
    high = 1.0 if failures <= 0 else float(optimize.brentq(lambda p: fewer(p) - tail, 0.0, 1.0))
    return low, high


def mean_of_proportions(values: ArrayLike, sizes: ArrayLike) -> tuple[float, float]:
    """Limits of the mean of independent proportions, such as balanced accuracy.

    Parameters
    ----------
    values, sizes : (K,)
        The proportions and their (effective) counts. Each gets mid-p limits, which `mean_limits`
        combines: the interval has a width even where every proportion is 1.
    """
    p, n = np.asarray(values, dtype=float), np.asarray(sizes, dtype=float)
    limits = np.array([mid_p_limits(float(v * m), float(m)) for v, m in zip(p, n, strict=True)])
    return mean_limits(p, limits[:, 0], limits[:, 1], np.eye(len(p)))


def mean_limits(
    values: ArrayLike, lows: ArrayLike, highs: ArrayLike, correlations: ArrayLike
) -> tuple[float, float]:
    """Limits of the mean of K figures in 0..1 from their own limits and their (K, K) correlations.

    The distances from value to limit are added like standard deviations, the lower ones and the
    upper ones apart.

    References
    ----------
    MOVER: Zou and Donner (2008), Statistics in Medicine 27; Newcombe (1998), ibid. 17.
    """
    v, c = np.asarray(values, dtype=float), np.asarray(correlations, dtype=float)
    down, up = v - np.asarray(lows, dtype=float), np.asarray(highs, dtype=float) - v
    mean = float(v.mean())
    low = mean - math.sqrt(max(0.0, float(down @ c @ down))) / len(v)
    high = mean + math.sqrt(max(0.0, float(up @ c @ up))) / len(v)
    return max(0.0, low), min(1.0, high)


def logit_limits(value: float, standard_error: float, quantile: float = Z) -> tuple[float, float]:
    """Limits of a figure between 0 and 1 (both excluded) from its standard error, on the logit scale.

    The logit keeps the limits inside 0 and 1 and lets them be unequal, as a figure near 1 needs.
    """
    centre = special.logit(value)
    half = quantile * standard_error / (value * (1 - value))
    return float(special.expit(centre - half)), float(special.expit(centre + half))


def limits_of_share(value: float, variance: float, quantile: float) -> tuple[float, float]:
    """Limits of a figure in 0..1 that behaves like a proportion (F1), from its variance.

    Wilson's score interval at the number of pictures that would give a proportion this variance.
    """
    effective = value * (1 - value) / variance * (Z / quantile) ** 2
    return wilson_limits(value, effective)


def limits_of_mean(value: float, half_width: float) -> tuple[float, float]:
    """Limits of a mean of something not negative and rare (losses), from a half-width at the estimate.

    Solves ``|value - m| = half_width * sqrt(m / value)``: the variance of a mean of rare events grows
    with the mean, which makes the upper arm longer, as in Wilson's interval for small proportions.
    """
    c = half_width**2 / value
    half = math.sqrt(value * c + c * c / 4)
    return max(0.0, value + c / 2 - half), value + c / 2 + half


def area_limits(area: float, positives: float, negatives: float, z: float = Z) -> tuple[float, float]:
    """Limits of the area under the ROC curve from the area and the counts alone.

    Solves ``|area - A| = z * sqrt(var(A))`` with Hanley and McNeil's variance taken *at the limit*,
    so that an area of exactly 1 gets a lower limit that depends on the counts instead of the
    zero width that DeLong's variance gives there.

    References
    ----------
    Newcombe (2006), Statistics in Medicine 25, 559-573, method 5; Hanley and McNeil (1982),
    Radiology 143.
    """
    return _lower_area(area, positives, negatives, z), 1 - _lower_area(1 - area, positives, negatives, z)


def _lower_area(area: float, positives: float, negatives: float, z: float) -> float:
    if area <= 0:
        return 0.0
    mean_count = (positives + negatives) / 2 - 1

    def excess(a: float) -> float:
        spread = 1 + mean_count * ((1 - a) / (2 - a) + a / (1 + a))
        return (area - a) ** 2 - z * z * a * (1 - a) * spread / (positives * negatives)

    # At area 1 the equation also has the trivial root 1; the wanted one lies below it.
    return float(optimize.brentq(excess, 0.0, min(area, 1 - 1e-9)))
