"""The pictures of one job: where they are, what they are labelled, what belongs together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

PARTS = ("train", "validation", "test")


@dataclass(frozen=True)
class LeftOut:
    """A file that is not used, and why."""

    path: str
    reason: str


@dataclass(frozen=True)
class Pictures:
    """Labelled pictures in a deterministic order.

    Attributes
    ----------
    root
        Folder that `paths` are relative to.
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
    """

    root: Path
    paths: tuple[str, ...]
    labels: np.ndarray
    classes: tuple[str, ...]
    parts: np.ndarray
    groups: np.ndarray
    left_out: tuple[LeftOut, ...] = ()
    warnings: tuple[str, ...] = field(default=())

    def __len__(self) -> int:
        return len(self.paths)

    def file(self, index: int) -> Path:
        """Return the file of picture `index`."""
        return self.root / self.paths[index]

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

    def group_numbers(self) -> np.ndarray:
        """Return (N,) int group numbers; a picture without a group is a group of its own."""
        alone = np.array([name or f"\0{path}" for name, path in zip(self.groups, self.paths, strict=True)])
        return np.unique(alone, return_inverse=True)[1]
