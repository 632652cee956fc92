"""Notebooks: the code cells, without what only IPython understands."""

from __future__ import annotations

import json
import re
from typing import Any

from .errors import EmptyProgramError, NotPythonError

FOREIGN_CELLS = re.compile(r"\s*%%(?!time\b|timeit\b|capture\b|prun\b)\w+")
"""A cell magic whose cell is another language or a file: dropped whole; timers and %%capture hold Python."""

MAGIC_LINE = re.compile(r"^(\s*)(%|!|\?)")
MAGIC_VALUE = re.compile(r"^(\s*[\w, ]+?=\s*)[!%]")
HELP_LINE = re.compile(r"^(\s*)[\w.]+\?{1,2}\s*$")


def is_notebook(text: str, file: str) -> bool:
    """Say whether the text is a notebook: by the file's name, or by what stands in it."""
    return file.endswith(".ipynb") or (text.lstrip().startswith("{") and '"cells"' in text)


def code_cells(text: str, file: str) -> tuple[str, ...]:
    """Return the source of the code cells, in order.

    Raises
    ------
    NotPythonError
        The notebook is damaged.
    EmptyProgramError
        It has no code cell.
    """
    try:
        document = json.loads(text)
        cells = document["cells"] if "cells" in document else document["worksheets"][0]["cells"]
        sources = tuple(_source(cell) for cell in cells if cell.get("cell_type") == "code")
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError) as error:
        raise NotPythonError(
            "A notebook should be a JSON document with a list of cells.",
            found=f"{type(error).__name__}: {error}"[:200],
            where=file,
            advice="save the notebook again, or give its code as a .py file",
        ) from error
    if not sources:
        raise EmptyProgramError(
            "A notebook with code cells is needed.",
            found=f"{len(cells)} cells, none with code",
            where=file,
            advice="give the notebook that builds and trains the network",
        )
    return sources


def _source(cell: Any) -> str:
    # The first format called it "input"; lines may be one text or a list.
    text = cell["source"] if "source" in cell else cell["input"]
    return text if isinstance(text, str) else "".join(text)


def without_magics(code: str) -> str:
    """Return the code with every line that only IPython understands put out of action; no line is added or lost."""
    lines = code.split("\n")
    first = next((line for line in lines if line.strip()), "")
    if FOREIGN_CELLS.match(first):
        return "\n" * (len(lines) - 1)
    return "\n".join(_plain(line) for line in lines)


def _plain(line: str) -> str:
    if found := MAGIC_LINE.match(line) or HELP_LINE.match(line):
        return f"{found.group(1)}pass"
    if found := MAGIC_VALUE.match(line):
        return f"{found.group(1)}None"
    return line
