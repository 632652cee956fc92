"""An experiment as two dots with their intervals on one scale, and what it says in a sentence."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from tellapart.diagnose.answer import SCORES, Experiment
from tellapart.evaluate.estimate import Estimate
from tellapart.report.charts.chart import Axis, count_axis
from tellapart.report.numbers import NO_BREAK, UNDEFINED, Figure
from tellapart.report.text import visible

# About the width at which it is shown on a phone, so that text keeps its size there.
WIDTH_PX, EDGE_PX = 300, 12
GAP = " less "
"""In the name of a measure that is a difference: 0 is right."""
GAIN = "gain in "
"""Begins the name of a measure that is itself a gain: 0 is none."""


@dataclass(frozen=True)
class Mark:
    """A row: its words, and where its dot and its interval lie; None where there is no value."""

    words: str
    look: Literal["one", "two"]
    value: str
    interval: str
    at_px: float | None = None
    low_px: float = 0.0
    high_px: float = 0.0


@dataclass(frozen=True)
class Shown:
    """An experiment, ready to be written.

    Attributes
    ----------
    ticks
        Places in px, and the words below them.
    reference_px
        A level to compare with: what chance gives, or 0 where a figure should not be off.
    says, basis
        What it means, and what it rests on.
    """

    change: str
    measure: str
    marks: tuple[Mark, ...]
    ticks: tuple[tuple[float, str], ...]
    reference_px: float | None
    reference_words: str
    says: str
    basis: str


def show(one: Experiment, chance: float | None) -> Shown:
    """Make an experiment ready to be written."""
    is_gap, is_gain = GAP in one.measure, one.measure.startswith(GAIN)
    axis = _axis((one.before, one.after), is_gap or is_gain)
    reference, words = (
        (0.0, "0 is right") if is_gap else (0.0, "no gain") if is_gain else (chance, "guessing")
    )
    return Shown(
        change=visible(one.change),
        measure=visible(_sentence(SCORES.get(one.measure, one.measure.replace("_", " ")))),
        marks=(
            _mark("before", "two", one.before, axis, signs=is_gap or is_gain),
            _mark("after", "one", one.after, axis, signs=is_gap or is_gain),
        ),
        ticks=tuple((_place(value, axis), label) for value, label in axis.ticks),
        reference_px=None if reference is None else _place(reference, axis),
        reference_words=words,
        says=_gap_says(one) if is_gap else _says(one.effect),
        basis=_basis(one),
    )


def is_clear(one: Experiment) -> bool:
    """Whether the difference is clear of its interval."""
    return one.effect.low > 0 or one.effect.high < 0


def signed(number: float) -> str:
    """Return a difference with its sign."""
    return "0.000" if abs(number) < 0.0005 else f"{number:+.3f}".replace("-", "\u2212")


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _axis(estimates: Iterable[Estimate], is_gap: bool) -> Axis:
    ends = [x for e in estimates for x in (e.value, e.low, e.high) if math.isfinite(x)]
    if not is_gap and all(0 <= x <= 1 for x in ends):
        return Axis("", 0.0, 1.0, tuple((k / 4, f"{k / 4:g}") for k in range(5)))
    # From tenth to tenth; a little more, lest a rounding error takes the first tick away.
    low = math.floor(10 * min([*ends, 0.0])) / 10 - 1e-9
    high = math.ceil(10 * max([*ends, 0.0])) / 10
    found = count_axis("", low, high if high > low else low + 0.1)
    ticks = ((value, label.replace("-", "\u2212")) for value, label in found.ticks)
    return Axis("", found.low, found.high, tuple(ticks))


def _place(value: float, axis: Axis) -> float:
    share = min(max((value - axis.low) / (axis.high - axis.low), 0.0), 1.0)
    return round(EDGE_PX + share * (WIDTH_PX - 2 * EDGE_PX), 1)


def _mark(words: str, look: Literal["one", "two"], e: Estimate, axis: Axis, *, signs: bool) -> Mark:
    if not e.is_defined:
        return Mark(words, look, UNDEFINED, "")
    plain = Figure("", e, "score")
    low, high = (x if math.isfinite(x) else e.value for x in (e.low, e.high))
    return Mark(
        words,
        look,
        signed(e.value) if signs else plain.value,
        f"({_limits(e.low, e.high)}, n{NO_BREAK}={NO_BREAK}{e.n:,})" if signs else plain.interval,
        _place(e.value, axis),
        _place(low, axis),
        _place(high, axis),
    )


def _limits(low: float, high: float) -> str:
    known = math.isfinite(low) and math.isfinite(high)
    return f"{signed(low)} to {signed(high)}" if known else "interval not known"


def _says(effect: Estimate) -> str:
    if not effect.is_defined:
        return "The difference cannot be told."
    if effect.low > 0:
        return f"The change raises it by {effect.value:.3f} ({effect.low:.3f} to {effect.high:.3f})."
    if effect.high < 0:
        return f"The change lowers it by {-effect.value:.3f} ({-effect.high:.3f} to {-effect.low:.3f})."
    return f"No clear difference: {signed(effect.value)} ({_limits(effect.low, effect.high)})."


def _gap_says(one: Experiment) -> str:
    off, still = (not e.low <= 0 <= e.high for e in (one.before, one.after))
    if off and not still:
        return "The figure is wrong before the change, and right after it."
    if off:
        return "The figure is wrong before the change, and still wrong after it."
    return "The figure is not clearly wrong before the change."


def _basis(one: Experiment) -> str:
    seeds = ", ".join(str(seed) for seed in one.seeds)
    if len(one.seeds) == 1:
        return f"One run each, with seed {seeds}: a first look, no proof."
    return f"{len(one.seeds)} runs each, with the seeds {seeds}." if one.seeds else ""
