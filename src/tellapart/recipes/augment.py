"""Training A's augmentation: shear .2, zoom .2, horizontal flip, as Keras's ``ImageDataGenerator`` means them.

That class is gone from Keras 3's public names, so its meaning is written down here, after its source
(``keras/src/legacy/preprocessing/image.py`` of Keras 3.15; tested against it):

- ``shear_range=.2``: an *angle* drawn from -.2 to .2 **degrees**, not a share: at 256 px nothing moves by much
  more than half a pixel. Who wrote .2 most likely wanted 20 % and got next to nothing.
- ``zoom_range=.2``: width and height are scaled by two *independent* factors from .8 to 1.2; a factor above 1
  shows more (things get smaller).
- ``horizontal_flip``: mirrored with probability one half.
- ``fill_mode="nearest"`` and linear interpolation, both defaults: what comes in from outside repeats the edge.

Older versions differed in two ways: their centre lay one pixel further down and right, and the oldest (the first
of Keras 2) took the shear in radians, .2 of which are 11 degrees; the description does not name its version.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import ndimage

Augment = Literal["described", "flips", "none"]
"""As described, mirrored alone, or not at all: the last two show what zooming costs."""

SHEAR_DEGREES = 0.2
ZOOM = 0.2


@dataclass(frozen=True)
class ShearZoomFlip:
    """One draw of the augmentation.

    Attributes
    ----------
    shear_degrees
        Angle of the shear.
    zoom_x, zoom_y
        How much of the width and the height is shown: above 1 things get smaller.
    flip
        Whether the picture is mirrored left to right, after the rest.
    """

    shear_degrees: float
    zoom_x: float
    zoom_y: float
    flip: bool


def draw(rng: np.random.Generator, kind: Augment = "described") -> ShearZoomFlip:
    """Draw an augmentation, independently for each picture and each time it is shown; `kind` is not ``none``."""
    if kind == "flips":
        return ShearZoomFlip(0.0, 1.0, 1.0, bool(rng.random() < 0.5))
    shear = rng.uniform(-SHEAR_DEGREES, SHEAR_DEGREES)
    zoom_x, zoom_y = rng.uniform(1 - ZOOM, 1 + ZOOM, size=2)
    return ShearZoomFlip(float(shear), float(zoom_x), float(zoom_y), bool(rng.random() < 0.5))


def apply(image_HWC: np.ndarray, how: ShearZoomFlip) -> np.ndarray:
    """Shear, zoom and mirror one picture about its centre.

    Parameters
    ----------
    image_HWC
        Height, width, channels; any number type.
    how
        What to do.

    Returns
    -------
    numpy.ndarray
        float32, same shape and range of values.
    """
    angle = math.radians(how.shear_degrees)
    # Where each pixel (y, x) of the result comes from, relative to the centre.
    matrix = np.array(
        [[math.cos(angle) * how.zoom_y, 0.0], [-math.sin(angle) * how.zoom_y, how.zoom_x]], dtype=float
    )
    centre = (np.array(image_HWC.shape[:2]) - 1) / 2
    offset = centre - matrix @ centre
    result_HWC = np.empty(image_HWC.shape, dtype=np.float32)
    for channel in range(image_HWC.shape[2]):
        ndimage.affine_transform(
            image_HWC[..., channel].astype(np.float32),
            matrix,
            offset,
            order=1,
            mode="nearest",
            output=result_HWC[..., channel],
        )
    return result_HWC[:, ::-1] if how.flip else result_HWC
