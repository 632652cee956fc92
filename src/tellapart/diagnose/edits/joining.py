"""Two changes of one text as one: what each puts in place of what, word by word, side by side."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Sequence

from .draft import Splice

WORDS = re.compile(r"\w+|\s+|[^\w\s]")


def joined(text: str, *changed: str) -> str | None:
    """Return a program with several changes at once.

    Parameters
    ----------
    text
        The program as it is.
    changed
        Versions of it.

    Returns
    -------
    str
        None where two of them change the same place, or what results is no Python.
    """
    splices = sorted({one for version in changed for one in _splices(text, version)})
    found, done = [], 0
    for one in splices:
        if one.start < done:
            return None
        found += [text[done : one.start], one.text]
        done = one.end
    result = "".join([*found, text[done:]])
    try:
        compile(result, "<joined>", "exec", dont_inherit=True)
    except SyntaxError:
        return None
    return result


def _splices(text: str, changed: str) -> Iterator[Splice]:
    """Yield what `changed` puts in place of what: by lines first, then by words within the lines that differ."""
    for start, end, replacement in _differences(
        text.splitlines(keepends=True), changed.splitlines(keepends=True), 0
    ):
        for first, last, words in _differences(
            WORDS.findall(text[start:end]), WORDS.findall(replacement), start
        ):
            yield Splice(first, last, words)


def _differences(before: Sequence[str], after: Sequence[str], start: int) -> Iterator[tuple[int, int, str]]:
    """Yield offset, end and replacement of what differs; `start` is the offset of the first piece."""
    offsets = [start]
    for piece in before:
        offsets.append(offsets[-1] + len(piece))
    for kind, i1, i2, j1, j2 in difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if kind != "equal":
            yield offsets[i1], offsets[i2], "".join(after[j1:j2])
