"""Pictures of requests that come at the same time, answered as one batch in one thread."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from tellapart.deploy.predictor import Answer, Predictor


class Batcher:
    """Answers for pictures; `answers` may be awaited by any number of requests."""

    def __init__(self, predictor: Predictor) -> None:
        self._predictor = predictor
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="predict")

    async def answers(self, images: Sequence[np.ndarray]) -> list[Answer]:
        """Return one answer per decoded picture, uint8 HWC."""
        loop = asyncio.get_running_loop()
        table = await loop.run_in_executor(self._worker, self._predictor.probabilities, images)
        return list(self._predictor.answers(table))

    def close(self) -> None:
        """Let the thread end."""
        self._worker.shutdown()
