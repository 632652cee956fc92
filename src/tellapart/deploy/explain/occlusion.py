"""Occlusion: cover a place and see how far the log-odds of the class fall. Needs the model file alone.

Coarse to fine: windows of a quarter of the picture's side all over it, then of an eighth where covering mattered most.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tellapart.deploy.explain.scene import Scene, log_odds
from tellapart.deploy.explain.windows import Window, centres, mean_over, tile
from tellapart.deploy.predictor import BATCH, Predictor

SIDES = (1 / 4, 1 / 8)
"""Of the windows, as shares of the side of a square with the picture's area."""
FINER = 32
"""Windows of every size but the first, where those before it mattered most: with the 49 first ones, five batches."""


def occlusion(
    predictor: Predictor, scene: Scene, number: int, rows: int, columns: int
) -> tuple[np.ndarray, float]:
    """Say how far the log-odds of class `number` fall where a place is covered.

    Returns
    -------
    heat, strongest
        (rows, columns) of the whole picture: the mean fall over the windows at a place; and the largest of all falls
        and rises, in log-odds.
    """
    height, width = scene.shape
    whole = log_odds(predictor.run({name: view[None] for name, view in scene.views.items()}), number)[0]
    total, strongest = np.zeros((rows, columns)), 0.0
    for level, share in enumerate(SIDES):
        windows = tile(height, width, share * (height * width) ** 0.5)
        if level:
            windows = _where_it_matters(windows, total)
        found = whole - _covered(predictor, scene, windows, number)
        strongest = max(strongest, float(np.abs(found).max()))
        finer = mean_over(windows, found, rows, columns)
        # Where no finer window was tried, little happened: one half says that the finer look adds nothing.
        total = np.where(np.isnan(finer), total, total + finer) / (level + 1)
    return total, strongest


def _covered(predictor: Predictor, scene: Scene, windows: Sequence[Window], number: int) -> np.ndarray:
    """Return (windows,) log-odds of the class with each window covered."""
    found = []
    for start in range(0, len(windows), BATCH):
        chosen = windows[start : start + BATCH]
        alphas = {
            name: np.stack([window.alpha(scene.rows[name], scene.columns[name]) for window in chosen])
            for name in scene.views
        }
        found.append(log_odds(predictor.run(scene.cover(alphas)), number))
    return np.concatenate(found)


def _where_it_matters(windows: Sequence[Window], total: np.ndarray) -> list[Window]:
    rows, columns = centres(total.shape[0]), centres(total.shape[1])
    strength = [abs(total[np.abs(rows - w.y).argmin(), np.abs(columns - w.x).argmin()]) for w in windows]
    order = np.argsort(strength)[::-1][:FINER]
    return [windows[i] for i in sorted(order)]
