"""The curves of one table: a column a variant, a thin line a seed, a thick one their mean."""

from __future__ import annotations

import math

import numpy as np

from benchmarks.questions.outcomes import Outcome
from tellapart.recipes import curves

A_PANELS = (
    (
        "accuracy",
        (
            ("accuracy", "training, reported", curves.TRAIN, True),
            ("val_accuracy", "validation, reported", curves.REPORTED, True),
            ("true_validation_accuracy", "validation, true", curves.TRUE, False),
            ("true_fresh_accuracy", "fresh, true", curves.FRESH, False),
        ),
    ),
    (
        "loss",
        (
            ("loss", "training, reported", curves.TRAIN, True),
            ("val_loss", "validation, reported", curves.REPORTED, True),
            ("true_validation_log_loss", "validation, true", curves.TRUE, False),
        ),
    ),
)
B_PANELS = (
    (
        "precision",
        (
            ("precision", "training, reported", curves.TRAIN, True),
            ("val_precision", "validation, reported", curves.REPORTED, True),
            ("true_validation_precision", "validation, true", curves.TRUE, False),
        ),
    ),
    (
        "average precision",
        (("true_validation_average_precision", "validation, true", curves.TRUE, False),),
    ),
)


def drawing(variants: dict[str, list[Outcome]]) -> str:
    """Draw the variants of one table side by side; returns SVG."""
    first = next(iter(variants.values()))[0]
    rows = A_PANELS if first.row.recipe == "plastic_pieces" else B_PANELS
    figure, axes = curves.panels(len(variants), len(rows))
    grid = axes.reshape(len(rows), len(variants))
    for row, (title, lines) in enumerate(rows):
        for axis, (variant, outcomes) in zip(grid[row], variants.items(), strict=True):
            for name, label, colour, dashed in lines:
                _lines(axis, outcomes, name, label, colour, dashed)
            curves.finish(axis, f"{variant}: {title}", share=title != "loss")
    what = (
        f"{first.row.recipe} on {first.row.pictures} at {first.row.size} px, by epoch: {', '.join(variants)}"
    )
    return curves.to_svg(figure, what)


def _lines(axis: object, outcomes: list[Outcome], name: str, label: str, colour: str, dashed: bool) -> None:
    seeds = [one.curves[name] for one in outcomes if name in one.curves]
    if not seeds:
        return
    if len(seeds) > 1:
        for values in seeds:
            curves.line(axis, _measured(values), "_seed", colour, dashed=dashed, width=0.5)
    shortest = min(len(values) for values in seeds)
    together = np.array([values[:shortest] for values in seeds])
    defined = np.isfinite(together)
    # The mean of the seeds in which the figure is defined.
    total = np.where(defined, together, 0.0).sum(axis=0)
    mean = np.where(defined.any(axis=0), total / np.maximum(defined.sum(axis=0), 1), math.nan)
    curves.line(axis, _measured(mean.tolist()), label, colour, dashed=dashed)


def _measured(values: list[float]) -> curves.Curve:
    """Leave out epochs at which nothing was measured: a line through those at which it was."""
    kept = [(epoch + 1, value) for epoch, value in enumerate(values) if math.isfinite(value)]
    return [epoch for epoch, _ in kept], [value for _, value in kept]
