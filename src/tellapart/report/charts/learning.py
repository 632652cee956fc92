"""How one stage of one member learned: loss, and balanced accuracy on the pictures held out."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Sequence

from tellapart.report.charts.chart import Chart, Key, Line, Look, Points, count_axis, share_axis
from tellapart.report.summary import Fold, LearningCurve

Column = Callable[[Fold], Sequence[float | None]]

# A first loss can be huge; what is above this quantile (times a margin) is drawn at the upper edge.
_SHOWN_QUANTILE, _MARGIN = 0.98, 1.15


def draw_learning(curve: LearningCurve) -> tuple[Chart, ...]:
    """Draw the loss and the balanced accuracy, each only where it was measured."""
    charts = (_losses(curve), _balanced_accuracy(curve))
    return tuple(chart for chart in charts if any(len(line.points) > 1 for line in chart.lines))


def _losses(curve: LearningCurve) -> Chart:
    def training(fold: Fold) -> Sequence[float | None]:
        return fold.training_loss

    def held_out(fold: Fold) -> Sequence[float | None]:
        return fold.held_out_log_loss

    lines = (*_lines(curve, training, "two", "two faint"), *_lines(curve, held_out, "one", "one faint"))
    values = sorted(y for line in lines for _, y in line.points)
    top = values[math.ceil(_SHOWN_QUANTILE * len(values)) - 1] * _MARGIN if values else 1.0
    return Chart(
        title=f"Loss of {curve.member} ({curve.stage})",
        description="Loss at each step, on the training pictures and on those held out.",
        x=count_axis("step", *_steps(curve)),
        y=count_axis("loss", 0.0, top),
        lines=lines,
        legend=(
            Key("one", "line", "pictures held out (faint: single folds)"),
            Key("two", "line", "training pictures (faint: single folds)"),
        ),
    )


def _balanced_accuracy(curve: LearningCurve) -> Chart:
    def column(fold: Fold) -> Sequence[float | None]:
        return fold.held_out_balanced_accuracy

    return Chart(
        title=f"Balanced accuracy of {curve.member} ({curve.stage})",
        description="Balanced accuracy at each step on the pictures held out.",
        x=count_axis("step", *_steps(curve)),
        y=share_axis("balanced accuracy, held out"),
        lines=_lines(curve, column, "one", "one faint"),
        legend=(Key("one", "line", "mean of the folds (faint: single folds)"),),
    )


def _steps(curve: LearningCurve) -> tuple[float, float]:
    steps = [step for fold in curve.folds for step in fold.steps]
    return min(steps), max(steps)


def _lines(curve: LearningCurve, column: Column, look: Look, faint: Look) -> tuple[Line, ...]:
    """Draw a faint line for each fold, and their mean; a single fold is drawn as the mean is."""
    folds = [
        {step: y for step, y in zip(fold.steps, column(fold), strict=True) if y is not None}
        for fold in curve.folds
    ]
    single = tuple(Line(_points(fold), faint) for fold in folds if fold)
    if len(single) < 2:
        return tuple(Line(line.points, look) for line in single)
    # only steps that every fold reached: a mean of ever fewer folds would jump
    shared = set.intersection(*(set(fold) for fold in folds if fold))
    mean = {step: statistics.fmean(fold[step] for fold in folds if fold) for step in shared}
    return (*single, Line(_points(mean), look))


def _points(values: dict[float, float]) -> Points:
    return sorted(values.items())
