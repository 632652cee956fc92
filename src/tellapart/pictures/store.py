"""All pictures decoded once, on disk: sets larger than memory cost disk, not memory.

Files are read back with plain reads rather than a mapping: mapped pages would count as memory of the process.
One process at a time may build a store in a folder: who owns the folder sees to that.
"""

from __future__ import annotations

import errno
import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from tellapart.errors import RunFolderError
from tellapart.pictures.building import BEGUN, INDEX, PIXELS, Filling, build
from tellapart.pictures.collection import LeftOut, Pictures, stamp_of
from tellapart.pictures.decode import STORE_SIDE, Facts

STORE_FILES = (PIXELS, INDEX)
SCHEMA = 1  # of the two files; one of another schema is built anew


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
    filling, digest = Filling(), hashlib.sha256()
    with _clearing(folder, lambda: len(filling.shapes) + 1):
        with (folder / PIXELS).open("wb") as out:
            for image, fact in images:
                filling.add(out, image, fact)
                digest.update(image.data)
        stamp = {"schema": SCHEMA, "shapes": filling.shapes, "pixels": digest.hexdigest()}
        (folder / INDEX).write_text(json.dumps(stamp), encoding="utf-8")
    return _opened(folder, filling.shapes, filling.offsets, filling.facts)


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
    AddressError
        The pictures lie at an address that cannot be reached any more; what was read stays, and the same call goes on.
    """
    if isinstance(pictures, StoredPictures):
        advance(len(pictures))
        return pictures.store, pictures
    stamp = _stamp(pictures)
    index = _load(folder, stamp)
    if index is None:
        with _clearing(folder, lambda: len(pictures)):
            index = build(pictures, folder, stamp, workers, advance)
    else:
        advance(len(pictures))
    broken = index["broken"]
    good = np.array([path not in broken for path in pictures.paths], dtype=bool)
    left_out = [LeftOut(path, broken[path]) for path in pictures.paths if path in broken]
    facts = [Facts(*values) for values in index["facts"]]
    return _opened(folder, index["shapes"], index["offsets"], facts), pictures.select(good, left_out)


def _opened(
    folder: Path, shapes: Sequence[Sequence[int]], offsets: Sequence[int], facts: Sequence[Facts]
) -> PictureStore:
    return PictureStore(
        folder / PIXELS,
        np.array(shapes, dtype=np.int64).reshape(-1, 2),
        np.array(offsets, dtype=np.int64),
        tuple(facts),
    )


def _stamp(pictures: Pictures) -> dict[str, Any]:
    """Return what the store depends on; it is used again while this stays the same."""
    files = [[path, *(stamp_of(pictures.file(i)) or (-1, -1))] for i, path in enumerate(pictures.paths)]
    names = [field.name for field in fields(Facts)]
    return {"schema": SCHEMA, "longest_side": STORE_SIDE, "facts": names, "files": files}


@contextmanager
def _clearing(folder: Path, count: Callable[[], int]) -> Iterator[None]:
    """Take away what was begun in `folder` where the system refuses to write it; `count` pictures were to be kept."""
    try:
        yield
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
        for name in (INDEX + ".part", PIXELS, BEGUN):
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


def _load(folder: Path, stamp: dict[str, Any]) -> dict[str, Any] | None:
    """Return the index of a finished store of just these files, else nothing."""
    try:
        index = json.loads((folder / INDEX).read_text(encoding="utf-8"))
        fits = index["stamp"] == stamp and index["bytes"] == (folder / PIXELS).stat().st_size
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return index if fits else None
