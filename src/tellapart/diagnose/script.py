"""What the user gave -> a script: a file, a notebook, or text from standard input."""

from __future__ import annotations

import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tellapart.errors import OptionError

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
        For messages.
    text
        Plain Python: of a notebook, the code cells joined.
    """

    file: Path
    name: str
    text: str


def take(what: str, scratch: Path) -> Script:
    """Return the script that was named.

    Parameters
    ----------
    what
        A ``.py`` or ``.ipynb`` file, or ``-`` for standard input.
    scratch
        An empty folder for what has no file of its own.

    Raises
    ------
    OptionError
        There is no such file, or it is of another kind.
    ProgramError
        It is not Python.
    """
    if what == "-":
        file = scratch / PASTED
        file.write_text(sys.stdin.read(), encoding="utf-8")
        return _script(file, "standard input")
    file = Path(what)
    if not file.is_file() or file.suffix not in (".py", NOTEBOOK):
        raise OptionError(
            "WHAT should be a training script (.py or .ipynb), or - for one on standard input.",
            found=_found(file),
            where=what,
            advice="name the file that trains",
        )
    return _script(file.resolve(), file.name)


def _script(file: Path, name: str) -> Script:
    try:
        text = file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise OptionError(
            "The script should be text in UTF-8.",
            found=f"byte {error.start} is none",
            where=str(file),
            advice="save it as UTF-8",
        ) from error
    return Script(file, name, parse(text, name).tree.code)


def _found(file: Path) -> str:
    if file.is_dir():
        return "a folder"
    return f"a file that ends in “{file.suffix}”" if file.exists() else "nothing there"


def scratch_folder() -> tempfile.TemporaryDirectory[str]:
    """Return a folder for what has no file of its own, removed when it is left."""
    return tempfile.TemporaryDirectory(prefix="tellapart-")
