"""What rows allow to be said: differences paired over seeds, and the words that their intervals choose."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import stats

from benchmarks.questions.outcomes import Outcome, over_seeds

MATTERS = 0.05
"""A gain that counts: what `tellapart diagnose` asks of a cause (balanced accuracy), taken for other shares too."""

STILL, FAR = 1e-3, 3.0
"""A loss that moves by less has not moved; one so many times ln 2 is that of sure and wrong answers."""

Judged = Literal["helped", "harmed", "no matter", "did not help", "cannot tell"]
Trained = dict[int, Outcome]
"""Seed -> its longest training."""


@dataclass(frozen=True)
class Difference:
    """`after` less `before` with the same seeds: mean, 95 % interval (Student's t over pairs), pairs.

    Attributes
    ----------
    before, after
        Means over the seeds of the pairs, over whose number the interval is taken.
    """

    value: float
    low: float
    high: float
    n: int
    before: float = math.nan
    after: float = math.nan

    def judged(self, matters: float = MATTERS) -> Judged:
        """Say what the interval allows; `matters` is the least gain that counts."""
        if self.n < 2 or not math.isfinite(self.low):
            return "cannot tell"
        if self.low > 0:
            return "helped"
        if self.high < 0:
            return "harmed"
        if self.high < matters:
            return "no matter" if self.low > -matters else "did not help"
        return "cannot tell"

    def __str__(self) -> str:
        if self.n == 0:
            return "–"
        seeds = "1 seed" if self.n == 1 else f"{self.n} seeds"
        if self.n == 1:
            return f"{self.value:+.3f} ({seeds})"
        return f"{self.value:+.3f} ({self.low:+.3f} to {self.high:+.3f}, {seeds})"


def paired(before: Mapping[int, float], after: Mapping[int, float]) -> Difference:
    """Compare two ways by the seeds that both have and in which both are defined."""
    seeds = [
        seed
        for seed in sorted(before.keys() & after.keys())
        if math.isfinite(before[seed]) and math.isfinite(after[seed])
    ]
    if not seeds:
        return Difference(math.nan, math.nan, math.nan, 0)
    first, second = ([values[seed] for seed in seeds] for values in (before, after))
    each = np.array(second) - np.array(first)
    value, means = float(each.mean()), (float(np.mean(first)), float(np.mean(second)))
    if len(seeds) == 1:
        return Difference(value, math.nan, math.nan, 1, *means)
    half = float(stats.t.ppf(0.975, len(each) - 1) * each.std(ddof=1) / math.sqrt(len(each)))
    return Difference(value, value - half, value + half, len(seeds), *means)


SAID: dict[Judged, str] = {
    "helped": "{what} helped",
    "harmed": "{what} made it worse",
    "no matter": "{what} made no difference that counts",
    "did not help": "{what} did not help",
    "cannot tell": "{what}: whether it helped cannot be told",
}


def sentence(what: str, measure: str, found: Difference, matters: float = MATTERS) -> str:
    """Say in one sentence what a change did to a share; the words are those that the interval allows.

    Parameters
    ----------
    what
        The change.
    measure
        What was counted.
    matters
        The least gain that counts.
    """
    judged = found.judged(matters)
    words = SAID[judged].format(what=what)
    if judged == "cannot tell":
        words += " (one seed shows nothing)" if found.n < 2 else f" with {found.n} seeds"
    elif judged == "helped" and found.value < matters:
        words += f", by less than {matters:.2f}"
    return f"{words}: {measure} {found.before:.3f} → {found.after:.3f}, difference {found}."


def values(trained: Trained, name: str, epoch: int | None = None) -> dict[int, float]:
    """Return a curve's value by seed, after `epoch` or after the last one."""
    return {seed: one.at(name, one.epochs if epoch is None else epoch) for seed, one in trained.items()}


def common_epoch(ways: Iterable[Trained], name: str) -> int:
    """Return the last epoch after which all trainings of all `ways` have this figure; 0 where there is none."""
    everything = [one for way in ways for one in way.values()]
    if not everything:
        return 0
    last = min(one.epochs for one in everything)
    for epoch in range(last, 0, -1):
        if all(math.isfinite(one.at(name, epoch)) for one in everything):
            return epoch
    return 0


def compare(before: Trained, after: Trained, name: str, epoch: int | None = None) -> tuple[Difference, int]:
    """Pair two variants on a curve after `epoch`, or the last that all of them have; returns that epoch too."""
    seeds = before.keys() & after.keys()
    both = [{seed: way[seed] for seed in seeds} for way in (before, after)]
    at = common_epoch(both, name) if epoch is None else epoch
    return paired(values(both[0], name, at), values(both[1], name, at)), at


def lowest_and_last(trained: Trained, name: str) -> tuple[float, float, float]:
    """Return over seeds the mean of a curve's lowest value, the epoch of it, and its last value."""
    found = []
    for one in trained.values():
        curve = [(value, epoch) for epoch, value in enumerate(one.curves[name], 1) if math.isfinite(value)]
        low, epoch = min(curve)
        found.append((low, float(epoch), curve[-1][0]))
    low, epoch, last = (float(np.mean(column)) for column in zip(*found, strict=True))
    return low, epoch, last


def died(trained: Trained, name: str) -> list[int]:
    """Return the seeds whose loss stays from the first epoch on where it is, far above that of guessing.

    Such a network gives one class for every picture, and is sure of it: nothing pulls it back.
    """
    found = []
    for seed, one in trained.items():
        curve = [value for value in one.curves[name] if math.isfinite(value)]
        if max(curve) - min(curve) < STILL and min(curve) > FAR * math.log(2):
            found.append(seed)
    return found


def mean(trained: Trained, name: str, epoch: int | None = None) -> str:
    """Write the mean over seeds of a share with its interval."""
    return str(over_seeds(values(trained, name, epoch).values()))


class Bank:
    """Finished trainings of the founding questions, to be asked for by what was changed."""

    def __init__(self, outcomes: Iterable[Outcome]) -> None:
        self.outcomes = sorted(outcomes, key=lambda one: one.epochs)

    def get(self, recipe: str, pictures: str, variant: str, size: int, *, whole: bool) -> Trained:
        """Return the longest training of each seed; empty where there is none."""
        found = {
            one.row.seed: one
            for one in self.outcomes
            if (one.row.recipe, one.row.pictures, one.row.variant, one.row.size, one.row.whole)
            == (recipe, pictures, variant, size, whole)
        }
        return dict(sorted(found.items()))

    def a(self, variant: str, size: int, *, whole: bool = False) -> Trained:
        """Return training A on pellets."""
        return self.get("plastic_pieces", "pellets", variant, size, whole=whole)

    def b(self, variant: str, pictures: str = "quarter", size: int = 100) -> Trained:
        """Return training B."""
        return self.get("quarter_positive", pictures, variant, size, whole=True)
