"""Text of strangers (class names, paths, words of a run): visible, shortened, escaped for Markdown."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from tellapart.visible import visible

# What could begin inline Markdown anywhere in a line. "http:", "www." and "@" only matter to readers that
# make links of addresses by themselves.
_MARKUP = re.compile(r"[\\`*_\[\]|~$#!@]")
_LINKS = re.compile(r"(?i)(https?|ftp|mailto)(:)|(www)(\.)")
_LINE_START = re.compile(r"^([-+=]|\d+(?=[.)](\s|$)))")

_ISOLATE, _END_ISOLATE = "\u2068", "\u2069"


def clean(value: Any) -> Any:
    """Apply `visible` to every text in a document read from JSON, keys included."""
    if isinstance(value, str):
        return visible(value)
    if isinstance(value, dict):
        return {visible(str(key)): clean(item) for key, item in value.items()}
    if isinstance(value, list):
        return [clean(item) for item in value]
    return value


def shorten(text: str, most: int = 48) -> str:
    """Return the text with its middle left out where it is longer than `most` characters.

    Beginning and end are kept: folders differ at the beginning, files at the end.
    """
    if len(text) <= most:
        return text
    tail = (most - 1) // 3
    return f"{text[: most - 1 - tail]}…{text[-tail:]}"


def markdown(text: str) -> str:
    """Escape the text so that Markdown (and the HTML in it) shows it as it is, in one line.

    Names that hold right-to-left letters are wrapped in isolates, so that they do not turn the
    words around them.
    """
    line = visible(text).strip()
    line = line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    line = _MARKUP.sub(r"\\\g<0>", line)
    line = _LINKS.sub(lambda m: f"{m[1] or m[3]}\\{m[2] or m[4]}", line)
    line = _LINE_START.sub(_escape_start, line)
    if any(unicodedata.bidirectional(c) in ("R", "AL", "AN") for c in line):
        return f"{_ISOLATE}{line}{_END_ISOLATE}"
    return line


def _escape_start(match: re.Match[str]) -> str:
    """Escape the sign that would begin a list or a rule, or what follows its number."""
    return f"{match[0]}\\" if match[0].isdigit() else f"\\{match[0]}"
