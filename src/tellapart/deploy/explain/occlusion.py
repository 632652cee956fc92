"""Occlusion: cover a place and see how far the log-odds of the class fall. Needs the model file alone.

Coarse to fine: windows of a quarter of the picture's side all over it, then of an eighth where covering mattered.
H, W: height and width of the picture, px.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageFilter

from tellapart.deploy.explain.windows import Window, centres, mean_over, tile
from tellapart.deploy.predictor import BATCH, Predictor

SIDES = (1 / 4, 1 / 8)
"""Of the windows, as shares of the side of a square with the picture's area."""
FINER = 40
"""Windows of every size but the first: where those before it mattered most."""
GRID = 96  # px of the map's longer side before it is enlarged


@dataclass(frozen=True)
class Scene:
    """A picture as every view prepares it, with what covers it.

    Attributes
    ----------
    shape
        H, W of the picture.
    views, covers
        Input -> uint8 / float32 HWC.
    rows, columns
        Input -> coordinates of its rows and columns in the picture, 0 to 1; what a view has added belongs to the edge.
    """

    shape: tuple[int, int]
    views: dict[str, np.ndarray]
    covers: dict[str, np.ndarray]
    rows: dict[str, np.ndarray]
    columns: dict[str, np.ndarray]


def make_scene(predictor: Predictor, image_HWC: np.ndarray) -> Scene:
    """Prepare a picture and its cover."""
    height, width = image_HWC.shape[:2]
    views = predictor.prepare(image_HWC)
    rows, columns = {}, {}
    for name, view in predictor.views.items():
        top, left, tall, wide = view.place(height, width)
        shape = views[name].shape
        rows[name] = np.clip((np.arange(shape[0]) - top + 0.5) / tall, 0, 1)
        columns[name] = np.clip((np.arange(shape[1]) - left + 0.5) / wide, 0, 1)
    covers = {name: blurred(view) for name, view in views.items()}
    return Scene((height, width), views, covers, rows, columns)


def blurred(image_HWC: np.ndarray) -> np.ndarray:
    """Return the picture without its details, float32: colours of a place stay, shapes go."""
    radius = max(image_HWC.shape[:2]) / 8
    return np.asarray(Image.fromarray(image_HWC).filter(ImageFilter.GaussianBlur(radius)), dtype=np.float32)


def occlusion(predictor: Predictor, scene: Scene, number: int) -> np.ndarray:
    """Return float32 (h, w), not enlarged: how far the log-odds of class `number` fall where a place is covered."""
    height, width = scene.shape
    longest = max(height, width)
    rows, columns = (max(1, round(GRID * length / longest)) for length in (height, width))
    whole = log_odds(predictor.run({name: view[None] for name, view in scene.views.items()}), number)[0]
    total = np.zeros((rows, columns))
    for level, share in enumerate(SIDES):
        windows = tile(height, width, share * (height * width) ** 0.5)
        if level:
            windows = _where_it_matters(windows, total)
        found = whole - covered_log_odds(predictor, scene, windows, number)
        finer = mean_over(windows, found, rows, columns)
        total = np.where(np.isnan(finer), total / (level + 1), (total + finer) / (level + 1))
    return total.astype(np.float32)


def covered_log_odds(
    predictor: Predictor, scene: Scene, windows: Sequence[Window], number: int
) -> np.ndarray:
    """Return (windows,) log-odds of the class with each window covered."""
    found = []
    for start in range(0, len(windows), BATCH):
        chosen = windows[start : start + BATCH]
        alphas = {
            name: np.stack([window.alpha(scene.rows[name], scene.columns[name]) for window in chosen])
            for name in scene.views
        }
        found.append(log_odds(predictor.run(cover(scene, alphas)), number))
    return np.concatenate(found)


def cover(scene: Scene, alphas: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return the views with `alphas` (N, H, W) of their cover on them, uint8 (N, H, W, 3)."""
    covered = {}
    for name, view in scene.views.items():
        alpha = alphas[name][..., None]
        covered[name] = np.rint(view * (1 - alpha) + scene.covers[name] * alpha).astype(np.uint8)
    return covered


def log_odds(probabilities_NK: np.ndarray, number: int) -> np.ndarray:
    """Return (N,) log-odds of a class against all others."""
    rows = np.maximum(probabilities_NK.astype(np.float64), 1e-30)
    others = np.delete(rows, number, axis=1).sum(1)
    return np.asarray(np.log(rows[:, number]) - np.log(others))


def _where_it_matters(windows: Sequence[Window], total: np.ndarray) -> list[Window]:
    rows, columns = centres(total.shape[0]), centres(total.shape[1])
    strength = [abs(total[np.abs(rows - w.y).argmin(), np.abs(columns - w.x).argmin()]) for w in windows]
    order = np.argsort(strength)[::-1][:FINER]
    return [windows[i] for i in sorted(order)]
