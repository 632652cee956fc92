"""The pictures of one job: where they are, what they are labelled, what belongs together."""

from __future__ import annotations

import hashlib
import os
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from tellapart.pictures.address import Address, Location

PARTS = ("train", "validation", "test")

PART_NAMES = {
    "train": "train",
    "training": "train",
    "validation": "validation",
    "valid": "validation",
    "val": "validation",
    "test": "test",
    "testing": "test",
}
"""How people write the parts, in any case, as folders and in tables."""


@dataclass(frozen=True)
class LeftOut:
    """A file that is not used, and why."""

    path: str
    reason: str


class Row(NamedTuple):
    """What is said about one picture; `part` and `group` are empty where nothing is."""

    label: str
    part: str = ""
    group: str = ""


@dataclass(frozen=True, eq=False)  # compared by identity: arrays have no single truth value
class Pictures:
    """Labelled pictures in a deterministic order.

    Attributes
    ----------
    root
        Folder that `paths` are relative to, here or at an address.
    paths
        N relative POSIX paths.
    labels
        (N,) int, indices into `classes`.
    classes
        Class names, sorted.
    parts
        (N,) str: ``train``, ``validation`` or ``test`` where the user gave parts, else ``""``.
    groups
        (N,) str: pictures with one name belong together (object, patient, panel); ``""``: alone.
    left_out
        Files that were found and are not used.
    warnings
        Sentences for the user about the reading.
    corrected
        Paths of the pictures whose label was replaced by a corrections file.
    """

    root: Location
    paths: tuple[str, ...]
    labels: np.ndarray
    classes: tuple[str, ...]
    parts: np.ndarray
    groups: np.ndarray
    left_out: tuple[LeftOut, ...] = ()
    warnings: tuple[str, ...] = ()
    corrected: frozenset[str] = frozenset()

    @classmethod
    def from_rows(
        cls,
        root: Location,
        rows: Mapping[str, Row],
        *,
        left_out: Sequence[LeftOut] = (),
        warnings: Sequence[str] = (),
    ) -> Pictures:
        """Make the collection of `rows` (path -> row), sorted by path whatever order they come in."""
        paths = tuple(sorted(rows))
        # One spelling: a folder made on a Mac and one made elsewhere may write the same é with other bytes.
        names = [unicodedata.normalize("NFC", rows[path].label) for path in paths]
        classes = tuple(sorted(set(names)))
        number = {name: i for i, name in enumerate(classes)}
        return cls(
            root=root,
            paths=paths,
            labels=np.array([number[name] for name in names], dtype=np.int64),
            classes=classes,
            parts=np.array([rows[path].part for path in paths], dtype="<U10"),
            groups=np.array([rows[path].group for path in paths], dtype=object),
            left_out=tuple(sorted(left_out, key=lambda item: item.path)),
            warnings=tuple(warnings),
        )

    def __len__(self) -> int:
        return len(self.paths)

    def file(self, index: int) -> Location:
        """Return the file of picture `index`."""
        return self.root / self.paths[index]

    @property
    def was_corrected(self) -> np.ndarray:
        """(N,) bool: the label was replaced by a corrections file."""
        return np.array([path in self.corrected for path in self.paths], dtype=bool)

    @property
    def has_parts(self) -> bool:
        """Whether the user gave parts."""
        return bool(np.any(self.parts != ""))

    def counts(self) -> dict[str, int]:
        """Return the pictures per class."""
        found = np.bincount(self.labels, minlength=len(self.classes))
        return {name: int(count) for name, count in zip(self.classes, found, strict=True)}

    def select(self, keep: np.ndarray, left_out: Sequence[LeftOut] = ()) -> Pictures:
        """Return the pictures at `keep` (indices or mask); `left_out` is added to what is left out."""
        indices = np.arange(len(self))[keep]
        return replace(
            self,
            paths=tuple(self.paths[i] for i in indices),
            labels=self.labels[indices],
            parts=self.parts[indices],
            groups=self.groups[indices],
            left_out=(*self.left_out, *left_out),
        )

    def identity(self) -> str:
        """Return what tells these pictures from others: where they are, and a digest of what is said of them."""
        digest = hashlib.sha256()
        names = [self.classes[label] for label in self.labels]
        for row in zip(self.paths, names, self.parts.tolist(), self.groups.tolist(), strict=True):
            digest.update(repr(row).encode())
        return f"{self.root} (sha256 {digest.hexdigest()[:16]})"

    def group_numbers(self) -> np.ndarray:
        """Return (N,) int group numbers, 0 first met; a picture without a group is a group of its own."""
        numbers: dict[tuple[str, str], int] = {}
        keys = (
            ("group", name) if name else ("alone", path)
            for name, path in zip(self.groups, self.paths, strict=True)
        )
        return np.array([numbers.setdefault(key, len(numbers)) for key in keys], dtype=np.int64)


def stamp_of(file: Location | str) -> list[int | str] | None:
    """Return size and time of change of a file (at an address: its mark), by which it is known again.

    None where there is none; and at an address that no listing was made of, for a question takes as long as the file.
    """
    if isinstance(file, Address):
        return None if file.stamp is None else list(file.stamp)
    try:
        found = os.stat(file)  # noqa: PTH116 - a name may hold what Path refuses
    except (OSError, ValueError):
        return None
    return [found.st_size, found.st_mtime_ns]
