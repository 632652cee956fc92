"""Runs of a program and of its edited versions: each once, several at a time, within the time there is."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tellapart.diagnose.fork_server import ForkServer
from tellapart.diagnose.recording import Recording
from tellapart.diagnose.running import run_script

SLOWER = 3.0
"""A trial may take this many times what the program itself took, plus `START_SECONDS`; then it is no mending."""
START_SECONDS = 20.0
LEAST_SECONDS = 2.0


class StoppedError(Exception):
    """A run was given up because nobody waits for it any more."""


@dataclass(frozen=True)
class Setting:
    """What is the same for all runs of a program.

    Attributes
    ----------
    script
        The user's file; its folder is copied for each run.
    pictures, args, memory_bytes
        As `tellapart.diagnose.running.run_script`.
    """

    script: Path
    pictures: Path | None
    args: tuple[str, ...]
    memory_bytes: int


class Runs:
    """Runs programs in the setting of one script; the same text with the same seed is run once.

    Parameters
    ----------
    deadline
        On `time.monotonic`'s clock: nothing is started after it, and what still runs then is ended.
    at_once
        Processes beside each other.
    """

    def __init__(self, setting: Setting, *, deadline: float, at_once: int = 2) -> None:
        self.setting, self.deadline, self.at_once = setting, deadline, at_once
        self._pool = ThreadPoolExecutor(at_once, thread_name_prefix="trial")
        self._server = ForkServer(setting.script)
        self._known: dict[tuple[str, int], Future[Recording]] = {}
        self._stop = threading.Event()
        self.longest = 0.0

    def __enter__(self) -> Runs:
        return self

    def __exit__(self, *_: object) -> None:
        # What was begun ahead and is not needed, or Ctrl-C: the processes end with us.
        self._stop.set()
        self._pool.shutdown(wait=True, cancel_futures=True)
        self._server.close()

    def left(self) -> float:
        """Return the seconds that are left."""
        return self.deadline - time.monotonic()

    def has_time_for(self, runs: int) -> bool:
        """Say whether so many more runs, each as long as the longest so far, would end in time."""
        return self.left() > max(self.longest, LEAST_SECONDS) * -(-runs // self.at_once)

    def run(self, text: str, seed: int) -> Recording:
        """Run a program and return what was recorded."""
        return self.all(text, [seed])[0]

    def all(self, text: str, seeds: Sequence[int]) -> list[Recording]:
        """Run a program with several seeds."""
        return [one.result() for one in self.begin(text, seeds)]

    def begin(self, text: str, seeds: Sequence[int]) -> list[Future[Recording]]:
        """Begin to run a program with several seeds."""
        return [self._one(text, seed) for seed in seeds]

    def _one(self, text: str, seed: int) -> Future[Recording]:
        key = (text, seed)
        if key not in self._known:
            self._known[key] = self._pool.submit(self._run, text, seed)
        return self._known[key]

    def _run(self, text: str, seed: int) -> Recording:
        begun = time.monotonic()
        seconds = max(self.left(), LEAST_SECONDS)
        if self.longest:
            seconds = min(seconds, SLOWER * self.longest + START_SECONDS)
        found = run_script(
            self.setting.script,
            text=text,
            pictures=self.setting.pictures,
            args=self.setting.args,
            memory_bytes=self.setting.memory_bytes,
            seconds=seconds,
            seed=seed,
            advance=self._go_on,
            server=self._server,
        )
        self.longest = max(self.longest, time.monotonic() - begun)
        return found

    def _go_on(self, _seconds: float) -> None:
        if self._stop.is_set():
            raise StoppedError
