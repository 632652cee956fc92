"""Source lines and patches as rows with the number of the line, ready to be written."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from tellapart.report.text import visible

MOST_ROWS = 300
"""Of a patch; a longer one is read in fix.patch. Far above every edit of ours, so that only odd input meets it."""
MOST_SOURCE_ROWS = 12
TAB = 4
DEEPEST = 6
"""For which the style sheet has a rule."""

Kind = Literal["same", "gone", "new", "gap"]

_HUNK = re.compile(r"^@@ -(\d+)(?:,\d+)? \+\d+(?:,\d+)? @@")
_KINDS: dict[str, Kind] = {"+": "new", "-": "gone", " ": "same"}


@dataclass(frozen=True)
class Row:
    """A line of code.

    Attributes
    ----------
    number
        Of the line as it is before the change; None for a line that is new, or where nobody knows.
    kind
        ``gap`` stands for lines left out.
    """

    number: int | None
    kind: Kind
    text: str

    @property
    def depth(self) -> int:
        """Steps of indentation, by which what does not fit in the width goes on below."""
        return min((len(self.text) - len(self.text.lstrip())) // TAB, DEEPEST)


@dataclass(frozen=True)
class Code:
    """Rows, and how many more there are."""

    rows: tuple[Row, ...]
    more: int = 0

    def __bool__(self) -> bool:
        return bool(self.rows)


def source_rows(source: str, first: int | None) -> Code:
    """Return the lines of a source, numbered from `first`."""
    lines = source.rstrip().splitlines()
    rows = [Row(None if first is None else first + k, "same", _shown(line)) for k, line in enumerate(lines)]
    return _cut(rows, MOST_SOURCE_ROWS)


def patch_rows(patch: str) -> Code:
    """Return the lines of a unified diff of one file; the head and the marks of its hunks are left out."""
    rows: list[Row] = []
    number = 0
    inside = False
    # Only "\n" ends a line of a patch: a form feed inside of a program does not.
    for line in patch.split("\n"):
        hunk = _HUNK.match(line)
        if hunk:
            if inside:
                rows.append(Row(None, "gap", ""))
            number, inside = int(hunk[1]), True
        elif inside and line[:1] in _KINDS:
            kind = _KINDS[line[0]]
            rows.append(Row(None if kind == "new" else number, kind, _shown(line[1:])))
            number += kind != "new"
    return _cut(rows, MOST_ROWS)


def _shown(line: str) -> str:
    return visible(line.expandtabs(TAB).rstrip())


def _cut(rows: list[Row], most: int) -> Code:
    return Code(tuple(rows[:most]), max(len(rows) - most, 0))
