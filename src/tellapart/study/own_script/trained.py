"""One training of the user's script: run in the sandbox on a folder of pictures, judged on what it has not seen."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from tellapart.diagnose.beside import Begun, Beside
from tellapart.diagnose.gathered.labelling import expected, to_probabilities
from tellapart.diagnose.recording import Outcome, Recording, Training
from tellapart.diagnose.scoring import kept_scores
from tellapart.diagnose.script import Script
from tellapart.diagnose.trials.judged import Judged, judge, main_training
from tellapart.diagnose.workplace import Order
from tellapart.evaluate.calibration import fit_calibrator
from tellapart.pictures.collection import Pictures
from tellapart.scale.executor import Executor
from tellapart.study.arm import Arm

from .laid_out import chosen_for, links_to, trained_on

MEMORY_BYTES = 8 * 2**30
LEAST_SECONDS = 2.0
CLOSING_SHARE, CLOSING_LEAST = 1.2, 6.0
"""A run that the clock cuts still scores what it kept: by so much less than what is left it is cut."""
PLANNED = 6  # rounds
LINE_FOLDS = 5
LEAST_PROBABILITY = 1e-12
ROUNDS_APART = 100_000
"""Seeds of studies with another ``--seed`` are others."""


@dataclass(frozen=True)
class Way:
    """One way to train the script.

    Attributes
    ----------
    arm
        Which pictures it is given.
    text
        What is run: the script, or an edited one.
    """

    arm: Arm
    text: str


@dataclass(frozen=True, eq=False)
class Trained:
    """What one training gave.

    Attributes
    ----------
    judged
        The pictures that judge, right or wrong; None where it came to no judgement.
    moved
        The same with each class measured by its share.
    known
        Looks of the pictures it was trained on.
    files_read
        Different picture files that it opened.
    fitted
        Training pictures in the folder it was given.
    """

    recording: Recording
    judged: Judged | None
    moved: Judged | None
    known: np.ndarray
    files_read: int
    fitted: int
    seconds: float

    @property
    def cut(self) -> bool:
        """Whether the clock ended it."""
        return self.recording.outcome is Outcome.time_up


class Trainer:
    """Runs a script in several ways, beside each other, until a deadline.

    Parameters
    ----------
    script
        The user's.
    pictures, source
        As read, and the folder itself: it is given as it is wherever nothing is left out or repeated.
    executor
        Where it runs.
    deadline
        On `time.monotonic`'s clock.

    Attributes
    ----------
    at_once
        Runs beside each other.
    """

    def __init__(
        self,
        script: Script,
        pictures: Pictures,
        source: Path,
        executor: Executor,
        *,
        deadline: float,
        seed: int,
    ) -> None:
        self.script, self.pictures, self.source = script, pictures, source.resolve()
        self.deadline, self.seed = deadline, seed
        self._beside = Beside(script.file, executor, [self.source])
        self.at_once = self._beside.at_once
        self._begun: dict[tuple[float, str, str, int], Begun[Trained | None]] = {}

    def __enter__(self) -> Trainer:
        return self

    def __exit__(self, *_: object) -> None:
        self._beside.close()

    def seconds_left(self) -> float:
        """Until the answer has to be written."""
        return self.deadline - time.monotonic()

    def train(self, ways: Sequence[Way], number: int) -> list[Trained | None]:
        """Train each way once with the seed of a round; None where there was no time to begin.

        Once the first round is done, later ones are begun where there is room beside it.
        """
        begun = [self._begin(way, number) for way in ways]
        ahead = PLANNED - number - 1 if number else 0
        for later in range(number + 1, number + 1 + min(ahead, self.at_once // len(ways) - 1)):
            for way in ways:
                self._begin(way, later)
        return [one.result() for one in begun]

    def _begin(self, way: Way, number: int) -> Begun[Trained | None]:
        key = (way.arm.share, way.arm.balance, way.text, number)
        if key not in self._begun:
            self._begun[key] = self._beside.begin(self._train, way, number)
        return self._begun[key]

    def _train(self, one: Begun[Trained | None], way: Way, number: int) -> Trained | None:
        left = self.seconds_left()
        seconds = (left - CLOSING_LEAST) / CLOSING_SHARE
        if seconds < LEAST_SECONDS:
            return None
        seed = ROUNDS_APART * self.seed + number
        chosen = chosen_for(way.arm, self.pictures, seed)
        whole = np.array_equal(chosen, trained_on(self.pictures))
        order = Order(
            text=way.text,
            pictures=self.source if whole else links_to(self.pictures, chosen),
            args=(),
            seconds=seconds,
            memory_bytes=MEMORY_BYTES,
            seed=seed % 2**31,
        )
        found, took = one.run(order, left)
        return _read(found, len(chosen), took)


def _read(recording: Recording, fitted: int, seconds: float) -> Trained:
    training, judged = main_training(recording), judge(recording)
    if judged is not None and not judged.unseen:
        judged = None
    kept = None if training is None else kept_scores(training, "train")
    known = np.zeros(0, np.int64) if kept is None else np.unique(kept.looks)
    moved = None if training is None or judged is None else with_the_line_moved(training, judged)
    return Trained(recording, judged, moved, known, recording.files_read, fitted, seconds)


def with_the_line_moved(training: Training, judged: Judged) -> Judged | None:
    """Judge the same outputs, each picture's class by its probability against the class's share.

    Probabilities are calibrated on the judged pictures of other folds: a script's own need not mean what they say.

    Returns
    -------
    Judged
        None where the outputs fit no classes, or a class has fewer pictures than there are folds.
    """
    kept = kept_scores(training, judged.part)
    found = (
        None if kept is None else to_probabilities(kept.outputs, judged.classes, expected(training.losses))
    )
    counts = np.bincount(judged.labels, minlength=judged.classes)
    if kept is None or found is None or counts.min() < LINE_FOLDS:
        return None
    looks, first = np.unique(kept.looks, return_index=True)
    logits = np.log(np.clip(found[first[np.searchsorted(looks, judged.looks)]], LEAST_PROBABILITY, 1))
    right, folds = np.zeros(len(judged.looks)), _folds(judged)
    for fold in range(LINE_FOLDS):
        own = folds == fold
        shares = np.bincount(judged.labels[~own], minlength=judged.classes) / np.sum(~own)
        fitted = fit_calibrator(logits[~own], judged.labels[~own]).apply(logits[own])
        right[own] = (fitted / shares).argmax(axis=1) == judged.labels[own]
    return replace(judged, right=right)


def _folds(judged: Judged) -> np.ndarray:
    """(N,) folds with even shares of the classes; a look is as good as a random number, and the same in every way."""
    found = np.zeros(len(judged.looks), dtype=int)
    for c in np.unique(judged.labels):
        own = np.flatnonzero(judged.labels == c)
        found[own[np.argsort(judged.looks[own])]] = np.arange(len(own)) % LINE_FOLDS
    return found
