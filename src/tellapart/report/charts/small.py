"""Small pictures beside figures: an interval on its scale, a share of a bar, 1,000 parts as dots."""

from __future__ import annotations

import math
from dataclasses import dataclass

from tellapart.report.numbers import Figure
from tellapart.report.summary import PerThousand

GLYPH_WIDTH_PX, GLYPH_HEIGHT_PX, _GLYPH_EDGE_PX = 140, 14, 5

_DOTS_A_ROW, _DOT_STEP_PX = 50, 9


@dataclass(frozen=True)
class Glyph:
    """An interval on the scale from 0 to 1, in px; ``reference`` is a level to compare with."""

    value: float
    low: float
    high: float
    reference: float | None


def draw_glyph(figure: Figure, reference: float | None = None) -> Glyph | None:
    """Draw the interval of a share or a score; None where it is not defined or has another scale."""
    e = figure.estimate
    if not all(math.isfinite(x) and 0 <= x <= 1 for x in (e.value, e.low, e.high)):
        return None
    return Glyph(
        _across(e.value), _across(e.low), _across(e.high), None if reference is None else _across(reference)
    )


def _across(share: float) -> float:
    return round(_GLYPH_EDGE_PX + share * (GLYPH_WIDTH_PX - 2 * _GLYPH_EDGE_PX), 1)


@dataclass(frozen=True)
class Thousand:
    """Paths of dots: right ones, positives found, positives missed, false alarms; and how many."""

    found: str
    missed: str
    alarms: str
    rest: str
    n_found: int
    n_missed: int
    n_alarms: int


def draw_thousand(per_thousand: PerThousand) -> Thousand | None:
    """Draw 1,000 parts as dots, whole ones; None where a figure is not defined."""
    if not (per_thousand.missed.is_defined and per_thousand.false_alarms.is_defined):
        return None
    positives = round(per_thousand.positives)
    missed = min(round(per_thousand.missed.estimate.value), positives)
    alarms = min(round(per_thousand.false_alarms.estimate.value), 1000 - positives)
    found = positives - missed
    return Thousand(
        found=_dots(0, found),
        missed=_dots(found, positives),
        alarms=_dots(positives, positives + alarms),
        rest=_dots(positives + alarms, 1000),
        n_found=found,
        n_missed=missed,
        n_alarms=alarms,
    )


def _dots(first: int, end: int) -> str:
    """Lines of no length, which round caps turn into dots."""
    return "".join(
        f"M{5 + _DOT_STEP_PX * (k % _DOTS_A_ROW)} {5 + _DOT_STEP_PX * (k // _DOTS_A_ROW)}h0"
        for k in range(first, end)
    )
