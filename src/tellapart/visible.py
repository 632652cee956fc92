"""Text of strangers (names of files and classes, what libraries say of damaged files) as every reader can see it."""

from __future__ import annotations

import re

# Line breaks of every kind would break table rows, headings and messages; in HTML they are spaces anyway.
_BREAKS = re.compile("[\t\n\r\x0b\x0c\x85\u2028\u2029]+")
# Controls (an escape sequence can rename a terminal's window or write over its lines), zero-width spaces, half
# surrogates (undecodable bytes of a file name) and the characters that turn the reading direction: they hide what a
# name is ("gpj.exe"), so they are spelled out.
_HIDDEN = "\x00-\x1f\x7f-\x9f\u200b\u2028\u2029\u2060\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff"
_ANY_HIDDEN = re.compile(f"[{_HIDDEN}]")
_HIDDEN_IN_LINES = re.compile(f"(?![\n\t])[{_HIDDEN}]")


def visible(text: str) -> str:
    """Return the text on one line, with characters that nobody would see spelled out."""
    return _ANY_HIDDEN.sub(_spell, _BREAKS.sub(" ", text))


def visible_lines(text: str) -> str:
    """Return the text with its lines and tabs kept, and what else nobody would see spelled out."""
    return _HIDDEN_IN_LINES.sub(_spell, text)


def _spell(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
