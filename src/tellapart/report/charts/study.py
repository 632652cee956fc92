"""What a study measured: balanced accuracy against size or amount, or the differences that single changes make."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from tellapart.evaluate.estimate import Estimate
from tellapart.report.charts.chart import Axis, Chart, Dot, Key, Line, Look, count_axis

APART = 0.12  # of the room of one change: by how much two dots stand beside its middle
ROOM = 0.08  # of the span, above and below
MOST_TICKS = 6

Place = tuple[float, Estimate]
Band = Sequence[tuple[float, float, float, float]]


def draw_levels(
    places: Sequence[Place],
    title: str,
    unit: str,
    chance: float,
    band: Band = (),
    how: str = "out of fold",
) -> Chart:
    """Draw balanced accuracy against a size or an amount, on a logarithmic axis.

    Parameters
    ----------
    places
        (size or amount, balanced accuracy), rising.
    band
        (amount, value, low, high) along a fitted curve; may be empty.
    how
        On what was measured, in words.
    """
    dots = [
        Dot(math.log(x), e.value, "one", y_limits=_limits(e)) for x, e in places if e.is_defined and x > 0
    ]
    xs = [x for x, _ in places] + [point[0] for point in band]
    shown = [x for _, e in places for x in (e.low, e.high) if math.isfinite(x)] + [chance]
    shown += [y for point in band for y in point[1:]]
    lines = [Line([(math.log(min(xs)), chance), (math.log(max(xs)), chance)], "guide")]
    legend = [Key("one", "dot", f"measured {how}, with 95 % intervals")]
    if band:
        lines += [Line([(math.log(p[0]), p[k]) for p in band], look) for k, look in _BAND]
        legend.append(Key("two", "line", "fitted curve, drawn out (faint: 95 %)"))
    legend.append(Key("guide", "line", "chance"))
    ticks = _thinned(sorted({x for x, _ in places} | ({round(max(xs))} if band else set())))
    return Chart(
        title=title,
        description="Balanced accuracy at each place; the figures are in the table.",
        x=Axis(unit, math.log(min(xs)) - 0.15, math.log(max(xs)) + 0.15, ticks),
        y=count_axis("balanced accuracy", max(0.0, min(shown) - ROOM / 4), min(1.0, max(shown) + ROOM / 4)),
        lines=tuple(lines),
        dots=tuple(dots),
        legend=tuple(legend),
    )


_BAND: tuple[tuple[int, Look], ...] = ((1, "two"), (2, "two faint"), (3, "two faint"))


def draw_effects(names: Sequence[str], series: Mapping[str, Mapping[str, Estimate]]) -> Chart:
    """Draw the differences that changes make, side by side.

    Parameters
    ----------
    names
        Of the changes, in order.
    series
        What they are compared with (at most two) -> change -> difference in balanced accuracy.
    """
    looks: tuple[Look, ...] = ("one", "two")
    dots, legend, values = [], [], [0.0]
    for k, ((words, found), look) in enumerate(zip(series.items(), looks, strict=False)):
        legend.append(Key(look, "dot", words))
        for i, name in enumerate(names):
            e = found.get(name)
            if e is not None and e.is_defined:
                beside = (k - (len(series) - 1) / 2) * 2 * APART
                dots.append(Dot(i + beside, e.value, look, y_limits=_limits(e)))
                values += [e.low, e.high]
    span = max(values) - min(values)
    return Chart(
        title="Differences in balanced accuracy",
        description="The difference that each change makes, with its interval; the figures are in the table.",
        x=Axis("", -0.5, len(names) - 0.5, tuple((float(i), name) for i, name in enumerate(names))),
        y=count_axis("difference", min(values) - ROOM * span, max(values) + ROOM * span),
        lines=(Line([(-0.5, 0.0), (len(names) - 0.5, 0.0)], "guide"),),
        dots=tuple(dots),
        legend=(*legend, Key("guide", "line", "no difference")),
    )


def _limits(e: Estimate) -> tuple[float, float] | None:
    return (e.low, e.high) if math.isfinite(e.low) and math.isfinite(e.high) else None


def _thinned(values: Sequence[float]) -> tuple[tuple[float, str], ...]:
    """Ticks at the largest value and, downwards, at those that leave room for words."""
    room = (math.log(values[-1]) - math.log(values[0])) / MOST_TICKS
    kept: list[float] = []
    for value in reversed(values):
        if not kept or math.log(kept[-1]) - math.log(value) >= room * 0.9:
            kept.append(value)
    return tuple((math.log(value), f"{value:,.0f}") for value in reversed(kept))
