"""Pictures as numbers that say whether two are the same, and arrays as a few figures.

Legend: batches are (N, ...) arrays as a model gets them.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

import numpy as np

# 32 by 32 points of a picture, 1024 of a flat row: two pictures that rank neighbours alike on all of them are the
# same picture, or nothing a net of this size would tell apart.
POINTS_AXIS, POINTS_FLAT = 32, 1024
LEAST_COMPARED = 64
"""Rows with fewer comparisons (a handful of features) could agree by chance: they have the hash of their values."""
CHANNELS = 4
THUMBNAIL = 16
"""Side of a thumbnail: enough to tell hundreds of pictures apart, few enough that a pixel's shift hardly counts."""
FARTHEST_SHIFT = 2
"""Pixels that a copy may be moved by: what augmenting by hand usually does to small pictures."""
FLAT = 1e-5
"""Deviations below this share of the largest value are rounding: the picture is constant."""
MOST_VALUES = 100_000
"""Values of a batch that mean and spread are taken from; a mean of 100,000 is good to .3 % of the spread."""


def looks(batch: np.ndarray) -> np.ndarray:
    """Hash what each picture shows, (N,) int64.

    Neighbouring values are compared (above or not): any increasing scaling of the pixels, also one for each channel,
    leaves that as it is, so that a picture keeps its look whether or not it was divided by 255. A picture whose
    values are all the same, or a row of a few, has the hash of its values.
    """
    points = _points(batch)
    n = len(points)
    each = [np.packbits(_rises(points, axis).reshape(n, -1), axis=1) for axis in _long_axes(points)]
    bits = np.concatenate(each or [np.zeros((n, 0), dtype=np.uint8)], axis=1)
    enough = bits.shape[1] * 8 >= LEAST_COMPARED
    ranked = [enough and bool(one.any()) for one in bits]
    return np.array(
        [_hash(bits[i].tobytes() if ranked[i] else points[i].tobytes()) for i in range(n)], dtype=np.int64
    )


def _rises(points: np.ndarray, axis: int) -> np.ndarray:
    """Return whether each value is above the one before; a difference of uint8 would wrap around."""
    before = (slice(None),) * axis
    return np.asarray(points[(*before, slice(1, None))] > points[(*before, slice(None, -1))])


def _hash(content: bytes) -> int:
    # 48 bits: JSON's readers keep whole numbers up to 2**53; two of 10,000 pictures share one in 5 of a million sets.
    return int.from_bytes(hashlib.blake2b(content, digest_size=6).digest(), "little")


def _long_axes(points: np.ndarray) -> list[int]:
    return [axis for axis in range(1, points.ndim) if points.shape[axis] > CHANNELS] or list(
        range(1, points.ndim)
    )


def _points(batch: np.ndarray) -> np.ndarray:
    long = [axis for axis in range(1, batch.ndim) if batch.shape[axis] > CHANNELS]
    most = POINTS_FLAT if len(long) == 1 else POINTS_AXIS
    for axis in long:
        size = batch.shape[axis]
        if size > most:
            batch = np.take(batch, np.linspace(0, size - 1, most).astype(int), axis=axis)
    return np.ascontiguousarray(batch)


@dataclass
class Tally:
    """Figures of an array that comes in batches.

    Attributes
    ----------
    most
        Values of a batch that mean and spread are taken from; the least and the largest are of all.
    """

    kind: str = ""
    shape: tuple[int, ...] = ()
    low: float = np.inf
    high: float = -np.inf
    n: int = 0
    total: float = 0.0
    squares: float = 0.0
    channels_n: int = 0
    channels_total: np.ndarray = field(default_factory=lambda: np.zeros(0))
    channels_squares: np.ndarray = field(default_factory=lambda: np.zeros(0))
    not_finite: int = 0
    constant: int = 0
    most: int = MOST_VALUES

    def add(self, batch: np.ndarray) -> None:
        """Take in one batch (N, ...) of numbers."""
        if not self.kind:
            self.kind, self.shape = str(batch.dtype), tuple(batch.shape[1:])
        if not batch.size or batch.dtype.kind not in "buif":
            return
        rows = batch.reshape(len(batch), -1)
        lows, highs = rows.min(axis=1), rows.max(axis=1)
        self.constant += int((lows == highs).sum()) if rows.shape[1] > 1 else 0
        values = _sample(batch, self.most).astype(np.float64)
        finite = np.isfinite(values)
        if not finite.all() or not (np.isfinite(lows).all() and np.isfinite(highs).all()):
            self.not_finite += max(int((~finite).sum()), 1)
            values = np.where(finite, values, 0.0)
            lows = np.where(np.isfinite(lows), lows, values.min(initial=0.0))
            highs = np.where(np.isfinite(highs), highs, values.max(initial=0.0))
        self.low, self.high = min(self.low, float(lows.min())), max(self.high, float(highs.max()))
        self.n += values.size
        self.total += float(values.sum())
        self.squares += float((values**2).sum())
        self._add_channels(values)

    def _add_channels(self, values: np.ndarray) -> None:
        axis = channel_axis(values.shape)
        if axis is None:
            return
        others = tuple(a for a in range(values.ndim) if a != axis)
        total, squares = values.sum(axis=others), (values**2).sum(axis=others)
        if self.channels_total.shape != total.shape:
            self.channels_total, self.channels_squares = np.zeros_like(total), np.zeros_like(total)
            self.channels_n = 0
        self.channels_total = self.channels_total + total
        self.channels_squares = self.channels_squares + squares
        self.channels_n += values.size // values.shape[axis]

    def facts(self) -> dict[str, object] | None:
        """Return the fields of `tellapart.diagnose.recording.Values`, or None if nothing came."""
        if not self.n:
            return None
        mean = self.total / self.n
        found: dict[str, object] = {
            "kind": self.kind,
            "shape": list(self.shape),
            "low": self.low,
            "high": self.high,
            "mean": mean,
            "std": max(self.squares / self.n - mean**2, 0.0) ** 0.5,
            "not_finite": self.not_finite,
            "constant": self.constant,
        }
        if self.channels_n:
            means, stds = self.channel_moments()
            found |= {"channel_means": means.tolist(), "channel_stds": stds.tolist()}
        return found

    def channel_moments(self) -> tuple[np.ndarray, np.ndarray]:
        """Return mean and spread of each channel; empty without channels."""
        if not self.channels_n:
            return np.zeros(0), np.zeros(0)
        means = self.channels_total / self.channels_n
        return means, np.sqrt(np.maximum(self.channels_squares / self.channels_n - means**2, 0.0))


