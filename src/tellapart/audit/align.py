"""Lay one picture over another and say how well their fine detail agrees; many pairs at a time.

Legend: P pairs; n side of the square grey pictures, px; a warp is (scale_y, shift_y, scale_x, shift_x): output
pixel y shows input ``centre + scale_y * (y - centre) + shift_y``, which is all that cropping and resizing can do.
"""

from __future__ import annotations

import numpy as np

VIEWS = (
    "as it is",
    "turned by 90°",
    "turned by 180°",
    "turned by 270°",
    "mirrored",
    "mirrored and turned by 90°",
    "mirrored and turned by 180°",
    "mirrored and turned by 270°",
)

FAINT = 1.5
"""Detail fainter than this many grey levels counts less: JPEG at quality 60 moves a 64 px thumbnail by 1 or 2."""

LOCAL = 16
"""Strength is evened out over a blur of a sixteenth of the side: the parts of a thing, not its pixels."""

MAX_SCALE, MAX_SHIFT = 1.2, 0.1
"""A crop of a sixth of a side at most; beyond it a picture shows something else than its original."""


def turn(images_PHW: np.ndarray, view: int) -> np.ndarray:
    """Return the pictures as seen in one of the eight `VIEWS` (mirrored left to right first, then turned)."""
    mirrored = images_PHW[:, :, ::-1] if view >= 4 else images_PHW
    return np.rot90(mirrored, view % 4, axes=(1, 2))


