"""What every fact carries."""

from __future__ import annotations

from dataclasses import dataclass

from .position import Position


@dataclass(frozen=True, kw_only=True)
class Fact:
    """Something the text says: where, and the lines themselves."""

    position: Position
    source: str = ""
