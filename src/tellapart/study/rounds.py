"""The trainings of a study: every arm on the same folds with the same seeds, round after round, as time allows.

n pictures, K classes, R repeats. A round trains every arm once and scores one fold.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

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


def run_rounds(bench: Bench, learner: Learner, arms: Sequence[Arm]) -> Rounds:
    """Train and score; a round that was done before is read back."""
    learner.prepare(arms)
    planned = list(bench.rounds(learner.folds, learner.repeats))
    count = max(fold for _, fold, _, _ in planned) + 1
    repeats = len(planned) // count
    tables = {arm.key: np.full((repeats, len(bench.labels), bench.classes), np.nan) for arm in arms}
    folds = np.full((repeats, len(bench.labels)), -1)
    seconds: dict[str, list[float]] = {arm.key: [] for arm in arms}
    fitted: dict[str, list[int]] = {arm.key: [] for arm in arms}
    bench.progress.stage(f"{learner.name}: trainings", len(planned) * len(arms))
    done = 0
    for repeat, fold, fit, score in planned:
        found = _one_round(bench, learner, arms, (repeat, fold, fit, score), seconds, fitted)
        if found is None:
            break
        for key, rows in found.items():
            tables[key][repeat, score] = rows
        folds[repeat, score] = fold
        done += 1
    whole = max(1, done // count)
    expected = _expected(learner, arms, seconds, len(planned[0][2]))
    missing = max(0, count - done) * expected
    return Rounds(
        logits={key: table[:whole] for key, table in tables.items()},
        fitted={key: float(np.mean(sizes)) if sizes else 0.0 for key, sizes in fitted.items()},
        seconds={key: float(np.median(spent)) if spent else float("nan") for key, spent in seconds.items()},
        folds=folds[:whole],
        done=min(done, whole * count),
        planned=len(planned),
        missing_seconds=missing,
    )


Round = tuple[int, int, np.ndarray, np.ndarray]


def _one_round(
    bench: Bench,
    learner: Learner,
    arms: Sequence[Arm],
    which: Round,
    seconds: dict[str, list[float]],
    fitted: dict[str, list[int]],
) -> dict[str, np.ndarray] | None:
    """Train every arm once; None where the time does not last for all of them."""
    repeat, fold, fit, score = which
    found: dict[str, np.ndarray] = {}
    seed = 100_000 * bench.seed + 100 * repeat + fold
    for i, arm in enumerate(arms):
        chosen, weights = training_set(arm, fit, bench.labels, bench.groups, bench.classes, seed)
        file = _file(bench, learner, arm, repeat, fold)
        if not file.exists():
            rest = arms[i:] if seconds[arms[0].key] else arms[i : i + 1]
            if _expected(learner, rest, seconds, len(fit)) > bench.seconds_left():
                return None
            began = time.perf_counter()
            rows = learner.logits(arm, chosen, weights, score, seed)
            seconds[arm.key].append(time.perf_counter() - began)
            _write(file, rows)
        fitted[arm.key].append(len(chosen))
        found[arm.key] = np.load(file, allow_pickle=False)
        bench.progress.advance(1)
    return found


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
