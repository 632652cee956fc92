"""Frozen features of all pictures, computed once and kept on disk: here, or by tasks on a cluster.

N pictures, D features.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache, partial
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from tellapart.backbones.features import Backbone, run_by_shape, session
from tellapart.pictures.features import StoredFeatures
from tellapart.pictures.store import Images, PictureStore
from tellapart.pictures.view import View
from tellapart.scale.executor import Advance, Executor, results_in_order

BATCH = 16  # throughput is flat from 8 to 32 pictures; larger ones only cost memory
CHUNK = 8 * BATCH  # pictures looked at together, so that those of one shape meet


def view_of(backbone: Backbone, area_px: int) -> View:
    """Return how pictures are prepared for a backbone: brought to about this area, or to the one size it takes."""
    if backbone.fixed_px is not None:
        return View("canvas", *backbone.fixed_px)
    side = round(area_px**0.5)
    return View("area", side, side, backbone.multiple)


def extract(
    backbone: Backbone,
    area_px: int,
    store: Images,
    file: Path,
    advance: Callable[[int], None] = lambda _: None,
    *,
    reversed_axes: tuple[int, ...] = (),
) -> StoredFeatures:
    """Compute (N, D) features of all pictures of `store`, seen at about `area_px`, unless `file` holds them already.

    Prepared pictures (H, W, 3) are reversed along `reversed_axes` first.
    """
    if file.exists():
        return StoredFeatures(file)
    rows = partial(_rows, session(backbone.model), view_of(backbone, area_px), reversed_axes)
    return _write(file, len(store), (rows(store, part) for part in _parts(store)), advance)


def extract_on(
    executor: Executor,
    backbone: Backbone,
    area_px: int,
    store: PictureStore,
    file: Path,
    advance: Callable[[int], None] = lambda _: None,
    *,
    reversed_axes: tuple[int, ...] = (),
) -> StoredFeatures:
    """Do as `extract` wherever tasks run: the same pictures together, so the same numbers.

    Raises
    ------
    ClusterError
        A node does not see the store.
    """
    if file.exists() or not executor.apart:
        return extract(backbone, area_px, store, file, advance, reversed_axes=reversed_axes)
    executor.check_files([store.file])
    model = executor.share(backbone.model.SerializeToString())
    view = view_of(backbone, area_px)
    calls = ((model, view, reversed_axes, store.select(np.array(part))) for part in _parts(store))
    return _write(file, len(store), results_in_order(executor, features_of, calls), advance)


def features_of(
    model: bytes, view: View, reversed_axes: tuple[int, ...], store: PictureStore, *, advance: Advance
) -> np.ndarray:
    """Return the (n, D) features of a few pictures; the process keeps the opened network for the next ones."""
    rows = _rows(_opened(model), view, reversed_axes, store, range(len(store)))
    advance(len(rows))
    return rows


@lru_cache(maxsize=1)
def _opened(model: bytes) -> Any:
    """Open the network once for all tasks of a process. A task has one core: there are as many tasks as cores."""
    return session(model, threads=1)


def _parts(store: Images) -> Iterator[range]:
    return (range(start, min(start + CHUNK, len(store))) for start in range(0, len(store), CHUNK))


def _rows(engine: Any, view: View, reversed_axes: tuple[int, ...], store: Images, part: range) -> np.ndarray:
    images = [np.flip(view.apply(store[i]), reversed_axes) for i in part]
    return run_by_shape(lambda x: engine.run(None, {"images": x})[0], images, BATCH)


def _write(
    file: Path, count: int, parts: Iterator[np.ndarray], advance: Callable[[int], None]
) -> StoredFeatures:
    """Write rows as they come; written, not mapped: a full disk is then an error and not a crash."""
    first = next(parts)
    temporary = file.with_suffix(".part")
    with temporary.open("wb") as out:
        header = {"descr": "<f4", "fortran_order": False, "shape": (count, first.shape[1])}
        np.lib.format.write_array_header_1_0(out, header)
        for rows in chain([first], parts):
            out.write(rows.astype("<f4").tobytes())
            advance(len(rows))
    temporary.replace(file)
    return StoredFeatures(file)
