"""The recorder's files: lines of JSON as it goes, arrays whole or not at all. A killed run leaves what it had."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import numpy as np

LINES = "journal.jsonl"
FLUSH_SECONDS = 0.5


class Notes(Protocol):
    """Where what is seen goes: files (`Journal`), or the memory of the process that is watched."""

    def line(self, kind: str, **fields: Any) -> None:
        """Note one thing."""
        ...

    def arrays(self, name: str, arrays: Mapping[str, np.ndarray]) -> None:
        """Keep arrays under a name."""
        ...

    def flush(self) -> None:
        """Write what waits."""
        ...


class Journal:
    """Writes into `folder`; only in the process that made it (workers of a loader are copies of it)."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.pid = folder, os.getpid()
        self._waiting: list[str] = []
        self._flushed = time.monotonic()
        # Opened by number: the script's own ``open`` is led elsewhere.
        self._file = os.open(folder / LINES, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def line(self, kind: str, **fields: Any) -> None:
        """Note one thing; it is on disk within half a second of the next one."""
        if os.getpid() != self.pid:
            return
        self._waiting.append(json.dumps({"kind": kind, **fields}, default=_plain) + "\n")
        if time.monotonic() - self._flushed > FLUSH_SECONDS:
            self.flush()

    def flush(self) -> None:
        """Write what waits: whole lines in one call."""
        if self._waiting and os.getpid() == self.pid:
            text, self._waiting = "".join(self._waiting), []
            os.write(self._file, text.encode())
        self._flushed = time.monotonic()

    def arrays(self, name: str, arrays: Mapping[str, np.ndarray]) -> None:
        """Write arrays to ``name.npz``."""
        if os.getpid() != self.pid:
            return
        part = self.folder / f"{name}.part"
        with part.open("wb") as file:
            np.savez(file, **arrays)  # type: ignore[arg-type]
        part.replace(self.folder / f"{name}.npz")


def read_lines(folder: Path) -> list[dict[str, Any]]:
    """Return what was noted; a line that was torn by a kill is left out."""
    found = []
    try:
        text = (folder / LINES).read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return []
    for line in text.splitlines():
        try:
            found.append(json.loads(line))
        except ValueError:
            continue
    return found


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        return value.tolist()
    return repr(value)[:200]
