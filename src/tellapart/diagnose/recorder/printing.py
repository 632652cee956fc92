"""Standard output of the script: passed on, and its lines told to the session."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

LONGEST = 2000


class Printing:
    """Stands in for ``sys.stdout``; everything but ``write`` is the real one's."""

    def __init__(self, plain: Any, line: Callable[[str], None]) -> None:
        self._plain, self._line, self._open = plain, line, ""

    def write(self, text: str) -> int:
        """Write, and tell every whole line."""
        *lines, self._open = (self._open + text[-LONGEST:]).split("\n")
        self._open = self._open[-LONGEST:]
        for line in lines:
            self._line(line.rpartition("\r")[2] or line)
        return int(self._plain.write(text))

    def writelines(self, lines: Any) -> None:
        """Write each."""
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._plain, name)
