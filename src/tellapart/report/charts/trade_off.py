"""Precision against recall at every threshold, with the chosen one and what it gives on the test part."""

from __future__ import annotations

import math

from tellapart.report.charts.chart import Chart, Dot, Key, Line, share_axis
from tellapart.report.numbers import Figure, level
from tellapart.report.summary import TradeOff


def draw_trade_off(trade_off: TradeOff, positive: str) -> Chart:
    """Draw the curve of the positive class."""
    dots, legend = [], [Key("one", "line", f"every threshold ({trade_off.part})")]
    if trade_off.chosen is not None:
        dots.append(Dot(*trade_off.chosen, "one", is_ring=True))
        legend.append(Key("one", "ring", "the chosen threshold (same pictures)"))
    recall, precision = trade_off.test_recall, trade_off.test_precision
    if recall.is_defined and precision.is_defined:
        place = recall.estimate.value, precision.estimate.value
        dots.append(Dot(*place, "two", _limits(recall), _limits(precision)))
        legend.append(Key("two", "dot", "the chosen threshold (test part), with 95 % intervals"))
    legend.append(
        Key("guide", "line", f"everything called positive: precision {level(trade_off.everything)}")
    )
    base = trade_off.everything
    return Chart(
        title=f"Precision and recall of {positive} at every threshold",
        description="Precision falls where more of the class is found; the figures are in the table beside it.",
        x=share_axis("found (recall)"),
        y=share_axis("alarms that are right (precision)"),
        lines=(
            Line([(0.0, base), (1.0, base)], "guide"),
            Line(tuple(zip(trade_off.recall, trade_off.precision, strict=True)), "one"),
        ),
        dots=tuple(dots),
        legend=tuple(legend),
    )


def _limits(figure: Figure) -> tuple[float, float] | None:
    low, high = figure.estimate.low, figure.estimate.high
    return (low, high) if math.isfinite(low) and math.isfinite(high) else None
