"""How a script ended, from the exception that ended it."""

from __future__ import annotations

import os
from types import TracebackType
from typing import Any

from tellapart.diagnose.sandbox.guard import AskedForInputError


class TimeUpError(BaseException):
    """Raised within the script when its time is over; no ``except Exception`` may swallow it."""


def ending(error: BaseException | None, folder: str) -> dict[str, Any]:
    """Return outcome and failure as the journal's ``end`` line.

    Parameters
    ----------
    error
        What came out of the script, or None.
    folder
        The copy of its folder; lines are looked for in its files only.
    """
    if error is None or (isinstance(error, SystemExit) and error.code in (None, 0)):
        return {"outcome": "finished"}
    file, line = _place(error, folder)
    failure: dict[str, Any] = {
        "kind": type(error).__name__,
        "message": str(error)[:2000],
        "file": file,
        "line": line,
    }
    if isinstance(error, TimeUpError):
        return {"outcome": "time up", "failure": failure}
    if isinstance(error, AskedForInputError):
        return {"outcome": "asked for input", "failure": failure}
    if isinstance(error, MemoryError):
        return {"outcome": "memory", "failure": failure}
    if isinstance(error, ModuleNotFoundError) and error.name:
        return {"outcome": "import missing", "failure": failure | {"missing": error.name.partition(".")[0]}}
    return {"outcome": "crashed", "failure": failure}


def _place(error: BaseException, folder: str) -> tuple[str, int]:
    """Return file and line of the script's innermost frame, or of what Python could not read."""
    if isinstance(error, SyntaxError) and (error.filename or "").startswith(folder):
        return os.path.relpath(str(error.filename), folder), error.lineno or 0
    file, line = "", 0
    trace: TracebackType | None = error.__traceback__
    while trace is not None:
        name = trace.tb_frame.f_code.co_filename
        if name.startswith(folder + os.sep):
            file, line = os.path.relpath(name, folder), trace.tb_lineno
        trace = trace.tb_next
    return file, line
