"""Runs of a program and of its edited versions: each once, several at a time, within the time there is."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from tellapart.diagnose.fork_server import ForkServer
from tellapart.diagnose.recording import Recording
from tellapart.diagnose.running import BESIDE, run_script

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


@dataclass(frozen=True)
class Pace:
    """How far the runs of a diagnosis go.

    Attributes
    ----------
    change
        Makes a program shorter.
    most_seconds
        What one run may take, whatever is left.
    words
        How the programs are shorter, for the log.
    """

    change: Callable[[str], str] = str
    most_seconds: float = math.inf
    words: str = ""


@dataclass(frozen=True)
class Ran:
    """One run: the text that ran, its seed, what became of it, and how it was made shorter."""

    text: str
    seed: int
    recording: Recording
    words: str = ""


class Runs:
    """Runs programs in the setting of one script; the same text with the same seed is run once.

    Parameters
    ----------
    deadline
        On `time.monotonic`'s clock: nothing is started after it, and what still runs then is ended.
    at_once
        Processes beside each other.

    Attributes
    ----------
    longest
        What the longest run at the present pace took, seconds on the clock.
    reserved
        Seconds that are kept for the end.
    done
        Every run, in the order in which they ended.
    plan
        What is going to be run, in words, for the log; empty where nothing had to be planned.
    """

    def __init__(self, setting: Setting, *, deadline: float, at_once: int = BESIDE) -> None:
        self.setting, self.deadline, self.at_once = setting, deadline, at_once
        self._pool = ThreadPoolExecutor(at_once, thread_name_prefix="trial")
        self._server = ForkServer(setting.script)
        self._known: dict[tuple[str, int], Future[Recording]] = {}
        self._texts: dict[tuple[str, Pace], str] = {}
        self._stop = threading.Event()
        self._pace = Pace()
        self._first = True
        self.done: list[Ran] = []
        self.plan: list[str] = []
        self.longest = self.reserved = 0.0

    def __enter__(self) -> Runs:
        return self

    def __exit__(self, *_: object) -> None:
        # What was begun ahead and is not needed, or Ctrl-C: the processes end with us.
        self._stop.set()
        self._pool.shutdown(wait=True, cancel_futures=True)
        self._server.close()

    def left(self) -> float:
        """Return the seconds that are left."""
        return self.deadline - self.reserved - time.monotonic()

    def has_time_for(self, runs: int) -> bool:
        """Say whether so many more runs, each as long as the longest so far, would end in time."""
        return self.left() > max(self.longest, LEAST_SECONDS) * -(-runs // self.at_once)

    def at(self, pace: Pace) -> None:
        """Go on at another pace; what ran before is forgotten."""
        self._pace, self._known, self.longest, self._first = pace, {}, 0.0, True

    def differ(self, text: str, other: str) -> bool:
        """Say whether two programs are still different at the present pace: it may leave out what a change mends."""
        return self._shorter(text, self._pace) != self._shorter(other, self._pace)

    def allow(self, most_seconds: float) -> None:
        """Give the runs to come another limit, and keep what ran before."""
        self._pace = replace(self._pace, most_seconds=most_seconds)

    def whole(self, texts: Sequence[str], seed: int, pace: Pace) -> list[Recording]:
        """Run programs at a pace of their own, beside each other, as long as there is time."""
        begun = [self._pool.submit(self._run, text, seed, pace) for text in texts]
        return [one.result() for one in begun]

    def run(self, text: str, seed: int) -> Recording:
        """Run a program and return what was recorded."""
        return self.all(text, [seed])[0]

    def all(self, text: str, seeds: Sequence[int]) -> list[Recording]:
        """Run a program with several seeds."""
        return [one.result() for one in self.begin(text, seeds)]

    def knows(self, text: str, seeds: Sequence[int]) -> bool:
        """Say whether a program was run with all of these seeds, at the present pace."""
        return all((text, seed) in self._known for seed in seeds)

    def new(self, texts: Sequence[str], seeds: Sequence[int]) -> int:
        """Count the runs of these programs with these seeds that are not begun, at the present pace."""
        return sum((text, seed) not in self._known for text in texts for seed in seeds)

    def begin(self, text: str, seeds: Sequence[int]) -> list[Future[Recording]]:
        """Begin to run a program with several seeds."""
        return [self._one(text, seed) for seed in seeds]

    def _one(self, text: str, seed: int) -> Future[Recording]:
        key = (text, seed)
        if key not in self._known:
            self._known[key] = self._pool.submit(self._run, text, seed, self._pace)
        return self._known[key]

    def _shorter(self, text: str, pace: Pace) -> str:
        """Return the text that runs; rewriting a program takes a good part of a second."""
        known = self._texts.get((text, pace))
        if known is None:
            known = self._texts[text, pace] = pace.change(text)
        return known

    def _run(self, text: str, seed: int, pace: Pace) -> Recording:
        text = self._shorter(text, pace)
        begun = time.monotonic()
        first, self._first = self._first, False
        seconds = min(max(self.left(), LEAST_SECONDS), pace.most_seconds)
        if self.longest and pace is self._pace:
            seconds = min(seconds, SLOWER * self.longest + START_SECONDS)
        found = run_script(
            self.setting.script,
            text=text,
            pictures=self.setting.pictures,
            args=self.setting.args,
            memory_bytes=self.setting.memory_bytes,
            seconds=seconds,
            seed=seed,
            count_folders=first,  # the labels of the program as it is; no trial asks again
            advance=self._go_on,
            server=self._server,
        )
        if pace is self._pace:
            self.longest = max(self.longest, time.monotonic() - begun)
        self.done.append(Ran(text, seed, found, pace.words))
        return found

    def _go_on(self, _seconds: float) -> None:
        if self._stop.is_set():
            raise StoppedError
