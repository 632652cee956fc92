"""A map over its picture, as a PNG."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

SPEAKS_FOR, SPEAKS_AGAINST = (230, 97, 1), (47, 96, 190)
"""Orange and blue: told apart by every kind of colour vision, and on grey."""
STRONG = 1.0
"""Log-odds below which a map stays pale: evidence that changes the odds less than e-fold decides little."""
OPAQUE = 0.75  # of the strongest place: the picture still shows through
LONGEST = 1024  # px; larger ones would be slow to look through and say no more


def overlay(image_HWC: np.ndarray, heatmap_HW: np.ndarray) -> bytes:
    """Return a PNG: the picture in grey, orange over what speaks for the class, blue over what speaks against it.

    The colour grows with the evidence; it is full at the strongest place, or at `STRONG` where nothing is that strong.
    """
    picture = Image.fromarray(image_HWC)
    picture.thumbnail((LONGEST, LONGEST))
    grey = np.asarray(picture.convert("L").convert("RGB"), dtype=np.float32)
    heat = np.asarray(Image.fromarray(heatmap_HW).resize(picture.size, Image.Resampling.BILINEAR))
    strength = np.abs(heat) / max(float(np.abs(heat).max(initial=0.0)), STRONG)
    colour = np.where(heat[..., None] > 0, SPEAKS_FOR, SPEAKS_AGAINST)
    alpha = (OPAQUE * strength)[..., None]
    out = io.BytesIO()
    Image.fromarray(np.rint(grey * (1 - alpha) + colour * alpha).astype(np.uint8)).save(out, "PNG")
    return out.getvalue()
