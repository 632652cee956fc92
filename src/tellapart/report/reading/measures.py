"""The blocks of metrics.json that hold figures: parts, members, threshold, "not sure"."""

from __future__ import annotations

from typing import Any

from tellapart.report.numbers import Figure, Unit, as_estimate, as_number, is_estimate
from tellapart.report.reading.values import boolean, mapping, sequence, text, whole
from tellapart.report.summary import (
    ClassMeasures,
    Measures,
    Member,
    NotSure,
    PerThousand,
    Threshold,
)

# Name in metrics.json -> name for a reader and unit, in the order in which they are shown.
FIGURES: dict[str, tuple[str, Unit]] = {
    "balanced_accuracy": ("balanced accuracy", "share"),
    "accuracy": ("accuracy", "share"),
    "accuracy_at_half": ("accuracy at .5", "share"),
    "roc_auc": ("area under the ROC curve", "score"),
    "average_precision": ("average precision", "score"),
    "macro_f1": ("F1, mean of the classes", "share"),
    "log_loss": ("log loss", "score"),
    "calibration_error": ("calibration error", "share"),
}


def read_measures(block: Any, classes: tuple[str, ...]) -> Measures | None:
    """Read one part's block; None where there is none."""
    found = mapping(block)
    if not found:
        return None
    n = whole(found.get("n")) or 0
    per_class = mapping(found.get("per_class"))
    return Measures(
        n=n,
        figures=_figures(found, n),
        per_class=tuple(_class_measures(name, per_class[name]) for name in classes if name in per_class),
        confusion=_confusion(found.get("confusion"), len(classes)),
        chance=_levels(found.get("chance")),
        majority=_levels(found.get("majority")),
    )


def _figures(block: dict[str, Any], n: int) -> dict[str, Figure]:
    return {
        key: Figure(name, as_estimate(block[key], n), unit)
        for key, (name, unit) in FIGURES.items()
        if is_estimate(block.get(key))
    }


def _class_measures(name: str, block: Any) -> ClassMeasures:
    found = mapping(block)
    n = whole(found.get("n")) or 0
    precision, recall, f1 = (
        Figure(name, as_estimate(found.get(key), n))
        for key, name in (("precision", "precision"), ("recall", "recall"), ("f1", "F1"))
    )
    return ClassMeasures(name, n, precision, recall, f1)


def _confusion(value: Any, n_classes: int) -> tuple[tuple[int, ...], ...]:
    rows = tuple(tuple(whole(count) or 0 for count in sequence(row)) for row in sequence(value))
    square = len(rows) == n_classes and all(len(row) == n_classes for row in rows)
    return rows if square else ()


def _levels(block: Any) -> dict[str, float | None]:
    return {key: as_number(value) for key, value in mapping(block).items()}


def read_member(block: Any) -> Member:
    """Read one entry of ``members``."""
    found = mapping(block)
    out_of_fold = mapping(found.get("out_of_fold"))
    return Member(
        name=text(found.get("name")),
        chosen=boolean(found.get("chosen")),
        weight=as_number(found.get("weight")),
        seconds=as_number(found.get("seconds")),
        words=text(found.get("words")),
        figures=_figures(out_of_fold, whole(out_of_fold.get("n")) or 0),
    )


def read_threshold(block: Any) -> Threshold | None:
    """Read ``threshold``; None with more than two classes."""
    found = mapping(block)
    value = as_number(found.get("value"))
    if value is None:
        return None
    estimate = as_estimate({"low": None, "high": None, **found})
    return Threshold(
        figure=Figure("threshold", estimate, "score"),
        chosen_for=text(found.get("chosen_for")),
        not_sure_below=as_number(found.get("not_sure_below")),
    )


def read_not_sure(block: Any) -> NotSure | None:
    """Read ``not_sure``: the rule on the test part."""
    found = mapping(block)
    below = as_number(found.get("below"))
    if below is None:
        return None
    return NotSure(
        below,
        Figure("sure", as_estimate(found.get("sure"))),
        Figure("right when sure", as_estimate(found.get("right_when_sure"))),
        Figure("right when not sure", as_estimate(found.get("right_when_not_sure"))),
    )


def read_per_thousand(block: Any) -> PerThousand | None:
    """Read ``per_thousand``; None unless a prevalence was given."""
    found = mapping(block)
    positives = as_number(found.get("positives"))
    if positives is None:
        return None
    return PerThousand(
        text(found.get("words")),
        positives,
        Figure("missed", as_estimate(found.get("missed")), "count"),
        Figure("false alarms", as_estimate(found.get("false_alarms")), "count"),
    )
