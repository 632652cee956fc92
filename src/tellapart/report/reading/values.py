"""Lenient access to plain values: a part that is missing or of the wrong kind is empty, never an error."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any

from tellapart.report.numbers import as_number
from tellapart.report.text import visible


def mapping(value: Any) -> dict[str, Any]:
    """Return an object, or an empty one."""
    return dict(value) if isinstance(value, Mapping) else {}


def sequence(value: Any) -> list[Any]:
    """Return a list, or an empty one."""
    return list(value) if isinstance(value, (list, tuple)) else []


def text(value: Any, otherwise: str = "") -> str:
    """Return visible text; numbers are written out."""
    return otherwise if value is None else visible(str(value))


def texts(value: Any) -> tuple[str, ...]:
    """Return a tuple of texts."""
    return tuple(text(item) for item in sequence(value))


def boolean(value: Any) -> bool | None:
    """Return true or false (also as written in a CSV), or None."""
    if isinstance(value, bool):
        return value
    return {"true": True, "false": False, "1": True, "0": False}.get(str(value).strip().lower())


def whole(value: Any) -> int | None:
    """Return a whole number, or None."""
    number = as_number(value)
    return None if number is None else int(number)


def jpeg(value: Any) -> str | None:
    """Return base64 that may stand in a data address; None for anything else."""
    if not isinstance(value, str) or not value:
        return None
    try:
        base64.b64decode(value, validate=True)
    except (ValueError, binascii.Error):
        return None
    return value
