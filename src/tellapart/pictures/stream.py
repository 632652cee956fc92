"""Files -> decoded pictures, in order, a few ahead; from addresses many are fetched at a time."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import numpy as np

from tellapart.errors import BrokenPictureError
from tellapart.pictures.address import Address
from tellapart.pictures.decode import Facts, decode
from tellapart.pictures.fetching import fetch

AHEAD = 32  # pictures decoded before their turn: enough to keep the threads busy, few enough to stay small
FETCHING = 16  # files on their way at a time: they take their time on the network and none of a processor's

Decoded = tuple[np.ndarray, Facts] | BrokenPictureError


def decode_stream(files: Iterable[Path | str | Address], workers: int = 0) -> Generator[Decoded, None, None]:
    """Decode files in order, a few ahead, by `workers` threads (0: one per core); a broken one yields its error.

    Raises
    ------
    AddressError
        An address cannot be reached any more; what came before is yielded.
    """
    waiting: deque[Future[Decoded]] = deque()
    pool = ThreadPoolExecutor(workers or os.cpu_count() or 1)
    fetchers = ThreadPoolExecutor(FETCHING)  # without addresses no thread of it is started
    try:
        for file in files:
            if isinstance(file, Address):
                waiting.append(pool.submit(_fetched, file, fetchers.submit(fetch, file)))
            else:
                waiting.append(pool.submit(_one, file))
            if len(waiting) >= AHEAD:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        # Who stops early (Ctrl-C) does not wait for those ahead.
        fetchers.shutdown(wait=False, cancel_futures=True)
        pool.shutdown(cancel_futures=True)


def _one(file: Path | str) -> Decoded:
    try:
        return decode(file)
    except BrokenPictureError as error:
        return error


def _fetched(file: Address, content: Future[bytes]) -> Decoded:
    try:
        return decode(content.result(), called=str(file))
    except BrokenPictureError as error:
        return error
