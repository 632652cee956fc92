"""A stream: pictures that come to the model from one place in the script, epoch after epoch."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import numpy as np

from .axes import share_cut_anew
from .fingerprint import MOST_VALUES, Tally, looks

LOOKED_AT = 16
"""Pictures of a stream whose axes are looked at: all of a stream are read in one way."""


@dataclass(frozen=True)
class Means:
    """What the recorder may spend.

    Attributes
    ----------
    share, first_seconds
        Of the training's own time, for what is looked at only now and then, and what it may take before there is any;
        with what is always looked at, the recorder stays below a quarter.
    detail_share
        As `share`, for a closer look at a step.
    pictures, picture_bytes
        Of inputs kept per stream, to be scored again.
    values
        Of a batch of inputs, for their mean and spread.
    """

    share: float = 0.12
    detail_share: float = 0.12
    first_seconds: float = 0.2
    pictures: int = 2048
    picture_bytes: int = 128 * 2**20
    values: int = MOST_VALUES


@dataclass
class Shown:
    """One batch as it was shown; labels may be learnt a little later (from a loss, from a comparison)."""

    looks: np.ndarray
    outputs: np.ndarray | None
    labels: np.ndarray | None
    training: bool


@dataclass
class Stream:
    """One stream of one model.

    Attributes
    ----------
    number
        Counted from 0 in order of appearance.
    role
        ``train``, ``validation``, ``test``, ``predict`` where the framework says so; "" where only what follows
        tells.
    source
        What it comes from; see `tellapart.diagnose.recording.Part`.
    shown
        The batches of this epoch.
    pool
        Look -> the input as fed, in order of appearance, as far as there is room.
    folders
        Folder of the files -> label -> pictures of the pool; empty where nobody counted.
    batch_at
        The pictures of a batch by its number, where batches can be asked for.
    """

    number: int
    role: str = ""
    source: dict[str, Any] = field(default_factory=dict)
    known: int | None = None
    trained: bool = False
    shown: list[Shown] = field(default_factory=list)
    inputs: Tally = field(default_factory=Tally)
    outputs: Tally = field(default_factory=Tally)
    labels: Tally = field(default_factory=Tally)
    rows: int = 0
    rows_sum_to_one: int = 0
    pool: dict[int, np.ndarray] = field(default_factory=dict)
    pool_labels: dict[int, np.ndarray] = field(default_factory=dict)
    pool_bytes: int = 0
    begun: float = 0.0
    ended: float = 0.0
    largest_batch: int = 0
    turn: int | None = None
    folders: dict[str, dict[str, int]] = field(default_factory=dict)
    means: Means = field(default_factory=Means)
    batch_at: Callable[[int], np.ndarray | None] | None = None

    def __post_init__(self) -> None:
        self.inputs.most = self.means.values

    def show(self, inputs: np.ndarray, labels: np.ndarray | None, training: bool) -> Shown:
        """Take in a batch (N, ...) before the model sees it."""
        if not self.shown:
            self.begun = time.monotonic()
        found = looks(inputs)
        self.inputs.add(inputs)
        self.largest_batch = max(self.largest_batch, len(inputs))
        one = Shown(found, None, None, training)
        self.shown.append(one)
        self._keep(found, inputs)
        if labels is not None:
            self.label(one, labels)
        self.ended = time.monotonic()
        return one

    def label(self, one: Shown, labels: np.ndarray) -> None:
        """Say what the labels of a batch were, (N,) or (N, K)."""
        if one.labels is not None or len(labels) != len(one.looks):
            return
        one.labels = np.array(labels)
        self.labels.add(one.labels)
        for look, label in zip(one.looks.tolist(), one.labels, strict=True):
            if look in self.pool:
                self.pool_labels.setdefault(look, label)

    def answer(self, one: Shown, outputs: np.ndarray) -> None:
        """Say what the model answered, (N, ...)."""
        one.outputs = np.array(outputs, dtype=np.float32).reshape(len(outputs), -1)
        self.outputs.add(outputs)
        self.rows += len(one.outputs)
        with np.errstate(all="ignore"):
            sums = np.abs(one.outputs.sum(axis=1) - 1) < 1e-3
            self.rows_sum_to_one += int((sums & (one.outputs >= -1e-6).all(axis=1)).sum())
        self.ended = time.monotonic()

    def _keep(self, found: np.ndarray, inputs: np.ndarray) -> None:
        size = inputs[:1].nbytes
        for at, look in enumerate(found.tolist()):
            if look in self.pool:
                continue
            if len(self.pool) >= self.means.pictures or self.pool_bytes + size > self.means.picture_bytes:
                return
            self.pool[look] = inputs[at].copy()
            self.pool_bytes += size

    def repeats(self, inputs: np.ndarray) -> float:
        """Return the share of a batch that has been shown in this epoch already."""
        return float(np.isin(looks(inputs), np.concatenate([one.looks for one in self.shown])).mean())

    def facts(self) -> dict[str, Any]:
        """Return what is known so far, for the journal."""
        return {
            "number": self.number,
            "role": self.role,
            "source": self.source,
            "known": self.known,
            "trained": self.trained,
            "inputs": self.inputs.facts(),
            "outputs": self.outputs.facts(),
            "labels": self.labels.facts(),
            "sum_to_one": self.rows_sum_to_one / self.rows if self.rows else None,
            "folders": self.folders,
            "cut_anew": share_cut_anew(list(islice(self.pool.values(), LOOKED_AT))),
        }

    def so_far(self) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """Return the facts and arrays of an epoch that has shown something."""
        shown = self.shown
        arrays = {
            f"{self.number}_looks": np.concatenate([one.looks for one in shown]),
            f"{self.number}_batches": np.array([len(one.looks) for one in shown]),
        }
        if all(one.labels is not None for one in shown):
            arrays |= _together(f"{self.number}_labels", [one.labels for one in shown])
        if all(one.outputs is not None for one in shown):
            arrays |= _together(f"{self.number}_outputs", [one.outputs for one in shown])
        facts = {
            "stream": self.number,
            "training_mode": sum(one.training for one in shown) / len(shown),
            "seconds": max(self.ended - self.begun, 0.0),
        }
        return facts, arrays


def _together(name: str, arrays: list[Any]) -> dict[str, np.ndarray]:
    """Stack batches; those of different widths (a bug of the script) cannot be and are left out."""
    if len({one.shape[1:] for one in arrays}) > 1:
        return {}
    return {name: np.concatenate(arrays)}
