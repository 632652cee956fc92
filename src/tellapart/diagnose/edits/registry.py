"""The edits by their cause's code; a second edit function under one code is refused."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tellapart.diagnose.reading import Program, Suspicion
from tellapart.diagnose.recording import Recording


@dataclass(frozen=True)
class Edit:
    """One change of a program that would mend a cause, and prove it.

    Attributes
    ----------
    code
        Of the cause.
    words
        What is changed, one sentence: ``optimizer.zero_grad() is called before every backward()``.
    text
        The whole program after the change.
    """

    code: str
    words: str
    text: str


@dataclass(frozen=True)
class Asked:
    """What an edit is made for.

    Attributes
    ----------
    program
        As read; `Program.text` is a script (a notebook's cells are joined before).
    suspicion
        What is suspected, and where.
    recording
        One run of the program, where there is one: label values, ranges, shapes.
    """

    program: Program
    suspicion: Suspicion
    recording: Recording | None = None


NOTHING_SUSPECTED = Suspicion("", None, "", 0.0, "")
"""For changes of a program that are to mend nothing."""

Propose = Callable[[Asked], Iterator[Edit | None]]
EDITS: dict[str, Propose] = {}


def edit(*codes: str) -> Callable[[Propose], Propose]:
    """Register what proposes the edits for some codes; it yields None where it finds nothing to hold on to.

    Raises
    ------
    ValueError
        There is one under such a code.
    """

    def register(propose: Propose) -> Propose:
        for code in codes:
            if code in EDITS:
                raise ValueError(f"a second edit under {code}")
            EDITS[code] = propose
        return propose

    return register


def unified_diff(before: str, after: str, file: str) -> str:
    """Return the change as a patch that ``git apply`` takes."""
    lines = difflib.unified_diff(
        before.splitlines(keepends=True), after.splitlines(keepends=True), f"a/{file}", f"b/{file}"
    )
    ended = (line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)
    return "".join(ended)
