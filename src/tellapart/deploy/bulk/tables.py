"""Rows -> a CSV or Parquet table that is safe to open, whatever strangers named their files."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import IO, Any

from tellapart.cells import CsvRows, Writable, readable, safe_label, safe_path
from tellapart.deploy.bulk.rows import Row
from tellapart.errors import MissingExtraError

ENDINGS = (".csv", ".parquet")
BLOCK = 4096  # rows of a Parquet table written at a time


def columns(classes: Sequence[str]) -> list[str]:
    """Return the columns of the table."""
    return ["path", "predicted", "sure", *(f"probability_{readable(name)}" for name in classes), "error"]


def write_table(out: Path, classes: Sequence[str], rows: Iterable[Row]) -> None:
    """Write the table whole or not at all, CSV or Parquet by its ending."""
    temporary = out.with_name(out.name + ".new")
    write = _write_parquet if out.suffix.lower() == ".parquet" else _write_csv
    try:
        with temporary.open("wb") as target:
            write(target, classes, rows)
            target.flush()
            os.fsync(target.fileno())
        temporary.replace(out)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


class CsvTable:
    """A CSV table that is written row by row to a text stream."""

    def __init__(self, target: Writable, classes: Sequence[str]) -> None:
        self._rows = CsvRows(target)
        self._classes = len(classes)
        self._rows.write(columns(classes))

    def add(self, row: Row) -> None:
        """Write one row."""
        path = safe_path(readable(row.name))
        if row.error:
            self._rows.write([path, "", "", *[""] * self._classes, readable(row.error)])
        else:
            shares = [f"{share:.6f}" for share in row.probabilities]
            label = safe_label(readable(row.label))
            self._rows.write([path, label, "yes" if row.sure else "no", *shares, ""])


def _write_csv(target: IO[bytes], classes: Sequence[str], rows: Iterable[Row]) -> None:
    import io

    text = io.TextIOWrapper(target, encoding="utf-8", newline="")
    table = CsvTable(text, classes)
    for row in rows:
        table.add(row)
    text.detach()  # flushed; the file is closed by who opened it


def _write_parquet(target: IO[bytes], classes: Sequence[str], rows: Iterable[Row]) -> None:
    import pyarrow
    from pyarrow.parquet import ParquetWriter

    kinds = [
        pyarrow.string(),
        pyarrow.string(),
        pyarrow.bool_(),
        *[pyarrow.float64()] * len(classes),
        pyarrow.string(),
    ]
    schema = pyarrow.schema(list(zip(columns(classes), kinds, strict=True)))
    with ParquetWriter(target, schema) as writer:
        for block in _blocks(rows):
            cells = [_typed(row, len(classes)) for row in block]
            arrays = [
                pyarrow.array(column, kind)
                for column, kind in zip(zip(*cells, strict=True), kinds, strict=True)
            ]
            writer.write_table(pyarrow.Table.from_arrays(arrays, schema=schema))


def check_parquet() -> None:
    """See that Parquet can be written, before anything is predicted.

    Raises
    ------
    MissingExtraError
        pyarrow is not installed.
    """
    try:
        import pyarrow.parquet  # noqa: F401
    except ImportError as error:
        raise MissingExtraError(
            "Parquet tables need the package pyarrow.",
            found=str(error),
            where="this Python environment",
            advice="pip install pyarrow, or let --out end with .csv",
        ) from error


def _typed(row: Row, classes: int) -> list[Any]:
    if row.error:
        return [readable(row.name), None, None, *[None] * classes, readable(row.error)]
    return [readable(row.name), readable(row.label), row.sure, *row.probabilities, None]


def _blocks(rows: Iterable[Row]) -> Iterator[list[Row]]:
    source = iter(rows)
    while block := list(islice(source, BLOCK)):
        yield block
