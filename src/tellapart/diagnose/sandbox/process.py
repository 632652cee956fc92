"""A process, and all that come from it, within bounds of time and memory."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

KEPT_OUTPUT = 64 * 1024
LOOK_EVERY = 0.1
"""Seconds. A process that fills memory as fast as it can, some 2 GB/s, overshoots its limit by 200 MB."""
MARK = "TELLAPART_RUN"
"""Environment variable by which descendants are found again, also those that left the session."""


@dataclass(frozen=True)
class Ended:
    """How a process ended.

    Attributes
    ----------
    status
        Exit status; negative: by that signal.
    killed_for
        ``""``, ``time`` or ``memory``.
    output, output_bytes
        The last 64 KB of both streams, and how much there was.
    peak_bytes
        Largest sum of memory seen.
    """

    status: int
    killed_for: str
    output: str
    output_bytes: int
    peak_bytes: int


def run_bounded(
    command: Sequence[str],
    *,
    folder: Path,
    environment: Mapping[str, str],
    mark: str,
    seconds: float,
    memory_bytes: int,
    advance: Callable[[float], None] | None = None,
) -> Ended:
    """Run a command to its end, or end it and everything it started.

    Parameters
    ----------
    mark
        A word that no other process has in its environment.
    advance
        Called some ten times a second with the seconds that have passed.
    """
    process = subprocess.Popen(  # noqa: S603 - running a script is what this is for
        list(command),
        cwd=folder,
        env={**environment, MARK: mark},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    output = _Output(process)
    begun, peak, killed_for = time.monotonic(), 0, ""
    try:
        while process.poll() is None:
            time.sleep(LOOK_EVERY)
            passed, used = time.monotonic() - begun, memory_of(process.pid)
            peak = max(peak, used)
            if advance is not None:
                advance(passed)
            if passed > seconds or used > memory_bytes:
                killed_for = "memory" if used > memory_bytes else "time"
                break
    finally:
        _end(process, mark)
    output.finish()
    return Ended(process.returncode, killed_for, output.text(), output.total, peak)


class _Output:
    """Reads what a process prints, so that it never waits for a reader, and keeps the end of it."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._stream = process.stdout
        self._kept, self.total = b"", 0
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        assert self._stream is not None  # noqa: S101 - opened above
        while chunk := os.read(self._stream.fileno(), 65536):
            self.total += len(chunk)
            self._kept = (self._kept + chunk)[-KEPT_OUTPUT:]

    def finish(self) -> None:
        """Read to the end; whoever held the other side has been ended."""
        self._thread.join(timeout=2)
        if not self._thread.is_alive() and self._stream is not None:
            self._stream.close()

    def text(self) -> str:
        return self._kept.decode("utf-8", errors="replace")


def _end(process: subprocess.Popen[bytes], mark: str) -> None:
    """Kill the process's group, and whoever carries its mark, until there is nobody."""
    for _ in range(20):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        marked = _marked(mark)
        for pid in marked:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        if process.poll() is not None and not marked:
            return
        time.sleep(0.05)
    process.wait(timeout=10)


def _marked(mark: str) -> list[int]:
    wanted, found = f"{MARK}={mark}".encode(), []
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if wanted in (entry / "environ").read_bytes().split(b"\0"):
                found.append(int(entry.name))
    return found


def memory_of(pid: int) -> int:
    """Return the bytes of a process and its descendants; pages shared among them count once.

    Address space cannot be bounded instead: PyTorch reserves far more than it uses.
    """
    family = _family(pid)
    return sum(_bytes(one, shared=len(family) > 1) for one in family)


def _family(pid: int) -> list[int]:
    found, waiting = [], [pid]
    while waiting:
        one = waiting.pop()
        found.append(one)
        with contextlib.suppress(OSError):
            for task in Path(f"/proc/{one}/task").iterdir():
                waiting += [int(child) for child in (task / "children").read_text().split()]
    return found


def _bytes(pid: int, *, shared: bool) -> int:
    with contextlib.suppress(OSError, ValueError, IndexError):
        # Walks all pages, some 10 ms for a few GB: only where there is something to share.
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines() if shared else []
        for line in lines:
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    with contextlib.suppress(OSError, ValueError, IndexError):
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    return 0
