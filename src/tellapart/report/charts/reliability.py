"""Stated probability against how often it came true."""

from __future__ import annotations

from tellapart.report.charts.chart import Chart, Dot, Key, Line, share_axis
from tellapart.report.summary import Reliability


def draw_reliability(reliability: Reliability) -> Chart:
    """Draw a dot for each bin, with its interval and its number of pictures."""
    dots = tuple(
        Dot(
            b.stated,
            b.came_true.estimate.value,
            "one",
            y_limits=(b.came_true.estimate.low, b.came_true.estimate.high),
        )
        for b in reliability.bins
    )
    return Chart(
        title=f"Stated probability of {reliability.of} against how often it came true",
        description="Dots on the diagonal are probabilities that mean what they say; the table lists them.",
        x=share_axis("stated probability"),
        y=share_axis("came true"),
        lines=(Line([(0.0, 0.0), (1.0, 1.0)], "guide"),),
        dots=dots,
        legend=(
            Key("one", "dot", "pictures with about this probability, with 95 % interval"),
            Key("guide", "line", "probabilities that mean exactly what they say"),
        ),
    )
