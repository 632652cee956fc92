"""What ``--pictures`` offers to a program that lacks its own: classes, parts, a size."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from tellapart.errors import OptionError
from tellapart.pictures.read import read_pictures

MOST_SIDE = 128
"""Pixels: where the program does not say how large its pictures are, larger ones are made smaller."""


@dataclass(frozen=True)
class Folder:
    """A folder of pictures.

    Attributes
    ----------
    root
        As given, in full.
    classes
        Their names, sorted.
    parts
        Name of a part (train, validation, test) -> its folder; empty where there are none.
    suffixes
        Of the files, in lower case.
    counts
        Pictures by part; under "" where there are none.
    size
        (height, width) of the first picture, at most `MOST_SIDE` each.
    """

    root: Path
    classes: tuple[str, ...]
    parts: dict[str, Path]
    suffixes: tuple[str, ...]
    counts: dict[str, int]
    size: tuple[int, int]

    def of_part(self, part: str) -> Path:
        """Return the folder whose folders are the classes of a part; of a part held out, the other one will do."""
        other = {"validation": "test", "test": "validation"}.get(part, part)
        return self.parts.get(part) or self.parts.get(other) or self.parts.get("train", self.root)

    def count(self, part: str) -> int:
        """Return how many pictures a part has; where there are none, what the completed split gives it."""
        if part in self.counts:
            return self.counts[part]
        whole = sum(self.counts.values())
        return whole - whole // 5 if part == "train" else whole // 5


def read_folder(pictures: Path) -> Folder:
    """Read what a folder offers; no more than one picture is opened.

    Raises
    ------
    PicturesError, OptionError
        It has no class folders.
    """
    if not pictures.is_dir():
        raise OptionError(
            "To complete a program --pictures should be a folder.",
            found="a file" if pictures.exists() else "nothing there",
            where=str(pictures),
            advice="name the folder that holds the class folders, or train/ and validation/",
        )
    found = read_pictures(pictures)
    root = pictures.resolve()
    parts: dict[str, Path] = {}
    counts: dict[str, int] = {}
    for path, part in zip(found.paths, found.parts.tolist(), strict=True):
        counts[part] = counts.get(part, 0) + 1
        if part:
            parts.setdefault(part, root / path.partition("/")[0])
    with Image.open(root / found.paths[0]) as first:
        width, height = first.size
    size = (min(height, MOST_SIDE), min(width, MOST_SIDE))
    suffixes = tuple(sorted({Path(path).suffix.lower() for path in found.paths}))
    return Folder(root, found.classes, parts, suffixes, counts, size)
