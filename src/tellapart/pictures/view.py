"""What a model looks at: a picture of any size -> the size the model takes. Needs numpy and Pillow alone.

A view is written into the model file, so that prediction prepares pictures as training did.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from tellapart.pictures.decode import resize

SQUEEZED = 4.0
"""Beyond 4:1 a strip would shrink to a few rows of the net's map; such pictures are squeezed to 4:1."""


@dataclass(frozen=True)
class View:
    """How pictures are prepared for one member. The whole picture is used and its aspect kept.

    Attributes
    ----------
    kind
        ``area``: resized to about `height` x `width` px of area, each side a multiple of `multiple` (the aspect
        moves by at most half a multiple); ``canvas``: resized to fit `height` x `width`, the rest filled by
        repeating the edge.
    height, width
        px.
    multiple
        For ``area``: what the sides are multiples of, px.
    """

    kind: str
    height: int
    width: int
    multiple: int = 1

    def place(self, height: int, width: int) -> tuple[int, int, int, int]:
        """Return where a picture of this size lies once it is prepared: top, left, rows, columns, px."""
        if self.kind == "area":
            aspect = min(SQUEEZED, max(1 / SQUEEZED, height / width))
            side = math.sqrt(self.height * self.width)
            new = (side * math.sqrt(aspect), side / math.sqrt(aspect))
            rows, columns = (max(1, round(px / self.multiple)) * self.multiple for px in new)
            return 0, 0, rows, columns
        scale = min(self.height / height, self.width / width)
        rows = min(self.height, max(1, round(height * scale)))
        columns = min(self.width, max(1, round(width * scale)))
        return (self.height - rows) // 2, (self.width - columns) // 2, rows, columns

    def apply(self, image_HWC: np.ndarray) -> np.ndarray:
        """Return the prepared picture, uint8 HWC."""
        top, left, rows, columns = self.place(*image_HWC.shape[:2])
        fitted = resize(image_HWC, rows, columns)
        if self.kind == "area" or (rows, columns) == (self.height, self.width):
            return fitted
        pads = ((top, self.height - rows - top), (left, self.width - columns - left), (0, 0))
        return np.pad(fitted, pads, mode="edge")

    def to_dict(self) -> dict[str, Any]:
        """Return what `View(**...)` takes."""
        return asdict(self)
