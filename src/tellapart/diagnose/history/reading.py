"""A table -> `Curves`: which column is which figure, one value for each epoch, and what was taken for granted."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tellapart.diagnose.read_files import Curves, Series
from tellapart.report.text import visible

from .naming import Meaning, meaning
from .table import Columns, no_history, read_columns

SHARES = frozenset(["accuracy", "balanced accuracy", "precision", "recall", "f1", "auc"])
PERCENT_FROM = 1.5
"""A share above it is in percent: what is a little above 1 is a wrong share, not one percent."""
MOST_NAMED = 20

_TENSOR = re.compile(r"tensor\(\s*([^,\s)]+).*\)")


@dataclass(frozen=True)
class History:
    """Curves, and what was taken for granted on the way to them."""

    curves: Curves
    assumptions: tuple[str, ...]


def read_history(file: Path) -> History:
    """Read a history.

    Parameters
    ----------
    file
        CSV, or JSON with a list for each measure or an object for each epoch.

    Raises
    ------
    OptionError
        It is no table, holds no learning curve, or a single epoch.
    """
    columns = read_columns(file)
    known = {name: found for name in columns if (found := meaning(name)) is not None}
    figures = {
        name: one
        for name, one in known.items()
        if one.measure not in ("epoch", "step") and any(_number(cell) is not None for cell in columns[name])
    }
    if not any(one.measure != "learning rate" for one in figures.values()):
        raise no_history(file, _columns_words(columns))
    notes: list[str] = []
    parts = _parts(figures, notes)
    chosen = _chosen(figures, parts, columns)
    rows = _rows(columns, known, notes)
    if len(rows) < 2:
        raise no_history(file, f"{len(rows)} epoch{'s' * (len(rows) != 1)}; a curve takes at least two")
    epochs = _numbers_of(rows, columns, known)
    series = [
        _series(part, measure, name, [_last(columns[name], row, figures[name]) for row in rows], notes)
        for (part, measure), name in chosen.items()
    ]
    series = [_blank_is_nan(one, notes) for one in series]
    taken = {*chosen.values(), *(name for name, one in known.items() if one.measure in ("epoch", "step"))}
    unread = tuple(visible(name) for name in columns if name and name not in taken)
    return History(Curves(epochs, tuple(series), unread), tuple(notes))


def _columns_words(columns: Columns) -> str:
    names = [visible(name) or "(no name)" for name in columns]
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return f"no column of a measure with numbers in it; the columns are {', '.join(names[:MOST_NAMED])}{more}"


def _parts(figures: dict[str, Meaning], notes: list[str]) -> dict[str, str]:
    """Return the part of each figure: names without one are training, unless others say training."""
    named = {(one.part, one.measure) for one in figures.values()}
    says_training = any(part == "training" for part, _ in named)
    found = {}
    for name, one in figures.items():
        part: str = one.part
        if one.measure == "learning rate":
            part = ""
        elif not part:
            held = any((other, one.measure) in named for other in ("validation", "test"))
            part = "training" if held or not says_training else "validation"
            if part == "validation":
                said = "names no part: taken for validation, because training has its own columns"
                notes.append(f"column “{visible(name)}” {said}")
        found[name] = part
    return found


def _chosen(
    figures: dict[str, Meaning], parts: dict[str, str], columns: Columns
) -> dict[tuple[str, str], str]:
    """Return one column for each figure: the one whose name says the least besides, and with most values."""
    best: dict[tuple[str, str], str] = {}

    def rank(name: str) -> tuple[bool, int, int]:
        return figures[name].is_step, figures[name].extra, -sum(map(bool, columns[name]))

    for name, one in figures.items():
        key = (parts[name], one.measure)
        if key not in best or rank(name) < rank(best[key]):
            best[key] = name
    return best


def _rows(columns: Columns, known: dict[str, Meaning], notes: list[str]) -> list[list[int]]:
    """Return the rows of each epoch; of several trainings in one file those of the last."""
    count = len(next(iter(columns.values())))
    axis = _axis(columns, known)
    if axis is None:
        return [[k] for k in range(count)]
    trainings: list[list[list[int]]] = [[]]
    before: float | None = None
    for k, cell in enumerate(columns[axis]):
        at = _number(cell)
        if at is None or not math.isfinite(at):
            continue
        if before is not None and at < before:
            trainings.append([])
        if before is None or at != before or not trainings[-1]:
            trainings[-1].append([])
        trainings[-1][-1].append(k)
        before = at
    if len(trainings) > 1:
        notes.append(f"the file holds {len(trainings)} trainings, one after the other: the last is read")
    return trainings[-1]


def _axis(columns: Columns, known: dict[str, Meaning]) -> str | None:
    """Return the column that counts the epochs, else one that counts steps or rows."""
    for wanted in ("epoch", "step"):
        for name, one in known.items():
            if one.measure == wanted and any(_number(cell) is not None for cell in columns[name]):
                return name
    return None


def _numbers_of(
    rows: Sequence[Sequence[int]], columns: Columns, known: dict[str, Meaning]
) -> tuple[int, ...]:
    """Return the number of each epoch, counted from 1; where only steps are counted, that of the row."""
    axis = _axis(columns, known)
    if axis is not None and known[axis].measure == "epoch":
        found = [_number(columns[axis][row[0]]) or 0.0 for row in rows]
        if all(at == int(at) >= 0 for at in found):
            from_zero = found[0] == 0
            return tuple(int(at) + from_zero for at in found)
    return tuple(range(1, len(rows) + 1))


def _last(cells: Sequence[str], row: Sequence[int], one: Meaning) -> float | None:
    """Return the figure of an epoch: the last that is written; the mean of single steps."""
    found = [value for k in row if (value := _number(cells[k])) is not None]
    if not found:
        return None
    return math.fsum(found) / len(found) if one.is_step and all(map(math.isfinite, found)) else found[-1]


def _series(part: str, measure: str, name: str, values: list[float | None], notes: list[str]) -> Series:
    finite = [one for one in values if one is not None and math.isfinite(one)]
    if measure in SHARES and finite and PERCENT_FROM < max(finite) <= 100:
        notes.append(f"column “{visible(name)}” is in percent")
        values = [None if one is None else one / 100 for one in values]
    return Series(part, measure, visible(name), tuple(values))


def _blank_is_nan(one: Series, notes: list[str]) -> Series:
    """Read a training loss that is blank up to the end as nan: so pandas writes it."""
    if (one.part, one.measure) != ("training", "loss") or one.values[-1] is not None:
        return one
    begins = max((k + 1 for k, value in enumerate(one.values) if value is not None), default=0)
    if begins == len(one.values) - 1 or any(value is None for value in one.values[:begins]):
        return one  # the last epoch alone: the training was stopped before it was written; or blanks are usual here
    notes.append(f"column “{one.column}” is blank to the end: taken for nan, which pandas writes so")
    return Series(
        one.part, one.measure, one.column, (*one.values[:begins], *[math.nan] * (len(one.values) - begins))
    )


def _number(cell: str) -> float | None:
    """Return the number in a cell; nan and inf are numbers, words and blanks are None."""
    inner = _TENSOR.fullmatch(cell.strip())
    text = (inner[1] if inner else cell).strip().removesuffix("%").strip()
    try:
        return float(text)
    except ValueError:
        return None
