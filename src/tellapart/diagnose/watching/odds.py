"""How probable is it that chance alone gives what was seen? Exact where that is possible.

Legend: k classes, n pictures; `counts` (k,) are pictures of each class.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import stats


def missing_class(of_class: int, n: int, drawn: int) -> float:
    """Chance that a random part of `drawn` of `n` pictures holds none of a class of `of_class`: hypergeometric."""
    return float(stats.hypergeom.pmf(0, n, of_class, drawn))


def shares_differ(first: Sequence[int], second: Sequence[int]) -> float:
    """Chance that a random split leaves class counts that differ so much, two-sided.

    For each class the hypergeometric chance of so few, or so many, of its pictures in the second part; the smallest,
    times the number of classes (two have one question between them) and of sides.
    """
    a, b = np.asarray(first), np.asarray(second)
    n, drawn, of_class = int(a.sum() + b.sum()), int(b.sum()), a + b
    tails = [
        min(stats.hypergeom.cdf(got, n, whole, drawn), stats.hypergeom.sf(got - 1, n, whole, drawn))
        for got, whole in zip(b.tolist(), of_class.tolist(), strict=True)
    ]
    questions = 1 if len(tails) == 2 else len(tails)
    return float(min(1.0, 2 * questions * min(tails, default=0.5)))


def equal_neighbours(counts: Sequence[int]) -> tuple[float, float]:
    """Return mean and spread of the number of neighbours with the same label in random order.

    References
    ----------
    Wald and Wolfowitz (1940), Annals of Mathematical Statistics 11, for two kinds; Mood (1940), ibid., for k.
    """
    c = np.asarray(counts, dtype=float)
    n = c.sum()
    if n < 2:
        return 0.0, 0.0
    mean = float((c * (c - 1)).sum() / n)
    squares, cubes = (c**2).sum(), (c**3).sum()
    variance = (squares * (squares + n * (n + 1)) - 2 * n * cubes - n**3) / (n**2 * (n - 1))
    return mean, float(max(variance, 0.0)) ** 0.5


def classes_in_batch(counts: Sequence[int], size: int) -> float:
    """Return how many classes a random batch holds on average."""
    n = int(sum(counts))
    return float(sum(1 - missing_class(int(c), n, min(size, n)) for c in counts))


def one_better_than_other(first: np.ndarray, second: np.ndarray) -> float:
    """Chance of so many more pictures right only in `first` than only in `second`: McNemar's exact test, one-sided.

    Parameters
    ----------
    first, second : (n,) bool
        Whether each picture is right.
    """
    only_first, only_second = int((first & ~second).sum()), int((second & ~first).sum())
    if only_first + only_second == 0:
        return 1.0
    return float(stats.binom.sf(only_first - 1, only_first + only_second, 0.5))


def falling(values: np.ndarray) -> float:
    """Chance that values without a trend fall as consistently: Kendall's test, one-sided. 1 for fewer than 4."""
    if len(values) < 4 or np.ptp(values) == 0:
        return 1.0
    found = stats.kendalltau(np.arange(len(values)), values, alternative="less")
    return float(found.pvalue)
