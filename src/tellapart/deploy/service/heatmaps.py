"""Heatmaps, one after the other in a thread of their own: each takes far longer than a prediction."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from tellapart.deploy.explain.explainer import Explainer
from tellapart.deploy.predictor import Predictor
from tellapart.deploy.service.refusal import too_busy

MOST_WAITING = 8
"""Heatmaps begun or asked for; more are refused for the moment, since nobody waits that long."""


class Heatmaps:
    """Makes heatmaps for requests of one event loop."""

    def __init__(self, predictor: Predictor) -> None:
        self._predictor = predictor
        self._explainer: Explainer | None = None
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="explain")
        self._waiting = 0

    async def png(self, image_HWC: np.ndarray, class_name: str | None) -> bytes:
        """Return the picture with its heatmap over it, PNG.

        Raises
        ------
        RefusedRequestError
            Too many wait.
        """
        if self._waiting >= MOST_WAITING:
            raise too_busy(f"At most {MOST_WAITING} heatmaps at once were expected.", "one more")
        self._waiting += 1
        try:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._worker, self._make, image_HWC, class_name)
        finally:
            self._waiting -= 1

    def close(self) -> None:
        """Let the thread end."""
        self._worker.shutdown()

    def _make(self, image_HWC: np.ndarray, class_name: str | None) -> bytes:
        if (
            self._explainer is None
        ):  # at the first heatmap: it may import torch, which who asks for none need not wait for
            self._explainer = Explainer(self._predictor)
        return self._explainer.overlay(image_HWC, self._explainer.heatmap(image_HWC, class_name))
