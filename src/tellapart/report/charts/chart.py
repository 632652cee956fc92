"""A chart as a value: axes and marks in the data's units, placed in a fixed box.

Legend: x and y are in the data's units, px in those of the box (not of the screen).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

# About the width of a phone, so that text keeps its size there.
WIDTH_PX, HEIGHT_PX = 440, 320
LEFT_PX, RIGHT_PX, TOP_PX, BOTTOM_PX = 66, 424, 16, 266

# one and two: the two colours, told apart by form as well; guide: dotted, what to compare with.
Look = Literal["one", "two", "one faint", "two faint", "guide"]
Points = Sequence[tuple[float, float]]


@dataclass(frozen=True)
class Axis:
    """A straight axis from ``low`` to ``high`` with ticks (value, words)."""

    title: str
    low: float
    high: float
    ticks: tuple[tuple[float, str], ...]


@dataclass(frozen=True)
class Line:
    """A line through points."""

    points: Points
    look: Look


@dataclass(frozen=True)
class Dot:
    """A dot (or a ring), with the intervals it is known by."""

    x: float
    y: float
    look: Look
    x_limits: tuple[float, float] | None = None
    y_limits: tuple[float, float] | None = None
    is_ring: bool = False


@dataclass(frozen=True)
class Key:
    """A line of the legend."""

    look: Look
    form: Literal["line", "dot", "ring"]
    words: str


@dataclass(frozen=True)
class Chart:
    """Axes and marks. ``description`` says in words what a reader who cannot see it would miss."""

    title: str
    description: str
    x: Axis
    y: Axis
    lines: tuple[Line, ...] = ()
    dots: tuple[Dot, ...] = ()
    legend: tuple[Key, ...] = field(default=())

    def x_px(self, x: float) -> float:
        """Place on the x axis; outside of the axis: at its end."""
        return _place(x, self.x, LEFT_PX, RIGHT_PX)

    def y_px(self, y: float) -> float:
        """Place on the y axis, which grows upwards."""
        return _place(y, self.y, BOTTOM_PX, TOP_PX)

    def polyline(self, line: Line) -> str:
        """Write the points of a line as SVG does."""
        return " ".join(f"{self.x_px(x):g},{self.y_px(y):g}" for x, y in line.points)


def _place(value: float, axis: Axis, low_px: float, high_px: float) -> float:
    span = axis.high - axis.low
    share = (value - axis.low) / span if span > 0 else 0.0
    return round(low_px + min(max(share, 0.0), 1.0) * (high_px - low_px), 1)


def share_axis(title: str) -> Axis:
    """Make an axis from 0 to 100 %."""
    return Axis(title, 0.0, 1.0, tuple((k / 5, f"{20 * k} %") for k in range(6)))


def count_axis(title: str, low: float, high: float) -> Axis:
    """Make an axis with round numbers as ticks."""
    if high <= low:
        high = low + 1
    step = _round_step((high - low) / 5)
    first, last = math.ceil(low / step), math.floor(high / step + 1e-9)
    digits = max(0, -math.floor(math.log10(step)))
    return Axis(title, low, high, tuple((k * step, f"{k * step:.{digits}f}") for k in range(first, last + 1)))


def _round_step(about: float) -> float:
    """Round up to 1, 2 or 5 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(about))
    return next(factor * power for factor in (1.0, 2.0, 5.0, 10.0) if factor * power >= about * (1 - 1e-9))
