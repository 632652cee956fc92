"""A service to be measured: the command itself, or the same with every picture computed alone."""

from __future__ import annotations

import contextlib
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.rows import TELLAPART

ALONE = """
from tellapart.deploy.service.batching import Batcher
Batcher.__init__.__kwdefaults__.update(gather_seconds=0.0, largest=1)
from tellapart.cli import main
main()
"""
"""The command without batches, to see what they are worth."""


@dataclass(frozen=True)
class Service:
    """Where it listens, and its process."""

    url: str
    pid: int

    def resident_mib(self) -> float:
        """Return its memory, as the system counts it."""
        found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{self.pid}/status").read_text())
        return int(found[1]) / 1024 if found else 0.0


@contextlib.contextmanager
def serving(run: Path, *, batches: bool = True) -> Iterator[Service]:
    """Start it on a free port; at the end it has to stop by itself when told to."""
    program = TELLAPART if batches else [sys.executable, "-c", ALONE]
    command = [*program, "serve", str(run), "--port", "0"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        said, found = "", None
        while process.stderr and not found and (line := process.stderr.readline()):
            said += line
            found = re.search(r"http://\S+?:\d+", said)
        if not found:
            raise SystemExit(f"the service did not start: {said}")
        yield Service(found[0], process.pid)
    finally:
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=120)
    if process.returncode or said:
        raise SystemExit(f"the service ended with {process.returncode}: {said}")
