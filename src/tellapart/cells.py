"""Cells of CSV tables that are safe to open in a spreadsheet, whatever strangers named their files and classes."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from typing import Protocol

FORMULA = "=+-@\uff1d\uff0b\uff0d\uff20"
"""How a cell begins that spreadsheets take for a formula (OWASP, CSV injection), in East Asia also full-width."""


class Writable(Protocol):
    """What text is written to."""

    def write(self, text: str, /) -> object:
        """Write text."""


class CsvRows:
    """Rows of CSV written to a text stream, one line of which every dialect reads alike."""

    def __init__(self, target: Writable) -> None:
        self._usual = csv.writer(target, lineterminator="\n")
        self._quoted = csv.writer(target, lineterminator="\n", quoting=csv.QUOTE_ALL)

    def write(self, cells: Sequence[object]) -> None:
        """Write one row."""
        # What another dialect might take for the end of a cell or line stands in quotes.
        odd = any(sign in str(cell) for cell in cells for sign in "\r;\t")
        (self._quoted if odd else self._usual).writerow(cells)


def readable(text: str) -> str:
    r"""Return text as UTF-8 can hold it: a byte of a file name that is none becomes ``\xff``, a zero ``\x00``."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace").replace("\0", "\\x00")


def safe_path(name: str) -> str:
    """Return a path that no spreadsheet takes for a formula: ``./=a.png`` is the same file as ``=a.png``."""
    return f"./{name}" if _is_formula(name) else name


def plain_path(cell: str) -> str:
    """Return the path that `safe_path` wrote."""
    inner = cell.removeprefix("./")
    return inner if _is_formula(inner) else cell


def safe_label(label: str) -> str:
    """Return a class name that no spreadsheet takes for a formula: behind an apostrophe, but for plain numbers."""
    return f"'{label}" if _needs_apostrophe(label) else label


def plain_label(cell: str) -> str:
    """Return the class name that `safe_label` wrote; what it never writes is returned as it is."""
    return cell[1:] if cell[:1] == "'" and _needs_apostrophe(cell[1:]) else cell


def _needs_apostrophe(text: str) -> bool:
    # Apostrophes that a name itself begins with are counted too, so that no two names are written alike.
    inner = text.lstrip("'")
    return _is_formula(inner) and not _is_number(inner)


def _is_formula(text: str) -> bool:
    return text.lstrip()[:1] in tuple(FORMULA) or text[:1] in ("\t", "\r", "\n")


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
