"""Trainings of several rounds beside each other, where the job's tasks run."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Protocol, TypeVar

from tellapart.members.canvases import Canvases
from tellapart.members.member import Job

R = TypeVar("R")


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
    """
    if not rounds:
        return
    job.executor.check_files(sorted({one.canvases.file for one in rounds.values()}))
    common = job.executor.share(shared)
    begun = {
        job.executor.submit(function, one, common, threads=threads, advance=job.progress.advance): number
        for number, one in rounds.items()
    }
    for task in job.executor.completed(list(begun)):
        yield begun[task], task.result()
