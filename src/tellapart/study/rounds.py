"""The trainings of a study: every arm on the same folds with the same seeds, round after round, as time allows.

n pictures, K classes, R repeats. A round trains every arm once and scores one fold.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

import numpy as np

from tellapart.scale.executor import in_waves
from tellapart.study.arm import Arm, training_set
from tellapart.study.bench import Bench
from tellapart.study.learners import Learner

FEWEST_ROUNDS = 3
"""Three trainings of each arm, on other pictures and with other seeds: fewer show nothing of how much chance moves."""


@dataclass(frozen=True)
class Rounds:
    """What the trainings gave.

    Attributes
    ----------
    logits
        Arm's key -> (R, n, K): nan where a picture was not scored. Only whole repeats, or the first one as far as it
        came.
    fitted
        Arm's key -> pictures it was trained on, on average.
    seconds
        Arm's key -> seconds of one training; nan where all were done before.
    folds
        (R, n): by which fold a picture was scored.
    done, planned
        Rounds of each arm.
    missing_seconds
        Time that the rest of the first whole repeat would take, where it did not come so far; else 0.
    """

    logits: dict[str, np.ndarray]
    fitted: dict[str, float]
    seconds: dict[str, float]
    folds: np.ndarray
    done: int
    planned: int
    missing_seconds: float

    @property
    def enough(self) -> bool:
        """Whether there were trainings enough to say anything."""
        return self.done >= FEWEST_ROUNDS or (self.done == self.planned and self.done > 0)


@dataclass(frozen=True, eq=False)
class _Training:
    """One arm in one round; `later` arms of the round come after it."""

    arm: Arm
    later: Sequence[Arm]
    chosen: np.ndarray
    weights_K: np.ndarray
    score: np.ndarray
    seed: int
    file: Path


def run_rounds(bench: Bench, learner: Learner, arms: Sequence[Arm]) -> Rounds:
    """Train and score; a training that was done before is read back."""
    learner.prepare(arms)
    planned = list(bench.rounds(learner.folds, learner.repeats))
    count = max(fold for _, fold, _, _ in planned) + 1
    repeats = len(planned) // count
    bench.progress.stage(f"{learner.name}: trainings", len(planned) * len(arms))
    rounds = [_trainings(bench, learner, arms, each) for each in planned]
    seconds = _train(bench, learner, [one for each in rounds for one in each], len(planned[0][2]))
    tables = {arm.key: np.full((repeats, len(bench.labels), bench.classes), np.nan) for arm in arms}
    folds = np.full((repeats, len(bench.labels)), -1)
    whole_rounds = list(takewhile(lambda each: all(one.file.exists() for one in each), rounds))
    for (repeat, fold, _, score), each in zip(planned, whole_rounds, strict=False):
        for one in each:
            tables[one.arm.key][repeat, score] = np.load(one.file, allow_pickle=False)
        folds[repeat, score] = fold
    done = len(whole_rounds)
    whole = max(1, done // count)
    expected = _expected(learner, arms, seconds, len(planned[0][2]))
    missing = max(0, count - done) * expected
    return Rounds(
        logits={key: table[:whole] for key, table in tables.items()},
        fitted={
            arm.key: float(np.mean([len(each[i].chosen) for each in whole_rounds] or [0]))
            for i, arm in enumerate(arms)
        },
        seconds={key: float(np.median(spent)) if spent else float("nan") for key, spent in seconds.items()},
        folds=folds[:whole],
        done=min(done, whole * count),
        planned=len(planned),
        missing_seconds=missing,
    )


Round = tuple[int, int, np.ndarray, np.ndarray]


def _trainings(bench: Bench, learner: Learner, arms: Sequence[Arm], which: Round) -> list[_Training]:
    repeat, fold, fit, score = which
    seed = 100_000 * bench.seed + 100 * repeat + fold
    found = []
    for i, arm in enumerate(arms):
        chosen, weights = training_set(arm, fit, bench.labels, bench.groups, bench.classes, seed)
        file = _file(bench, learner, arm, repeat, fold)
        found.append(_Training(arm, arms[i + 1 :], chosen, weights, score, seed, file))
    return found


def _train(bench: Bench, learner: Learner, trainings: Sequence[_Training], n: int) -> dict[str, list[float]]:
    """Do what is not done yet, as long as the time lasts for whole rounds; returns the seconds by arm."""
    seconds: dict[str, list[float]] = {one.arm.key: [] for one in trainings}
    missing = [one for one in trainings if not one.file.exists()]
    bench.progress.advance(len(trainings) - len(missing))
    for wave in in_waves(bench.executor, missing, learner.threads):
        rest = [one.arm for one in wave]
        if seconds[trainings[0].arm.key]:
            rest += wave[-1].later
        if _expected(learner, rest, seconds, n) / len(wave) > bench.seconds_left():
            break
        begun = {learner.begin(one.arm, one.chosen, one.weights_K, one.score, one.seed): one for one in wave}
        for task in bench.executor.completed(list(begun)):
            rows, took = task.result()
            _write(begun[task].file, rows)
            seconds[begun[task].arm.key].append(took)
            bench.progress.advance(1)
    return seconds


def _expected(learner: Learner, arms: Sequence[Arm], seconds: dict[str, list[float]], n: int) -> float:
    """Seconds of one training of each arm: as measured, else as quoted."""
    return sum(
        float(np.median(seconds[arm.key]))
        if seconds[arm.key]
        else learner.training(arm, round(n * arm.share))
        for arm in arms
    )


def _file(bench: Bench, learner: Learner, arm: Arm, repeat: int, fold: int) -> Path:
    return bench.work / f"{len(bench.labels)}-{learner.key}-{arm.key}-{repeat}-{fold}.npy"


def _write(file: Path, rows: np.ndarray) -> None:
    temporary = file.with_suffix(".part")
    with temporary.open("wb") as out:
        np.save(out, rows)
    temporary.replace(file)
