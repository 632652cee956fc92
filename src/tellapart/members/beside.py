"""Trainings of several rounds beside each other, where the job's tasks run."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Protocol, TypeVar

from tellapart.members.canvases import Canvases
from tellapart.members.member import Job

R = TypeVar("R")

LONG_SECONDS = 300.0
"""A round that takes longer on one worker is shared out among those that would stand idle; shorter ones keep the
numbers that they have everywhere, to the last digit."""
STEP_SECONDS = 0.15
"""A step that takes longer on one worker is worth sharing: the talk of two takes some .03 s of it (decision 16)."""
MOST_TOGETHER = 4  # of a batch of 16 each then has 4 pictures: less is mostly talk


class OfCanvases(Protocol):
    """A round: it reads pictures from a file."""

    @property
    def canvases(self) -> Canvases:
        """The pictures."""


def train_beside(
    job: Job,
    function: Callable[..., R],
    rounds: Mapping[int, OfCanvases],
    threads: int,
    shared: Any = None,
    workers: int = 1,
) -> Iterator[tuple[int, R]]:
    """Yield the number of each round and what `function` made of it, as they end.

    Parameters
    ----------
    job
        Knows where tasks run.
    function
        (round, what is shared) -> its result.
    rounds
        By number.
    threads
        That each computes on.
    shared
        What all of them need; sent once.
    workers
        That train each round together.
    """
    if not rounds:
        return
    job.executor.check_files(sorted({one.canvases.file for one in rounds.values()}))
    common = job.executor.share(shared)
    begun = {
        job.executor.submit(
            function, one, common, threads=threads, workers=workers, advance=job.progress.advance
        ): number
        for number, one in rounds.items()
    }
    for task in job.executor.completed(list(begun)):
        yield begun[task], task.result()


def workers_of(job: Job, rounds: int, threads: int, steps: int, seconds: float) -> int:
    """Return how many workers train each of so many rounds together.

    Parameters
    ----------
    steps, seconds
        Of one round on one worker.
    """
    if not rounds or seconds <= max(LONG_SECONDS, STEP_SECONDS * steps):
        return 1
    return max(1, min(MOST_TOGETHER, job.executor.slots(threads) // rounds))