def channel_axis(shape: tuple[int, ...]) -> int | None:
    """Return the axis of a batch's shape that holds 1 to 4 channels: the last, else the second."""
    if len(shape) != 4:
        return None
    return next((axis for axis in (3, 1) if 1 <= shape[axis] <= CHANNELS), None)


def _sample(batch: np.ndarray, most: int) -> np.ndarray:
    """Return evenly spaced values, axes kept: rows and columns are left out, never channels."""
    while batch.size > most:
        widths = [size if size > CHANNELS else 0 for size in batch.shape[1:]]
        if not widths or max(widths) < 2:
            return batch[: max(1, most * len(batch) // batch.size)]
        axis = 1 + int(np.argmax(widths))
        batch = batch[(slice(None),) * axis + (slice(None, None, 2),)]
    return batch


def thumbnails(batch: np.ndarray) -> np.ndarray:
    """Return small grey pictures, (N, S, S) int8, the same whatever linear scaling the pixels went through.

    Each has mean 0, its largest deviation is 127; constant pictures are 0. Flat rows are taken for pictures where
    their length allows it, else they are cut into pieces of equal length.
    """
    grey = _grey(batch)
    n = len(grey)
    for axis in (1, 2):
        grey = _shrunk(grey, axis)
    grey = np.nan_to_num(grey - grey.mean(axis=(1, 2), keepdims=True), posinf=0.0, neginf=0.0)
    largest = np.abs(grey).reshape(n, -1).max(axis=1).reshape(n, 1, 1)
    bright = np.abs(batch.reshape(n, -1).astype(np.float32)).max(axis=1).reshape(n, 1, 1)
    scale = np.where(largest > FLAT * np.maximum(bright, 1e-12), largest, np.inf)
    return np.asarray(np.rint(grey / scale * 127), dtype=np.int8)


def shifted_thumbnails(batch: np.ndarray) -> np.ndarray:
    """Return thumbnails of pictures moved by up to `FARTHEST_SHIFT` pixels, (N, V, S, S); V is 0 for flat rows."""
    long = [axis for axis in range(1, batch.ndim) if batch.shape[axis] > CHANNELS]
    if len(long) != 2:
        return np.zeros((len(batch), 0, THUMBNAIL, THUMBNAIL), dtype=np.int8)
    way = range(-FARTHEST_SHIFT, FARTHEST_SHIFT + 1)
    moves = [(down, across) for down in way for across in way if (down, across) != (0, 0)]
    return np.stack([thumbnails(np.roll(batch, move, axis=tuple(long))) for move in moves], axis=1)


def _grey(batch: np.ndarray) -> np.ndarray:
    """Return (N, H, W) float32."""
    axis = channel_axis(batch.shape)
    if axis is not None:
        return batch.mean(axis=axis, dtype=np.float32)
    if batch.ndim == 3:
        return batch.astype(np.float32)
    rows = batch.reshape(len(batch), -1).astype(np.float32)
    for channels in (1, 3):
        side = round((rows.shape[1] / channels) ** 0.5)
        if side * side * channels == rows.shape[1]:
            return np.asarray(rows.reshape(len(rows), side, side, channels).mean(axis=3))
    pieces = np.array_split(rows, min(THUMBNAIL**2, rows.shape[1]), axis=1)
    flat = np.stack([one.mean(axis=1) for one in pieces], axis=1)
    rest = np.repeat(flat.mean(axis=1, keepdims=True), THUMBNAIL**2 - flat.shape[1], axis=1)
    return np.concatenate([flat, rest], axis=1).reshape(-1, THUMBNAIL, THUMBNAIL)


def _shrunk(grey: np.ndarray, axis: int) -> np.ndarray:
    """Return means over equal pieces of an axis, pixels on an edge shared: a mirrored picture gives a mirrored one."""
    weights = area_weights(grey.shape[axis], THUMBNAIL)
    return np.asarray(np.moveaxis(np.moveaxis(grey, axis, -1) @ weights, -1, axis))


def area_weights(size: int, wanted: int) -> np.ndarray:
    """Return the share of each of `size` pixels in each of `wanted` equal pieces, (size, wanted) float32."""
    edges = np.linspace(0, size, wanted + 1)
    pixels = np.arange(size)[:, None]
    shared = np.minimum(pixels + 1, edges[1:]) - np.maximum(pixels, edges[:-1])
    return np.asarray(np.maximum(shared, 0) * wanted / size, dtype=np.float32)
