"""Listed files -> answered rows, in order, a few batches at a time in memory."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass

import numpy as np

from tellapart.deploy.bulk.listing import Listed
from tellapart.deploy.predictor import BATCH, Predictor
from tellapart.errors import BrokenPictureError
from tellapart.pictures.address import Address
from tellapart.pictures.stream import decode_stream

CHUNK = 4 * BATCH
"""Pictures answered together: enough that those of one shape meet, some 50 MB at 512 px."""


@dataclass(frozen=True)
class Row:
    """What is said of one file: K probabilities and what follows from them, or the error."""

    name: str
    label: str
    sure: bool
    probabilities: tuple[float, ...]
    error: str


def answer(predictor: Predictor, listed: Iterable[Listed], workers: int = 0) -> Iterator[list[Row]]:
    """Yield the rows of `listed` in order, up to `CHUNK` at a time; a file that cannot be read is a row with its error.

    The next pictures are decoded while these are answered, by `workers` threads (0: one per core).
    """
    ahead: deque[Listed] = deque()

    def files() -> Iterator[str | Address]:
        for one in listed:
            ahead.append(one)
            yield one.file

    met: list[Listed] = []
    results: list[np.ndarray | str] = []
    with closing(decode_stream(files(), workers)) as stream:
        for result in stream:
            one = ahead.popleft()
            met.append(one)
            if isinstance(result, BrokenPictureError):
                results.append(one.error or result.found)
            else:
                results.append(one.error or result[0])
            if len(met) == CHUNK:
                yield _rows(predictor, met, results)
                met, results = [], []
    if met:
        yield _rows(predictor, met, results)


def _rows(predictor: Predictor, met: list[Listed], results: list[np.ndarray | str]) -> list[Row]:
    answers = predictor.stream(result for result in results if not isinstance(result, str))
    rows = []
    for one, result in zip(met, results, strict=True):
        if isinstance(result, str):
            rows.append(Row(one.name, "", False, (), result))
        else:
            said = next(answers)
            rows.append(Row(one.name, said.label, said.sure, tuple(said.probabilities.tolist()), ""))
    return rows
