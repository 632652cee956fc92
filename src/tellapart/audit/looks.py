"""One pass over the decoded pictures: everything the audit needs to know of their pixels.

Legend: N pictures; grey is luma (ITU-R 601), 0..255.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from PIL import Image

from tellapart.pictures.store import PictureStore

SIDE = 64
"""Side of the thumbnails, px: enough for the detail that tells copies from look-alikes; 4 KB a picture."""

FLAT = 2
"""A picture whose channels all stay within this many of 256 levels shows nothing: compression alone moves by 1 or 2."""

BORDER = 0.06
"""Share of each side that counts as border: objects are framed with more room than this by nearly everyone."""

BORDER_PX = 2
"""But at least so many px, so that pictures of 28 px have a border too."""

PERCENTILES = (5, 25, 50, 75, 95)
BATCH = 64  # pictures a thread takes at a time: few enough for an even end, enough to make handing out free


@dataclass(frozen=True, eq=False)
class Looks:
    """What the pixels of N pictures say.

    Attributes
    ----------
    digests
        N: equal where the size of the original and all (stored) pixels are.
    thumbnails_NHW
        (N, 64, 64) uint8 grey, stretched to a square.
    flat
        (N,) bool: of one colour, see `FLAT`.
    brightness_ND, border_ND
        Float32 statistics of brightness and colour: of the whole picture, and of its border alone.
    sizes_N2
        (N, 2) int: height and width of the originals, px.
    """

    digests: tuple[str, ...]
    thumbnails_NHW: np.ndarray
    flat: np.ndarray
    brightness_ND: np.ndarray
    border_ND: np.ndarray
    sizes_N2: np.ndarray

    def __len__(self) -> int:
        return len(self.digests)


def look_at(
    store: PictureStore, *, workers: int = 0, advance: Callable[[int], None] = lambda _: None
) -> Looks:
    """Look once at every picture of `store`.

    Parameters
    ----------
    store
        Decoded pictures.
    workers
        Threads; 0: one per core.
    advance
        Called with the number of pictures done since the last call.
    """
    chunks = [range(start, min(start + BATCH, len(store))) for start in range(0, len(store), BATCH)]
    seen = []
    with ThreadPoolExecutor(workers or os.cpu_count() or 1) as pool:
        for chunk in pool.map(lambda chunk: [_look(store, i) for i in chunk], chunks):
            seen += chunk
            advance(len(chunk))
    digests, thumbnails, flat, brightness, border = zip(*seen, strict=True) if seen else ((),) * 5
    return Looks(
        digests=tuple(digests),
        thumbnails_NHW=np.array(thumbnails, dtype=np.uint8).reshape(-1, SIDE, SIDE),
        flat=np.array(flat, dtype=bool),
        brightness_ND=np.array(brightness, dtype=np.float32),
        border_ND=np.array(border, dtype=np.float32),
        sizes_N2=np.array([(fact.height, fact.width) for fact in store.facts], dtype=np.int64).reshape(-1, 2),
    )


def _look(store: PictureStore, index: int) -> tuple[str, np.ndarray, bool, list[float], list[float]]:
    pixels = store[index]
    image = Image.fromarray(pixels)
    grey = image.convert("L")
    fact = store.facts[index]
    size = np.array([fact.height, fact.width, *pixels.shape], dtype=np.int64).tobytes()
    digest = hashlib.blake2b(pixels.tobytes(), digest_size=16, key=size).hexdigest()
    channels = np.array(image.histogram(), dtype=np.float64).reshape(3, 256)
    levels = [np.flatnonzero(channel) for channel in channels]
    flat = all(level[-1] - level[0] <= FLAT for level in levels)
    brightness = _statistics(channels, np.array(grey.histogram(), dtype=np.float64))
    return digest, thumbnail(pixels), flat, brightness, _border(pixels)


def thumbnail(image_HWC: np.ndarray, side: int = SIDE) -> np.ndarray:
    """Return the picture as (side, side) uint8 grey."""
    grey = Image.fromarray(image_HWC).convert("L")
    return np.asarray(grey.resize((side, side), Image.Resampling.BILINEAR))


def _statistics(channels: np.ndarray, grey: np.ndarray) -> list[float]:
    """Means and spreads of red, green, blue, and percentiles and spread of grey, from histograms."""
    values, count = np.arange(256), grey.sum()
    means = channels @ values / count
    spreads = np.sqrt(np.maximum(channels @ values**2 / count - means**2, 0))
    mean = grey @ values / count
    spread = np.sqrt(max(grey @ values**2 / count - mean**2, 0.0))
    below = np.cumsum(grey) / count
    percentiles = [float(np.searchsorted(below, q / 100)) for q in PERCENTILES]
    tint = [float(means[0] - means[1]), float(means[2] - means[1])]
    return [*map(float, means), *map(float, spreads), float(mean), float(spread), *percentiles, *tint]


def _border(pixels_HWC: np.ndarray) -> list[float]:
    """Means and spreads of the four sides."""
    height, width, _ = pixels_HWC.shape
    deep = min(max(BORDER_PX, round(BORDER * min(height, width))), height, width)
    found: list[float] = []
    for strip in (pixels_HWC[:deep], pixels_HWC[-deep:], pixels_HWC[:, :deep], pixels_HWC[:, -deep:]):
        flat = strip.reshape(-1, 3).astype(np.float32)
        found += [*map(float, flat.mean(axis=0)), float(flat.std(axis=0).mean())]
    return found
