"""Pictures that are nearly those of another part: noisy, mirrored, turned, shifted, brighter copies.

A copy leaves a gap: it is far nearer to its original than to anything else. In an honest set the distances to the
nearest, second nearest, ... neighbour follow each other as those of points in a space of some dimension m do:
m j log(d[j + 1] / d[j]) is exponentially distributed with mean 1, whatever the scale and the density. m is taken from
the farther neighbours, where copies no longer count, so that sets of alike pictures (few dimensions) are not suspect.

Legend: thumbnails (N, S, S) as `tellapart.diagnose.recorder.fingerprint.thumbnails` makes them.

References
----------
Levina and Bickel (2004), Maximum likelihood estimation of intrinsic dimension, NIPS 17.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from tellapart.diagnose.recording import NearCopies

LEAST = 60
"""With fewer pictures the farther neighbours are no longer near, and say nothing of the dimension."""
COPIES, FARTHEST = 8, 24
"""Most copies of one picture that are recognised, and the last neighbour that the dimension is taken from."""
UNLIKELY = 1e-3
"""A picture has a near copy where points evenly spread would leave such a gap in one of a thousand. Real sets are
less even: in drawn ones (discs, gratings, digits, noise) up to 15 % of the pictures pass by chance, of copies 40 to
80 %."""
UNLIKELY_SHIFTED = 1e-5
"""The same where pictures may be moved: where place counts no more, alike pictures are less evenly spread."""
ALIKE = 0.8
"""Least correlation of a copy with its original: a shift by a tenth of a coarse shape leaves as much."""
FLOOR = 0.01
"""Distances below are taken for this one: thumbnails are kept in steps of 1/127 of their largest value."""


def near_copies(
    names: dict[int, str], kept: dict[int, tuple[dict[str, Any], dict[str, np.ndarray]]]
) -> tuple[NearCopies, ...]:
    """Return for each part which of its kept pictures have near copies in the training part, itself included."""
    train = next((number for number, name in names.items() if name == "train" and number in kept), None)
    if train is None or "thumbnails" not in kept[train][1]:
        return ()
    looks, known = kept[train][1]["looks"], kept[train][1]["thumbnails"]
    found = []
    for number, name in names.items():
        own = kept[number][1] if number in kept else {}
        if "thumbnails" not in own or "again" in name:
            continue
        same = number == train
        at = own.get("shifted_at", np.arange(len(own["looks"])))
        chosen = np.ones(len(at), dtype=bool) if same else ~np.isin(own["looks"][at], looks)
        at = at[chosen]
        shifted = own["shifted"][chosen] if "shifted" in own else None
        partners = has_copy(own["thumbnails"][at], known, itself=same, shifted=shifted)
        if partners is not None:
            of = own["looks"][at]
            found.append(NearCopies(name, "train", len(of), tuple(of[partners].tolist())))
    return tuple(found)


def has_copy(
    own: np.ndarray, known: np.ndarray, *, itself: bool = False, shifted: np.ndarray | None = None
) -> np.ndarray | None:
    """Return for each of N pictures whether it has a near copy among M others.

    Parameters
    ----------
    own : (N, S, S)
    known : (M, S, S)
    itself
        `own` is `known`: a picture is no copy of itself.
    shifted : (N, V, S, S)
        The N pictures moved in V ways.

    Returns
    -------
    (N,) bool, or None where there are too few pictures to tell.
    """
    a, b = _normed(own), _normed(known)
    usable = np.asarray(b.any(axis=1))
    if not len(a) or usable.sum() < LEAST:
        return None
    most = _most_alike(a, known, usable, itself=itself)
    found = _stands_out(most, UNLIKELY)
    if shifted is not None and shifted.shape[1]:
        for moved in np.moveaxis(shifted, 1, 0):
            np.maximum(most, _normed(moved) @ b[usable].T, out=most)
        found |= _stands_out(most, UNLIKELY_SHIFTED)
    return np.asarray(found & a.any(axis=1))


def _stands_out(most: np.ndarray, unlikely: float) -> np.ndarray:
    """Return for each row of correlations whether the largest are followed by a gap too wide for chance, (N,) bool."""
    count = FARTHEST + 1
    nearest = -np.sort(-np.partition(most, most.shape[1] - count, axis=1)[:, -count:], axis=1)
    distances = np.maximum(np.sqrt(np.maximum(2 - 2 * nearest, 0)), FLOOR)
    gaps = np.log(distances[:, 1:] / distances[:, :-1]) * np.arange(1, count)
    far = gaps[:, COPIES:].mean(axis=1)
    # Of neighbours that are all equally far the mean is 0: then so would be any gap.
    dimension = 1 / np.maximum(np.maximum(far, np.median(far)), 1e-6)
    chance = np.exp(-gaps[:, :COPIES] * dimension[:, None]) * COPIES
    enough = nearest[:, :COPIES] >= ALIKE
    return np.asarray(((chance < unlikely) & enough).any(axis=1))


def _most_alike(a: np.ndarray, known: np.ndarray, usable: np.ndarray, *, itself: bool) -> np.ndarray:
    """Return the largest correlation of each picture with each other one, however that is mirrored or turned."""
    most = np.full((len(a), int(usable.sum())), -1.0, dtype=np.float32)
    for turned in _symmetries(known[usable]):
        np.maximum(most, a @ _normed(turned).T, out=most)
    if itself:
        at = np.flatnonzero(usable)
        most[at, np.arange(len(at))] = -1.0
    return most


def _symmetries(pictures: np.ndarray) -> Iterator[np.ndarray]:
    for one in (pictures, pictures.transpose(0, 2, 1)):
        for flipped in (one, one[:, ::-1]):
            yield flipped
            yield flipped[:, :, ::-1]


def _normed(pictures: np.ndarray) -> np.ndarray:
    """Return rows of mean 0 and length 1, (N, S * S); of constant pictures zeros."""
    rows = pictures.reshape(len(pictures), int(np.prod(pictures.shape[1:]))).astype(np.float32)
    rows = rows - rows.mean(axis=1, keepdims=True)
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(np.where(length > 0, rows / np.maximum(length, 1e-12), 0.0), dtype=np.float32)
