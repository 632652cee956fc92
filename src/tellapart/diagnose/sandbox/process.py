"""A process, and all that come from it, within bounds of time and memory."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol

KEPT_OUTPUT = 64 * 1024
LOOK_EVERY = 0.1
"""Seconds. A process that fills memory as fast as it can, some 2 GB/s, overshoots its limit by 200 MB."""
MARK = "TELLAPART_RUN"
"""Environment variable by which descendants are found again, also those that left the session."""
NO_MARK = "0" * 32
"""As long as a mark: one may be written over it."""
ENDING_LOOKS, ENDING_SECONDS = 20, 0.05
"""How often, and how far apart, it is looked whether everybody has gone."""


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


class Process(Protocol):
    """A process that leads a session of its own; `subprocess.Popen` is one.

    Attributes
    ----------
    stdout
        Where both its streams come out.
    returncode
        None until `poll` or `wait` has found its end; negative: by that signal.
    """

    pid: int
    stdout: IO[bytes] | None
    returncode: int | None

    def poll(self) -> int | None:
        """Return the exit status if it has ended."""
        ...

    def wait(self, timeout: float | None = None) -> int:
        """Return the exit status when it has ended."""
        ...


def new_mark() -> str:
    """Return a word that no other process has in its environment."""
    return uuid.uuid4().hex


def start(command: Sequence[str], *, folder: Path, environment: Mapping[str, str]) -> Process:
    """Start a command that reads nothing and whose streams are joined."""
    return subprocess.Popen(  # noqa: S603 - running a script is what this is for
        list(command),
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )


def run_bounded(
    process: Process,
    *,
    mark: str,
    seconds: float,
    memory_bytes: int,
    advance: Callable[[float], None] | None = None,
) -> Ended:
    """Let a process that has just been started come to its end, or end it and everything it started.

    Parameters
    ----------
    mark
        What `MARK` is in its environment, and in no other's.
    advance
        Called some ten times a second with the seconds that have passed.
    """
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
    return Ended(process.wait(), killed_for, output.text(), output.total, peak)


class _Output:
    """Reads what a process prints, so that it never waits for a reader, and keeps the end of it."""

    def __init__(self, process: Process) -> None:
        self._stream = process.stdout
        self._kept, self.total = b"", 0
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        assert self._stream is not None  # noqa: S101 - opened above
        with self._stream:
            while chunk := os.read(self._stream.fileno(), 65536):
                self.total += len(chunk)
                self._kept = (self._kept + chunk)[-KEPT_OUTPUT:]

    def finish(self) -> None:
        """Read to the end; whoever held the other side has been ended."""
        self._thread.join(timeout=2)

    def text(self) -> str:
        return self._kept.decode("utf-8", errors="replace")


def _end(process: Process, mark: str) -> None:
    """Kill the process's group, and whoever carries its mark, until there is nobody."""
    for _ in range(ENDING_LOOKS):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        marked = _kill_marked(mark)
        if process.poll() is not None and not marked:
            return
        time.sleep(ENDING_SECONDS)
    process.wait(timeout=10)


def end_marked(mark: str) -> None:
    """Kill whoever carries a mark, until there is nobody."""
    for _ in range(ENDING_LOOKS):
        if not _kill_marked(mark):
            return
        time.sleep(ENDING_SECONDS)


def _kill_marked(mark: str) -> list[int]:
    marked = _marked(mark)
    for pid in marked:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)
    return marked


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
