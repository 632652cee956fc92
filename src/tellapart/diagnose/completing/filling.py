"""Undefined sizes, pictures and labels: given their values at the top of the program."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import libcst as cst

from tellapart.diagnose.edits.draft import Draft

from .data_code import DataCode
from .folder import Folder
from .imports import Words
from .network import wanted
from .one_folder import with_shares
from .scopes import undefined
from .sizes import PICTURES, Sizes
from .uses import Uses

SCALES = re.compile(
    r"/=?\s*\(?\s*(255|127\.5|128\.0?\b)|\brescale\s*=|\bRescaling\(|\bpreprocess_input\b|\bdiv_?\(255"
)
"""What brings pixels to small numbers, in whatever library."""
HEADING = "# What the program leaves out, completed from --pictures."


def with_values(text: str, folder: Callable[[str], Folder]) -> tuple[str, Words]:
    """Return the program with values for what it uses and does not define, and what each was taken for.

    Parameters
    ----------
    folder
        Reads the pictures when they are asked for, for a name; refuses where none were given.
    """
    missing = undefined(text)
    if missing.starred and not any(
        one.startswith(("keras", "torch", "tensorflow")) for one in missing.starred
    ):
        return text, ()  # what is defined elsewhere is not in the text
    uses, later = Uses(text), _defined_later(text)
    for name in later & set(missing.names):
        del missing.names[name]  # a function is no data, wherever it stands
    if not missing.names:
        return text, ()
    first = next(iter(missing.names))
    data = {name: use for name, places in missing.names.items() if (use := uses.of(places)) is not None}
    first = next(iter(data), first)
    sizes = Sizes(text, lambda: folder(first))
    known = {name: size for name, places in missing.names.items()
             if name not in data and (size := sizes.size(places)) is not None}  # fmt: skip
    lines = [f"{name} = {size.value!r}" for name, size in known.items()]
    words = [f"{name} is not defined: taken for {size.value!r} ({size.what})" for name, size in known.items()]
    if any(size.what == PICTURES for size in known.values()) and not folder(first).parts:
        text, more = with_shares(text, known)
        words += more
    if data:
        network = wanted(_at_top(text, lines))
        code = DataCode(data, network, folder(first), scaled=bool(SCALES.search(text)))
        imports = [one for one in code.imports() if one not in text.split("\n")]
        lines = [*imports, "", *lines, *code.lines()]
        words += code.in_words()
    return (_at_top(text, ["", HEADING, *lines, ""]), tuple(words)) if lines else (text, ())


def _defined_later(text: str) -> set[str]:
    """Return the names of functions and classes that the program defines."""
    draft = Draft(text)
    functions, classes = draft.nodes(cst.FunctionDef), draft.nodes(cst.ClassDef)
    return {one.name.value for one in functions} | {one.name.value for one in classes}


def _at_top(text: str, lines: Sequence[str]) -> str:
    """Put lines behind the imports that a program begins with."""
    draft = Draft(text)
    for statement in draft.tree.body:
        first = statement.body[0] if isinstance(statement, cst.SimpleStatementLine) else None
        said = isinstance(first, cst.Expr) and isinstance(
            first.value, (cst.SimpleString, cst.ConcatenatedString)
        )
        if not said and not isinstance(first, (cst.Import, cst.ImportFrom)):
            draft.insert_before(statement, *"\n".join(lines).split("\n"))
            break
    return draft.text()
