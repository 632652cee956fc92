"""A picture as every view of a model prepares it, and what covers its places.

H, W: height and width of the picture, px. Places are shares of its height and width, 0 to 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageFilter

from tellapart.deploy.predictor import Predictor

BLUR = 1 / 4
"""Of the longer side, px: a cover is the picture so blurred that shapes are gone and the colours of a region stay.
A radius of 1/16 leaves half of what decides on `pellets` (docs/decisions/0011)."""


@dataclass(frozen=True)
class Scene:
    """A prepared picture.

    Attributes
    ----------
    shape
        H, W.
    views, covers
        Input -> the picture and its cover, uint8 and float32 HWC.
    rows, columns
        Input -> places of its rows and columns in the picture; what a view has added belongs to the picture's edge.
    boxes
        Input -> left, top, right, bottom of the picture in the view, px.
    """

    shape: tuple[int, int]
    views: dict[str, np.ndarray]
    covers: dict[str, np.ndarray]
    rows: dict[str, np.ndarray]
    columns: dict[str, np.ndarray]
    boxes: dict[str, tuple[int, int, int, int]]

    def cover(self, alphas: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Return the views, uint8 (N, H, W, 3), behind their covers as far as `alphas` (N, H, W), 0 to 1, say."""
        covered = {}
        for name, view in self.views.items():
            alpha = alphas[name][..., None]
            covered[name] = np.rint(view * (1 - alpha) + self.covers[name] * alpha).astype(np.uint8)
        return covered

    def look_up(self, masks_NHW: np.ndarray) -> dict[str, np.ndarray]:
        """Return maps of the picture, of any size, as alphas for `cover`."""
        tall, wide = masks_NHW.shape[1:]
        alphas = {}
        for name in self.views:
            rows = np.minimum((self.rows[name] * tall).astype(np.intp), tall - 1)
            columns = np.minimum((self.columns[name] * wide).astype(np.intp), wide - 1)
            alphas[name] = masks_NHW[:, rows][:, :, columns].astype(np.float32)
        return alphas


def make_scene(predictor: Predictor, image_HWC: np.ndarray) -> Scene:
    """Prepare a picture, uint8 RGB."""
    height, width = image_HWC.shape[:2]
    views = predictor.prepare(image_HWC)
    rows, columns, boxes = {}, {}, {}
    for name, view in predictor.views.items():
        top, left, tall, wide = view.place(height, width)
        all_rows, all_columns = views[name].shape[:2]
        rows[name] = np.clip((np.arange(all_rows) - top + 0.5) / tall, 0, 1)
        columns[name] = np.clip((np.arange(all_columns) - left + 0.5) / wide, 0, 1)
        boxes[name] = (left, top, left + wide, top + tall)
    covers = {name: blurred(view) for name, view in views.items()}
    return Scene((height, width), views, covers, rows, columns, boxes)


def blurred(image_HWC: np.ndarray) -> np.ndarray:
    """Return the picture without its shapes, float32."""
    filtered = Image.fromarray(image_HWC).filter(ImageFilter.GaussianBlur(max(image_HWC.shape[:2]) * BLUR))
    return np.asarray(filtered, dtype=np.float32)


def log_odds(probabilities_NK: np.ndarray, number: int) -> np.ndarray:
    """Return (N,) log-odds of a class against all others."""
    rows = np.maximum(probabilities_NK.astype(np.float64), 1e-30)
    others = np.delete(rows, number, axis=1).sum(1)
    return np.asarray(np.log(rows[:, number]) - np.log(others))
