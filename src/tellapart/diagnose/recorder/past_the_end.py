"""Whether what gives the batches has more of them than it says: a ``__len__`` that is too small."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

import numpy as np

from .fingerprint import looks
from .stream import Stream

MOST_BATCHES, MOST_SECONDS = 256, 1.0
"""Asked for beyond the last, and how long that may take."""
NEARLY_ALL, FEW = 0.9, 0.5
"""A batch is known where so many of its pictures were shown, and new where fewer than the second share were."""


def more_batches(stream: Stream, others: Iterable[Stream]) -> int:
    """Count the batches after the last one that show pictures no part has shown.

    0 where that cannot be told: without numbered batches, where pictures are changed anew each time, and where what
    comes after the end begins again or is another part's.
    """
    last, batch_at = stream.source.get("batches"), stream.batch_at
    if batch_at is None or not isinstance(last, int) or not last:
        return 0
    seen = {look for one in (stream, *others) for look in one.pool}
    if _share_seen(batch_at, 0, seen) < NEARLY_ALL:
        return 0
    until = time.monotonic() + MOST_SECONDS
    found = 0
    while found < MOST_BATCHES and time.monotonic() < until:
        if _share_seen(batch_at, last + found, seen) > FEW:
            break
        found += 1
    return found


def _share_seen(batch_at: Callable[[int], np.ndarray | None], number: int, seen: set[int]) -> float:
    """Return the share of a batch that was shown, and note the rest as seen; 1 where there is no such batch."""
    try:
        batch = batch_at(number)
    except Exception:  # the usual end: whatever the script's own code says to it
        return 1.0
    if batch is None or batch.ndim < 2 or not len(batch):
        return 1.0
    own = looks(batch).tolist()
    share = sum(one in seen for one in own) / len(own)
    seen.update(own)
    return share
