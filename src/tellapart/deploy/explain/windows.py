"""Soft-edged squares over a picture, in coordinates of the picture itself: 0 to 1 down and across.

One window covers the same place in every view of a picture, whatever size the views have.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

SOFT = 0.25
"""Of a window's side, how far its edge fades: a hard edge would itself be something to see."""


@dataclass(frozen=True)
class Window:
    """Centre and half sides, as shares of the picture's height and width."""

    y: float
    x: float
    half_y: float
    half_x: float

    def alpha(self, rows_H: np.ndarray, columns_W: np.ndarray) -> np.ndarray:
        """Return (H, W) float32: how much the window covers at these coordinates, 0 to 1."""
        down, across = _fade(rows_H, self.y, self.half_y), _fade(columns_W, self.x, self.half_x)
        return np.asarray(down[:, None] * across[None, :], dtype=np.float32)


def tile(height: int, width: int, side_px: float) -> list[Window]:
    """Return windows of `side_px` that overlap by half and cover a picture of `height` x `width` px."""
    half_y, half_x = (min(0.5, side_px / 2 / length) for length in (height, width))
    return [Window(y, x, half_y, half_x) for y in _centres(half_y) for x in _centres(half_x)]


def centres(length: int) -> np.ndarray:
    """Return (length,) coordinates of pixel centres."""
    return (np.arange(length) + 0.5) / length


def mean_over(windows: Sequence[Window], values: np.ndarray, rows: int, columns: int) -> np.ndarray:
    """Return (rows, columns): at each place the mean value of the windows over it; nan where there is none."""
    total, weight = np.zeros((rows, columns)), np.zeros((rows, columns))
    for window, value in zip(windows, values, strict=True):
        alpha = window.alpha(centres(rows), centres(columns))
        total += value * alpha
        weight += alpha
    seen = weight > 0.05
    return np.where(seen, total / np.where(seen, weight, 1), np.nan)


def _centres(half: float) -> np.ndarray:
    count = max(1, round((1 - 2 * half) / half) + 1)
    return np.linspace(half, 1 - half, count) if count > 1 else np.array([0.5])


def _fade(at: np.ndarray, centre: float, half: float) -> np.ndarray:
    # At the picture's edge a window does not fade: there is nothing beyond it to fade into.
    low = -np.inf if centre - half <= 1e-6 else centre - half
    high = np.inf if centre + half >= 1 - 1e-6 else centre + half
    inside = np.minimum(at - low, high - at) / (2 * half * SOFT)
    return np.clip(inside, 0.0, 1.0)
