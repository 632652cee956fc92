"""Pictures whose axes were exchanged by reshaping: rows, columns and channels run into each other.

``reshape(3, H, W)`` of an (H, W, 3) picture moves no channel to the front: it cuts the row of numbers anew. Read as it
was before, such a picture is smooth again.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .fingerprint import CHANNELS

SMOOTHER = 0.9
"""Of a picture that was cut anew neighbours differ by 10 to 70 % less once it is read as before; in a rightly ordered
one they differ by a tenth more at least, in mere noise by as much."""


def share_cut_anew(pictures: Sequence[np.ndarray]) -> float | None:
    """Return the share of pictures that are smoother with the axes as they were before a reshape; None without any.

    Parameters
    ----------
    pictures
        (C, H, W) or (H, W, C), with 3 or 4 channels.
    """
    found = [_is_cut_anew(one) for one in pictures]
    known = [one for one in found if one is not None]
    return sum(known) / len(known) if known else None


def _is_cut_anew(picture: np.ndarray) -> bool | None:
    if picture.ndim != 3:
        return None
    first, last = (3 <= picture.shape[axis] <= CHANNELS for axis in (0, 2))
    if first == last:
        return None
    own = picture.astype(np.float32)
    if first:
        channels, *side = own.shape
        own, other = own.transpose(1, 2, 0), own.reshape(*side, channels)
    else:
        *side, channels = own.shape
        other = own.reshape(channels, *side).transpose(1, 2, 0)
    return bool(_roughness(other) < SMOOTHER * _roughness(own))


def _roughness(picture: np.ndarray) -> float:
    """Return the mean difference of neighbours in an (H, W, C) picture, down and across."""
    return float(np.abs(np.diff(picture, axis=0)).mean() + np.abs(np.diff(picture, axis=1)).mean())
