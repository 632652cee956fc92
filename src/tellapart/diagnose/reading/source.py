"""Text of a script or a notebook -> a LibCST tree in which every node knows its position."""

from __future__ import annotations

import bisect
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

import libcst as cst
from libcst.metadata import CodeRange, MetadataWrapper, PositionProvider

from .errors import EmptyProgramError, NotPythonError
from .notebook import code_cells, is_notebook, without_magics
from .position import Position

Node = TypeVar("Node", bound=cst.CSTNode)
NESTING_LIMIT = 200
"""Brackets inside each other, as in Python itself; many more would overflow the stack of LibCST's parser."""


@dataclass(frozen=True)
class Source:
    """A parsed text.

    Attributes
    ----------
    file
        Its name, for messages.
    tree
        Layout and all, so that an edit can keep it.
    lines
        Of the code (of a notebook, the code cells joined).
    starts
        Of a notebook, the line on which each cell starts; empty otherwise.
    """

    file: str
    tree: cst.Module
    lines: tuple[str, ...]
    starts: tuple[int, ...] = ()
    _ranges: Mapping[cst.CSTNode, CodeRange] = field(default_factory=dict, repr=False)

    def position(self, node: cst.CSTNode) -> Position:
        """Return where a node of the tree stands.

        Raises
        ------
        NotPythonError
            The program is nested so deeply that LibCST gave the node no position.
        """
        if node not in self._ranges:
            raise _too_deep(self.file)
        found = self._ranges[node]
        cell, first = cell_of(self.starts, found.start.line)
        return Position(found.start.line - first + 1, found.start.column, found.end.line - first + 1, cell)

    def nodes(self, kind: type[Node]) -> Iterator[Node]:
        """Yield the nodes of a kind, of nested ones the inner ones first."""
        return (one for one in self._ranges if isinstance(one, kind))

    def snippet(self, position: Position) -> str:
        """Return the lines of a position, without what indents them all."""
        first = self.starts[position.cell - 1] if position.cell else 1
        lines = self.lines[position.line + first - 2 : position.end_line + first - 1]
        indents = [len(line) - len(line.lstrip()) for line in lines if line.strip()]
        return "\n".join(line[min(indents, default=0) :] for line in lines)


def cell_of(starts: tuple[int, ...], line: int) -> tuple[int, int]:
    """Return the number of the cell that holds a line of the joined code, and the line on which it starts."""
    cell = bisect.bisect_right(starts, line)
    return cell, starts[cell - 1] if cell else 1


def parse(text: str, file: str) -> Source:
    """Parse a script or a notebook.

    Raises
    ------
    NotPythonError, EmptyProgramError
    """
    cells = code_cells(text, file) if is_notebook(text, file) else ()
    starts: list[int] = []
    if cells:
        line = 1
        for cell in cells:
            starts.append(line)
            line += cell.count("\n") + 1
        text = "\n".join(without_magics(cell) for cell in cells)
    text = text.removeprefix("\ufeff").replace("\x00", " ")
    if _deepest(text) > NESTING_LIMIT:
        raise _too_deep(file)
    tree = _tree(text, file, tuple(starts))
    if not tree.body:
        raise EmptyProgramError(
            "A program that trains a classifier is needed.",
            found="no statement in it" if text.strip() else "an empty text",
            where=file,
            advice="give the script, or the cells, that build and train the network",
        )
    try:
        ranges = MetadataWrapper(tree, unsafe_skip_copy=True).resolve(PositionProvider)
    except (RecursionError, KeyError) as error:  # LibCST leaves a KeyError behind where Python's stack ends
        raise _too_deep(file) from error
    return Source(file, tree, tuple(text.splitlines()), tuple(starts), ranges)


def _tree(text: str, file: str, starts: tuple[int, ...]) -> cst.Module:
    try:
        return cst.parse_module(text)
    except cst.ParserSyntaxError as first:
        error = first
        plain = without_magics(text)
        if plain != text:
            try:
                return cst.parse_module(plain)
            except cst.ParserSyntaxError as other:
                error = other
        raise _not_python(error, text, file, starts) from error
    except RecursionError as error:
        raise _too_deep(file) from error


def _deepest(text: str) -> int:
    """Return how many brackets are open at once at most; those in texts and comments count too."""
    depth = deepest = 0
    for sign in re.findall(r"[()\[\]{}]", text):
        depth = depth + 1 if sign in "([{" else max(depth - 1, 0)
        deepest = max(deepest, depth)
    return deepest


def _too_deep(file: str) -> NotPythonError:
    return NotPythonError(
        "A program with fewer brackets or blocks inside each other is needed.",
        found="nesting too deep to be read",
        where=file,
        advice="split the longest expression into several",
    )


def _not_python(
    error: cst.ParserSyntaxError, text: str, file: str, starts: tuple[int, ...]
) -> NotPythonError:
    # The parser's own message counts lines and columns from 1, its attributes do not agree among versions.
    said = re.search(r"error at (\d+):(\d+)", error.message)
    line = int(said.group(1)) if said else error.raw_line
    lines = text.splitlines() or [""]
    line = min(max(line, 1), len(lines))
    shown = lines[line - 1]
    cell, first = cell_of(starts, line)
    where = f"{file}, cell {cell}:{line - first + 1}" if cell else f"{file}, line {line}"
    return NotPythonError(
        "The program should be Python 3.",
        found=f"a syntax error in: {shown.strip()[:200] or '(end of the text)'}",
        where=where,
        advice=_advice(shown),
    )


def _advice(line: str) -> str:
    if re.match(r"\s*print\s+[\"'\w]", line):
        return "this is Python 2: write print(...) with brackets"
    if re.match(r"\s*(>>>|\.\.\.|In \[)", line):
        return "remove the prompts (>>>, ...) at the beginning of the lines"
    return "look for a missing bracket, comma or colon here or on the line above"
