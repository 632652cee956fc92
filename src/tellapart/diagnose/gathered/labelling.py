"""Labels as the script gives them -> classes; outputs as the model gives them -> probabilities."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tellapart.diagnose.observed import LossUse

MOST_CLASSES = 1000


@dataclass(frozen=True)
class OfStream:
    """Labels of one stream: label -> pictures, and how many looks had more than one."""

    counts: dict[str, int]
    conflicting: int


class Labelling:
    """The labels of one training.

    Attributes
    ----------
    classes
        The values that occur, in order. With K outputs and whole numbers from 0 to K - 1 they are 0 to K - 1
        whether they all occur or not.
    """

    def __init__(
        self,
        names: dict[int, str],
        streams: dict[int, dict[str, Any]],
        arrays: list[dict[str, np.ndarray]],
        kept: dict[int, tuple[dict[str, Any], dict[str, np.ndarray]]],
        losses: tuple[LossUse, ...],
    ) -> None:
        self._expects = expected(losses)
        self._by_stream: dict[int, OfStream] = {}
        self._of_look: dict[int, float] = {}
        self._width = _width(streams)
        # Validation and test first: a training label may have been smoothed or mixed.
        for number in sorted(names, key=lambda one: names[one].startswith("train")):
            self._learn(number, arrays, kept.get(number))
        values = sorted(set(self._of_look.values()))
        whole = all(value == int(value) >= 0 for value in values)
        if self._width > 1 and whole and (not values or values[-1] < self._width):
            values = [float(n) for n in range(self._width)]
        self.classes: tuple[float, ...] = tuple(values) if len(values) <= MOST_CLASSES else ()

    def _learn(self, number: int, arrays: list[dict[str, np.ndarray]], kept: Any) -> None:
        pairs: dict[int, set[float]] = {}
        sources = [(one.get(f"{number}_looks"), one.get(f"{number}_labels")) for one in arrays]
        if kept is not None and "labels" in kept[1]:
            known = kept[1]["known"]
            sources.append((kept[1]["looks"][known], kept[1]["labels"][known]))
        for looks, labels in sources:
            values = single(labels)
            if looks is None or values is None or len(values) != len(looks):
                continue
            for look, value in zip(looks.tolist(), values.tolist(), strict=True):
                pairs.setdefault(look, set()).add(value)
                self._of_look.setdefault(look, value)
        counts: dict[str, int] = {}
        for found in pairs.values():
            for value in found:
                counts[f"{value:g}"] = counts.get(f"{value:g}", 0) + 1
        conflicting = sum(len(found) > 1 for found in pairs.values())
        self._by_stream[number] = OfStream(
            dict(sorted(counts.items(), key=lambda p: float(p[0]))), conflicting
        )

    def of_stream(self, number: int) -> OfStream:
        """Return the labels of a stream."""
        return self._by_stream.get(number, OfStream({}, 0))

    def codes(self, labels: np.ndarray | None) -> np.ndarray | None:
        """Return positions in `classes`, (N,) int64, -1 where a value is none of them; None without labels."""
        values = single(labels)
        if values is None or not self.classes:
            return None
        classes = np.array(self.classes)
        at = np.clip(np.searchsorted(classes, values), 0, len(classes) - 1)
        return np.where(classes[at] == values, at, -1).astype(np.int64)

    def codes_of(self, looks: np.ndarray) -> np.ndarray:
        """Return positions in `classes` of the labels that these pictures were given anywhere; -1 where none."""
        values = np.array([self._of_look.get(look, np.nan) for look in looks.tolist()])
        found = self.codes(np.nan_to_num(values, nan=-1.0))
        return np.full(len(looks), -1) if found is None else np.where(np.isnan(values), -1, found)

    def probabilities(self, outputs: np.ndarray) -> np.ndarray | None:
        """Return (N, K) probabilities as the script's loss reads the outputs; see `to_probabilities`."""
        return to_probabilities(outputs, len(self.classes), self._expects)


def expected(losses: Sequence[LossUse]) -> str:
    """Return what the losses take the outputs for: as `LossUse.expects`, ``own`` where a loss is home-made."""
    told = next((one.expects for one in losses if one.expects), "")
    return told or ("" if losses and all(one.name != "own" for one in losses) else "own")


def to_probabilities(outputs: np.ndarray, k: int, expects: str) -> np.ndarray | None:
    """Return (N, K) probabilities as the outputs are meant, or None where they fit no `k` classes.

    Rows that are probabilities are taken as such unless the loss takes logits. One output is the second class's
    logit where the loss takes logits, or is home-made and outputs are below 0; else its probability: what lies
    outside of 0..1 is cut off, as Keras's losses do.

    Parameters
    ----------
    outputs : (N, K), or (N, 1) with two classes
    k
        Number of classes.
    expects
        As `expected`.
    """
    outputs = np.asarray(outputs, dtype=np.float64)
    if outputs.ndim != 2 or k < 2 or not np.isfinite(outputs).all():
        return None
    if outputs.shape[1] == 1 and k == 2:
        logits = expects == "logits" or (expects == "own" and bool((outputs < 0).any()))
        p = _sigmoid(outputs[:, 0]) if logits else np.clip(outputs[:, 0], 0, 1)
        return np.stack([1 - p, p], axis=1)
    if outputs.shape[1] != k:
        return None
    sums = np.abs(outputs.sum(axis=1) - 1) < 1e-3
    if expects != "logits" and (outputs >= 0).all() and sums.all():
        return outputs / outputs.sum(axis=1, keepdims=True)
    shifted = np.exp(outputs - outputs.max(axis=1, keepdims=True))
    return shifted / shifted.sum(axis=1, keepdims=True)


def single(labels: np.ndarray | None) -> np.ndarray | None:
    """Return one value for each row, (N,) float64: the largest's position of a row of several; None if unclear."""
    if labels is None or labels.dtype.kind not in "buif" or not len(labels):
        return None
    rows = labels.reshape(len(labels), -1)
    if rows.shape[1] == 1:
        return rows[:, 0].astype(np.float64)
    return rows.argmax(axis=1).astype(np.float64) if rows.shape[1] <= MOST_CLASSES else None


def _width(streams: dict[int, dict[str, Any]]) -> int:
    shapes = [one["outputs"]["shape"] for one in streams.values() if one["outputs"]]
    return int(np.prod(shapes[0])) if shapes else 0


def _sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-np.clip(x, -500, 500)))
