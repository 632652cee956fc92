"""Rows of a benchmark that are kept as they are done: a run that was stopped goes on where it was."""

from __future__ import annotations

import datetime
import json
import os
import platform
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

TELLAPART = [sys.executable, "-m", "tellapart"]


def machine() -> str:
    """Describe the machine in a phrase: processor, cores, memory."""
    model = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        names = [
            line.split(":", 1)[1].strip() for line in info.read_text().splitlines() if "model name" in line
        ]
        model = names[0] if names else model
    gib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{model}, {os.cpu_count()} cores, {gib:.0f} GiB, no GPU, Python {platform.python_version()}"


def today() -> str:
    """Return the date, ISO."""
    return datetime.datetime.now(tz=datetime.UTC).date().isoformat()


class Rows:
    """A JSON-lines file of finished rows, each under its key."""

    def __init__(self, file: Path) -> None:
        self.file = file
        lines = file.read_text().splitlines() if file.exists() else []
        self.done: dict[str, dict[str, Any]] = {row["key"]: row for row in map(json.loads, lines)}

    def get(self, key: str, make: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """Return the row under `key`, made now if it is not there."""
        if key not in self.done:
            print(f"{key} …", file=sys.stderr, flush=True)
            row = {"key": key, "date": today(), "machine": machine(), **make()}
            self.file.parent.mkdir(parents=True, exist_ok=True)
            with self.file.open("a") as out:
                out.write(json.dumps(row) + "\n")
            self.done[key] = row
        return self.done[key]

    def made(self) -> str:
        """Say when and on which machines the rows were made."""
        dates: dict[str, list[str]] = {}
        for row in self.done.values():
            dates.setdefault(row["machine"], []).append(row["date"])
        spans = {name: sorted({min(found), max(found)}) for name, found in dates.items()}
        return "; ".join(f"{' to '.join(span)} on {name}" for name, span in spans.items())


def run_json(arguments: list[str]) -> tuple[dict[str, Any], float, float]:
    """Run a tellapart command with --json; return the document, seconds on the clock and peak memory, MiB."""
    began = time.perf_counter()
    process = subprocess.Popen([*TELLAPART, *arguments, "--json"], stdout=subprocess.PIPE)
    output = process.stdout.read() if process.stdout else b""
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - began
    if status:
        raise SystemExit(f"failed: tellapart {' '.join(arguments)}")
    return json.loads(output), seconds, usage.ru_maxrss / 1024


def cpu_seconds() -> float:
    """Return the processor seconds of all finished child processes."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime
