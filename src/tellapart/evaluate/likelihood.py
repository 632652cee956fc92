"""Measures of the probabilities: log loss and calibration error."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from tellapart.evaluate.clusters import design_effect, n_units, student_quantile, variance
from tellapart.evaluate.estimate import Estimate
from tellapart.evaluate.intervals import LEVEL, Z, limits_of_mean
from tellapart.evaluate.part import Floats, Part

# A bin needs about this many pictures for its share of right ones to mean something (standard error
# about .1); more than 15 bins is more than anyone reads. Guo et al. (2017) use 15 on thousands.
PICTURES_PER_BIN, MOST_BINS = 20, 15
# Draws of the noise: enough for the third digit of a 2.5 % tail.
DRAWS = 1000


def losses(part: Part) -> Floats:
    """(N,) minus the log of the probability given to the true class, in nats."""
    return _all_losses(part)[np.arange(part.n), part.labels]


def _all_losses(part: Part) -> Floats:
    """(N, K) loss that each picture would have if its class were each of them."""
    return -np.log(np.clip(part.probabilities, np.finfo(np.float64).eps, 1.0))


def log_loss(part: Part) -> Estimate:
    """Mean loss in nats, the class shares taken as they are in this part.

    The variance is the observed one or the one that the probabilities themselves claim, whichever
    is more: a part without a costly error does not show that there are none. The interval is
    `limits_of_mean`. Errors that are neither seen nor admitted cannot be allowed for: on few pictures
    of an overconfident, nearly flawless classifier the upper limit is too low.
    """
    n = n_units(part)
    if part.n == 0:
        return Estimate.undefined()
    each = losses(part)
    value = float(each.mean())
    if n < 2 or value <= 0:
        return Estimate(value, math.nan, math.nan, n)
    influence = (each - value) / part.n
    seen, degrees = variance(influence, part.labels, part.clusters)
    claimed = _claimed_variance(part) * design_effect(influence, part.labels, part.clusters)
    half = max(student_quantile(degrees) * math.sqrt(seen), student_quantile(n - 1) * math.sqrt(claimed))
    low, high = limits_of_mean(value, half)
    return Estimate(value, low, high, n)


def _claimed_variance(part: Part) -> float:
    """Variance of the mean loss if labels came from the probabilities, given the class counts.

    What the class counts explain is taken out as in a regression: they are fixed.
    """
    p, loss = part.probabilities, _all_losses(part)
    covariance = np.diag(p.sum(axis=0)) - p.T @ p  # (K, K) of the class counts
    mean = (p * loss).sum(axis=1)
    shared = (p * loss).sum(axis=0) - p.T @ mean  # (K,) of total loss and class counts
    total = float((p * loss**2).sum() - (mean**2).sum())
    explained = float(shared @ np.linalg.pinv(covariance, hermitian=True) @ shared)
    return max(0.0, total - explained) / part.n**2


def calibration_error(part: Part, seed: int) -> Estimate:
    """Estimate the expected calibration error of the most probable class, in bins of equal numbers of pictures.

    Pictures are sorted by the probability of their most probable class and cut into bins of equal
    size (one bin for every 20 pictures, 15 at most); the value is the mean distance between the
    probability claimed and the share that was right. On few pictures it is above 0 even for perfect
    probabilities; the interval is for the figure without that noise.

    References
    ----------
    Naeini et al. (2015), AAAI; Guo et al. (2017), ICML; equal-mass bins: Nixon et al. (2019),
    CVPR workshops; the noise: Kumar et al. (2019), NeurIPS.
    """
    if part.n < 2:
        return Estimate.undefined(part.n)
    gaps, errors, weights = _bins(part)
    value = float((weights * np.abs(gaps)).sum())
    low, high = _limits(gaps, errors, weights, np.random.default_rng(seed))
    return Estimate(value, min(low, value), max(high, value), n_units(part))


def _bins(part: Part) -> tuple[Floats, Floats, Floats]:
    """Gap (right share less claimed), its standard error and weight of each bin, (B,) each."""
    claimed = part.probabilities.max(axis=1)
    right = (part.probabilities.argmax(axis=1) == part.labels).astype(float)
    n_bins = int(np.clip(part.n // PICTURES_PER_BIN, 1, MOST_BINS))
    order = np.argsort(claimed, kind="stable")
    usual = (right.sum() + 0.5) / (part.n + 1)
    gaps, errors, weights = [], [], []
    for members in np.array_split(order, n_bins):
        m = len(members)
        difference = right[members] - claimed[members]
        influence, alike = (difference - difference.mean()) / m, np.zeros(m, dtype=np.int64)
        clusters = None if part.clusters is None else part.clusters[members]
        seen, _ = variance(influence, alike, clusters)
        # a bin of nothing but right ones is not certain: allow what the claims admit, and what one more
        # picture that is right as often as usual leaves open
        admitted = float((claimed[members] * (1 - claimed[members])).mean()) / m
        share = (right[members].sum() + usual) / (m + 1)
        admitted = max(admitted, share * (1 - share) / m) * design_effect(influence, alike, clusters)
        gaps.append(float(difference.mean()))
        errors.append(math.sqrt(max(seen, admitted)))
        weights.append(m / part.n)
    return np.array(gaps), np.array(errors), np.array(weights)


def _limits(gaps: Floats, errors: Floats, weights: Floats, rng: np.random.Generator) -> tuple[float, float]:
    """Limits of the mean true gap.

    Noise only ever adds to a mean of distances. Upwards its scatter is enough: at most that of the
    weighted sum of the gaps. Downwards the noise itself is taken off: the lower limit is the smallest
    multiple of the gaps that, with noise, gives as much as was seen in 2.5 % of draws.
    """
    noise = rng.standard_normal((DRAWS, len(gaps))) * errors
    value = float((weights * np.abs(gaps)).sum())

    def below(scale: float) -> float:
        """Share of draws at that scale that do not exceed the observed value."""
        return float(((np.abs(scale * gaps + noise) @ weights) <= value).mean())

    sure = 0.5 + LEVEL / 2
    low = 0.0 if below(0.0) <= sure else _bisect(below, sure, 0.0, 1.0)
    high = value + Z * math.sqrt(float((weights**2 * errors**2).sum()))
    return value * low, min(1.0, high)


def _bisect(falling: Callable[[float], float], target: float, low: float, high: float) -> float:
    for _ in range(20):
        middle = (low + high) / 2
        low, high = (middle, high) if falling(middle) > target else (low, middle)
    return (low + high) / 2
