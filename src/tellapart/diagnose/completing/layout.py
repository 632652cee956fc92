"""What pasting does to a program: prompts, fences, indentation, typographic signs, Python 2's print.

Each function returns the text as Python would have it; what it does not apply to comes back as it is.
"""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Callable, Iterator

from tellapart.diagnose.reading.notebook import without_magics

from .prose import prose_as_comments

PROMPT = re.compile(r"^\s*(?:>>>|\.\.\.|In \[\s*\d*\s*\]:|\.{3,}:)(?: |$)")
FIRST_PROMPT = re.compile(r"^\s*(?:>>>|In \[\s*\d*\s*\]:)", re.MULTILINE)
NUMBERED = re.compile(r"^\s*In \[\s*\d*\s*\]:", re.MULTILINE)
"""Python takes what stands behind it for an annotation."""
FENCE = re.compile(r"^\s*(?:```|~~~)\s*\w*\s*$")
SIGNS = str.maketrans({"\u00a0": " ", "\u200b": "", "\ufeff": "", "“": '"', "”": '"', "‘": "'", "’": "'"})
PRINT = re.compile(r"^(\s*)print[ \t]+(?![(=.,])(.+?)(\s*#.*)?$")


def parses(text: str) -> bool:
    """Say whether a text is Python; ``return`` outside of a function counts as such."""
    try:
        ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def plain(text: str) -> Iterator[tuple[str, str]]:
    """Yield the text after each mending that changes it, with what was done; until it is Python."""
    for words, change in MENDINGS:
        if parses(text) and not NUMBERED.search(text):
            return
        changed = change(text)
        if changed != text:
            text = changed
            yield text, words


def _without_fences(text: str) -> str:
    return "\n".join(line for line in text.split("\n") if not FENCE.match(line))


def _plain_signs(text: str) -> str:
    return text.translate(SIGNS)


def _without_prompts(text: str) -> str:
    """Keep what was typed behind prompts, without the prompts and without what was answered."""
    if not FIRST_PROMPT.search(text):
        return text
    found = ((PROMPT.match(line), line) for line in text.split("\n"))
    return "\n".join(line[prompt.end() :] for prompt, line in found if prompt) + "\n"


def _dedented(text: str) -> str:
    """Take away indentation that no block asks for: of all lines, or of those behind the first ones."""
    text = textwrap.dedent(text)
    lines = text.split("\n")
    for _ in lines:
        found = _indented_for_nothing("\n".join(lines))
        if found is None:
            break
        number, indent = found
        while number < len(lines) and (lines[number].startswith(indent) or not lines[number].strip()):
            lines[number] = lines[number].removeprefix(indent)
            number += 1
    return "\n".join(lines)


def _indented_for_nothing(text: str) -> tuple[int, str] | None:
    """Return the number, from 0, and the indentation of a line that is indented though nothing asks for it."""
    try:
        ast.parse(text)
    except IndentationError as error:
        if error.lineno and "unexpected indent" in error.msg:
            line = text.split("\n")[error.lineno - 1]
            return error.lineno - 1, line[: len(line) - len(line.lstrip())]
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        pass
    return None


def _with_brackets(text: str) -> str:
    """Write Python 2's ``print x`` as a call."""
    return "\n".join(PRINT.sub(r"\1print(\2)\3", line) for line in text.split("\n"))


MENDINGS: tuple[tuple[str, Callable[[str], str]], ...] = (
    ("the fences around the code (```) were left out", _without_fences),
    ("typographic quotes and spaces were taken for plain ones", _plain_signs),
    ("prompts (>>>, In [1]:) and what was answered were left out", _without_prompts),
    ("lines that only IPython understands (%, !, ?) were left out", without_magics),
    ("lines that are no code were taken for comments", prose_as_comments),
    ("indentation that no block asks for was taken away", _dedented),
    ("print was given brackets: Python 3's is a function", _with_brackets),
)
