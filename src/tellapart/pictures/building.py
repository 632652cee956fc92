"""Pictures -> the two files of a store, pixels first; what came from an address is noted, so that it comes once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import astuple, dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from tellapart.errors import BrokenPictureError
from tellapart.pictures.address import Address
from tellapart.pictures.collection import Pictures
from tellapart.pictures.decode import Facts
from tellapart.pictures.stream import Decoded, decode_stream

PIXELS, INDEX = "pictures.u8", "pictures.json"
BEGUN = "pictures.begun"  # what of an unfinished store can be used; only where pictures come from an address


@dataclass
class Filling:
    """What is known of the pictures written so far; `at` is where the next one begins, bytes."""

    shapes: list[tuple[int, ...]] = field(default_factory=list)
    offsets: list[int] = field(default_factory=list)
    facts: list[Facts] = field(default_factory=list)
    at: int = 0

    def add(self, out: BinaryIO, image_HWC: np.ndarray, fact: Facts) -> None:
        """Write a picture behind the others."""
        out.write(image_HWC.data)
        self.note(image_HWC.shape[:2], fact)

    def note(self, shape: tuple[int, ...], fact: Facts) -> None:
        """Know of a picture whose pixels are written."""
        self.shapes.append(shape)
        self.offsets.append(self.at)
        self.facts.append(fact)
        self.at += shape[0] * shape[1] * 3


def build(
    pictures: Pictures,
    folder: Path,
    stamp: dict[str, Any],
    workers: int,
    advance: Callable[[int], None],
) -> dict[str, Any]:
    """Write the files of a store into `folder` and return its index; see `store.decode_all`."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / INDEX).unlink(missing_ok=True)
    filling, broken = Filling(), dict[str, str]()
    with ExitStack() as stack:
        begun = None
        if isinstance(pictures.root, Address):
            begun = stack.enter_context(closing(_Begun(folder / BEGUN, stamp)))
            begun.resume(pictures, folder / PIXELS, filling, broken)
        done = len(filling.shapes) + len(broken)
        if done:
            advance(done)
        out = stack.enter_context((folder / PIXELS).open("r+b" if done else "wb"))
        if done:
            out.truncate(filling.at)
            out.seek(filling.at)
        files = (pictures.file(i) for i in range(done, len(pictures)))
        stream = stack.enter_context(closing(decode_stream(files, workers)))
        for path, result in zip(pictures.paths[done:], stream, strict=True):
            if isinstance(result, BrokenPictureError):
                broken[path] = result.found
            else:
                filling.add(out, *result)
            if begun is not None:
                out.flush()  # before it is noted
                begun.note(result)
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
    (folder / BEGUN).unlink(missing_ok=True)
    return index


class _Begun:
    """A line for each picture whose pixels are written, or that is broken: where a lost connection is gone on from."""

    def __init__(self, file: Path, stamp: dict[str, Any]) -> None:
        self._header = hashlib.sha256(json.dumps(stamp).encode()).hexdigest().encode() + b"\n"
        self._stream = file.open("a+b")

    def resume(self, pictures: Pictures, pixels: Path, filling: Filling, broken: dict[str, str]) -> None:
        """Take over what can be used of an earlier build of the same files; forget the rest."""
        self._stream.seek(0)
        end = 0
        if self._stream.readline(len(self._header)) == self._header:
            end = len(self._header)
            written = pixels.stat().st_size if pixels.is_file() else 0
            for path, (line, noted) in zip(pictures.paths, self._lines(), strict=False):
                if isinstance(noted, str):
                    broken[path] = noted
                else:
                    shape, fact = noted
                    if filling.at + shape[0] * shape[1] * 3 > written:
                        break
                    filling.note(tuple(shape), Facts(*fact))
                end += len(line)
        self._stream.truncate(end)
        if not end:
            self._stream.write(self._header)

    def note(self, result: Decoded) -> None:
        """Add a picture."""
        entry = result.found if isinstance(result, BrokenPictureError) else _noted(*result)
        self._stream.write(json.dumps(entry).encode("ascii") + b"\n")
        self._stream.flush()

    def close(self) -> None:
        """Close the file."""
        self._stream.close()

    def _lines(self) -> Iterator[tuple[bytes, Any]]:
        for line in self._stream:
            try:
                yield line, json.loads(line)
            except ValueError:  # cut short, where the process was killed
                return


def _noted(image_HWC: np.ndarray, fact: Facts) -> tuple[tuple[int, ...], tuple[Any, ...]]:
    return image_HWC.shape[:2], astuple(fact)
