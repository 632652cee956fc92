"""One training, from a compiled model and its parts to a `Result`: the same for both recipes."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tellapart.errors import OptionError

from . import truth
from .augment import Augment
from .backend import load_keras
from .batches import Stream, epochs_of
from .reading import Labelled, Log
from .result import Epoch
from .watch import Watch

# Training and validation pictures come in orders of their own.
TRAINING, VALIDATION = 1, 2


@dataclass(frozen=True)
class Schedule:
    """How much of the pictures is looked at, and when.

    Attributes
    ----------
    epochs, batch
        Epochs, and pictures in a batch.
    steps, validation_steps
        Batches per epoch.
    augmentation
        How training pictures are changed at random.
    two_classes
        Whether the targets are one-hot.
    shuffled_validation
        Whether the validation pictures come in a new order each pass, as Keras's folder generator gives them.
    seed
        Of the order and the augmentation; the initial weights are drawn before, by the same seed.
    time_limit
        Seconds, or None.
    """

    epochs: int
    batch: int
    steps: int
    validation_steps: int
    augmentation: Augment
    two_classes: bool
    shuffled_validation: bool
    seed: int
    time_limit: float | None

    def pictures_per_epoch(self, train: int, validation: int) -> dict[str, int]:
        """Return how many of `train` and `validation` pictures one epoch looks at."""
        return {
            "train": min(train, self.steps * self.batch),
            "validation": min(validation, self.validation_steps * self.batch),
        }


@dataclass(frozen=True)
class Trained:
    """What `fit` gives back; the fields are those of `tellapart.recipes.result.Result`."""

    epochs: list[Epoch]
    final: dict[str, dict[str, Any]]
    stopped_by: str
    seconds: float


def fit(
    model: Any,
    parts: Mapping[str, Labelled],
    schedule: Schedule,
    *,
    now_and_then: tuple[str, ...] = (),
    log: Log,
    out: Path | None,
) -> Trained:
    """Train with Keras's own ``fit`` and measure what is true beside it.

    Parameters
    ----------
    model
        The compiled model.
    parts
        ``train`` and ``validation``, which Keras is given; any other is measured after the last epoch only.
    schedule
        How much of them, and when.
    now_and_then
        Other parts to measure after epochs 1, 2, 4, 8... as well.
    log
        Takes the progress.
    out
        Folder for the curves so far, or None.
    """
    keras = load_keras()
    begun = time.monotonic()
    train, validation = parts["train"], parts["validation"]
    watch = Watch(
        model,
        every_epoch={"validation": validation},
        now_and_then={name: parts[name] for name in now_and_then if name in parts},
        epochs=schedule.epochs,
        steps=schedule.steps,
        log=log,
        out=out,
        time_limit=schedule.time_limit,
    )
    training = Stream(
        train,
        schedule.batch,
        seed=(schedule.seed, TRAINING),
        shuffled=True,
        augmentation=schedule.augmentation,
        two_classes=schedule.two_classes,
    )
    validating = Stream(
        validation,
        schedule.batch,
        seed=(schedule.seed, VALIDATION),
        shuffled=schedule.shuffled_validation,
        two_classes=schedule.two_classes,
    )
    data = epochs_of(keras, training, schedule.steps)
    validation_data = epochs_of(keras, validating, schedule.validation_steps)

    def begin(epoch: int, logs: object = None) -> None:  # noqa: ARG001 - Keras's signature
        data.begin(epoch)
        validation_data.begin(epoch)
        watch.epoch_begins(epoch)

    model.fit(
        data,
        epochs=schedule.epochs,
        validation_data=validation_data,
        shuffle=False,  # the stream has its own order
        callbacks=[
            keras.callbacks.LambdaCallback(
                on_epoch_begin=begin,
                on_train_batch_end=watch.batch_ends,
                on_epoch_end=watch.epoch_ends,
            )
        ],
        verbose=0,
    )
    others = {name: part for name, part in parts.items() if name != "train"}
    scores = {
        name: watch.scores[name] if name in watch.scores else truth.score(model, part)
        for name, part in others.items()
    }
    final = {name: truth.true_estimates(part.labels, scores[name]) for name, part in others.items()}
    return Trained(watch.epochs, final, watch.stopped_by, time.monotonic() - begun)


def check_counts(**counts: int) -> None:
    """Refuse counts that are not whole numbers from 1 on.

    Raises
    ------
    OptionError
        Naming the option, what it should be and what was given.
    """
    for name, value in counts.items():
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise OptionError(
                f"{name} should be a whole number from 1 on.",
                found=repr(value),
                where=_option(name),
                advice="leave it out for the value described",
            )


def check_seed(seed: int) -> None:
    """Refuse a seed that is not a whole number from 0 to 2**32 - 1, what NumPy takes.

    Raises
    ------
    OptionError
    """
    if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed < 2**32:
        raise OptionError(
            "seed should be a whole number from 0 to 4294967295.",
            found=repr(seed),
            where="option --seed",
            advice="the same seed gives the same training",
        )


def check_range(name: str, value: float, low: float, high: float, *, below: bool = False) -> None:
    """Refuse a number outside `low`..`high` (`below`: `high` itself excluded too).

    Raises
    ------
    OptionError
        Naming the option, what it should be and what was given.
    """
    if not (math.isfinite(value) and low <= value <= high) or (below and value == high):
        raise OptionError(
            f"{name} should be from {low:g} to {'below ' if below else ''}{high:g}.",
            found=repr(value),
            where=_option(name),
            advice="leave it out for the value described",
        )


def _option(name: str) -> str:
    return f"option --{name.replace('_', '-')}"


def versions(keras: Any) -> dict[str, str]:
    """Return what the training ran on."""
    import platform
    from importlib import metadata

    backend = keras.backend.backend()
    return {
        "python": platform.python_version(),
        "keras": keras.__version__,
        "backend": f"{backend} {metadata.version(backend)}",
        "numpy": np.__version__,
    }
