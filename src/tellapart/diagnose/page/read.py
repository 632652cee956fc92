"""What the page shows where nothing was run: the curves of a history, the points of a run, limits and next steps."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from tellapart.diagnose.answer import Diagnosis, Entry, Verdict
from tellapart.diagnose.read_files import Curves, Point, RunRead, Series
from tellapart.report.charts.chart import Axis, Chart, Key, Line, Look, count_axis, share_axis
from tellapart.report.charts.learning import draw_learning
from tellapart.report.numbers import level
from tellapart.report.summary import Member
from tellapart.report.text import visible
from tellapart.report.wording import Verdict as Badge

READ_VERDICTS = {
    Verdict.fails: ("it fails", Badge("bad", "✕", "The figures themselves say so.")),
    Verdict.healthy: (
        "healthy",
        Badge("good", "✓", "By the test of the run itself, its figures can be believed."),
    ),
    Verdict.unknown: ("unknown", Badge("open", "?", "The files alone cannot settle it.")),
}
LOOKS: dict[str, Look] = {"validation": "one", "test": "one", "training": "two", "": "one"}
SHOWN_QUANTILE, MARGIN = 0.98, 1.1
"""What is above this quantile of a loss (times the margin) is drawn at the upper edge: a first loss can be huge."""


@dataclass(frozen=True)
class Read:
    """What is shown of files that were read.

    Attributes
    ----------
    kind
        ``history``, ``run``; "" where a program was run.
    charts
        One for each measure of a history, or for each member of a run that learned step by step.
    figures
        Of a history: name, column, first, last, and lowest to highest.
    points, members
        Of a run.
    """

    kind: str
    charts: tuple[Chart, ...]
    figures: tuple[tuple[str, str, str, str, str], ...]
    unread: tuple[str, ...]
    points: tuple[Point, ...]
    members: tuple[Member, ...]
    limits: tuple[str, ...]
    next_steps: tuple[str, ...]


def read(found: Diagnosis) -> Read:
    """Make ready what was read."""
    curves, run = found.history, found.run
    return Read(
        kind="" if found.was_run else "history" if run is None else "run",
        charts=tuple(_charts(curves)) if curves is not None else () if run is None else tuple(_learning(run)),
        figures=() if curves is None else tuple(map(_row, curves.series)),
        unread=() if curves is None else curves.unread,
        points=() if run is None else run.points,
        members=() if run is None else run.summary.members,
        limits=tuple(visible(one) for one in found.limits),
        next_steps=tuple(visible(one) for one in found.next_steps),
    )


def seen_in(one: Entry) -> tuple[str, Badge, str]:
    """Return tag, badge and words for what was only read."""
    words = (
        f"Nothing was run. It is suspected from {visible(one.file)} alone. How sure: {level(one.confidence)}."
    )
    return "not proved", Badge("open", "?", ""), words


def _row(one: Series) -> tuple[str, str, str, str, str]:
    known = [v for v in one.values if v is not None]
    finite = [v for v in known if math.isfinite(v)]
    ends = [f"{v:.4g}" for v in (known[:1] + known[-1:])] or ["", ""]
    spread = f"{min(finite):.4g} to {max(finite):.4g}" if finite else ""
    return one.name, one.column, ends[0], ends[-1], spread


def _learning(run: RunRead) -> Iterator[Chart]:
    for curve in run.summary.curves:
        yield from draw_learning(curve)


def _charts(curves: Curves) -> Iterator[Chart]:
    """Yield a chart for each measure; the epoch with the lowest validation loss is marked in that of the loss."""
    for measure in dict.fromkeys(one.measure for one in curves.series):
        drawn = [one for one in curves.series if one.measure == measure]
        # A second part that was held back would have the look of the first.
        drawn = [one for one in drawn if one.part != "test" or curves.get("validation", measure) is None]
        lines = [(one, _points(curves, one)) for one in drawn]
        values = sorted(y for _, points in lines for _, y in points)
        if len(values) < 2:
            continue
        y = _values(measure, values)
        best = _best(curves, measure)
        guide = () if best is None else (Line([(best, y.low), (best, y.high)], "guide"),)
        keys = [Key(LOOKS[one.part], "line", one.name) for one, _ in lines]
        keys += [Key("guide", "line", f"lowest at epoch {best:g}")] if best is not None else []
        yield Chart(
            title=f"{measure[:1].upper()}{measure[1:]} by epoch",
            description="First, last, lowest and highest values are in the table below.",
            x=_epochs(curves),
            y=y,
            lines=(*guide, *(Line(points, LOOKS[one.part]) for one, points in lines)),
            legend=tuple(keys),
        )


def _epochs(curves: Curves) -> Axis:
    found = count_axis("epoch", curves.epochs[0], curves.epochs[-1])
    whole = tuple((at, words.partition(".")[0]) for at, words in found.ticks if at == round(at))
    return Axis(found.title, found.low, found.high, whole)


def _values(measure: str, values: list[float]) -> Axis:
    if measure not in ("loss", "learning rate") and 0 <= values[0] <= values[-1] <= 1:
        return share_axis(measure)
    top = values[math.ceil(SHOWN_QUANTILE * len(values)) - 1]
    return count_axis(measure, min(values[0], 0.0), top * MARGIN if top > 0 else top + abs(values[0]))


def _best(curves: Curves, measure: str) -> float | None:
    held = curves.judging("loss") if measure == "loss" else None
    points = [] if held is None else _points(curves, held)
    return min(points, key=lambda one: one[1])[0] if points else None


def _points(curves: Curves, one: Series) -> list[tuple[float, float]]:
    pairs = zip(curves.epochs, one.values, strict=True)
    return [(float(epoch), v) for epoch, v in pairs if v is not None and math.isfinite(v)]
