"""Sentences around pasted code, and what a training printed: kept as comments, so that lines keep their numbers."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterator

QUOTED = re.compile(r"""("[^"]*"|'[^']*')""")
TRIPLE = re.compile(r'"""|\'\'\'')
CHAIN = re.compile(r"[^\W\d]\w*(?:[’'-]\w+)*(?:,? +[^\W\d]\w*(?:[’'-]\w+)*)+")
SIGNS = re.compile(r"[=()\[\]{}@]|\w\.\w")
"""What sentences hardly hold, and nearly all code does."""
SENTENCE = re.compile(r"[A-Z][^\W\d_]*(?:[ ,.!?’'-]+[^\W\d_]+)*[ .!?]*")
PRINTED = re.compile(r"\s*(?:Epoch,? \[?\d+[/\],: ].*|\d+/\d+ .*|File \".*\", line \d+.*)$")
TRACEBACK, LAST_OF_IT = "Traceback (most recent call last)", re.compile(r"\S*(?:Error|Exception|Interrupt)\b")
MANY = 3
"""So many names beside each other are no code with a lost comma."""
OLD = frozenset(["print", "exec"])
"""Python 2's statements: a name may follow."""


def prose_as_comments(text: str) -> str:
    """Return the text with every line a comment that cannot be meant as Python."""
    lines = text.split("\n")
    outside = set(_prose(lines))
    if not outside:
        return text
    outside |= {n for n, line in enumerate(lines) if SENTENCE.fullmatch(line) and not _known(line, text)}
    return "\n".join(f"# {line}" if number in outside else line for number, line in enumerate(lines))


def _prose(lines: list[str]) -> Iterator[int]:
    """Yield the numbers, from 0, of lines that are sentences or were printed."""
    shown = False
    for number, line in enumerate(lines):
        shown = bool(line.strip()) and (shown or line.strip().startswith(TRACEBACK))
        if shown or is_prose(line):
            yield number
        if LAST_OF_IT.match(line):
            shown = False


def is_prose(line: str) -> bool:
    """Say whether a line is no Python, whatever stands around it: names stand beside each other, or it was printed."""
    if PRINTED.match(line):
        return True
    if line.lstrip().startswith(("#", '"', "'")) or TRIPLE.search(line):
        return False
    bare = QUOTED.sub("", line).partition("#")[0]
    longest = max((_names_in_a_row(found[0]) for found in CHAIN.finditer(bare)), default=0)
    return longest >= MANY or (longest > 1 and not SIGNS.search(bare)) or bare.rstrip().endswith(("!", "?"))


def _names_in_a_row(chain: str) -> int:
    """Return how many names stand beside each other in a chain of words, with no word of Python's between them."""
    longest = row = 0
    for word in re.findall(r"[^\s]+", chain):
        name = word.rstrip(",")
        row = 0 if keyword.iskeyword(name) or name in OLD else row + 1
        longest = max(longest, row)
        row = 0 if word.endswith(",") else row
    return longest


def _known(sentence: str, text: str) -> bool:
    """Say whether a line of one word may be a value that the program shows."""
    word = sentence.strip()
    return word in ("True", "False", "None") or bool(
        re.search(rf"^\s*{re.escape(word)}\s*=", text, re.MULTILINE)
    )
