"""Is it a trend or noise? Of one curve, with nothing known but the curve.

Learning curves are few points with noise that may linger from epoch to epoch. A trend is a rank test (Mann-Kendall)
whose variance is widened by the autocorrelation of what is left beside the best monotone curve (Hamed & Rao 1998,
doi 10.1016/S0022-1694(97)00125-X, have the widening; a straight line beside a curve that bends would find it where
there is none), and that is larger than the noise.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

SURE = 0.01
"""Level of each test: a dozen signs are looked for in one file."""
FEWEST = 6
"""With fewer epochs not even a curve that falls at every step is a trend at that level."""
NOISES = 2.0
"""Beyond this many standard deviations of the noise a change matters."""
MOST_LINGERING = 0.9
MOST_POINTS = 400
"""Of a longer curve the means of blocks are looked at: pairs grow with the square."""
ROUNDING = 1e-12


@dataclass(frozen=True)
class Trend:
    """Where a curve goes.

    Attributes
    ----------
    change
        From the mean of the first third to that of the last, in the curve's unit.
    noise
        Standard deviation of single epochs around a smooth curve.
    p_value
        Two-sided, of no trend.
    n
        Epochs.
    """

    change: float
    noise: float
    p_value: float
    n: int

    @property
    def is_clear(self) -> bool:
        """Whether it goes anywhere."""
        return self.p_value <= SURE and abs(self.change) > NOISES * self.noise

    @property
    def rises(self) -> bool:
        """Whether it clearly rises."""
        return self.is_clear and self.change > 0

    @property
    def falls(self) -> bool:
        """Whether it clearly falls."""
        return self.is_clear and self.change < 0


def trend(values: Sequence[float]) -> Trend:
    """Look for a trend.

    Parameters
    ----------
    values
        Finite, one for each epoch.
    """
    y_E = _in_blocks(np.asarray(values, dtype=float))
    n = len(y_E)
    if n < FEWEST or np.ptp(y_E) <= ROUNDING * max(1.0, float(np.abs(y_E).max())):
        return Trend(0.0, 0.0, 1.0, n)
    third = max(n // 3, 2)
    change = float(y_E[-third:].mean() - y_E[:third].mean())
    pairs = np.sign(y_E[None, :] - y_E[:, None])[np.triu_indices(n, 1)]
    score = float(pairs.sum())
    ties = np.unique(y_E, return_counts=True)[1].astype(float)
    variance = (n * (n - 1) * (2 * n + 5) - float((ties * (ties - 1) * (2 * ties + 5)).sum())) / 18
    lingering = _lingering(y_E, rising=score > 0)
    variance *= (1 + lingering) / (1 - lingering)
    z = max(abs(score) - 1, 0) / math.sqrt(variance)
    return Trend(change, noise(y_E), math.erfc(z / math.sqrt(2)), n)


def noise(values: Sequence[float] | np.ndarray) -> float:
    """Return the standard deviation of single epochs around a smooth curve, from how the curve bends.

    Second differences of white noise have six times its variance; the median makes single jumps harmless.
    """
    y_E = np.asarray(values, dtype=float)
    if len(y_E) < 4:
        return 0.0
    bends = np.abs(np.diff(y_E, 2)) / math.sqrt(6)
    return float(1.4826 * np.median(bends))


def _in_blocks(y_E: np.ndarray) -> np.ndarray:
    if len(y_E) <= MOST_POINTS:
        return y_E
    return np.array([block.mean() for block in np.array_split(y_E, MOST_POINTS)])


def _lingering(y_E: np.ndarray, *, rising: bool) -> float:
    """Return the autocorrelation from one epoch to the next of what is left beside the best monotone curve."""
    from scipy.optimize import isotonic_regression

    rest = y_E - isotonic_regression(y_E, increasing=rising).x
    total = float(rest @ rest)
    if total <= ROUNDING * float(y_E @ y_E):
        return 0.0
    found = float(rest[1:] @ rest[:-1]) / total
    # A fit takes some of the autocorrelation with it; twice the correction for a mean; checked by simulation.
    return min(max(found + 2 * (1 + 3 * found) / len(y_E), 0.0), MOST_LINGERING)
