"""Precision against recall at every threshold, with the chosen one and what it gives on the test part."""

from __future__ import annotations

import math

from tellapart.report.charts.chart import Chart, Dot, Key, Line, share_axis
from tellapart.report.numbers import Figure, level
from tellapart.report.summary import ClassMeasures, TradeOff


def draw_trade_off(trade_off: TradeOff, positive: str, on_test: ClassMeasures | None) -> Chart:
    """Draw the curve; ``on_test`` are the measures of the positive class on the test part."""
    dots, legend = [], [Key("one", "line", f"every threshold, on the {trade_off.part} pictures")]
    if trade_off.chosen is not None:
        dots.append(Dot(*trade_off.chosen, "one", is_ring=True))
        legend.append(Key("one", "ring", "the chosen threshold, on the same pictures"))
    if on_test is not None and on_test.recall.is_defined and on_test.precision.is_defined:
        recall, precision = on_test.recall.estimate, on_test.precision.estimate
        dots.append(
            Dot(recall.value, precision.value, "two", _limits(on_test.recall), _limits(on_test.precision))
        )
        legend.append(Key("two", "dot", "the chosen threshold on the test part, with 95 % intervals"))
    legend.append(
        Key("guide", "line", f"everything called positive: precision {level(trade_off.everything)}")
    )
    base = trade_off.everything
    return Chart(
        title=f"Precision and recall of {positive} at every threshold",
        description="Precision falls where more of the class is found; the figures are in the table beside it.",
        x=share_axis("recall: share of them that is found"),
        y=share_axis("precision: share of the alarms that is right"),
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
