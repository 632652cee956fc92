"""What watches a training: progress, the true measures at each epoch's end, the curves so far, the time limit."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from . import truth
from .reading import Labelled, Log
from .result import CURVES_CSV, Epoch, curves_csv, write

SPEAK_SECONDS = 10.0
"""Longest silence within an epoch."""


class Watch:
    """Watches one call of ``fit``; its methods are what a Keras ``LambdaCallback`` calls.

    Parameters
    ----------
    model
        The compiled model.
    every_epoch
        Parts measured at the end of each epoch.
    now_and_then
        Parts measured after epochs 1, 2, 4, 8, 16... and the last only: large ones, which would cost more than the
        training.
    epochs, steps
        How many epochs, and batches in each.
    log
        Takes the progress.
    out
        Folder in which the curves so far are kept up to date; None: nowhere.
    time_limit
        Seconds; training ends with the epoch after which another would not fit.

    Attributes
    ----------
    epochs
        What was recorded.
    scores
        Part -> (N,) scores of class 1, of the parts that were measured at the end of the latest epoch.
    stopped_by
        ``"time"`` where the time limit ended the training.
    """

    def __init__(
        self,
        model: Any,
        *,
        every_epoch: Mapping[str, Labelled],
        now_and_then: Mapping[str, Labelled],
        epochs: int,
        steps: int,
        log: Log,
        out: Path | None,
        time_limit: float | None,
    ) -> None:
        self.model, self.every_epoch, self.now_and_then = model, every_epoch, now_and_then
        self.n_epochs, self.n_steps, self.log, self.out = epochs, steps, log, out
        self.time_limit = math.inf if time_limit is None else time_limit
        self.epochs: list[Epoch] = []
        self.scores: dict[str, np.ndarray] = {}
        self.stopped_by = ""
        self._begun = self._epoch_begun = self._spoken = time.monotonic()

    def epoch_begins(self, epoch: int) -> None:
        """Note the time."""
        self._epoch_begun = self._spoken = time.monotonic()
        if epoch == 0:
            self._begun = self._epoch_begun

    def batch_ends(self, batch: int, logs: Mapping[str, float] | None = None) -> None:
        """Say how far the epoch is where it takes long."""
        now = time.monotonic()
        if now - self._spoken >= SPEAK_SECONDS and batch + 1 < self.n_steps:
            self._spoken = now
            each = (now - self._epoch_begun) / (batch + 1)
            self.log(
                f"epoch {len(self.epochs) + 1}/{self.n_epochs}, step {batch + 1} of {self.n_steps}, "
                f"{each:.2g} s a step, {_words(logs or {})}"
            )

    def epoch_ends(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
        """Measure, record, tell, keep; stop where another epoch would not fit."""
        number = epoch + 1
        passed = time.monotonic() - self._begun
        out_of_time = number < self.n_epochs and passed * (number + 1) / number > self.time_limit
        parts = dict(self.every_epoch)
        if number.bit_count() == 1 or number == self.n_epochs or out_of_time:  # a power of two, or the last
            parts |= self.now_and_then
        self.scores = {name: truth.score(self.model, part) for name, part in parts.items()}
        true = {name: truth.true_measures(parts[name].labels, found) for name, found in self.scores.items()}
        reported = {name: float(value) for name, value in (logs or {}).items()}
        self.epochs.append(Epoch(number, time.monotonic() - self._epoch_begun, reported, true))
        if self.out is not None:
            write(self.out / CURVES_CSV, curves_csv(self.epochs))
        self._tell(parts)
        if out_of_time:
            self.stopped_by = "time"
            self.model.stop_training = True
            self.log(f"time limit: stopped after epoch {number} of {self.n_epochs}")

    def _tell(self, parts: Mapping[str, Labelled]) -> None:
        last = self.epochs[-1]
        left = sum(one.seconds for one in self.epochs) / len(self.epochs) * (self.n_epochs - last.number)
        true = "".join(
            f" | true, all {len(parts[name])} {name}: {_words(found)}" for name, found in last.true.items()
        )
        self.log(
            f"epoch {last.number}/{self.n_epochs}: {_words(last.reported)}{true} | {last.seconds:.1f} s"
            + (f", about {duration(left)} left" if left else "")
        )


def _words(figures: Mapping[str, float]) -> str:
    return ", ".join(
        f"{name.replace('_', ' ')} {value:.3f}"
        if math.isfinite(value)
        else f"{name.replace('_', ' ')} undefined"
        for name, value in figures.items()
    )


def duration(seconds: float) -> str:
    """Say a duration: ``40 s``, ``12 min``, ``3.5 h``."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
