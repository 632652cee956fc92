"""Where in the text something stands."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Position:
    """A place in the text: lines count from 1, columns from 0, as in LibCST.

    Attributes
    ----------
    line, column, end_line
        Of a notebook, the lines of `cell`.
    cell
        Number of the code cell, from 1; 0 where the text is no notebook.
    """

    line: int
    column: int
    end_line: int
    cell: int = 0

    def __str__(self) -> str:
        """Say it as a person would look it up: ``line 12``, or ``cell 3:12``."""
        return f"cell {self.cell}:{self.line}" if self.cell else f"line {self.line}"
