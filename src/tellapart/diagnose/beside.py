"""Runs of a program and its versions beside each other, wherever tasks run; each can be given up."""

from __future__ import annotations

import math
import os
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Concatenate, Generic, ParamSpec, TypeVar

from tellapart.scale.executor import Executor, Task

from .gathering import never_began
from .recording import Recording
from .running import most_seconds, threads
from .workplace import Order, Packed, Workplace, pack, run_program

R = TypeVar("R")
P = ParamSpec("P")

SEND_SECONDS = 10.0
"""What handing in a run and bringing its recording back may take, beside the run itself."""


class StoppedError(Exception):
    """A run was given up because nobody waits for it any more."""


class Begun(Generic[R]):
    """Work that was begun, most of it one run of a program."""

    def __init__(self, beside: Beside) -> None:
        self._beside, self._stop = beside, threading.Event()
        self._task: Task[tuple[Recording, float]] | None = None
        self.future: Future[R] = Future()

    @property
    def ended(self) -> bool:
        """Whether there is a result, or never will be."""
        return self.future.done()

    def result(self) -> R:
        """Return what it came to, once it has."""
        return self.future.result()

    def give_up(self) -> None:
        """End it: nobody waits for it any more."""
        self._stop.set()
        self.future.cancel()
        self._end()

    def run(self, order: Order, within: float = math.inf) -> tuple[Recording, float]:
        """Run a program; return what was recorded and the seconds that took where it ran.

        Parameters
        ----------
        within
            Seconds. Where it has not come back by then it is ended, and counts as out of time: others may have taken
            the machines it waits for.
        """
        executor = self._beside.executor
        self._go_on()
        self._task = executor.submit(
            run_program, self._beside.where, order, threads=self._beside.threads, advance=self._go_on
        )
        if self._stop.is_set():  # between the look and the task
            self._end()
        within = max(within, most_seconds(order.seconds)) + SEND_SECONDS
        try:
            for one in executor.completed([self._task], within):
                return one.result()
        except Exception as error:
            if self._stop.is_set():
                raise StoppedError from error
            raise
        self._go_on()
        return never_began(), within

    def _go_on(self, _steps: int = 0) -> None:
        if self._stop.is_set():
            raise StoppedError

    def _end(self) -> None:
        if self._task is not None:
            self._beside.executor.cancel([self._task])


class Beside:
    """Runs programs in the setting of one script, as many beside each other as there is room for.

    Parameters
    ----------
    script
        The user's file.
    executor
        Where they run.
    needs
        Files, and folders with all that is in them, that have to be seen there.

    Attributes
    ----------
    at_once
        Runs beside each other.

    Raises
    ------
    ClusterError
        A node does not see a file.
    """

    def __init__(self, script: Path, executor: Executor, needs: Sequence[Path] = ()) -> None:
        self.executor, self.threads = executor, threads()
        self.at_once = executor.slots(self.threads)
        self.where: Workplace | Packed = Workplace(script)
        if executor.apart:
            packed, linked = pack(script)
            executor.check_files(sorted(set(_files([*needs, *linked]))))
            self.where = executor.share(packed)
        self._pool = ThreadPoolExecutor(self.at_once, thread_name_prefix="run")
        self._begun: list[Begun[object]] = []

    def begin(
        self, work: Callable[Concatenate[Begun[R], P], R], *arguments: P.args, **named: P.kwargs
    ) -> Begun[R]:
        """Begin work that is handed what runs a program; it waits until there is room."""
        one: Begun[R] = Begun(self)
        self._begun = [each for each in self._begun if not each.ended]
        self._begun.append(one)  # type: ignore[arg-type]
        one.future = self._pool.submit(work, one, *arguments, **named)
        return one

    def close(self) -> None:
        """End what still runs: what was begun ahead and is not needed, or at Ctrl-C."""
        for one in self._begun:
            one.give_up()
        self._pool.shutdown(wait=True, cancel_futures=True)
        if isinstance(self.where, Workplace):
            self.where.close()


def _files(places: Iterable[Path]) -> Iterator[Path]:
    """Yield files, and those in folders; what is no file here is none elsewhere."""
    for place in places:
        below = (Path(folder, name) for folder, _, names in os.walk(place.absolute()) for name in names)
        yield from (one for one in (place.absolute(), *below) if one.is_file())
