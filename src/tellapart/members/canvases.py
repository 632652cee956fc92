"""All pictures at one size, on disk: what the detail net trains on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tellapart.pictures.store import Images
from tellapart.pictures.view import View


@dataclass(frozen=True)
class Canvases:
    """N uint8 pictures of one size in a raw file; read in batches, so that memory does not grow with the set."""

    file: Path
    height: int
    width: int

    def take(self, indices: np.ndarray) -> np.ndarray:
        """Return the pictures at `indices`, uint8 (n, H, W, 3)."""
        size = self.height * self.width * 3
        out = np.empty((len(indices), size), dtype=np.uint8)
        with self.file.open("rb", buffering=0) as source:
            for row, index in enumerate(indices):
                source.seek(int(index) * size)
                source.readinto(out[row].data)
        return out.reshape(len(indices), self.height, self.width, 3)


def make_canvases(store: Images, view: View, file: Path, advance: Callable[[int], None]) -> Canvases:
    """Prepare all pictures of `store` for `view`; a finished file is used again."""
    canvases = Canvases(file, view.height, view.width)
    if not file.exists():
        temporary = file.with_suffix(".part")
        with temporary.open("wb") as out:
            for i in range(len(store)):
                out.write(view.apply(store[i]).tobytes())
                advance(1)
        temporary.replace(file)
    return canvases
