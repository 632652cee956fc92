"""Where in the script a call comes from."""

from __future__ import annotations

import functools
import itertools
import sys
from typing import Any


def place_of_call(folder: str) -> tuple[Any, ...]:
    """Return the places in the script's own files that led here, innermost first.

    Parameters
    ----------
    folder
        The script's.
    """
    frame: Any = sys._getframe(1)
    found: list[Any] = []
    while frame is not None:
        code = frame.f_code
        if code.co_filename.startswith(folder):
            found += [code.co_filename, code.co_name, _position(code, frame.f_lasti)]
        frame = frame.f_back
    return tuple(found)


@functools.lru_cache(maxsize=4096)
def _position(code: Any, instruction: int) -> Any:
    """Return lines and columns of what a frame is at.

    Not the instruction: the interpreter stops at another one of the same call once it has warmed up.
    """
    return next(itertools.islice(code.co_positions(), instruction // 2, None), None)
