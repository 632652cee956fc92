"""Curves as the signs look at them: finite values, epochs that two figures share, what counts as constant."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from tellapart.diagnose.read_files import Curves, Series

SAME_DIGITS = 1e-6
"""Shares this close are the same count of the same pictures, written with the digits of a float."""
STANDS_STILL = 1e-4
"""A loss whose values lie within this share of their mean does not move; a single step of training moves it more."""


@dataclass(frozen=True)
class Sign:
    """What curves suggest.

    Attributes
    ----------
    code
        Of the causes.
    confidence
        0 to 1; modest, because curves alone prove nothing.
    words
        What was seen, with the epochs and figures of the file.
    """

    code: str
    confidence: float
    words: str


def finite(one: Series | None) -> list[float]:
    """Return the values that are numbers, in order; of no series none."""
    return [] if one is None else [v for v in one.values if v is not None and math.isfinite(v)]


def at(curves: Curves, one: Series) -> list[tuple[int, float]]:
    """Return epochs and values where there is a number."""
    pairs = zip(curves.epochs, one.values, strict=True)
    return [(epoch, v) for epoch, v in pairs if v is not None and math.isfinite(v)]


def shared(one: Series | None, other: Series | None) -> list[tuple[float, float]]:
    """Return the values of both where both are numbers."""
    if one is None or other is None:
        return []
    pairs = zip(one.values, other.values, strict=True)
    return [
        (a, b) for a, b in pairs if a is not None and b is not None and math.isfinite(a) and math.isfinite(b)
    ]


def is_constant(values: Sequence[float], within: float = SAME_DIGITS) -> bool:
    """Whether there are at least two values, all the same."""
    return len(values) > 1 and max(values) - min(values) <= within


def stands_still(losses: Sequence[float]) -> bool:
    """Whether a loss does not move at all."""
    mean = math.fsum(losses) / len(losses) if losses else 0.0
    return is_constant(losses, STANDS_STILL * abs(mean) + 1e-12)


def range_words(values: Sequence[float]) -> str:
    """Return from where to where values lie."""
    low, high = f"{min(values):.3g}", f"{max(values):.3g}"
    return low if low == high else f"{low} to {high}"
