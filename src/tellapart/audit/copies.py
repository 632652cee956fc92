"""Copies: exact ones by their pixels, near ones by signature, then confirmed by laying one over the other.

A near copy was recompressed, resized, brightened, turned by quarter turns, mirrored or slightly cropped. What two
pictures of alike things share is coarse: light, outline, pose. What two copies share is the detail as well, so the
detail decides, and how much of it must agree depends on how much of it pictures of this very set share anyway.

Legend: N pictures, P pairs.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from tellapart.audit.align import VIEWS, align, best_view, detail_correlation, enlarged, turn
from tellapart.audit.looks import SIDE, Looks, thumbnail
from tellapart.audit.signatures import nearest, signatures
from tellapart.pictures.store import PictureStore

LEAST_COARSE = 0.35
"""Coarse likeness in the best view, below which nothing is aligned: crops of 10 % reached .41 (1st of 100) or more."""

LEAST_DETAIL = 0.6
"""Detail that copies share at least. Measured: crops of 5 % and 10 % of photographs .66 or more in 99 of 100,
recompressed and brightened ones .93; the most alike of 1,500 pairs of unlike photographs .26."""

MOST_DETAIL = 0.98
"""Never asked for more: JPEG at quality 60 leaves .95 to .99 where a set is as alike as castings in one fixture."""

APART = 0.55
"""How far copies must stand above the look-alikes of their set, in Fisher's z = artanh(r): a set whose look-alikes
share .15 of the detail asks for .6, one of .7 for .89. On z correlations spread evenly (Fisher 1921)."""

ALIKE_RANK = 2
"""The third neighbour and later ones show how alike pictures are that are not copies: few have two copies."""

FEW = 20  # look-alikes from which their 95th percentile means anything
FINE_SIDE, FINE_FROM = 128, 160
"""Where look-alikes are very alike, pictures of at least 160 px are compared at 128 px too: what a resize or JPEG
60 leaves there still tells two exposures from one."""

BATCH = 200  # pairs in memory at a time: 200 x 64 x 64 float32 are 3 MB an array


@dataclass(frozen=True)
class CopyPair:
    """Two pictures of which one is a copy.

    Attributes
    ----------
    first, second
        Indices, first below second.
    view
        How the second is turned or mirrored to look like the first, one of `VIEWS`.
    detail
        Correlation of their fine detail, 0..1.
    exact
        Whether size and all pixels are equal.
    """

    first: int
    second: int
    view: str
    detail: float
    exact: bool


@dataclass(frozen=True, eq=False)
class Copies:
    """Which pictures are copies of each other.

    Attributes
    ----------
    numbers
        (N,) int: pictures with one number are copies, directly or by way of others.
    exact
        (N,) int: likewise, equal in every pixel.
    pairs
        What `numbers` rests on, best agreement first.
    bar
        The share of detail a near copy had to have in common here.
    """

    numbers: np.ndarray
    exact: np.ndarray
    pairs: tuple[CopyPair, ...]
    bar: float

    def join(self, groups: np.ndarray) -> np.ndarray:
        """Return (N,) int: pictures that share one of `groups` (N,) int or are copies have one number."""
        ends = [
            np.stack([_first_of(numbers), np.arange(len(numbers))], axis=1)
            for numbers in (groups, self.numbers)
        ]
        return components(np.concatenate(ends), len(self.numbers))

    def sets(self) -> list[np.ndarray]:
        """Return the indices of each set of copies, two or more."""
        return together(self.numbers)


def together(numbers: np.ndarray) -> list[np.ndarray]:
    """Return the indices that share a number, where at least two do."""
    order = np.argsort(numbers, kind="stable")
    cuts = np.flatnonzero(np.diff(numbers[order])) + 1
    return [part for part in np.split(order, cuts) if len(part) > 1]


def components(pairs: np.ndarray, total: int) -> np.ndarray:
    """Return (N,) int: indices joined by pairs, directly or by way of others, have one number."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    first, second = np.asarray(pairs, dtype=np.int64).reshape(-1, 2).T
    graph = coo_array((np.ones(len(first), dtype=bool), (first, second)), shape=(total, total))
    return np.asarray(connected_components(graph, directed=False)[1], dtype=np.int64)


def _first_of(numbers: np.ndarray) -> np.ndarray:
    """(N,) the first index with the same number."""
    _, first, inverse = np.unique(numbers, return_index=True, return_inverse=True)
    return np.asarray(first[inverse])


def find_copies(
    looks: Looks, store: PictureStore, *, seed: int = 0, advance: Callable[[int], None] = lambda _: None
) -> Copies:
    """Find exact and near copies.

    Pictures of one flat colour are left out: they are all alike and copies of nothing.

    Parameters
    ----------
    looks, store
        Of the same N pictures.
    seed
        Decides how very large sets are divided for the search.
    advance
        Called with the number of pairs compared since the last call.
    """
    total = len(looks)
    keys = [f"flat {i}" if looks.flat[i] else looks.digests[i] for i in range(total)]
    exact = np.unique(np.array(keys), return_inverse=True)[1]
    first = _first_of(exact)
    same = np.flatnonzero(first != np.arange(total))
    pairs = [CopyPair(int(first[i]), int(i), VIEWS[0], 1.0, True) for i in same]
    once = np.flatnonzero((first == np.arange(total)) & ~looks.flat)
    near, bar = _near_copies(looks, store, once, seed, advance)
    pairs += near
    numbers = components(np.array([(p.first, p.second) for p in pairs]), total)
    return Copies(numbers, exact, tuple(sorted(pairs, key=lambda p: -p.detail)), bar)


