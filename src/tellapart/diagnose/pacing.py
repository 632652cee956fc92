"""Long trainings: how many epochs an experiment may have, so that there is time for all of them.

The program runs first for a share of the time. If it is not done by then, it and all its changed versions train for
fewer epochs, as many as a trial has time for. What is proved that way is tried at full length in the end, if there is
time; the answer says how long each was.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from .edits.shortening import shortened
from .proving.trial import SEEDS
from .reading import Program
from .recording import Outcome, Recording
from .trials.judged import main_training
from .trials.runs import Pace, Runs

FIRST_SHARE, TRIAL_SHARE = 1 / 6, 1 / 15
"""Of the time: what the program has to be done at full length, and what a shortened run should take. A diagnosis needs
some 20 runs, two at a time."""
ALLOWANCE = 1.5
"""Two runs beside each other, and what an estimate from a few epochs may be off by."""
RESERVED_SHARE = 0.4
"""At most so much of the time is kept for runs at full length."""
MOST_STRETCHES = 3
MOST_STRETCHED = 10
"""So many times a shortened run that ends early is made longer, and by how much at most."""


@dataclass(frozen=True)
class Shortened:
    """What was cut.

    Attributes
    ----------
    epochs, of
        Of a trial, and of the program; None where the text does not say.
    full_seconds
        What two runs at full length take beside each other; None where that cannot be told.
    """

    epochs: int
    of: int | None
    full_seconds: float | None

    def __str__(self) -> str:
        whole = f" of its {self.of}" if self.of is not None else ""
        return f"the training is long: in the experiments it had {self.epochs}{whole} epochs"


def set_pace(program: Program, runs: Runs) -> Shortened | None:
    """Run the program, and make it and its versions shorter where it takes too long; None where it does not."""
    budget = runs.left()
    runs.at(Pace(most_seconds=FIRST_SHARE * budget))
    first = runs.run(program.text, SEEDS[0])
    if first.outcome is not Outcome.time_up:
        return None
    target = TRIAL_SHARE * budget
    epoch_seconds = first.seconds / _epochs_begun(first)
    epochs = max(1, int(target / epoch_seconds))
    if shortened(program.text, program.file, epochs) == program.text:
        return None  # cut by the clock, as are its versions
    for _ in range(MOST_STRETCHES):
        change = partial(shortened, file=program.file, epochs=epochs)
        runs.at(Pace(change, FIRST_SHARE * budget))
        seconds = runs.run(program.text, SEEDS[0]).seconds
        epoch_seconds = seconds / epochs
        longer = int(epochs * min(target / max(seconds, 1e-3), MOST_STRETCHED))
        if longer < 2 * epochs:
            break
        epochs = longer
    known = [one.epochs.value for one in program.trainings if one.epochs is not None]
    of = max((one for one in known if one is not None), default=None)
    full_seconds = None if of is None else epoch_seconds * of * ALLOWANCE
    if full_seconds is not None and full_seconds < RESERVED_SHARE * runs.left():
        runs.reserved = full_seconds
    return Shortened(epochs, of, full_seconds)


def _epochs_begun(recording: Recording) -> float:
    """Return how many epochs were trained; half of the last one, which was cut."""
    training = main_training(recording)
    return max(len(training.epochs) if training is not None else 0, 1) - 0.5
