"""Listed files -> answered rows, in order, by tasks wherever these run: a part of the list is a task."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from itertools import islice
from pathlib import Path

from tellapart.deploy.bulk import rows
from tellapart.deploy.bulk.listing import Listed
from tellapart.deploy.bulk.rows import Row, answer
from tellapart.deploy.predictor import Predictor
from tellapart.pictures.address import Address
from tellapart.scale.executor import Executor, results_in_order
from tellapart.scale.nodes import not_seen

Part = tuple[Listed, ...]
MOST_CHUNKS = 8
"""Of a part, which then takes a core some eight seconds: one process hands out some 60 tasks a second
(benchmarks/scale), so that 500 cores have work."""


def answer_on(executor: Executor, model: Path, listed: Iterable[Listed]) -> Iterator[list[Row]]:
    """Yield the rows of `listed` as `rows.answer` does in one process: the same parts, and so the same numbers.

    Raises
    ------
    ClusterError
        A file lies where a node does not see it.
    """
    shared = executor.share(model.read_bytes())
    for found, absent, node in results_in_order(
        executor, answer_part, ((shared, part) for part in _parts(listed, executor.slots()))
    ):
        for file in absent:
            if os.path.lexists(file):
                raise not_seen(file, node)
        yield found


def answer_part(
    model: bytes, part: Part, *, advance: Callable[[int], None]
) -> tuple[list[Row], list[str], str]:
    """Return the rows of one part, the files that were not there, and which machine says so."""
    answered = [row for some in answer(_opened(model), part, workers=1) for row in some]
    advance(len(answered))
    failed = (one.file for one, row in zip(part, answered, strict=True) if row.error)
    here = (file for file in failed if not isinstance(file, Address))  # at an address all see the same
    return answered, [file for file in here if not os.path.lexists(file)], socket.gethostname()


@lru_cache(maxsize=1)
def _opened(model: bytes) -> Predictor:
    """Open the model once for all tasks of a process. A task has one core: there are as many tasks as cores."""
    return Predictor(model, threads=1)


def _parts(listed: Iterable[Listed], slots: int) -> Iterator[Part]:
    """Cut a list into parts of whole chunks, so that the same pictures meet as in one process.

    They grow with what is handed out: a short list is shared by all slots, a long one costs little to hand out.
    """
    source, handed_out = iter(listed), 0
    chunks = 1
    while part := tuple(_anywhere(one) for one in islice(source, chunks * rows.CHUNK)):
        yield part
        handed_out += chunks
        chunks = min(MOST_CHUNKS, 1 + handed_out // (4 * slots))


def _anywhere(one: Listed) -> Listed:
    """Return the file under a path that does not depend on the folder a process stands in."""
    if isinstance(one.file, Address):
        return one
    return Listed(one.name, os.path.abspath(one.file), one.error)  # noqa: PTH100 - links are not resolved
