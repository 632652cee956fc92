"""What PyTorch's loaders yield, so that a batch in the model can be told to come from one."""

from __future__ import annotations

import functools
import sys
import weakref
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .patches import Patches
from .session import Session, array_of

REMEMBERED = 4
"""Batches looked back on: loops that zip two loaders, or fetch one ahead."""


@dataclass
class Yielded:
    """One batch of a loader.

    Attributes
    ----------
    key, turn
        Which data set it comes from, and in which pass over it.
    parts
        Its arrays, in the order in which the data set gives them.
    begun
        The pass it belongs to.
    over, taken
        Whether that pass is over, and whether a model has been given the batch: what is made by hand afterwards is
        not it.
    """

    key: tuple[int, str]
    turn: int
    source: dict[str, Any]
    known: int | None
    parts: list[Any] = field(default_factory=list)
    labels: np.ndarray | None = None
    begun: Yielded | None = None
    over: bool = False
    taken: bool = False

    @property
    def done(self) -> bool:
        """Whether nothing but the very same arrays can come from it any more."""
        return self.taken and self.begun is not None and self.begun.over


class Loaders:
    """The latest batches of all loaders."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.latest: list[Yielded] = []
        self.turns = 0
        self.data_sets: list[Callable[[], Any]] = []

    def install(self, data: Any, patches: Patches) -> None:
        """Patch ``DataLoader.__iter__``."""
        plain, loaders = data.DataLoader.__iter__, self

        @functools.wraps(plain)
        def __iter__(loader: Any) -> Any:  # noqa: N807 - it takes that place
            if loaders.session.busy:
                return plain(loader)
            return _Watched(plain(loader), loaders, loader)

        patches.put(data.DataLoader, "__iter__", __iter__)

    def begin(self, loader: Any) -> Yielded:
        """Begin a pass; returns a batch without arrays, to be filled in."""
        self.turns += 1
        data_set = loader.dataset
        try:
            known = len(data_set)
        except TypeError:
            known = None
        source = {
            "kind": f"DataLoader({type(data_set).__name__})",
            "batch_size": loader.batch_size,
            "order": type(loader.sampler).__name__,
            "drop_last": bool(loader.drop_last),
            "workers": loader.num_workers,
        }
        # Not the loader: many scripts make a new one for each epoch. With its order, so that a shuffled training
        # loader and one that evaluates on the same pictures stay two.
        key = (self._number(data_set), type(loader.sampler).__name__)
        return Yielded(key, self.turns, source, known)

    def _number(self, data_set: Any) -> int:
        """Return the number of a data set, in order of appearance."""
        for number, one in enumerate(self.data_sets):
            if one() is data_set:
                return number
        self.data_sets.append(_weakly(data_set))
        return len(self.data_sets) - 1

    def is_gone(self, key: tuple[int, str]) -> bool:
        """Whether the data set of this key does not exist any more."""
        return self.data_sets[key[0]]() is None

    def yielded(self, begun: Yielded, batch: Any) -> None:
        """Remember a batch."""
        parts = list(_tensors(batch))
        self.latest = [
            Yielded(begun.key, begun.turn, begun.source, begun.known, parts, begun=begun),
            *self.latest,
        ][:REMEMBERED]

    def batch_of(self, given: Any, n: int) -> Yielded | None:
        """Return the batch that a model's input comes from, with its labels.

        The input itself, or a view of it, is looked for first; else the latest batch of as many rows is taken: the
        script may have scaled, cast or moved it.
        """
        fitting = [one for one in self.latest if any(len(part) == n for part in one.parts)]
        if not fitting:
            return None
        storage = given.data_ptr() if hasattr(given, "data_ptr") else None
        same = next((one for one in fitting if any(_pointer(p) == storage for p in one.parts)), None)
        chosen = same or next((one for one in fitting if not one.done), None)
        if chosen is None:
            return None
        chosen.taken = True
        self._label(chosen, n)
        return chosen

    @staticmethod
    def _label(batch: Yielded, n: int) -> None:
        """Find the labels: the pictures are the largest array, the labels the first other one of as many rows."""
        rows = [part for part in batch.parts if len(part) == n]
        if batch.labels is not None or len(rows) < 2:
            return
        pictures = max(rows, key=lambda part: part.numel() if hasattr(part, "numel") else np.size(part))
        found = array_of(next(part for part in rows if part is not pictures))
        batch.labels = found if found is not None and found.dtype.kind in "buif" else None


def _weakly(data_set: Any) -> Callable[[], Any]:
    """Return what gives the data set as long as the script has it, then None."""
    try:
        return weakref.ref(data_set)
    except TypeError:  # a list, a tuple, a dict
        return _Held(data_set)


class _Held:
    """A reference to what knows no weak ones: given up once nobody else has the object."""

    ALONE = 2  # this reference, and the one that counting takes

    def __init__(self, one: Any) -> None:
        self._one = one

    def __call__(self) -> Any:
        if self._one is not None and sys.getrefcount(self._one) <= self.ALONE:
            self._one = None
        return self._one


class _Watched:
    """An iterator that tells what it yields."""

    def __init__(self, plain: Any, loaders: Loaders, loader: Any) -> None:
        self._plain, self._loaders = plain, loaders
        self._begun = loaders.begin(loader)

    def __iter__(self) -> _Watched:
        return self

    def __next__(self) -> Any:
        try:
            batch = next(self._plain)
        except StopIteration:
            self._begun.over = True
            raise
        with self._loaders.session.clock.ours():
            self._loaders.yielded(self._begun, batch)
        return batch

    def __len__(self) -> int:
        return len(self._plain)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._plain, name)


def _tensors(batch: Any) -> Iterator[Any]:
    if hasattr(batch, "shape") and hasattr(batch, "ndim"):
        if batch.ndim:
            yield batch
    elif isinstance(batch, dict):
        for one in batch.values():
            yield from _tensors(one)
    elif isinstance(batch, (list, tuple)):
        for one in batch:
            yield from _tensors(one)


def _pointer(part: Any) -> int | None:
    return part.data_ptr() if hasattr(part, "data_ptr") else None
