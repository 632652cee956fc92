"""All pictures decoded once, on disk: sets larger than memory cost disk, not memory.

Files are read back with plain reads rather than a mapping: mapped pages would count as memory of the process.
One process at a time may build a store in a folder: who owns the folder sees to that.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from dataclasses import astuple, dataclass, field, fields
from pathlib import Path
from typing import Any, BinaryIO, Protocol

import numpy as np

from tellapart.errors import BrokenPictureError, RunFolderError
from tellapart.pictures.collection import LeftOut, Pictures
from tellapart.pictures.decode import STORE_SIDE, Facts, decode

PIXELS, INDEX = "pictures.u8", "pictures.json"
STORE_FILES = (PIXELS, INDEX)
SCHEMA = 1  # of the two files; one of another schema is built anew
AHEAD = 32  # pictures decoded before their turn: enough to keep the threads busy, few enough to stay small


class Images(Protocol):
    """N pictures that can be asked for by number: a store, or a store seen in some other way."""

    def __len__(self) -> int: ...

    def __getitem__(self, index: int) -> np.ndarray:
        """Return picture `index`, uint8 HWC."""


@dataclass(frozen=True, eq=False)
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
        height, width = (int(side) for side in self.shapes[index])
        flat = np.fromfile(
            self.file, dtype=np.uint8, count=height * width * 3, offset=int(self.offsets[index])
        )
        return flat.reshape(height, width, 3)

    def index(self) -> str:
        """Return the text that says which files the store was made of, and when these were changed."""
        return (self.file.parent / INDEX).read_text(encoding="utf-8")

    def select(self, keep: np.ndarray) -> PictureStore:
        """Return the store of the pictures at `keep` (indices or mask)."""
        indices = np.arange(len(self))[keep]
        return PictureStore(
            self.file, self.shapes[indices], self.offsets[indices], tuple(self.facts[i] for i in indices)
        )


@dataclass(frozen=True, eq=False)
class StoredPictures(Pictures):
    """Pictures that come from memory: no files, but a store that is filled already; `paths` only name them."""

    store: PictureStore = field(kw_only=True)

    @classmethod
    def of(cls, pictures: Pictures, store: PictureStore) -> StoredPictures:
        """Give N `pictures` their `store`, in the same order."""
        return cls(**vars(pictures), store=store)

    def select(self, keep: np.ndarray, left_out: Sequence[LeftOut] = ()) -> StoredPictures:
        """Return the pictures at `keep` (indices or mask), with their pixels."""
        kept = Pictures(**{key: value for key, value in vars(self).items() if key != "store"})
        return StoredPictures.of(kept.select(keep, left_out), self.store.select(keep))

    def identity(self) -> str:
        """Return a digest of what is said of the pictures and of their pixels."""
        index = (self.store.file.parent / INDEX).read_bytes()
        return f"{super().identity()}, pixels {hashlib.sha256(index).hexdigest()[:16]}"


def fill_store(images: Iterable[tuple[np.ndarray, Facts]], folder: Path) -> PictureStore:
    """Write decoded pictures, one after the other, to a new store in `folder`; its index holds a digest of the pixels.

    Raises
    ------
    RunFolderError
        `folder` cannot be written, or the disk is full; what was begun is taken away.
    """
    filling, digest = _Filling(), hashlib.sha256()
    with _clearing(folder, lambda: len(filling.shapes) + 1):
        with (folder / PIXELS).open("wb") as out:
            for image, fact in images:
                filling.add(out, image, fact)
                digest.update(image.data)
        stamp = {"schema": SCHEMA, "shapes": filling.shapes, "pixels": digest.hexdigest()}
        (folder / INDEX).write_text(json.dumps(stamp), encoding="utf-8")
    return filling.store(folder)


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

    Raises
    ------
    RunFolderError
        `folder` cannot be written, or the disk is full; what was begun is taken away.
    """
    if isinstance(pictures, StoredPictures):
        advance(len(pictures))
        return pictures.store, pictures
    stamp = _stamp(pictures)
    index = _load(folder, stamp)
    if index is None:
        with _clearing(folder, lambda: len(pictures)):
            index = _build(pictures, folder, stamp, workers, advance)
    else:
        advance(len(pictures))
    broken = index["broken"]
    good = np.array([path not in broken for path in pictures.paths], dtype=bool)
    left_out = [LeftOut(path, broken[path]) for path in pictures.paths if path in broken]
    store = PictureStore(
        folder / PIXELS,
        np.array(index["shapes"], dtype=np.int64).reshape(-1, 2),
        np.array(index["offsets"], dtype=np.int64),
        tuple(Facts(*values) for values in index["facts"]),
    )
    return store, pictures.select(good, left_out)


