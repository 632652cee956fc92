"""history.csv -> learning curves."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tellapart.report.numbers import as_number
from tellapart.report.reading.files import Row
from tellapart.report.summary import Fold, LearningCurve

# More points than a chart has room for tell nothing more.
MOST_POINTS = 240


def read_curves(rows: Iterable[Row]) -> tuple[LearningCurve, ...]:
    """Group the rows by member and stage, in their order, and in each by fold."""
    curves: dict[tuple[str, str], dict[str, list[Row]]] = {}
    for row in rows:
        if as_number(row.get("step")) is not None:
            folds = curves.setdefault((row.get("member", ""), row.get("stage", "")), {})
            folds.setdefault(row.get("fold", ""), []).append(row)
    return tuple(
        LearningCurve(member, stage, tuple(_fold(steps) for steps in folds.values()))
        for (member, stage), folds in curves.items()
    )


def _fold(rows: Sequence[Row]) -> Fold:
    stride = -(-len(rows) // MOST_POINTS)
    # counted from the last, which is the one a reader looks for
    kept = sorted(rows[::-1][::stride], key=lambda row: as_number(row["step"]) or 0)
    return Fold(
        tuple(as_number(row["step"]) or 0 for row in kept),
        _column(kept, "training_loss"),
        _column(kept, "held_out_log_loss"),
        _column(kept, "held_out_balanced_accuracy"),
    )


def _column(rows: Sequence[Row], name: str) -> tuple[float | None, ...]:
    return tuple(as_number(row.get(name)) for row in rows)
