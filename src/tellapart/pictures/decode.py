"""One file -> one uint8 picture, the same way everywhere: training, prediction, service.

Needs numpy and Pillow alone.
"""

from __future__ import annotations

import io
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from tellapart.errors import BrokenPictureError

MAX_PIXELS = 120_000_000
"""Refused before decoding: more than any camera of today (about 100 megapixels); 360 MB as RGB."""

STORE_SIDE = 512
"""Longest side kept, px: twice what the members look at by default; larger pictures are reduced (box filter)."""


@dataclass(frozen=True)
class Facts:
    """What a file says about itself besides its pixels.

    `height` and `width` are those of the upright original, px; `mode` and `format` are Pillow's names
    (``L``, ``RGB``, ``I;16``…; ``JPEG``, ``PNG``…); `turned`: an EXIF orientation other than upright was
    applied; `bytes` is the file's size; `frames` above one: an animation, of which the first is used.
    """

    height: int
    width: int
    mode: str
    format: str
    turned: bool
    bytes: int
    frames: int


def decode(
    source: str | os.PathLike[str] | bytes, *, longest_side: int | None = STORE_SIDE
) -> tuple[np.ndarray, Facts]:
    """Decode a picture.

    Parameters
    ----------
    source
        A file, or the bytes of one.
    longest_side
        Reduce to this longest side, px (aspect kept, never enlarged); None keeps every pixel.

    Returns
    -------
    image_HWC, facts
        uint8 RGB, upright: EXIF orientation applied, first frame, alpha laid over white, 16 bit scaled to 8.

    Raises
    ------
    BrokenPictureError
        Empty, truncated, not a picture, or larger than `MAX_PIXELS`.
    """
    name = "the picture" if isinstance(source, bytes) else str(source)
    size = len(source) if isinstance(source, bytes) else _size(source)
    if size == 0:
        raise BrokenPictureError("A picture was expected.", found="an empty file (0 bytes)", where=name)
    try:
        with Image.open(io.BytesIO(source) if isinstance(source, bytes) else Path(source)) as image:
            return _decode(image, size, name, longest_side)
    except BrokenPictureError:
        raise
    except Image.DecompressionBombError:
        raise _too_large(name, "more pixels than Pillow opens") from None
    except UnidentifiedImageError:
        raise BrokenPictureError(
            "A picture was expected.", found="a file that no picture format fits", where=name
        ) from None
    except Exception as error:  # Pillow's plugins raise many kinds on damaged data: all mean one thing here
        reason = str(error) or type(error).__name__
        raise BrokenPictureError(
            "A picture that can be decoded was expected.", found=reason, where=name
        ) from error


def _size(path: str | os.PathLike[str]) -> int:
    try:
        return Path(path).stat().st_size
    except OSError as error:
        raise BrokenPictureError(
            "A picture was expected.", found=error.strerror or "unreadable", where=str(path)
        ) from error


def _too_large(name: str, found: str) -> BrokenPictureError:
    return BrokenPictureError(
        f"A picture of at most {MAX_PIXELS // 1_000_000} megapixels was expected.",
        found=found,
        where=name,
        advice="reduce it first; it was not decoded",
    )


def _decode(image: Image.Image, size: int, name: str, longest_side: int | None) -> tuple[np.ndarray, Facts]:
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise _too_large(name, f"{width} x {height}")
    mode, form = image.mode, image.format or "?"
    frames = int(getattr(image, "n_frames", 1))
    if longest_side is not None:
        # JPEG decodes at 1/2, 1/4, 1/8 for a fraction of the cost; draft() never goes below what is asked.
        image.draft(image.mode, (longest_side, longest_side))
    orientation = image.getexif().get(0x0112, 1)
    turned = orientation in range(2, 9)
    upright = ImageOps.exif_transpose(image) if turned else image
    rgb = _to_rgb(upright)
    if turned and orientation >= 5:
        width, height = height, width
    if longest_side is not None and max(rgb.size) > longest_side:
        scale = longest_side / max(rgb.size)
        new = (max(1, round(rgb.width * scale)), max(1, round(rgb.height * scale)))
        rgb = rgb.resize(new, Image.Resampling.BOX)
    facts = Facts(
        height=height, width=width, mode=mode, format=form, turned=turned, bytes=size, frames=frames
    )
    return np.asarray(rgb, dtype=np.uint8), facts


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I;16") or image.mode in ("I", "F"):
        return _wide_to_rgb(image)
    if image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info:
        rgba = image.convert("RGBA")
        white = Image.new("RGBA", rgba.size, (255, 255, 255, 255))
        return Image.alpha_composite(white, rgba).convert("RGB")
    return image.convert("RGB")


def _wide_to_rgb(image: Image.Image) -> Image.Image:
    """16-bit integers are scaled by 1/257; floats are taken as 0..1 where they stay within it, else as 0..255."""
    values = np.asarray(image, dtype=np.float64)
    values = np.nan_to_num(values, nan=0.0, posinf=0.0, neginf=0.0)
    if image.mode == "F":
        values = values * (255.0 if values.size and values.max() <= 1.0 else 1.0)
    elif image.mode.startswith("I;16") or (values.size and values.max() > 255):
        values = values / 257.0
    grey = np.clip(np.rint(values), 0, 255).astype(np.uint8)
    return Image.fromarray(grey).convert("RGB")


def resize(image_HWC: np.ndarray, height: int, width: int) -> np.ndarray:
    """Resize a uint8 picture to `height` x `width` px, bilinear with antialiasing (Pillow's)."""
    if image_HWC.shape[:2] == (height, width):
        return image_HWC
    return np.asarray(Image.fromarray(image_HWC).resize((width, height), Image.Resampling.BILINEAR))
