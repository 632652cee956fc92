"""A lost comma, bracket, colon or quote: the smallest change of one sign, near the error, that makes Python of it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

MOST_REPAIRS = 3
MOST_PLACES = 60
"""Places before an error that are tried; one is a fraction of a millisecond for a pasted text."""
SIGNS = (",", ")", "]", "}", ":", "'", '"')
TOKENS = re.compile(r"\w+|[^\w\s]")
CLOSING = ")]}"


@dataclass(frozen=True)
class Fault:
    """Where Python stops reading.

    Attributes
    ----------
    offset, line
        Into the text; the line counts from 1.
    opened
        It is where a bracket was opened that nothing closes.
    """

    offset: int
    line: int
    opened: bool = False


def repaired(text: str) -> tuple[str, tuple[str, ...]] | None:
    """Return the text with up to three signs put in or taken out, and what was done; None where that does not do."""
    done: list[str] = []
    while (fault := _fault(text)) is not None:
        found = _repair(text, fault) if len(done) < MOST_REPAIRS else None
        if found is None:
            return None
        text, words = found
        done.append(words)
    return text, tuple(done)


def _repair(text: str, fault: Fault) -> tuple[str, str] | None:
    """Return the first change after which the text is Python, else the first with which it goes on being so longest."""
    farthest, best = fault.line, None
    for changed, words in _changes(text, fault):
        left = _fault(changed)
        if left is None:
            return changed, words
        if left.line > farthest:
            farthest, best = left.line, (changed, words)
    return best


def _changes(text: str, fault: Fault) -> Iterator[tuple[str, str]]:
    if text[fault.offset : fault.offset + 1] in tuple(CLOSING):
        sign = text[fault.offset]
        yield (
            text[: fault.offset] + text[fault.offset + 1 :],
            f"line {fault.line}: a {sign} too many was left out",
        )
    for place in _places(text, fault):
        line = text.count("\n", 0, place) + 1
        for sign in SIGNS:
            yield f"{text[:place]}{sign}{text[place:]}", f"line {line}: a lost {sign} was put in"


def _places(text: str, fault: Fault) -> list[int]:
    """Return where a sign may be lost: ends of tokens near the error, or of lines behind a bracket never closed."""
    if fault.opened:
        behind = [
            found.start() for found in re.finditer(r"[ \t]*(?:#.*)?$", text[fault.offset :], re.MULTILINE)
        ]
        return sorted({len(text[: fault.offset + one].rstrip()) for one in behind})[:MOST_PLACES]
    end = text.find("\n", fault.offset)
    ends = [found.end() for found in TOKENS.finditer(text[: end if end >= 0 else len(text)])]
    return sorted(ends, key=lambda one: abs(one - fault.offset))[:MOST_PLACES]


def _fault(text: str) -> Fault | None:
    try:
        ast.parse(text)
    except SyntaxError as error:
        line = min(error.lineno or 1, text.count("\n") + 1)
        start = sum(len(one) + 1 for one in text.split("\n")[: line - 1])
        offset = min(start + max((error.offset or 1) - 1, 0), len(text))
        return Fault(offset, line, "was never closed" in (error.msg or ""))
    except (ValueError, RecursionError, MemoryError):
        return Fault(len(text), text.count("\n") + 1)
    return None
