"""What the user gave -> a script: a file, a notebook, or text from standard input."""

from __future__ import annotations

import sys
import tempfile
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cached_property
from pathlib import Path

from tellapart.errors import OptionError

from .completing import complete
from .completing.layout import PROMPT
from .reading.notebook import code_cells, is_notebook, without_magics
from .reading.source import parse

PASTED = "pasted.py"
NOTEBOOK = ".ipynb"


@dataclass(frozen=True)
class Script:
    """A program to diagnose.

    Attributes
    ----------
    file
        Where it lies; its folder goes with it when it is run.
    name
        For messages; of a notebook that of its code, joined.
    text
        Plain Python, whole and current.
    given
        What the user gave: of a notebook, the code cells joined.
    assumptions
        What was completed or taken for granted to get from the one to the other.
    """

    file: Path
    name: str
    text: str
    given: str
    assumptions: tuple[str, ...] = ()

    def line_given(self, line: int) -> int | None:
        """Return which line of what the user gave a line of the text is; None where it was put in."""
        return line if self.text == self.given else self._lines_given.get(line)

    @cached_property
    def _lines_given(self) -> dict[int, int]:
        given, text = ([_bare(line) for line in one.splitlines()] for one in (self.given, self.text))
        found: dict[int, int] = {}
        for kind, i1, i2, j1, j2 in SequenceMatcher(None, given, text, autojunk=False).get_opcodes():
            if kind == "equal" or (kind == "replace" and i2 - i1 == j2 - j1):
                found |= {j + 1: i + 1 for i, j in zip(range(i1, i2), range(j1, j2), strict=True)}
            elif kind == "replace":  # what was put in stands before what was changed
                found |= {j2 - n: i2 - n for n in range(min(i2 - i1, j2 - j1))}
        return found


def take(what: str, scratch: Path, pictures: Path | None = None) -> Script:
    """Return the script that was named.

    Parameters
    ----------
    what
        A ``.py`` or ``.ipynb`` file, or ``-`` for standard input.
    scratch
        An empty folder for what has no file of its own.
    pictures
        Stand in for pictures that a fragment does not define.

    Raises
    ------
    OptionError
        There is no such file, or it is of another kind; or it lacks its pictures, and none were given.
    ProgramError
        It is not Python.
    """
    if what == "-":
        file = scratch / PASTED
        file.write_text(sys.stdin.read(), encoding="utf-8")
        return _script(file, "standard input", pictures)
    file = Path(what)
    if not file.is_file() or file.suffix not in (".py", NOTEBOOK):
        raise OptionError(
            "WHAT should be a training script (.py or .ipynb), - for one on standard input, a history (.csv or .json), "
            "or a run folder.",
            found=_found(file),
            where=what,
            advice="name the file that trains",
        )
    return _script(file.resolve(), file.name, pictures)


def _script(file: Path, name: str, pictures: Path | None) -> Script:
    try:
        text = file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise OptionError(
            "The script should be text in UTF-8.",
            found=f"byte {error.start} is none",
            where=str(file),
            advice="save it as UTF-8",
        ) from error
    notes: tuple[str, ...] = ()
    if is_notebook(text, name):
        text = "\n".join(without_magics(cell) for cell in code_cells(text, name))
        name = Path(name).with_suffix(".py").name
        notes = (f"of the notebook the code cells are taken one after the other, as {name}",)
    completed = complete(text, pictures)
    whole = parse(completed.text, name).tree.code
    return Script(file, name, whole, text, (*notes, *completed.assumptions))


def _bare(line: str) -> str:
    """Return what a line says, without a prompt, wherever it begins."""
    return PROMPT.sub("", line).strip()


def _found(file: Path) -> str:
    if file.is_dir():
        return "a folder"
    return f"a file that ends in “{file.suffix}”" if file.exists() else "nothing there"


def scratch_folder() -> tempfile.TemporaryDirectory[str]:
    """Return a folder for what has no file of its own, removed when it is left."""
    return tempfile.TemporaryDirectory(prefix="tellapart-")
