"""How the program learned as it is, and how with the changes: balanced accuracy after each epoch."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tellapart.diagnose.answer import Curve
from tellapart.report.charts.chart import Axis, Chart, Dot, Key, Line, Look, count_axis
from tellapart.report.numbers import Figure
from tellapart.report.text import visible

AS_IT_IS = "as it is"
STRIP = 0.045
"""Width that each dot takes right of the lines, as a share of the epochs: side by side, so that none hides another."""


@dataclass(frozen=True)
class Program:
    """The runs of one program, and its two looks: of what is drawn once, and of single runs."""

    words: str
    runs: tuple[Curve, ...]
    look: Look
    faint: Look


@dataclass(frozen=True)
class End:
    """Where one run ended: what the chart shows, as a row of a table."""

    program: str
    seed: int
    epoch: int
    figure: Figure


@dataclass(frozen=True)
class Learned:
    """The chart, and the ends of the runs."""

    chart: Chart
    ends: tuple[End, ...]
    changed: str


def learned(curves: Sequence[Curve], chance: float | None, *, changes: int) -> Learned | None:
    """Draw the curves; None where there is none.

    Parameters
    ----------
    chance
        What guessing gives; None where nobody knows.
    changes
        How many changes the mended program holds.
    """
    kept = [one for one in curves if one.epochs]
    if not kept:
        return None
    programs = tuple(_programs(kept, changes))
    last = max(one.epochs[-1] for one in kept)
    part = visible(kept[0].part)
    return Learned(
        chart=Chart(
            title="Balanced accuracy by epoch",
            description="Where each run ended is in the table beside it.",
            x=_epochs(last, len(kept)),
            y=Axis(f"balanced accuracy, {part}", 0.0, 1.0, tuple((k / 5, f"{k / 5:.1f}") for k in range(6))),
            lines=(*_guide(chance, last, len(kept)), *(line for one in programs for line in _lines(one))),
            dots=tuple(_dots(programs, last)),
            legend=tuple(_legend(programs, chance)),
        ),
        ends=tuple(_ends(programs)),
        changed=visible(next((one.name for one in kept if one.name != AS_IT_IS), "")) if changes < 2 else "",
    )


def _programs(kept: Sequence[Curve], changes: int) -> Iterator[Program]:
    before = tuple(one for one in kept if one.name == AS_IT_IS)
    after = tuple(one for one in kept if one.name != AS_IT_IS)
    if before:
        # Where there is nothing to tell it from, it takes the first colour and a solid line.
        looks: tuple[Look, Look] = ("two", "two faint") if after else ("one", "one faint")
        yield Program("as it is", before, *looks)
    if after:
        yield Program("with all changes" if changes > 1 else "with the change", after, "one", "one faint")


def _epochs(last: int, runs: int) -> Axis:
    """Make an axis of whole epochs, with room for the dots at its end."""
    ticks = count_axis("", 1, max(last, 2)).ticks
    whole = {1: "1"} | {round(value): f"{value:.0f}" for value, _ in ticks if value == round(value)}
    kept = tuple((float(value), words) for value, words in whole.items() if value <= last)
    if len(kept) > 2 and kept[1][0] - 1 < (last - 1) / 12:
        kept = kept[1:]  # "1" and "2" of many epochs would touch
    return Axis("epoch", 1.0, _right(last, runs), kept)


def _right(last: int, runs: int) -> float:
    return last + max(last - 1, 1) * STRIP * (runs + 1)


def _guide(chance: float | None, last: int, runs: int) -> Iterator[Line]:
    if chance is not None:
        yield Line([(1.0, chance), (_right(last, runs), chance)], "guide")


def _lines(program: Program) -> Iterator[Line]:
    runs = [dict(zip(one.epochs, (e.value for e in one.values), strict=True)) for one in program.runs]
    if len(runs) == 1:
        yield Line(sorted(runs[0].items()), program.look)
        return
    yield from (Line(sorted(run.items()), program.faint) for run in runs)
    # Only epochs that every run reached: a mean of ever fewer runs would jump.
    shared = sorted(set.intersection(*(set(run) for run in runs)))
    yield Line([(epoch, statistics.fmean(run[epoch] for run in runs)) for epoch in shared], program.look)


def _dots(programs: Sequence[Program], last: int) -> Iterator[Dot]:
    ended = [(program, run) for program in programs for run in program.runs]
    for k, (program, run) in enumerate(ended, start=1):
        e = run.values[-1]
        limits = (e.low, e.high) if math.isfinite(e.low) and math.isfinite(e.high) else None
        yield Dot(last + k * STRIP * max(last - 1, 1), e.value, program.look, y_limits=limits)


def _legend(programs: Sequence[Program], chance: float | None) -> Iterator[Key]:
    for one in programs:
        runs = f"mean of {len(one.runs)} runs (faint: single ones)" if len(one.runs) > 1 else "one run"
        yield Key(one.look, "line", f"{one.words}: {runs}")
    each = "the end of each run" if sum(len(one.runs) for one in programs) > 1 else "its end"
    yield Key(programs[-1].look, "dot", f"{each}, with the 95 % interval")
    if chance is not None:
        yield Key("guide", "line", f"guessing: {chance:.3g}")


def _ends(programs: Sequence[Program]) -> Iterator[End]:
    for program in programs:
        for run in program.runs:
            figure = Figure("balanced accuracy", run.values[-1], "score")
            yield End(program.words, run.seed, run.epochs[-1], figure)
