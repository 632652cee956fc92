"""Which pictures might be copies of each other: a short signature each, and its nearest ones.

Legend: N pictures; a signature is D = 35 numbers that stay the same when a picture is turned by quarter turns or
mirrored, brightened, or given more contrast, and change little when it is recompressed, resized or slightly cropped.
"""

from __future__ import annotations

import numpy as np

LOWEST = 6
"""Cosines per axis. Measured on four sets: with 6 a crop of 10 % stayed among the 5 nearest in 91 % of cases, with
8 in 86 %, with 12 in 78 %; finer ones move with the crop."""

NEAREST = 6
"""Neighbours looked at per picture. Copies of copies are joined, so a picture with many copies needs no more."""

RADIUS = 0.6
"""Distance of unit signatures beyond which no copy was seen (crop of 10 %: 95 % within .54); unrelated ones: ~.75."""

FAINTEST = 200.0
"""Length below which a signature is rounding: a wave of a tenth of a grey level over 64 x 64 px has about 200."""

CELL = 4_000
"""Pictures per cell of the search. Up to one cell every pair is compared: 0.3 s on one core."""

PROBES = 4
"""Nearest cells a picture is compared with; where copies lie on two sides of a border, one of these is the other's."""

ROWS, STRIDE = 512, 16  # a block of likenesses is 8 MB: in reach of the cache, and never all pairs at once


def signatures(thumbnails_NHW: np.ndarray) -> np.ndarray:
    """Return (N, 35) float32 unit signatures of square grey pictures; zeros for pictures of one grey.

    A mirror image changes signs of cosine coefficients and a quarter turn swaps their two frequencies, so sums and
    differences of the absolute values of swapped pairs stay. They are weighted by frequency because pictures have
    less and less of the finer ones (amplitude about 1/f), and scaled to length 1, which takes the contrast away.

    References
    ----------
    Field (1987), J. Opt. Soc. Am. A 4, 2379-2394, on 1/f; Zauner (2010), Implementation and benchmarking of
    perceptual image hash functions, on hashes of low cosines.
    """
    side = thumbnails_NHW.shape[1]
    frequency = np.arange(LOWEST)
    basis = np.cos(np.pi * (2 * np.arange(side) + 1) * frequency[:, None] / (2 * side)).astype(np.float32)
    weight = np.hypot(frequency[:, None], frequency).astype(np.float32)
    found = np.zeros((len(thumbnails_NHW), LOWEST**2 - 1), dtype=np.float32)
    above, diagonal = np.triu_indices(LOWEST, 1), np.arange(1, LOWEST)
    for start in range(0, len(found), ROWS):
        images = thumbnails_NHW[start : start + ROWS].astype(np.float32)
        size = np.abs(basis @ images @ basis.T) * weight
        turned = size.transpose(0, 2, 1)
        together, apart = (size + turned) / np.sqrt(2), np.abs(size - turned) / np.sqrt(2)
        found[start : start + ROWS] = np.concatenate(
            [together[:, above[0], above[1]], apart[:, above[0], above[1]], size[:, diagonal, diagonal]],
            axis=1,
        )
    length = np.linalg.norm(found, axis=1, keepdims=True)
    return np.where(length > FAINTEST, found / np.maximum(length, FAINTEST), 0)


def nearest(
    signatures_ND: np.ndarray, *, count: int = NEAREST, radius: float = RADIUS, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Find the pairs of pictures that are among the nearest of one another.

    Parameters
    ----------
    signatures_ND
        Unit rows.
    count, radius
        At most so many neighbours a picture, at most so far.
    seed
        Decides where the cells begin.

    Returns
    -------
    pairs, rank
        (P, 2) int, first below second, each pair once; (P,) int: 0 where one is the very nearest of the other.

    Notes
    -----
    Beyond `CELL` pictures the signatures are sorted into cells around means, and each picture is compared with the
    members of its `PROBES` nearest cells: time and memory grow with N, not with its square.

    References
    ----------
    Jégou, Douze and Schmid (2011), Product quantization for nearest neighbor search, IEEE TPAMI 33, 117-128: the
    inverted file.
    """
    total = len(signatures_ND)
    cells = _cells(signatures_ND, -(-total // CELL), seed)
    found = [
        _nearest_in_cell(signatures_ND, np.flatnonzero(np.any(cells == cell, axis=1)), members, count, radius)
        for cell, members in enumerate(_members(cells))
    ]
    first, second, likeness = (np.concatenate([part[i] for part in found]) for i in range(3))
    order = np.lexsort((second, -likeness, first))
    first, second = first[order], second[order]
    rank = np.arange(len(first)) - np.searchsorted(first, first)
    near = rank < count
    return _each_once(first[near], second[near], rank[near])


def _members(cells_NP: np.ndarray) -> list[np.ndarray]:
    return [np.flatnonzero(cells_NP[:, 0] == cell) for cell in range(int(cells_NP.max(initial=0)) + 1)]


def _cells(signatures_ND: np.ndarray, count: int, seed: int) -> np.ndarray:
    """Return (N, probes) the cells nearest to each picture, its own first."""
    total = len(signatures_ND)
    if count <= 1:
        return np.zeros((total, 1), dtype=np.int64)
    rng = np.random.default_rng(seed)
    sample = signatures_ND[rng.choice(total, min(total, 64 * count), replace=False)]
    means = sample[:count]
    for _ in range(8):  # Lloyd's steps; where exactly the borders run does not matter
        own = (sample @ means.T).argmax(axis=1)
        sums = np.zeros_like(means)
        np.add.at(sums, own, sample)
        means = sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-6)
    probes = min(PROBES, count)
    cells = [
        np.argsort(-(signatures_ND[at : at + ROWS] @ means.T), axis=1)[:, :probes]
        for at in range(0, total, ROWS)
    ]
    return np.concatenate(cells)


def _nearest_in_cell(
    signatures_ND: np.ndarray, asking: np.ndarray, members: np.ndarray, count: int, radius: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return (picture, neighbour, likeness) of the nearest `members` of each of `asking`, a few more than `count`."""
    least = 1 - radius**2 / 2
    padding = -len(members) % STRIDE
    columns = np.pad(signatures_ND[members], ((0, padding), (0, 0))).T
    found = []
    for at in range(0, len(asking), ROWS):
        rows = asking[at : at + ROWS]
        likeness = signatures_ND[rows] @ columns
        place = np.searchsorted(members, rows)
        own = np.flatnonzero(members[np.minimum(place, len(members) - 1)] == rows)
        likeness[own, place[own]] = -1
        bar = np.full((len(rows), 1), least, dtype=np.float32)
        if likeness.shape[1] >= count * STRIDE:
            # The count-th best of the best of every STRIDE: nothing below it can be among the count best.
            best = likeness.reshape(len(rows), -1, STRIDE).max(axis=2)
            bar = np.maximum(bar, np.partition(best, -count, axis=1)[:, -count, None])
        row, column = np.nonzero(likeness >= bar)
        found.append((rows[row], column, likeness[row, column]))
    if not found:
        return np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, np.float32)
    row, column, value = (np.concatenate([part[i] for part in found]) for i in range(3))
    return row, members[column], value


def _each_once(first: np.ndarray, second: np.ndarray, rank: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    pairs = np.sort(np.stack([first, second], axis=1), axis=1)
    order = np.lexsort((rank, pairs[:, 1], pairs[:, 0]))
    pairs, rank = pairs[order], rank[order]
    new = np.ones(len(pairs), dtype=bool)
    new[1:] = np.any(pairs[1:] != pairs[:-1], axis=1)
    return pairs[new], rank[new]
