"""Keras on another backend than PyTorch: its steps are compiled, and only what its callbacks are told is seen."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import keras
import numpy as np

from tellapart.diagnose.recorder.keras_facts import compiled

from .attending import Attending


class KerasLogs:
    """Losses, metrics, weights and layers of one ``fit``.

    Parameters
    ----------
    attending
        Is told of each step and epoch.
    model
        Compiled and built.
    parameters
        What ``fit`` tells its callbacks of itself.
    """

    def __init__(self, attending: Attending, model: Any, parameters: Mapping[str, Any]) -> None:
        self._clock = attending.session.clock
        with self._clock.ours():
            self._one = attending.session.watched(model, WeightsAdapter)
            self._stream = self._one.stream("train", "train")
            self._clock.training_begins()
            adapter, journal = self._one.adapter, attending.session.journal
            number = self._one.number
            journal.line("compiled", model=number, **compiled(model, dict(parameters)))
            layers, operations = adapter.layers(np.zeros(0))
            journal.line(
                "model",
                model=number,
                when="begin",
                facts=adapter.facts(),
                layers=layers,
                operations=operations,
            )
        self._total, self._batches = 0.0, 0

    def step(self, logs: Mapping[str, float]) -> None:
        """Note a step; Keras tells the mean over the epoch so far, of which the batch's own loss is taken out."""
        with self._clock.ours():
            mean = logs.get("loss")
            loss = None
            if mean is not None:
                self._batches += 1
                total = mean * self._batches
                loss = total - self._total if math.isfinite(self._total) else total
                self._total = total
            self._one.shown_since_epoch = True
            self._one.stepped(loss, self._stream)

    def epoch(self, logs: Mapping[str, float]) -> None:
        """Note the end of an epoch."""
        self._total, self._batches = 0.0, 0
        with self._clock.ours():
            self._one.end_epoch(dict(logs))


class WeightsAdapter:
    """A Keras model of which no batch can be asked for."""

    framework = "keras"

    def __init__(self, model: Any) -> None:
        self.model = model

    def facts(self) -> dict[str, Any]:
        """Return class and numbers of weights."""
        return {
            "framework": self.framework,
            "name": type(self.model).__name__,
            "parameters": self.model.count_params(),
            "trainable": int(sum(np.prod(one.shape) for one in self.model.trainable_weights)),
        }

    def is_ready(self) -> bool:
        """Whether all weights have their shapes."""
        return True

    def weights(self) -> dict[str, list[Any]]:
        """Return the trainable arrays of each layer, as tensors."""
        import torch

        found: dict[str, list[Any]] = {}
        for variable in self.model.trainable_weights:
            # A copy: what Keras gives may be read-only, or change under our hands.
            value = torch.from_numpy(np.array(keras.ops.convert_to_numpy(variable), dtype=np.float32))
            found.setdefault(variable.path.rpartition("/")[0] or variable.name, []).append(value)
        return found

    def score(self, _inputs: np.ndarray, _training: bool) -> np.ndarray | None:
        """Return nothing: no batch is kept."""
        return None

    def layers(self, _inputs: np.ndarray) -> tuple[list[dict[str, Any]], list[str]]:
        """Return what the layers say of themselves; no operations."""
        leaves = [one for one in self.model._flatten_layers(include_self=False) if not _has_layers(one)]
        return [_facts(one) for one in leaves], []


def _has_layers(layer: Any) -> bool:
    return any(True for _ in layer._flatten_layers(include_self=False))


def _facts(layer: Any) -> dict[str, Any]:
    activation = getattr(layer, "activation", None)
    try:
        shape = [side for side in layer.output.shape[1:] if side is not None]
    except AttributeError:  # never called, or called several times
        shape = []
    return {
        "name": layer.name,
        "kind": type(layer).__name__,
        "activation": getattr(activation, "__name__", "") or "",
        "output_shape": shape,
        "parameters": layer.count_params() if layer.built else 0,
        "trainable": int(sum(np.prod(one.shape) for one in layer.trainable_weights)),
    }
