"""One training of the user's script: run in the sandbox on a folder of pictures, judged on what it has not seen."""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from tellapart.diagnose.fork_server import ForkServer
from tellapart.diagnose.gathered.labelling import expected, to_probabilities
from tellapart.diagnose.recording import Outcome, Recording, Training
from tellapart.diagnose.running import BESIDE, run_script
from tellapart.diagnose.scoring import kept_scores
from tellapart.diagnose.script import Script
from tellapart.diagnose.trials.judged import Judged, judge, main_training
from tellapart.evaluate.calibration import fit_calibrator
from tellapart.pictures.collection import Pictures
from tellapart.study.arm import Arm

from .laid_out import chosen_for, lay_out, trained_on

MEMORY_BYTES = 8 * 2**30
LEAST_SECONDS = 2.0
CLOSING_SHARE, CLOSING_LEAST = 1.2, 6.0
"""A run that the clock cuts still scores what it kept: by so much less than what is left it is cut."""
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


class _GivenUpError(Exception):
    """Nobody waits for this run any more."""


class Trainer:
    """Runs a script in several ways, `BESIDE` runs at a time, until a deadline.

    Parameters
    ----------
    script
        The user's.
    pictures, source
        As read, and the folder itself: it is given as it is wherever nothing is left out or repeated.
    work
        A folder for links.
    deadline
        On `time.monotonic`'s clock.
    """

    def __init__(
        self, script: Script, pictures: Pictures, source: Path, work: Path, *, deadline: float, seed: int
    ) -> None:
        self.script, self.pictures, self.source, self.work = script, pictures, source, work
        self.deadline, self.seed = deadline, seed
        self._pool = ThreadPoolExecutor(BESIDE, thread_name_prefix="study")
        self._server = ForkServer(script.file)
        self._stop = threading.Event()
        self._begun: dict[tuple[float, str, str, int], Future[Trained | None]] = {}

    def __enter__(self) -> Trainer:
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._pool.shutdown(wait=True, cancel_futures=True)
        self._server.close()

    def seconds_left(self) -> float:
        """Until the answer has to be written."""
        return self.deadline - time.monotonic()

    def train(self, ways: Sequence[Way], number: int) -> list[Trained | None]:
        """Train each way once with the seed of a round; None where there was no time to begin."""
        return [one.result() for one in [self._begin(way, number) for way in ways]]

    def _begin(self, way: Way, number: int) -> Future[Trained | None]:
        key = (way.arm.share, way.arm.balance, way.text, number)
        if key not in self._begun:
            self._begun[key] = self._pool.submit(self._train, way, number)
        return self._begun[key]

    def _train(self, way: Way, number: int) -> Trained | None:
        seconds = (self.seconds_left() - CLOSING_LEAST) / CLOSING_SHARE
        if seconds < LEAST_SECONDS:
            return None
        seed = ROUNDS_APART * self.seed + number
        chosen = chosen_for(way.arm, self.pictures, seed)
        began = time.monotonic()
        if np.array_equal(chosen, trained_on(self.pictures)):
            return _read(
                self._run(way.text, self.source, seconds, seed), len(chosen), time.monotonic() - began
            )
        with tempfile.TemporaryDirectory(dir=self.work) as links:
            folder = lay_out(self.pictures, chosen, Path(links))
            found = self._run(way.text, folder, seconds, seed)
        return _read(found, len(chosen), time.monotonic() - began)

    def _run(self, text: str, folder: Path, seconds: float, seed: int) -> Recording:
        return run_script(
            self.script.file,
            text=text,
            pictures=folder,
            memory_bytes=MEMORY_BYTES,
            seconds=seconds,
            seed=seed % 2**31,
            advance=self._go_on,
            server=self._server,
        )

    def _go_on(self, _seconds: float) -> None:
        if self._stop.is_set():
            raise _GivenUpError


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
