"""The figures that a script itself showed, and the part each is about."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tellapart.diagnose.recording import Recording, Training

from .printed import Figure, figures
from .wording import measure_in

KERAS_TOLERANCE = 1e-5
"""Keras keeps its figures as float32."""


@dataclass(frozen=True)
class Reported:
    """A figure as the script showed it.

    Attributes
    ----------
    part
        Name of the part in the recording, or "" where it cannot be told.
    measure
        ``accuracy``, ``balanced_accuracy``, ``precision``, ``recall``, ``f1``, ``auc``, ``average_precision``,
        ``loss``.
    value
        Shares as shares, be they printed in percent.
    epoch
        With the weights at the end of which epoch, or None where it is not clear.
    where
        ``logs`` (of Keras's ``fit``), ``evaluate`` or ``printed``.
    text
        The metric's name, or the line.
    after
        Whether training was over.
    tolerance
        How much rounding can have changed the value.
    of
        Position of the class, ``macro`` or ``weighted``; "" for the measure as such.
    table
        Confusion matrix, rows first.
    training
        Number of the training in the recording.
    """

    part: str
    measure: str
    value: float
    epoch: int | None
    where: str
    text: str
    after: bool = False
    tolerance: float = KERAS_TOLERANCE
    of: str = ""
    table: tuple[tuple[int, ...], ...] = ()
    training: int = 0


def reported(recording: Recording) -> tuple[Reported, ...]:
    """Return every figure that the script showed, training by training, in order of time."""
    return tuple(one for at, training in enumerate(recording.trainings) for one in of_training(training, at))


def of_training(training: Training, number: int = 0) -> Iterator[Reported]:
    """Yield the figures of one training."""
    for epoch in training.epochs:
        for name, value in epoch.reported.items():
            part = "validation" if name.startswith("val_") else "train"
            if (measure := measure_in(name.removeprefix("val_"))) and part in training.parts:
                yield Reported(part, measure, value, epoch.number, "logs", name, training=number)
    for one in training.evaluations:
        for name, value in one.reported.items():
            if measure := measure_in(name):
                yield Reported(
                    one.part, measure, value, one.epoch, "evaluate", name, one.after, training=number
                )
    for figure in figures(training.lines):
        part = _part(figure, training)
        yield Reported(
            part,
            figure.measure,
            figure.value,
            figure.line.epoch,
            "printed",
            figure.line.text.strip(),
            figure.line.after,
            figure.tolerance,
            figure.of,
            figure.table,
            number,
        )


def _part(figure: Figure, training: Training) -> str:
    """Return the part a printed figure is about: what its words say, else what the model had looked at last.

    A script may call a part otherwise than it is used: where there is no part of the role that it names, what was
    looked at last counts, unless one of the two is the training part and the other is not.
    """
    shown = figure.line.shown
    if not figure.role:
        return "train" if _is_of_training(figure, training) else shown
    role = shown.partition(" ")[0]
    if figure.role in training.parts:
        # "train" of a loop is what it trains on, but "train again" is the same pictures evaluated.
        return shown if shown.startswith(f"{figure.role} ") else figure.role
    return shown if figure.role != "train" and role != "train" else ""


def _is_of_training(figure: Figure, training: Training) -> bool:
    """Whether a figure without a word for its part is one that Keras logged of the training part."""
    logged = [
        (name, value)
        for epoch in training.epochs
        if figure.line.epoch is None or epoch.number == figure.line.epoch
        for name, value in epoch.reported.items()
        if measure_in(name.removeprefix("val_")) == figure.measure
    ]
    alike = {name for name, value in logged if abs(value - figure.value) <= figure.tolerance}
    return bool(alike) and not any(name.startswith("val_") for name in alike)
