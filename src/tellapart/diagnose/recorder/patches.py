"""What was put in place of a library's own, so that it can be given back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class Patches:
    """Attributes that were replaced and hooks that were registered, in order."""

    def __init__(self) -> None:
        self._undo: list[Callable[[], object]] = []

    def put(self, owner: Any, name: str, new: Any) -> None:
        """Replace an attribute of a class, module or object."""
        own = vars(owner).get(name)
        has_own = name in vars(owner)
        setattr(owner, name, new)

        def undo() -> None:
            if has_own:
                setattr(owner, name, own)
            else:
                delattr(owner, name)

        self._undo.append(undo)

    def later(self, undo: Callable[[], object]) -> None:
        """Remember what takes something back."""
        self._undo.append(undo)

    def undo(self) -> None:
        """Take everything back, the last first."""
        while self._undo:
            self._undo.pop()()
