"""Standard output of the script: passed on, and its lines told to the session."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

LONGEST = 2000


class Printing:
    """Stands in for ``sys.stdout``; everything but ``write`` is the real one's."""

    def __init__(self, plain: Any, line: Callable[[str, str], None]) -> None:
        self._plain, self._line, self._open, self._by = plain, line, "", ""

    def write(self, text: str) -> int:
        """Write, and tell every whole line."""
        by = sys._getframe(1).f_code.co_filename
        if by != self._by:
            # A progress bar that waits to be drawn over: what somebody else prints behind it is another line.
            self._open, self._by = "", by
        *lines, self._open = (self._open + text[-LONGEST:]).split("\n")
        self._open = self._open[-LONGEST:]
        for line in lines:
            self._line(line.rpartition("\r")[2] or line, by)
        return int(self._plain.write(text))

    def writelines(self, lines: Any) -> None:
        """Write all."""
        self.write("".join(lines))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._plain, name)
