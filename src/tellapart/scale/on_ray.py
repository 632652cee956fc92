"""Tasks on the nodes of a Ray cluster."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

import ray
from ray.exceptions import (
    GetTimeoutError,
    ObjectStoreFullError,
    OutOfDiskError,
    RayError,
    RayTaskError,
)
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from tellapart.errors import ClusterError
from tellapart.scale.executor import Advance, Task, unseen
from tellapart.scale.jointly import run_jointly
from tellapart.scale.nodes import ANSWER_SECONDS, Seen, ask, look_for
from tellapart.scale.on_node import run
from tellapart.scale.ray_session import session

R = TypeVar("R")
S = TypeVar("S")

TRIES = 4
"""A task whose worker or node is lost is run again elsewhere; one that is lost so often takes them down itself."""
LOOK_SECONDS = 1.0  # between looks at the clock while tasks run
GOES_ON = "repeat the command: train, and predict and study with --out, go on from what is done"


@contextmanager
def connected(address: str, packages: Sequence[str]) -> Iterator[OnRay]:
    """Connect to the cluster at ``HOST:PORT``, or start one on this machine where that is empty.

    Raises
    ------
    ClusterError
        It does not answer, or a node is not as this process is.
    """
    with session(address) as where:
        executor = OnRay(where)
        try:
            ask(executor.on_every_node, packages)
            yield executor
        finally:
            executor.close()


class OnRay:
    """The executor of a connected cluster; use `connected`."""

    apart = True

    def __init__(self, where: str) -> None:
        with _plainly(where):
            alive = [node for node in ray.nodes() if node["Alive"]]
        self._nodes = {
            node["NodeID"]: f"{node['NodeManagerHostname']} ({node['NodeManagerAddress']})" for node in alive
        }
        self._cores = [int(node["Resources"].get("CPU", 0)) for node in alive]
        if not any(self._cores):
            raise ClusterError(
                "A cluster with at least one core was expected.",
                found="none",
                where=where,
                advice="start nodes with cores: ray start --address=HEAD:6379",
            )
        nodes, cores = len(self._nodes), sum(self._cores)
        self.where = f"{where}: {nodes} node{'s' * (nodes != 1)}, {cores} core{'s' * (cores != 1)}"
        self._run = ray.remote(run)
        self._begun: set[_Sent[Any]] = set()

    def slots(self, threads: int = 1) -> int:
        """As many as the nodes have room for."""
        return sum(cores // self._room(threads) for cores in self._cores)

    def check_files(self, files: Sequence[Path]) -> None:
        """Have every node look for the files."""
        look_for(self.on_every_node, files)

    def share(self, value: S) -> S:
        """Put the value into the object store."""
        with _plainly(self.where):
            reference: Any = ray.put(value)
        return reference

    def submit(
        self,
        function: Callable[..., R],
        *arguments: Any,
        threads: int = 1,
        workers: int = 1,
        advance: Advance = unseen,
    ) -> Task[R]:
        """Hand the task to Ray, which finds it a node; its steps are seen when it is done.

        Several workers are set up by Ray Train, from a node: they have to reach each other, not this process.
        """
        room = self._room(threads)
        with _plainly(self.where):
            if workers == 1:
                remote = self._run.options(num_cpus=room, max_retries=TRIES - 1)
                reference = remote.remote(function, *arguments)
            else:
                remote = ray.remote(run_jointly).options(num_cpus=0, max_retries=TRIES - 1)
                reference = remote.remote(function, workers, room, TRIES, *arguments)
        sent: _Sent[R] = _Sent(reference, advance, self.where)
        self._begun.add(sent)
        sent.ended = lambda: self._begun.discard(sent)
        return sent

    def completed(self, tasks: Sequence[Task[R]], seconds: float = math.inf) -> Iterator[Task[R]]:
        """Yield tasks as they end."""
        end = time.monotonic() + seconds
        left = {one.reference: one for one in tasks if isinstance(one, _Sent)}
        try:
            while left and (rest := end - time.monotonic()) > 0:
                with _plainly(self.where):
                    done, _ = ray.wait(list(left), num_returns=1, timeout=min(rest, LOOK_SECONDS))
                yield from (left.pop(reference) for reference in done)
        finally:
            self.cancel(left.values())

    def cancel(self, tasks: Iterable[Task[Any]]) -> None:
        """End the processes of the tasks that still run."""
        for one in list(tasks):
            if isinstance(one, _Sent) and one in self._begun:
                self._begun.discard(one)
                # Done meanwhile, or the cluster is lost: then its client raises a bare Exception.
                with suppress(Exception):
                    ray.cancel(one.reference, force=True)

    def close(self) -> None:
        """Cancel what is left; the session ends with its own block."""
        self.cancel(self._begun)

    def on_every_node(self, function: Callable[[Any], Seen], argument: Any) -> dict[str, Seen]:
        """Return what a function gives on each node, by the node's name."""
        remote = ray.remote(function)
        with _plainly(self.where):
            begun = {
                name: remote.options(
                    num_cpus=0, scheduling_strategy=NodeAffinitySchedulingStrategy(node_id, soft=False)
                ).remote(argument)
                for node_id, name in self._nodes.items()
            }
            return {name: _answer(name, reference) for name, reference in begun.items()}

    def _room(self, threads: int) -> int:
        """Cores that a task takes of its node: no node need be as large as the machine that planned the work."""
        return min(threads, max(self._cores))


