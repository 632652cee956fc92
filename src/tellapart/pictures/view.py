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

    def apply(self, image_HWC: np.ndarray) -> np.ndarray:
        """Return the prepared picture, uint8 HWC."""
        return self._area(image_HWC) if self.kind == "area" else self._canvas(image_HWC)

    def _area(self, image_HWC: np.ndarray) -> np.ndarray:
        height, width = image_HWC.shape[:2]
        aspect = min(SQUEEZED, max(1 / SQUEEZED, height / width))
        side = math.sqrt(self.height * self.width)
        new = (side * math.sqrt(aspect), side / math.sqrt(aspect))
        return resize(image_HWC, *(max(1, round(px / self.multiple)) * self.multiple for px in new))

    def _canvas(self, image_HWC: np.ndarray) -> np.ndarray:
        height, width = image_HWC.shape[:2]
        scale = min(self.height / height, self.width / width)
        new = (min(self.height, max(1, round(height * scale))), min(self.width, max(1, round(width * scale))))
        fitted = resize(image_HWC, *new)
        rows, columns = self.height - new[0], self.width - new[1]
        if not rows and not columns:
            return fitted
        pads = ((rows // 2, rows - rows // 2), (columns // 2, columns - columns // 2), (0, 0))
        return np.pad(fitted, pads, mode="edge")

    def to_dict(self) -> dict[str, Any]:
        """Return what `View(**...)` takes."""
        return asdict(self)
