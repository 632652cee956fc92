"""What would bring a part's inputs to where the training part's are: range, channels, size."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .fingerprint import area_weights, channel_axis
from .stream import Stream

Prepare = Callable[[np.ndarray], np.ndarray]

# A part is as the training part in range where their spreads differ by less than this factor: augmentation and
# chance move a spread by some tens of percent, a forgotten scaling by 2 (0..1 against -1..1) to 255.
SPREAD_FACTOR = 1.6


def preparations(stream: Stream, training: Stream) -> list[tuple[str, Prepare]]:
    """Return what may bring a part's inputs to where the training part's are."""
    own, wanted = stream.inputs, training.inputs
    found: list[tuple[str, Prepare]] = []
    if not own.n or not wanted.n:
        return found
    spread, target = _std(own.squares, own.total, own.n), _std(wanted.squares, wanted.total, wanted.n)
    if spread > 0 and target > 0 and not 1 / SPREAD_FACTOR < spread / target < SPREAD_FACTOR:
        if 255 / SPREAD_FACTOR < spread / target < 255 * SPREAD_FACTOR:
            found.append(("divided by 255", lambda batch: (batch / 255).astype(np.float32)))
        elif 255 / SPREAD_FACTOR < target / spread < 255 * SPREAD_FACTOR:
            found.append(("multiplied by 255", lambda batch: (batch * 255).astype(np.float32)))
        means, mean = own.total / own.n, wanted.total / wanted.n
        found.append(
            (
                "moved to the mean and spread of the training part",
                lambda batch: ((batch - means) / spread * target + mean).astype(np.float32),
            )
        )
    return [*_with_size(found, own.shape, wanted.shape), *_reversed_channels(stream, training)]


def _reversed_channels(stream: Stream, training: Stream) -> list[tuple[str, Prepare]]:
    """Return the other order of colours: where red and blue are alike on average, only the answers can tell."""
    if any(len(one.inputs.channel_moments()[0]) != 3 for one in (stream, training)):
        return []

    def turn(batch: np.ndarray) -> np.ndarray:
        axis = channel_axis(batch.shape)
        return batch if axis is None else np.flip(batch, axis=axis).copy()

    return [("channels reversed", turn)]


def _std(squares: float, total: float, n: int) -> float:
    return max(squares / n - (total / n) ** 2, 0.0) ** 0.5


def _with_size(
    found: list[tuple[str, Prepare]], own: tuple[int, ...], wanted: tuple[int, ...]
) -> list[tuple[str, Prepare]]:
    """Let pictures of another size be brought to that of the training part before anything else."""
    axes, target = _picture_axes(own), _picture_axes(wanted)
    if axes is None or target != axes or all(own[axis] == wanted[axis] for axis in axes):
        return found

    def resize(batch: np.ndarray) -> np.ndarray:
        for axis in axes:
            weights = area_weights(batch.shape[axis + 1], wanted[axis])
            batch = np.moveaxis(np.moveaxis(batch, axis + 1, -1) @ weights, -1, axis + 1)
        return np.ascontiguousarray(batch, dtype=np.float32)

    words = f"resized to {' x '.join(str(wanted[axis]) for axis in axes)}"
    if not found:
        return [(words, resize)]
    return [(f"{words}, {then}", _after(resize, prepare)) for then, prepare in found]


def _after(first: Prepare, then: Prepare) -> Prepare:
    return lambda batch: then(first(batch))


def _picture_axes(shape: tuple[int, ...]) -> tuple[int, int] | None:
    """Return the axes of rows and columns of one picture (C, H, W) or (H, W, C)."""
    channels = channel_axis((0, *shape))
    return None if channels is None else ((0, 1) if channels == 3 else (1, 2))