class _Sent(Task[R]):
    """A task that Ray has."""

    def __init__(self, reference: Any, advance: Advance, where: str) -> None:
        self.reference, self._advance, self._where = reference, advance, where
        self.ended: Callable[[], None] = lambda: None

    def result(self) -> R:
        with _plainly(self._where):
            found, steps = ray.get(self.reference)
        self.ended()
        self._advance(steps)
        self._advance = unseen
        value: R = found
        return value


def _answer(node: str, reference: Any) -> Seen:
    try:
        found: Seen = ray.get(reference, timeout=ANSWER_SECONDS)
    except GetTimeoutError as error:
        ray.cancel(reference, force=True)
        raise ClusterError(
            "Every node should answer.",
            found=f"no answer in {ANSWER_SECONDS:.0f} s",
            where=f"node {node}",
            advice="stop Ray there, or see what keeps it busy: ray status",
        ) from error
    return found


@contextmanager
def _plainly(where: str) -> Iterator[None]:
    """Raise what a task raised as it was raised there, and say in our words what became of the cluster."""
    try:
        yield
    except RayTaskError as error:
        if isinstance(error.cause, ObjectStoreFullError | OutOfDiskError):
            raise _no_room(where, error.cause) from error
        if isinstance(error.cause, Exception):
            raise error.cause from error
        raise
    except (ObjectStoreFullError, OutOfDiskError) as error:
        raise _no_room(where, error) from error
    except Exception as error:
        # A client that has given up its head raises a bare Exception: it is "not connected".
        lost = isinstance(error, ConnectionError) or type(error) is Exception
        if not lost and not isinstance(error, RayError):
            raise
        raise ClusterError(
            "The cluster should stay until the work is done.",
            found=f"no connection to its head any more ({_first_line(error)})"
            if lost
            else f"{type(error).__name__}: {_first_line(error)}",
            where=where,
            advice=f"start it again and {GOES_ON}" if lost else f"see that its nodes are up, and {GOES_ON}",
        ) from error


def _no_room(where: str, error: Exception) -> ClusterError:
    return ClusterError(
        "Ray's object store should have room for what the tasks share.",
        found=_first_line(error),
        where=where,
        advice=f"give the nodes more (ray start --object-store-memory=BYTES) or room on their disks, and {GOES_ON}",
    )


def _first_line(error: Exception) -> str:
    return next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
