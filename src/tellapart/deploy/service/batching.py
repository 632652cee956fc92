"""Pictures of requests that come at the same time, answered as one batch in one thread.

While a batch is computed, what comes next piles up and is the next batch: under load that alone makes batches. Only
where others are known to be on their way (their pictures are being decoded) is a batch held back for a moment.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from tellapart.deploy.predictor import Answer, Predictor
from tellapart.deploy.service.counting import Counts

GATHER_SECONDS = 0.002
"""How long a batch is held back at most for pictures that are still being decoded: what decoding a small one takes."""

LARGEST = 4
"""Pictures computed together. On a processor batches gain little and large ones cost: EfficientNet-Lite0 at 256 px took
two cores 6.7 ms a picture alone, 6.1 ms in batches of 4, 6.9 ms in batches of 8 and 7.6 ms in batches of 16."""

Job = tuple[Sequence[np.ndarray], asyncio.Future[list[Answer]]]


class Batcher:
    """Answers for pictures; `answers` may be awaited by any number of requests of one event loop."""

    def __init__(
        self,
        predictor: Predictor,
        counts: Counts,
        *,
        gather_seconds: float = GATHER_SECONDS,
        largest: int = LARGEST,
    ) -> None:
        self._predictor, self._counts = predictor, counts
        self._gather_seconds, self._largest = gather_seconds, largest
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="predict")
        self._waiting: deque[Job] = deque()
        self._coming = 0
        self._more = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    @contextlib.contextmanager
    def coming(self) -> Iterator[None]:
        """Announce that within the block pictures get ready that will be asked for."""
        self._coming += 1
        try:
            yield
        finally:
            self._coming -= 1
            self._more.set()

    async def answers(self, images: Sequence[np.ndarray]) -> list[Answer]:
        """Return one answer per decoded picture, uint8 HWC."""
        if not images:
            return []
        done: asyncio.Future[list[Answer]] = asyncio.get_running_loop().create_future()
        self._waiting.append((images, done))
        self._more.set()
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._work())
        return await done

    def close(self) -> None:
        """Let the thread end."""
        self._worker.shutdown()

    async def _work(self) -> None:
        """Compute until nothing waits."""
        while self._waiting:
            await self._gather()
            jobs = self._taken()
            images = [image for some, _ in jobs for image in some]
            try:
                found = await asyncio.get_running_loop().run_in_executor(self._worker, self._compute, images)
            except (
                Exception
            ) as error:  # whatever it is, it is the answer of those who wait, and no one else's
                for _, done in jobs:
                    if not done.done():
                        done.set_exception(error)
                continue
            at = 0
            for some, done in jobs:
                if not done.done():  # its client may have gone
                    done.set_result(found[at : at + len(some)])
                at += len(some)

    async def _gather(self) -> None:
        """Wait for pictures that are being decoded, unless there are enough."""
        until = time.perf_counter() + self._gather_seconds
        while self._coming and sum(len(some) for some, _ in self._waiting) < self._largest:
            left = until - time.perf_counter()
            if left <= 0:
                return
            self._more.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._more.wait(), left)

    def _taken(self) -> list[Job]:
        """Take requests from the front, up to the largest batch, but one at least."""
        jobs = [self._waiting.popleft()]
        count = len(jobs[0][0])
        while self._waiting and count + len(self._waiting[0][0]) <= self._largest:
            jobs.append(self._waiting.popleft())
            count += len(jobs[-1][0])
        return jobs

    def _compute(self, images: list[np.ndarray]) -> list[Answer]:
        began = time.perf_counter()
        found = list(self._predictor.answers(self._predictor.probabilities(images)))
        self._counts.batches.observe(len(images))
        self._counts.batch_seconds.observe(time.perf_counter() - began)
        return found
