"""A file -> columns of words, as they stand there: CSV of any delimiter, JSON of the usual shapes."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tellapart.errors import OptionError

Columns = dict[str, list[str]]

MOST_BYTES = 64 * 2**20
"""Of a history; a year of epochs is far smaller, and what is larger is another kind of file."""
_DECIMAL_COMMA = re.compile(r"-?\d+,\d+([eE][-+]?\d+)?")


def read_columns(file: Path) -> Columns:
    """Read a table; every column has the same length, "" where nothing stands.

    Raises
    ------
    OptionError
        It cannot be read, is no text, or no table.
    """
    try:
        if file.stat().st_size > MOST_BYTES:
            raise no_history(file, f"{file.stat().st_size / 2**20:.0f} MiB")
        text = file.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise no_history(file, error.strerror or str(error)) from error
    except UnicodeDecodeError as error:
        raise no_history(file, f"no text: byte {error.start} is not UTF-8") from error
    if not text.strip():
        raise no_history(file, "an empty file")
    return _of_json(text, file) if file.suffix.lower() == ".json" else _of_csv(text, file)


def no_history(file: Path, found: str) -> OptionError:
    """Return the refusal of a file that is no history."""
    return OptionError(
        "A history should hold one figure for each epoch and measure (loss, val_loss, accuracy...): a CSV table with a "
        "header, or JSON such as json.dump(history.history).",
        found=found,
        where=str(file),
        advice="write one with keras.callbacks.CSVLogger, or name the training script instead",
    )


def _of_csv(text: str, file: Path) -> Columns:
    delimiter = max(",;\t", key=text.splitlines()[0].count)
    try:
        rows = [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter) if any(row)]
    except csv.Error as error:
        raise no_history(file, str(error)) from error
    if not rows or "\0" in text:
        raise no_history(file, "no table")
    header = [name.strip() for name in rows[0]]
    # A logger that appends writes its header again.
    body = [row for row in rows[1:] if [cell.strip() for cell in row] != header]
    columns: Columns = {}
    for k, name in enumerate(header):
        cells = [row[k].strip() if k < len(row) else "" for row in body]
        if delimiter != ",":
            cells = [one.replace(",", ".") if _DECIMAL_COMMA.fullmatch(one) else one for one in cells]
        columns.setdefault(name, cells)
    return columns


def _of_json(text: str, file: Path) -> Columns:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise no_history(file, f"no JSON: {error}") from error
    if isinstance(found, Mapping) and len(found) < 4:
        # {"history": {...}, "params": {...}}: the whole callback; or {"epochs": [{...}, ...]}.
        inner = [one for one in found.values() if _is_records(one) or _lists(one)]
        found = inner[0] if len(inner) == 1 else found
    if _is_records(found):
        names = list(dict.fromkeys(str(name) for one in found for name in one))
        return {name: [_word(one.get(name)) for one in found] for name in names}
    lists = _lists(found)
    if not lists:
        raise no_history(file, _kind(found))
    length = max(map(len, lists.values()))
    return {name: [*map(_word, values), *[""] * (length - len(values))] for name, values in lists.items()}


def _is_records(found: Any) -> bool:
    return isinstance(found, list) and bool(found) and all(isinstance(one, Mapping) for one in found)


def _lists(found: Any) -> dict[str, Sequence[Any]]:
    """Return the entries that are lists of numbers, also as pandas writes them: ``{"loss": {"0": .7, "1": .6}}``."""
    if not isinstance(found, Mapping):
        return {}
    lists = {
        str(name): list(one.values()) if isinstance(one, Mapping) else one
        for name, one in found.items()
        if isinstance(one, (list, Mapping))
    }
    return {
        name: one
        for name, one in lists.items()
        if one and not any(isinstance(x, (list, Mapping)) for x in one)
    }


def _word(value: Any) -> str:
    return "" if value is None else str(value)


def _kind(found: Any) -> str:
    if isinstance(found, Mapping):
        names = ", ".join(map(str, list(found)[:12]))
        return f"an object without lists of numbers: {names}" if names else "an empty object"
    return f"a {type(found).__name__}"
