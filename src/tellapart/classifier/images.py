"""One picture in memory -> what a decoded file is: arrays, tensors and Pillow pictures."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

import numpy as np
from PIL import Image

from tellapart.errors import PicturesError, WrongKindError
from tellapart.pictures.decode import Facts, decode, decode_image

CHANNELS = (1, 3, 4)
PICTURE = "A picture is an array (H, W) or (H, W, 1, 3 or 4), a tensor (1, 3 or 4, H, W), a Pillow picture or a path."
RANGES = "Floats are between 0 and 1, or between 0 and 255."


class Whiteness:
    """Which float means white: 1 or 255. All pictures of a classifier agree on it.

    It is told from the largest number: a single dark picture between 0 and 255 may have none above 1, so it is asked
    of all pictures at once where they are at hand, and what was found in training holds in prediction.
    """

    def __init__(self, white: float | None = None) -> None:
        self.white = white

    def look(self, arrays: Iterable[Any]) -> None:
        """Learn from pictures in memory; what is no float array is passed over."""
        if self.white is None:
            plain = (one.detach().cpu().numpy() if hasattr(one, "detach") else one for one in arrays)
            highest = [
                float(np.nanmax(one, initial=0))
                for one in plain
                if isinstance(one, np.ndarray) and one.dtype.kind == "f"
            ]
            self.white = _white(max(highest)) if highest else None

    def eight_bit(self, floats: np.ndarray, name: str) -> np.ndarray:
        """Return floats as uint8.

        Raises
        ------
        PicturesError
            Not-a-number, infinite, negative, or above white.
        """
        if not np.isfinite(floats).all():
            kind = "not-a-number" if np.isnan(floats).any() else "infinity"
            raise PicturesError(
                RANGES, found=kind, where=name, advice="leave such pictures out, or fill the gaps"
            )
        low, high = float(floats.min()), float(floats.max())
        if self.white is None:
            self.white = _white(high)
        if low < 0 or high > self.white:
            raise PicturesError(
                RANGES,
                found=f"{low:g} to {high:g}, where {self.white:g} is white in the pictures before",
                where=name,
                advice="hand the pictures over as they were before any standardisation, all on one scale",
            )
        return np.rint(floats * (255 / self.white)).astype(np.uint8)


def _white(highest: float) -> float:
    return 1.0 if highest <= 1 else 255.0


def decode_any(picture: Any, whiteness: Whiteness, name: str) -> tuple[np.ndarray, Facts]:
    """Return one picture in memory (or its path) as `decode` returns that of a file: uint8 HWC RGB.

    Raises
    ------
    PicturesError
        It is broken, or its numbers or shape are none of a picture.
    WrongKindError
        It is something else.
    """
    if isinstance(picture, (str, os.PathLike)):
        return decode(picture)
    if isinstance(picture, Image.Image):
        return decode_image(picture, name)
    if hasattr(picture, "detach"):
        return decode_image(
            _from_array(_channels_last(picture.detach().cpu().numpy()), whiteness, name), name
        )
    if isinstance(picture, np.ndarray):
        return decode_image(_from_array(picture, whiteness, name), name)
    raise WrongKindError(
        PICTURE,
        found=f"{type(picture).__module__}.{type(picture).__qualname__}",
        where=name,
        advice="turn it into a uint8 array (H, W, 3) first",
    )


def check_dtype(array: np.ndarray, name: str) -> None:
    """Refuse arrays of objects, texts, complex numbers and dates.

    Raises
    ------
    PicturesError
        They are such.
    """
    if array.dtype.kind not in "buif":
        words = "Complex data not supported: pictures" if array.dtype.kind == "c" else "Pictures in an array"
        raise PicturesError(
            f"{words} are uint8, or floats between 0 and 1 or 0 and 255.",
            found=f"an array of {array.dtype}",
            where=name,
            advice="hand pictures of different sizes over as a list of arrays",
        )


def _channels_last(array: np.ndarray) -> np.ndarray:
    """Return a tensor's CHW as HWC."""
    return np.moveaxis(array, 0, -1) if array.ndim == 3 and array.shape[0] in CHANNELS else array


def _from_array(array: np.ndarray, whiteness: Whiteness, name: str) -> Image.Image:
    check_dtype(array, name)
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[:, :, 0]
    if (array.ndim != 2 and (array.ndim != 3 or array.shape[2] not in CHANNELS)) or not array.size:
        first = array.ndim == 3 and array.shape[0] in CHANNELS
        raise PicturesError(
            PICTURE,
            found=f"an array of shape {array.shape}",
            where=name,
            advice="put the channels last: np.moveaxis(picture, 0, -1)"
            if first
            else "give it height, width and, for colour, three channels",
        )
    if array.dtype.kind == "f":
        return Image.fromarray(whiteness.eight_bit(array, name))
    if array.dtype.kind == "b":
        return Image.fromarray(array.astype(np.uint8) * np.uint8(255))
    if array.dtype != np.uint8 and (array.min() < 0 or array.max() > 255):
        raise PicturesError(
            "Whole numbers are between 0 and 255.",
            found=f"{array.min()} to {array.max()}",
            where=name,
            advice="scale them; 16 bit: (picture // 257).astype('uint8')",
        )
    return Image.fromarray(np.ascontiguousarray(array, dtype=np.uint8))
