"""A map over its picture."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

SPEAKS_FOR, SPEAKS_AGAINST = (230, 97, 1), (47, 96, 190)
"""Orange and blue: told apart by every kind of colour vision, and on grey."""
OPAQUE = 0.75  # at the strongest place: the picture still shows through
LONGEST = 1024  # px; larger ones would be slow to look through and say no more


def painted(image_HWC: np.ndarray, heatmap_HW: np.ndarray) -> Image.Image:
    """Return the picture in grey, orange over what speaks for the class, blue over what speaks against it.

    Parameters
    ----------
    image_HWC, heatmap_HW
        uint8 RGB, and -1 to 1; a map of another size is stretched over the picture.
    """
    picture = Image.fromarray(image_HWC)
    picture.thumbnail((LONGEST, LONGEST))
    grey = np.asarray(picture.convert("L").convert("RGB"), dtype=np.float32)
    heat = np.asarray(Image.fromarray(heatmap_HW).resize(picture.size, Image.Resampling.BILINEAR))[..., None]
    alpha = OPAQUE * np.minimum(np.abs(heat), 1)
    colour = np.where(heat > 0, SPEAKS_FOR, SPEAKS_AGAINST)
    return Image.fromarray(np.rint(grey * (1 - alpha) + colour * alpha).astype(np.uint8))


def overlay(image_HWC: np.ndarray, heatmap_HW: np.ndarray) -> bytes:
    """Return `painted` as a PNG."""
    out = io.BytesIO()
    painted(image_HWC, heatmap_HW).save(out, "PNG")
    return out.getvalue()
