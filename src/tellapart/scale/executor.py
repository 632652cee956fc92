"""What runs tasks: pure functions whose arguments and results can be sent elsewhere.

A task is called with its arguments and with `advance`, which takes the number of steps done since the last call. It
gives the same result wherever it runs, and may be run again where its machine was lost.
"""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Protocol, TypeVar

R_co = TypeVar("R_co", covariant=True)
R = TypeVar("R")
S = TypeVar("S")

Advance = Callable[[int], None]
AHEAD = 2  # parts begun for each that runs: no slot waits for the list of files, and little is held


def unseen(_steps: int) -> None:
    """Show no progress."""


class Task(Protocol[R_co]):
    """A function that was handed in."""

    def result(self) -> R_co:
        """Return what the function returned, once it has; raise what it raised."""


class Executor(Protocol):
    """Where tasks run.

    Attributes
    ----------
    where
        In words, for the user.
    apart
        Whether a task may run on a machine that has not this one's files.
    """

    where: str
    apart: bool

    def slots(self, threads: int = 1) -> int:
        """Return how many tasks of so many threads run beside each other."""

    def check_files(self, files: Sequence[Path]) -> None:
        """Refuse, by name, what cannot be read wherever a task may run.

        Raises
        ------
        ClusterError
            A node does not see a file.
        """

    def share(self, value: S) -> S:
        """Return what stands for a value among the arguments of many tasks: it is sent once."""

    def submit(
        self,
        function: Callable[..., R],
        *arguments: Any,
        threads: int = 1,
        workers: int = 1,
        advance: Advance = unseen,
    ) -> Task[R]:
        """Hand in a function of a module, to be called with `arguments` and `advance=`; it computes on `threads`.

        So many `workers` call it together, with `torch.distributed` ready; the result is the first one's.
        """

    def completed(self, tasks: Sequence[Task[R]], seconds: float = math.inf) -> Iterator[Task[R]]:
        """Yield tasks as they end, for so long at most; then the others are cancelled."""

    def cancel(self, tasks: Iterable[Task[Any]]) -> None:
        """Stop what nobody waits for any more, as far as that is possible."""

    def close(self) -> None:
        """Stop all tasks, and what was started to run them."""


class Here:
    """In this process, each task when its result is asked for, by whoever asks.

    Parameters
    ----------
    beside
        How many are asked for at a time; more than one by threads, for tasks that leave the work to other processes.
    """

    where, apart = "this process", False

    def __init__(self, beside: int = 1) -> None:
        self._beside = beside

    def slots(self, threads: int = 1) -> int:  # noqa: ARG002 - whoever asks for several knows the cores
        """As many as are asked for at a time."""
        return self._beside

    def check_files(self, files: Sequence[Path]) -> None:
        """See every file there is."""

    def share(self, value: S) -> S:
        """Return the value."""
        return value

    def submit(
        self,
        function: Callable[..., R],
        *arguments: Any,
        threads: int = 1,  # noqa: ARG002
        workers: int = 1,  # noqa: ARG002 - one process is all there is
        advance: Advance = unseen,
    ) -> Task[R]:
        """Keep the function until its result is asked for."""
        return _Due(function, arguments, advance)

    def completed(self, tasks: Sequence[Task[R]], seconds: float = math.inf) -> Iterator[Task[R]]:
        """Run them in order; none is begun once the time is over."""
        end = time.monotonic() + seconds
        for task in tasks:
            if time.monotonic() > end:
                return
            task.result()
            yield task

    def cancel(self, tasks: Iterable[Task[Any]]) -> None:
        """Do nothing: what nobody asks for is never begun."""

    def close(self) -> None:
        """Do nothing."""


THIS_PROCESS = Here()
"""Where everything runs that nobody sends elsewhere."""


class _Due(Task[R]):
    """A task of this process."""

    def __init__(self, function: Callable[..., R], arguments: tuple[Any, ...], advance: Advance) -> None:
        self._call = lambda: function(*arguments, advance=advance)
        self._results: list[R] = []

    def result(self) -> R:
        if not self._results:
            self._results.append(self._call())
        return self._results[0]


def results_in_order(
    executor: Executor, function: Callable[..., R], calls: Iterable[tuple[Any, ...]]
) -> Iterator[R]:
    """Yield the results of calls, of which there may be any number, in their order.

    A few tasks are under way at a time: the calls are drawn as the results are taken.
    """
    source, waiting = iter(calls), deque[Task[R]]()
    try:
        while True:
            for call in islice(source, AHEAD * executor.slots() - len(waiting)):
                waiting.append(executor.submit(function, *call))
            if not waiting:
                return
            yield waiting.popleft().result()
    finally:
        executor.cancel(waiting)


def in_waves(executor: Executor, items: Iterable[S], threads: int) -> Iterator[list[S]]:
    """Yield as many items at a time as tasks run beside each other: between waves the time that is left is known."""
    source = iter(items)
    while wave := list(islice(source, executor.slots(threads))):
        yield wave
