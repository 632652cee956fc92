"""PICTURES -> arrays of one size, read one by one.

Legend: N pictures of S x S px, NHWC; kept as uint8 RGB (the recipes divide by 255 batch by batch, which
gives the numbers that dividing the whole array gives, at a quarter of the memory).
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from PIL import Image

from tellapart.errors import BrokenPictureError, PicturesError
from tellapart.pictures.collection import LeftOut, Pictures
from tellapart.pictures.decode import decode
from tellapart.pictures.read import read_pictures

Resize = Literal["nearest", "bilinear"]
Log = Callable[[str], None]

RESAMPLING = {"nearest": Image.Resampling.NEAREST, "bilinear": Image.Resampling.BILINEAR}
"""`nearest` is the default of Keras's own readers, hence what the authors got; `bilinear` is antialiased."""

ANNOUNCED = (0.2, 0.5, 0.8)
"""The shares at which training B tells how far it has read."""


@dataclass(frozen=True)
class Labelled:
    """Pictures of one part in memory.

    Attributes
    ----------
    images
        uint8 RGB, NHWC, all of one size.
    labels
        (N,) int: 1 for class 1, else 0.
    """

    images: np.ndarray
    labels: np.ndarray

    def __len__(self) -> int:
        return len(self.labels)

    def counts(self, classes: Sequence[str]) -> dict[str, int]:
        """Return the pictures of `classes` (the one labelled 0, the one labelled 1)."""
        return {name: int(np.sum(self.labels == number)) for number, name in enumerate(classes)}

    def select(self, indices: np.ndarray) -> Labelled:
        """Return the pictures at `indices`."""
        return Labelled(self.images[indices], self.labels[indices])


def find(source: str | os.PathLike[str]) -> Pictures:
    """Find the pictures of exactly two classes.

    Raises
    ------
    PicturesError
        Where the folder or table cannot be used, or has more than two classes.
    """
    pictures = read_pictures(source)
    if len(pictures.classes) != 2:
        raise PicturesError(
            "The founding trainings tell two classes apart.",
            found=f"{len(pictures.classes)} classes: {', '.join(pictures.classes[:6])}",
            where=str(source),
            advice="give a folder with two class folders",
        )
    return pictures


def load(
    pictures: Pictures, size_px: int, *, class_1: str, resize: Resize, log: Log
) -> tuple[Labelled, Pictures]:
    """Read pictures one by one, telling when 20, 50 and 80 % are read.

    Parameters
    ----------
    pictures
        What to read.
    size_px
        Height and width to resize to.
    class_1
        The class that is labelled 1.
    resize
        How to resize.
    log
        Takes the progress and the names of files that are left out.

    Returns
    -------
    labelled, pictures
        What could be read, in order; a broken file is named, left out and counted.

    Raises
    ------
    PicturesError
        A class has no picture that can be read.
    """
    number = len(pictures)
    images_NHWC = np.empty((number, size_px, size_px, 3), dtype=np.uint8)
    broken: dict[int, LeftOut] = {}
    announced = {max(1, round(share * number)): share for share in ANNOUNCED}
    for index in range(number):
        try:
            images_NHWC[index] = _read(pictures, index, size_px, resize)
        except BrokenPictureError as error:
            broken[index] = LeftOut(pictures.paths[index], error.found)
            log(f"left out: {pictures.paths[index]} ({error.found})")
        if index + 1 in announced:
            log(f"read {announced[index + 1]:.0%} of {number} pictures")
    keep = np.array([index not in broken for index in range(number)], dtype=bool)
    left = pictures.select(keep, list(broken.values()))
    _check_classes(left, list(broken.values()))
    labels = (left.labels == left.classes.index(class_1)).astype(np.int64)
    return Labelled(images_NHWC if not broken else images_NHWC[keep], labels), left


def _read(pictures: Pictures, index: int, size_px: int, resize: Resize) -> np.ndarray:
    with warnings.catch_warnings():
        # Pillow warns of odd metadata in files that decode well; what cannot be decoded is an error, not a warning.
        warnings.simplefilter("ignore")
        image_HWC, _ = decode(pictures.file(index), longest_side=None)
    if image_HWC.shape[:2] == (size_px, size_px):
        return image_HWC
    return np.asarray(Image.fromarray(image_HWC).resize((size_px, size_px), RESAMPLING[resize]))


def _check_classes(pictures: Pictures, broken: Sequence[LeftOut]) -> None:
    empty = [name for name, count in pictures.counts().items() if count == 0]
    if empty:
        named = "; ".join(f"{one.path}: {one.reason}" for one in broken[:3])
        raise PicturesError(
            f"Class {empty[0]!r} needs pictures that can be read.",
            found=f"{len(broken)} broken ({named})" if broken else "none",
            where=str(pictures.root),
            advice="repair the files, or copy them again",
        )
