"""All pictures decoded once, on disk: sets larger than memory cost disk, not memory.

Files are read back with plain reads rather than a mapping: mapped pages would count as memory of the process.
"""

from __future__ import annotations

import json
import os
import warnings
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from tellapart.errors import BrokenPictureError

from .collection import LeftOut, Pictures
from .decode import Facts, decode

PIXELS, INDEX = "pictures.u8", "pictures.json"
AHEAD = 32  # pictures decoded before their turn: enough to keep the threads busy, few enough to stay small


@dataclass(frozen=True)
class PictureStore:
    """N decoded pictures of different sizes in one file.

    Attributes
    ----------
    file
        Raw uint8, one HWC RGB picture after the other.
    shapes
        (N, 2) int: height, width, px.
    offsets
        (N,) int: where each begins, bytes.
    facts
        N `Facts`.
    """

    file: Path
    shapes: np.ndarray
    offsets: np.ndarray
    facts: tuple[Facts, ...]

    def __len__(self) -> int:
        return len(self.shapes)

    def __getitem__(self, index: int) -> np.ndarray:
        """Return picture `index`, uint8 HWC."""
        height, width = self.shapes[index]
        flat = np.fromfile(
            self.file, dtype=np.uint8, count=int(height) * int(width) * 3, offset=int(self.offsets[index])
        )
        return flat.reshape(int(height), int(width), 3)

    def select(self, keep: np.ndarray) -> PictureStore:
        """Return the store of the pictures at `keep` (indices or mask)."""
        indices = np.arange(len(self))[keep]
        return PictureStore(
            self.file, self.shapes[indices], self.offsets[indices], tuple(self.facts[i] for i in indices)
        )


def decode_all(
    pictures: Pictures, folder: Path, *, workers: int = 0, advance: Callable[[int], None] = lambda _: None
) -> tuple[PictureStore, Pictures]:
    """Decode every picture once into `folder` and leave out, by name, those that are broken.

    Parameters
    ----------
    pictures
        What to decode.
    folder
        Where the store is kept; a finished store of the same files is used again.
    workers
        Threads (Pillow releases the lock while it decodes); 0: one per core.
    advance
        Called with the number of pictures done since the last call.

    Returns
    -------
    store, pictures
        The store and the pictures that could be read, in the same order.
    """
    stamp = _stamp(pictures)
    found = _load(folder, stamp)
    if found is None:
        _build(pictures, folder, stamp, workers, advance)
        found = _load(folder, stamp)
        assert found is not None  # noqa: S101 - just written
    store, broken = found
    good = np.array([path not in broken for path in pictures.paths], dtype=bool)
    left_out = [LeftOut(path, broken[path]) for path in pictures.paths if path in broken]
    return store, pictures.select(good, left_out)


def decode_stream(
    files: Sequence[Path | str], workers: int = 0
) -> Iterator[tuple[np.ndarray, Facts] | BrokenPictureError]:
    """Decode files in order, a few ahead; a broken one yields its error."""

    def one(file: Path | str) -> tuple[np.ndarray, Facts] | BrokenPictureError:
        try:
            return decode(file)
        except BrokenPictureError as error:
            return error

    waiting: deque[Future[tuple[np.ndarray, Facts] | BrokenPictureError]] = deque()
    with warnings.catch_warnings(), ThreadPoolExecutor(workers or os.cpu_count() or 1) as pool:
        # Pillow warns of odd metadata in files that decode well; what cannot be decoded is an error, not a warning.
        warnings.simplefilter("ignore")
        for file in files:
            waiting.append(pool.submit(one, file))
            if len(waiting) >= AHEAD:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _stamp(pictures: Pictures) -> list[list[object]]:
    rows: list[list[object]] = []
    for i, path in enumerate(pictures.paths):
        try:
            stat = pictures.file(i).stat()
            rows.append([path, stat.st_size, stat.st_mtime_ns])
        except OSError:
            rows.append([path, -1, -1])
    return rows


def _build(
    pictures: Pictures, folder: Path, stamp: list[list[object]], workers: int, advance: Callable[[int], None]
) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / INDEX).unlink(missing_ok=True)
    shapes, offsets, facts, broken, at = [], [], [], {}, 0
    files = [pictures.file(i) for i in range(len(pictures))]
    with (folder / PIXELS).open("wb") as out:
        for path, result in zip(pictures.paths, decode_stream(files, workers), strict=True):
            if isinstance(result, BrokenPictureError):
                broken[path] = result.found
            else:
                image, fact = result
                out.write(image.tobytes())
                shapes.append(image.shape[:2])
                offsets.append(at)
                facts.append(asdict(fact))
                at += image.size
            advance(1)
    index = {"stamp": stamp, "shapes": shapes, "offsets": offsets, "facts": facts, "broken": broken}
    temporary = folder / (INDEX + ".part")
    temporary.write_text(json.dumps(index))
    temporary.replace(folder / INDEX)  # the index is written last: a store without it is begun anew


def _load(folder: Path, stamp: list[list[object]]) -> tuple[PictureStore, dict[str, str]] | None:
    try:
        index = json.loads((folder / INDEX).read_text())
    except (OSError, ValueError):
        return None
    if index["stamp"] != stamp:
        return None
    store = PictureStore(
        folder / PIXELS,
        np.array(index["shapes"], dtype=np.int64).reshape(-1, 2),
        np.array(index["offsets"], dtype=np.int64),
        tuple(Facts(**fact) for fact in index["facts"]),
    )
    return store, index["broken"]
