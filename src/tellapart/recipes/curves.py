"""The curves of a training as one SVG: what was reported beside what was true.

The ground is transparent, and every colour is a middle tone with a contrast of at least 3 to 1 on white and on
near-black, so that one file reads in a light and in a dark page.
"""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from typing import Any

from .result import Epoch, Result

GREY = "#7d7d7d"
TRAIN, REPORTED, TRUE, FRESH = "#2f81c7", "#c8691c", "#2b9350", "#9464cf"
PANEL_INCHES = (4.2, 3.2)

Curve = tuple[Sequence[float], Sequence[float]]
"""Epochs and values."""


def reported(epochs: Sequence[Epoch], name: str) -> Curve:
    """Return what Keras reported under `name`."""
    return [one.number for one in epochs], [one.reported.get(name, math.nan) for one in epochs]


def true(epochs: Sequence[Epoch], part: str, name: str) -> Curve:
    """Return what was true of `part`, at the epochs at which it was measured."""
    measured = [one for one in epochs if part in one.true]
    return [one.number for one in measured], [one.true[part][name] for one in measured]


def curves_svg(result: Result) -> str:
    """Draw three panels: the reported metric and the true one, average precision, loss."""
    epochs = result.epochs
    metric = "accuracy" if "accuracy" in epochs[0].reported else "precision"
    figure, axes = panels(3)
    for axis, name, true_name in ((axes[0], metric, metric), (axes[2], "loss", "log_loss")):
        line(axis, reported(epochs, name), "training, reported", TRAIN, dashed=True)
        line(axis, reported(epochs, f"val_{name}"), "validation, reported", REPORTED, dashed=True)
        line(axis, true(epochs, "validation", true_name), "validation, true", TRUE)
        line(axis, true(epochs, "fresh", true_name), "fresh, true", FRESH)
    line(axes[1], true(epochs, "validation", "average_precision"), "validation, true", TRUE)
    line(axes[1], true(epochs, "fresh", "average_precision"), "fresh, true", FRESH)
    counts = result.parts["validation"]
    base = counts[result.classes[1]] / max(1, sum(counts.values()))
    axes[1].axhline(base, color=GREY, linewidth=1, linestyle=":", label="guessing")
    for axis, title in zip(axes, (metric, f"average precision of {result.classes[1]}", "loss"), strict=True):
        finish(axis, title, share=title != "loss")
    return to_svg(figure, f"{result.recipe}: {metric}, average precision and loss over {len(epochs)} epochs")


def panels(columns: int, rows: int = 1) -> tuple[Any, Any]:
    """Return a figure on a transparent ground and its axes (flat)."""
    from matplotlib.figure import Figure

    width, height = PANEL_INCHES
    figure = Figure(figsize=(width * columns, height * rows), layout="constrained")
    figure.patch.set_alpha(0.0)
    axes = figure.subplots(rows, columns, squeeze=False).ravel()
    return figure, axes


def line(
    axis: Any, curve: Curve, label: str, colour: str, *, dashed: bool = False, width: float = 1.6
) -> None:
    """Draw one curve, or nothing where there is none."""
    epochs, values = curve
    if not any(math.isfinite(value) for value in values):
        return
    marker = "o" if len(epochs) == 1 else None
    axis.plot(
        epochs,
        values,
        label=label,
        color=colour,
        linewidth=width,
        linestyle="--" if dashed else "-",
        marker=marker,
    )


def finish(axis: Any, title: str, *, share: bool, legend: bool = True) -> None:
    """Give an axis its title, its range and the middle grey that reads on any ground."""
    axis.set_title(title, color=GREY, fontsize=11)
    axis.set_xlabel("epoch", color=GREY)
    axis.patch.set_alpha(0.0)
    axis.tick_params(colors=GREY)
    axis.xaxis.get_major_locator().set_params(integer=True)
    for spine in axis.spines.values():
        spine.set_color(GREY)
    axis.grid(color=GREY, alpha=0.25, linewidth=0.6)
    if share:
        axis.set_ylim(-0.03, 1.03)
    else:
        axis.set_ylim(bottom=0)
    if legend and axis.get_legend_handles_labels()[0]:
        axis.legend(frameon=False, labelcolor=GREY, fontsize=8)


def to_svg(figure: Any, title: str) -> str:
    """Render a figure; the same figure gives the same bytes, and a screen reader gets `title`."""
    import html

    import matplotlib

    text = io.StringIO()
    # Words stay words (smaller, searchable); the salt and the missing date make the file reproducible.
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": "tellapart"}):
        figure.savefig(text, format="svg", metadata={"Date": None}, transparent=True)
    head, rest = text.getvalue().split("<svg ", 1)
    attributes, body = rest.split(">", 1)
    return f'{head}<svg role="img" {attributes}>\n <title>{html.escape(title)}</title>{body}'