def best_view(first_PHW: np.ndarray, second_PHW: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Turn and mirror the second picture of each pair so that it looks most like the first.

    Parameters
    ----------
    first_PHW, second_PHW
        (P, n, n) grey, n a multiple of 16.

    Returns
    -------
    view, correlation
        (P,) int, index into `VIEWS`, and (P,) how alike they then are, -1..1.
    """
    first, second = _coarse(first_PHW), _coarse(second_PHW)
    likeness = np.stack([np.mean(first * turn(second, view), axis=(1, 2)) for view in range(8)], axis=1)
    view = likeness.argmax(axis=1)
    return view, likeness[np.arange(len(view)), view]


def _coarse(images_PHW: np.ndarray) -> np.ndarray:
    """16 x 16 means, without brightness and contrast."""
    count, side, _ = images_PHW.shape
    cells = images_PHW.reshape(count, 16, side // 16, 16, side // 16).mean(axis=(2, 4), dtype=np.float32)
    return _standardised(cells)


def _standardised(images_PHW: np.ndarray) -> np.ndarray:
    centred = images_PHW - images_PHW.mean(axis=(1, 2), keepdims=True)
    spread = np.sqrt(np.mean(centred * centred, axis=(1, 2), keepdims=True))
    return np.asarray(centred / np.maximum(spread, 1e-3))


def blur(images_PHW: np.ndarray, sigma_px: float) -> np.ndarray:
    """Gaussian blur of each picture, borders repeated, as two matrix products."""
    side = images_PHW.shape[1]
    kernel = _blur_matrix(side, sigma_px)
    return np.asarray(kernel @ images_PHW @ kernel.T)


def _blur_matrix(side: int, sigma_px: float) -> np.ndarray:
    reach = int(4 * sigma_px + 0.5) or 1
    matrix = np.zeros((side, side), dtype=np.float32)
    for offset in range(-reach, reach + 1):
        weight = np.exp(-0.5 * (offset / sigma_px) ** 2)
        np.add.at(matrix, (np.arange(side), np.clip(np.arange(side) + offset, 0, side - 1)), weight)
    return matrix / matrix.sum(axis=1, keepdims=True)


def _sampling(scale_P: np.ndarray, shift_P: np.ndarray, side: int) -> tuple[np.ndarray, np.ndarray]:
    """(P, n, n) weights of Keys' cubic interpolation, and (P, n) which outputs lie inside the input."""
    centre, steps = (side - 1) / 2, np.arange(side, dtype=np.float32)
    position = centre + scale_P[:, None] * (steps - centre) + shift_P[:, None]
    distance = np.abs(position[:, :, None] - steps)
    near = (1.5 * distance - 2.5) * distance**2 + 1
    far = ((-0.5 * distance + 2.5) * distance - 4) * distance + 2
    weights = np.where(distance < 1, near, np.where(distance < 2, far, 0)).astype(np.float32)
    return weights, (position >= 0) & (position <= side - 1)


def warp(images_PHW: np.ndarray, warp_P4: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Apply a warp to each picture; return the pictures and (P, n, n) where they are defined."""
    side = images_PHW.shape[1]
    rows, inside_y = _sampling(warp_P4[:, 0], warp_P4[:, 1], side)
    columns, inside_x = _sampling(warp_P4[:, 2], warp_P4[:, 3], side)
    warped = rows @ images_PHW @ columns.transpose(0, 2, 1)
    return warped, inside_y[:, :, None] & inside_x[:, None, :]


def align(
    first_PHW: np.ndarray, second_PHW: np.ndarray, warp_P4: np.ndarray, levels: tuple[tuple[float, int], ...]
) -> np.ndarray:
    """Improve the warps that lay the second pictures over the first.

    Gauss and Newton's steps on band-passed pictures, the gradients taken on the first ("inverse compositional").

    Parameters
    ----------
    first_PHW, second_PHW
        (P, n, n) float32 grey, already in the same view.
    warp_P4
        (P, 4) where to begin.
    levels
        Blur, px, and number of steps; coarse first.

    References
    ----------
    Baker and Matthews (2004), Lucas-Kanade 20 years on, Int. J. Comput. Vis. 56, 221-255.
    """
    side = first_PHW.shape[1]
    lever = np.arange(side, dtype=np.float32) - (side - 1) / 2
    inner = np.zeros((side, side), dtype=np.float32)
    inner[side // 16 : -(side // 16), side // 16 : -(side // 16)] = 1
    for sigma, steps in levels:
        first = _standardised(blur(first_PHW, sigma) - blur(first_PHW, 4 * sigma))
        second = blur(second_PHW, sigma) - blur(second_PHW, 4 * sigma)
        slope_y, slope_x = np.gradient(first, axis=(1, 2))
        slopes = np.stack([slope_y * lever[:, None], slope_y, slope_x * lever, slope_x], axis=1) * inner
        slopes = slopes.reshape(len(first), 4, -1)
        # A little ridge: a picture of stripes says nothing about shifts along them.
        ridge = np.diag(np.array([side**2 / 12, 1, side**2 / 12, 1], dtype=np.float32))
        curvature = slopes @ slopes.transpose(0, 2, 1) + ridge
        for _ in range(steps):
            moved, inside = warp(second, warp_P4)
            error = _difference(moved, first, inside * inner)
            step = np.linalg.solve(curvature, slopes @ error.reshape(len(first), -1, 1))[:, :, 0]
            warp_P4 = _composed(warp_P4, step, side)
    return warp_P4


def _difference(moved: np.ndarray, first: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Second minus first after the best gain and offset."""
    share = np.maximum(weight.sum(axis=(1, 2), keepdims=True), 1)
    moved = (moved - (moved * weight).sum(axis=(1, 2), keepdims=True) / share) * weight
    first = (first - (first * weight).sum(axis=(1, 2), keepdims=True) / share) * weight
    product, power = (moved * first).sum(axis=(1, 2)), (moved * moved).sum(axis=(1, 2))
    return np.asarray(moved * (product / np.maximum(power, 1e-6))[:, None, None] - first)


def _composed(warp_P4: np.ndarray, step_P4: np.ndarray, side: int) -> np.ndarray:
    """Undo `step` before `warp`, within what a slight crop can be."""
    result = warp_P4.copy()
    for scale, shift in ((0, 1), (2, 3)):
        stretch = 1 + np.clip(step_P4[:, scale], -0.08, 0.08)
        move = np.clip(step_P4[:, shift], -side / 20, side / 20)
        result[:, scale] = np.clip(warp_P4[:, scale] / stretch, 1 / MAX_SCALE, MAX_SCALE)
        result[:, shift] = np.clip(
            warp_P4[:, shift] - result[:, scale] * move, -MAX_SHIFT * side, MAX_SHIFT * side
        )
    return result


def enlarged(warp_P4: np.ndarray, factor: int) -> np.ndarray:
    """Return the same warps for pictures of `factor` times the side."""
    return np.asarray(warp_P4 * np.array([1, factor, 1, factor], dtype=np.float32))


def detail_correlation(first_PHW: np.ndarray, second_PHW: np.ndarray, warp_P4: np.ndarray) -> np.ndarray:
    """Return (P,) how well the fine detail agrees, -1..1, where both pictures are defined.

    Detail is what a blur of 2 px takes away: coarse likeness (the same light, the same outline) does not count. It is
    scaled to the same strength everywhere, so that one strong edge does not outvote the ground around it.
    """
    side = first_PHW.shape[1]
    moved, inside = warp(second_PHW, warp_P4)
    margin = side // 16
    weight = inside.astype(np.float32)
    weight[:, :margin] = weight[:, -margin:] = weight[:, :, :margin] = weight[:, :, -margin:] = 0
    share = np.maximum(weight.sum(axis=(1, 2), keepdims=True), 1)
    first, second = (_levelled(images, weight, share) for images in (first_PHW, moved))
    product = (first * second).sum(axis=(1, 2))
    power = (first * first).sum(axis=(1, 2)) * (second * second).sum(axis=(1, 2))
    return np.asarray(product / np.maximum(np.sqrt(power), 1e-6))


def _levelled(images_PHW: np.ndarray, weight: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Detail without stripes, of even strength, with mean 0 where `weight` is 1 and 0 elsewhere."""
    detail = images_PHW - blur(images_PHW, 2)
    strength = np.sqrt(blur(detail * detail, images_PHW.shape[1] / LOCAL) + FAINT**2)
    detail = detail / strength
    return np.asarray((detail - (detail * weight).sum(axis=(1, 2), keepdims=True) / share) * weight)
