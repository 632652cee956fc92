"""A .csv file -> its header and rows, each with its line; needs no pandas, so that the service can use it."""

from __future__ import annotations

import csv
from dataclasses import dataclass

from tellapart.errors import PicturesError
from tellapart.pictures.address import Location


@dataclass(frozen=True)
class CsvRows:
    """A header of names, rows of as many values, and the line each row begins at."""

    header: list[str]
    rows: list[list[str]]
    lines: list[int]


def read_csv_rows(path: Location) -> CsvRows:
    """Read a table as text, empty where a value is missing; empty lines are passed over.

    Raises
    ------
    PicturesError
        Where the file is no table.
    """
    try:
        return _read(path)
    except OSError as error:
        raise unreadable(path, error) from error
    except (csv.Error, UnicodeError) as error:
        raise PicturesError(
            "A .csv table was expected: UTF-8, commas.",
            found="text that is not UTF-8" if isinstance(error, UnicodeError) else str(error),
            where=str(path),
            advice="open it in a spreadsheet, save as CSV UTF-8",
        ) from error


def unreadable(path: Location, error: OSError) -> PicturesError:
    """Return what is said where a table cannot be opened."""
    return PicturesError(
        "A table that can be read was expected.",
        found=error.strerror or str(error),
        where=str(path),
        advice="check the path, and that you may read the file",
    )


def _read(path: Location) -> CsvRows:
    with path.open(encoding="utf-8-sig", newline="") as text:
        reader = csv.reader(text, strict=True)
        header = next(reader, [])
        table = CsvRows(header, [], [])
        before = reader.line_num
        for row in reader:
            if len(row) > len(header) and any(row[len(header) :]):
                raise PicturesError(
                    f"A line of the table should have {len(header)} values, as its first line has.",
                    found=f"{len(row)} values",
                    where=f"{path}, line {before + 1}",
                    advice='put quotes around what has a comma in it: "a, b.png",label',
                )
            if any(row):
                table.rows.append([*row, *[""] * len(header)][: len(header)])
                table.lines.append(before + 1)
            before = reader.line_num
    return table