def _near_copies(
    looks: Looks, store: PictureStore, once: np.ndarray, seed: int, advance: Callable[[int], None]
) -> tuple[list[CopyPair], float]:
    candidates, rank = nearest(signatures(looks.thumbnails_NHW[once]), seed=seed)
    candidates = once[candidates]
    compared = compare(candidates, lambda i: looks.thumbnails_NHW[i], SIDE, advance=advance)
    bar = least_detail(compared.detail[rank >= ALIKE_RANK])
    alike = compared.detail >= bar
    if bar > LEAST_DETAIL:
        fine = alike & (looks.sizes_N2[candidates].min(axis=(1, 2)) >= FINE_FROM)
        checked = compare(
            candidates[fine], lambda i: thumbnail(store[i], FINE_SIDE), FINE_SIDE, start=compared.of(fine)
        )
        compared.detail[fine] = np.minimum(compared.detail[fine], checked.detail)
        alike = compared.detail >= bar
    found = zip(candidates[alike], compared.view[alike], compared.detail[alike], strict=True)
    return [
        CopyPair(int(a), int(b), VIEWS[view], float(detail), False) for (a, b), view, detail in found
    ], bar


def least_detail(look_alikes: np.ndarray) -> float:
    """Return the correlation of detail that copies must exceed, given those of pictures that are merely alike."""
    if len(look_alikes) < FEW:
        return LEAST_DETAIL
    usual = np.clip(np.percentile(look_alikes, 95), 0, 0.999)
    return float(np.clip(np.tanh(np.arctanh(usual) + APART), LEAST_DETAIL, MOST_DETAIL))


@dataclass(frozen=True, eq=False)
class Compared:
    """P pairs laid over each other: the view of the second, the warp, and the correlation of detail."""

    view: np.ndarray
    warp_P4: np.ndarray
    detail: np.ndarray

    def of(self, keep: np.ndarray) -> Compared:
        """Return the pairs at `keep`."""
        return Compared(self.view[keep], self.warp_P4[keep], self.detail[keep])


def compare(
    pairs: np.ndarray,
    image: Callable[[int], np.ndarray],
    side: int,
    *,
    start: Compared | None = None,
    advance: Callable[[int], None] = lambda _: None,
) -> Compared:
    """Lay the pictures of each pair over each other and compare their detail.

    Parameters
    ----------
    pairs
        (P, 2) int.
    image
        Index -> (side, side) grey.
    side
        Px; a multiple of 32.
    start
        What an earlier comparison at `SIDE` found; without it every view is tried.
    advance
        Called with the number of pairs done since the last call.
    """
    from threadpoolctl import threadpool_limits

    result = Compared(
        np.zeros(len(pairs), dtype=np.int64),
        np.zeros((len(pairs), 4), np.float32),
        np.zeros(len(pairs), np.float32),
    )

    def work(at: int) -> int:
        part = slice(at, at + BATCH)
        first, second = (np.stack([image(i) for i in pairs[part, end]]).astype(np.float32) for end in (0, 1))
        known = None if start is None else start.of(np.arange(len(pairs))[part])
        found = _compare(first, second) if known is None else _compare_finer(first, second, known, side)
        result.view[part], result.warp_P4[part], result.detail[part] = found.view, found.warp_P4, found.detail
        return len(first)

    # Many small products: the threads of the linear algebra would only wait for each other (measured: 40 times slower
    # on busy cores), so each of ours computes alone.
    with threadpool_limits(1, user_api="blas"), ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        for done in pool.map(work, range(0, len(pairs), BATCH)):
            advance(done)
    return result


def _compare(first: np.ndarray, second: np.ndarray) -> Compared:
    """At 32 px, and where that agrees, at 64 px."""
    view, coarse = best_view(first, second)
    second = _turned(second, view)
    warp = np.tile(np.array([1, 0, 1, 0], dtype=np.float32), (len(first), 1))
    detail = np.zeros(len(first), dtype=np.float32)
    at = np.flatnonzero(coarse >= LEAST_COARSE)
    if len(at):
        small_first, small_second = _halved(first[at]), _halved(second[at])
        warp[at] = align(small_first, small_second, warp[at], ((2, 4), (1, 4), (0.7, 3)))
        detail[at] = detail_correlation(small_first, small_second, warp[at])
    warp = enlarged(warp, 2)
    at = np.flatnonzero(detail >= LEAST_COARSE)
    if len(at):
        warp[at] = align(first[at], second[at], warp[at], ((0.7, 3),))
        detail[at] = detail_correlation(first[at], second[at], warp[at])
    return Compared(view, warp, detail)


def _compare_finer(first: np.ndarray, second: np.ndarray, known: Compared, side: int) -> Compared:
    second = _turned(second, known.view)
    warp = align(first, second, enlarged(known.warp_P4, side // SIDE), ((1, 2), (0.7, 3)))
    return Compared(known.view, warp, detail_correlation(first, second, warp))


def _turned(images_PHW: np.ndarray, view: np.ndarray) -> np.ndarray:
    result = images_PHW.copy()
    for number in np.unique(view):
        result[view == number] = turn(images_PHW[view == number], int(number))
    return result


def _halved(images_PHW: np.ndarray) -> np.ndarray:
    count, side, _ = images_PHW.shape
    return np.asarray(images_PHW.reshape(count, side // 2, 2, side // 2, 2).mean(axis=(2, 4)))