def decode_stream(
    files: Iterable[Path | str], workers: int = 0
) -> Generator[tuple[np.ndarray, Facts] | BrokenPictureError, None, None]:
    """Decode files in order, a few ahead; a broken one yields its error."""

    def one(file: Path | str) -> tuple[np.ndarray, Facts] | BrokenPictureError:
        try:
            return decode(file)
        except BrokenPictureError as error:
            return error

    waiting: deque[Future[tuple[np.ndarray, Facts] | BrokenPictureError]] = deque()
    pool = ThreadPoolExecutor(workers or os.cpu_count() or 1)
    try:
        for file in files:
            waiting.append(pool.submit(one, file))
            if len(waiting) >= AHEAD:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)  # who stops early (Ctrl-C) does not wait for those ahead


def _stamp(pictures: Pictures) -> dict[str, Any]:
    """Return what the store depends on; it is used again while this stays the same."""
    files: list[list[object]] = []
    for i, path in enumerate(pictures.paths):
        try:
            stat = pictures.file(i).stat()
            files.append([path, stat.st_size, stat.st_mtime_ns])
        except OSError:
            files.append([path, -1, -1])
    names = [field.name for field in fields(Facts)]
    return {"schema": SCHEMA, "longest_side": STORE_SIDE, "facts": names, "files": files}


@contextmanager
def _clearing(folder: Path, count: Callable[[], int]) -> Iterator[None]:
    """Take away what was begun in `folder` where the system refuses to write it; `count` pictures were to be kept."""
    try:
        yield
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
        for name in (INDEX + ".part", PIXELS):
            with suppress(OSError):
                (folder / name).unlink()
        most = -(-count() * STORE_SIDE * STORE_SIDE * 3 // 1_000_000)
        raise RunFolderError(
            "The decoded pictures should fit on the disk."
            if full
            else "A folder that can be written is needed for the decoded pictures.",
            found=error.strerror or str(error),
            where=str(folder),
            advice=f"make room (up to {most:,} MB), or choose a folder on another disk"
            if full
            else "choose another folder, or have it made writable",
        ) from error


@dataclass
class _Filling:
    """What is known of the pictures written so far; `at` is where the next one begins, bytes."""

    shapes: list[tuple[int, ...]] = field(default_factory=list)
    offsets: list[int] = field(default_factory=list)
    facts: list[Facts] = field(default_factory=list)
    at: int = 0

    def add(self, out: BinaryIO, image_HWC: np.ndarray, fact: Facts) -> None:
        out.write(image_HWC.data)
        self.shapes.append(image_HWC.shape[:2])
        self.offsets.append(self.at)
        self.facts.append(fact)
        self.at += image_HWC.size

    def store(self, folder: Path) -> PictureStore:
        return PictureStore(
            folder / PIXELS,
            np.array(self.shapes, dtype=np.int64).reshape(-1, 2),
            np.array(self.offsets, dtype=np.int64),
            tuple(self.facts),
        )


def _build(
    pictures: Pictures,
    folder: Path,
    stamp: dict[str, Any],
    workers: int,
    advance: Callable[[int], None],
) -> dict[str, Any]:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / INDEX).unlink(missing_ok=True)
    filling, broken = _Filling(), {}
    files = (pictures.root / path for path in pictures.paths)
    with (folder / PIXELS).open("wb") as out, closing(decode_stream(files, workers)) as stream:
        for path, result in zip(pictures.paths, stream, strict=True):
            if isinstance(result, BrokenPictureError):
                broken[path] = result.found
            else:
                image, fact = result
                filling.add(out, image, fact)
            advance(1)
    index = {
        "stamp": stamp,
        "bytes": filling.at,
        "shapes": filling.shapes,
        "offsets": filling.offsets,
        "facts": [astuple(fact) for fact in filling.facts],
        "broken": broken,
    }
    temporary = folder / (INDEX + ".part")
    temporary.write_text(json.dumps(index), encoding="utf-8")
    temporary.replace(folder / INDEX)  # the index is written last: a store without it is begun anew
    return index


def _load(folder: Path, stamp: dict[str, Any]) -> dict[str, Any] | None:
    """Return the index of a finished store of just these files, else nothing."""
    try:
        index = json.loads((folder / INDEX).read_text(encoding="utf-8"))
        fits = index["stamp"] == stamp and index["bytes"] == (folder / PIXELS).stat().st_size
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return index if fits else None
