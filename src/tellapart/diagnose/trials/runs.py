"""Runs of a program and of its edited versions: each once, several at a time, within the time there is."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tellapart.diagnose.beside import Begun, Beside
from tellapart.diagnose.recording import Recording
from tellapart.diagnose.running import BESIDE
from tellapart.diagnose.workplace import Order
from tellapart.scale.executor import Executor, Here

SLOWER = 3.0
"""A trial may take this many times what the program itself took, plus `START_SECONDS`; then it is no mending."""
START_SECONDS = 20.0
LEAST_SECONDS = 2.0


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

    @property
    def needs(self) -> list[Path]:
        """What the program reads, as far as it was said: the pictures, and arguments that are files or folders."""
        named = [Path(one.rpartition("=")[2]) for one in self.args]
        given = [] if self.pictures is None else [self.pictures]
        return given + [one for one in named if one.is_absolute() and one.exists()]


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
    executor
        Where programs run; None: here, two beside each other.

    Attributes
    ----------
    at_once
        Runs beside each other.
    longest
        What the longest run at the present pace took, seconds on the clock where it ran.
    reserved
        Seconds that are kept for the end.
    done
        Every run, in the order in which they ended.
    plan
        What is going to be run, in words, for the log; empty where nothing had to be planned.
    """

    def __init__(self, setting: Setting, *, deadline: float, executor: Executor | None = None) -> None:
        self.setting, self.deadline = setting, deadline
        self._beside = Beside(setting.script, executor or Here(BESIDE), setting.needs)
        self.at_once = self._beside.at_once
        self._known: dict[tuple[str, int], Begun[Recording]] = {}
        self._texts: dict[tuple[str, Pace], str] = {}
        self._pace = Pace()
        self._first = True
        self.done: list[Ran] = []
        self.plan: list[str] = []
        self.longest = self.reserved = 0.0
        self._took: dict[str, float] = {}

    def __enter__(self) -> Runs:
        return self

    def __exit__(self, *_: object) -> None:
        self._beside.close()

    def left(self) -> float:
        """Return the seconds that are left."""
        return self.deadline - self.reserved - time.monotonic()

    def has_time_for(self, runs: int, of: Collection[str] = ()) -> bool:
        """Say whether so many more runs would end in time, each as long as the longest so far.

        Parameters
        ----------
        of
            The programs that are to be run, where that is settled: what others took does not count then.
        """
        longest = max((self._took[text] for text in of if text in self._took), default=self.longest)
        return self.left() > max(longest, LEAST_SECONDS) * -(-runs // self.at_once)

    def at(self, pace: Pace) -> None:
        """Go on at another pace; what ran before is forgotten."""
        self._pace, self._known, self.longest, self._first = pace, {}, 0.0, True
        self._took = {}

    def differ(self, text: str, other: str) -> bool:
        """Say whether two programs are still different at the present pace: it may leave out what a change mends."""
        return self._shorter(text, self._pace) != self._shorter(other, self._pace)

    def allow(self, most_seconds: float) -> None:
        """Give the runs to come another limit, and keep what ran before."""
        self._pace = replace(self._pace, most_seconds=most_seconds)

    def whole(self, texts: Sequence[str], seed: int, pace: Pace) -> list[Recording]:
        """Run programs at a pace of their own, beside each other, as long as there is time."""
        begun = [self._beside.begin(self._run, text, seed, pace) for text in texts]
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

    def begin(self, text: str, seeds: Sequence[int]) -> list[Begun[Recording]]:
        """Begin to run a program with several seeds."""
        return [self._one(text, seed) for seed in seeds]

    def keep_only(self, texts: Collection[str]) -> None:
        """Give up the runs that go on, but for those of these programs: nobody waits for the others any more."""
        for key, one in list(self._known.items()):
            if key[0] not in texts and not one.ended:
                del self._known[key]
                one.give_up()

    def _one(self, text: str, seed: int) -> Begun[Recording]:
        key = (text, seed)
        if key not in self._known:
            self._known[key] = self._beside.begin(self._run, text, seed, self._pace)
        return self._known[key]

    def _shorter(self, text: str, pace: Pace) -> str:
        """Return the text that runs; rewriting a program takes a good part of a second."""
        known = self._texts.get((text, pace))
        if known is None:
            known = self._texts[text, pace] = pace.change(text)
        return known

    def _run(self, one: Begun[Recording], given: str, seed: int, pace: Pace) -> Recording:
        text = self._shorter(given, pace)
        first, self._first = self._first, False
        seconds = min(max(self.left(), LEAST_SECONDS), pace.most_seconds)
        if self.longest and pace is self._pace:
            seconds = min(seconds, SLOWER * self.longest + START_SECONDS)
        order = Order(
            text=text,
            pictures=self.setting.pictures,
            args=self.setting.args,
            seconds=seconds,
            memory_bytes=self.setting.memory_bytes,
            seed=seed,
            count_folders=first,  # the labels of the program as it is; no trial asks again
        )
        found, took = one.run(order, self.left())
        if pace is self._pace:
            self.longest = max(self.longest, took)
            self._took[given] = max(self._took.get(given, 0.0), took)
        self.done.append(Ran(text, seed, found, pace.words))
        return found
