"""How long a program takes, and how much smaller its pictures must be for a trial: predicted from a run."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from .edits.reducing import WHOLE
from .reading import Program
from .recording import Outcome, Recording, Training
from .trials.judged import main_training

SHARES = (Fraction(3, 4), Fraction(1, 2), Fraction(3, 8), Fraction(1, 4))
"""Of the side of the pictures, tried in this order: the work falls with its square."""
LEAST_SIDE_PX = 112
"""Half of 224. Below it fine things are lost that pictures are told apart by, or take far more steps to learn; see
docs/decisions/0010-smaller-pictures-before-fewer-epochs.md."""
LEAST_PLAIN_SIDE_PX = 64
"""Without random changes a network has less to learn: founding training A, mended, learns at 64 px within 300 to 900
steps (4 seeds); with mirrored pictures it has not after 1,000."""
ENOUGH_STEPS = 800
"""Optimiser steps after which small networks on some hundred pictures have shown whether they learn."""


@dataclass(frozen=True)
class Speed:
    """What a run of a program takes.

    Attributes
    ----------
    setup_seconds
        Reading the pictures, scoring at the end, and whatever else does not grow with the epochs.
    step_seconds
        Of one optimiser step, its share of judging included.
    epoch_steps
        Steps of an epoch.
    sides
        Height and width of what the network is given, px; empty where it is no picture.
    """

    setup_seconds: float
    step_seconds: float
    epoch_steps: float
    sides: tuple[int, ...]

    @property
    def epoch_seconds(self) -> float:
        """Seconds of an epoch."""
        return self.step_seconds * self.epoch_steps

    def seconds(self, epochs: int) -> float:
        """Return what a run of so many epochs takes."""
        return self.setup_seconds + epochs * self.epoch_seconds

    def epochs_within(self, seconds: float) -> int:
        """Return how many epochs fit, at least one."""
        return max(1, int((seconds - self.setup_seconds) / self.epoch_seconds))

    def steps_within(self, seconds: float) -> float:
        """Return how many optimiser steps fit."""
        return (seconds - self.setup_seconds) / self.step_seconds

    def smaller(self, share: Fraction) -> Speed:
        """Return what is predicted for pictures with this share of the side."""
        sides = tuple(int(one * share) for one in self.sides)
        return Speed(self.setup_seconds, self.step_seconds * float(share) ** 2, self.epoch_steps, sides)


def speed_of(recording: Recording, program: Program) -> Speed | None:
    """Return what a run took; None where it trained nothing.

    Parameters
    ----------
    recording
        Finished, or cut by the clock: then its last epoch is not whole.
    program
        What ran.
    """
    training = main_training(recording)
    trained = 0.0 if training is None else sum(one.seconds for one in training.epochs)
    if training is None or not training.n_steps or trained <= 0:
        return None
    setup = max(recording.seconds - trained, 0.0) + recording.closing_seconds
    return Speed(
        setup, trained / training.n_steps, _epoch_steps(training, recording, program), picture_sides(training)
    )


def _epoch_steps(training: Training, recording: Recording, program: Program) -> float:
    """Return the steps of an epoch: of the whole ones by their time, else as the text and the reader say."""
    cut = recording.outcome is Outcome.time_up
    whole = [one.seconds for one in (training.epochs[:-1] if cut else training.epochs)]
    if whole and sum(whole) > 0:
        share = sum(whole) / len(whole) / sum(one.seconds for one in training.epochs)
        return max(training.n_steps * share, 1.0)
    return max(_said(training, program), default=2.0 * training.n_steps)


def _said(training: Training, program: Program) -> Iterator[float]:
    """Yield the steps of an epoch that the text or the reader of the training part gives."""
    told = [
        float(one.steps_per_epoch.value)
        for one in program.trainings
        if one.steps_per_epoch is not None and one.steps_per_epoch.value
    ]
    part = training.parts.get("train")
    batch = max((one.batch_sizes[0] for one in part.passes if one.batch_sizes), default=0) if part else 0
    yield from told
    if not told and part is not None and part.known and batch:
        yield part.known / batch


def picture_sides(training: Training) -> tuple[int, ...]:
    """Return height and width of a picture, with the channels first or last; nothing where it is no picture."""
    part = training.parts.get("train")
    shape = () if part is None or part.inputs is None else part.inputs.shape
    if len(shape) != 3:
        return ()
    return shape[1:] if shape[0] < min(shape[1:]) else shape[:2]


def share_for(
    speed: Speed, seconds: float, total_steps: float, least_side_px: int = LEAST_SIDE_PX
) -> Fraction:
    """Return which share of the side the pictures of a trial have, so that enough steps fit; 1 where they do.

    Parameters
    ----------
    speed
        Of the program as it is.
    seconds
        Of a trial.
    total_steps
        Of the program as it is.
    least_side_px
        The smallest side that is asked for.
    """
    best = WHOLE
    for share in (WHOLE, *SHARES):
        guess = speed.smaller(share)
        if share < WHOLE and min(guess.sides, default=0) < least_side_px:
            break
        best = share
        if enough(guess, seconds, total_steps):
            break
    return best


def enough(speed: Speed, seconds: float, total_steps: float) -> bool:
    """Say whether a run of so many seconds has the steps that show something, or all there are."""
    return speed.steps_within(seconds) >= min(total_steps, ENOUGH_STEPS)


def known_epochs(program: Program) -> int | None:
    """Return the epochs of the longest training; None where the text does not say."""
    known = [one.epochs.value for one in program.trainings if one.epochs is not None]
    return max((int(one) for one in known if one is not None and math.isfinite(one)), default=None)
