"""What training B's precision did: shown and true, over epochs and seeds."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from benchmarks.questions import sides
from benchmarks.questions.judging import Difference, Trained, paired
from benchmarks.questions.outcomes import over_seeds
from benchmarks.questions.page import RUN

SHOWN, TRUE = "val_precision", "true_validation_precision"
AP, BALANCED = "true_validation_average_precision", "true_validation_balanced_accuracy"
DESCRIBED, FASTER, COMMON = "as described", "learning rate .01", "common is class 1"
SETS = ("quarter", "cats_dogs")
DESCRIBED_PX, OTHER_PX = 100, (50, 200, 400)
GROUPS = (f"{RUN} --only B-quarter", f"{RUN} --only B-cats --cats-dogs DIR")


def base_rate(trained: Trained) -> float:
    """Return the share of class 1 in the validation part: the precision, and the average precision, of guessing."""
    one = next(iter(trained.values()))
    counts = one.parts["validation"]
    return counts[one.about["class_1"]] / sum(counts.values())


def largest_difference(trained: Trained) -> float:
    """Return the mean over seeds of how far the shown precision gets from the true one, where there is one."""
    each = [
        max(
            (
                abs(shown - true)
                for shown, true in zip(one.curves[SHOWN], one.curves[TRUE], strict=True)
                if math.isfinite(true)
            ),
            default=math.nan,
        )
        for one in trained.values()
    ]
    return over_seeds(each).value


def silent_share(trained: Trained) -> float:
    """Return the share of epochs in which nothing is called class 1, so that there is no precision."""
    every = [value for one in trained.values() for value in one.curves[TRUE]]
    return sum(math.isnan(value) for value in every) / len(every)


TREND = {
    "helped": "rises",
    "harmed": "falls",
    "no matter": "neither rises nor falls by an amount that counts",
    "did not help": "does not rise; whether it falls cannot be told",
    "cannot tell": "moves, but whether it rises or falls cannot be told",
}


def _first_and_last(trained: Mapping[int, Sequence[float]]) -> Difference:
    both = {seed: sides.ends(curve) for seed, curve in trained.items()}
    return paired({s: one[0] for s, one in both.items()}, {s: one[1] for s, one in both.items()})


def trend_words(trained: Mapping[int, Sequence[float]]) -> str:
    """Say whether a precision rises or falls from the first to the last epochs, as its paired interval allows.

    Parameters
    ----------
    trained
        Seed -> precision by epoch; nan where nothing was called class 1.
    """
    found = _first_and_last(trained)
    return TREND[found.judged()] if found.n else "is defined in too few epochs for a trend"


def trend(trained: Mapping[int, Sequence[float]]) -> str:
    """Say the same with its figures."""
    found = _first_and_last(trained)
    first = f"{found.before:.3f} in the first {sides.SHOWN} epochs that have one"
    figures = f" ({first}, {found.after:.3f} in the last; {found})"
    return trend_words(trained) + (figures if found.n else "")


def curves(trained: Trained, name: str) -> dict[int, Sequence[float]]:
    """Return a curve by seed."""
    return {seed: one.curves[name] for seed, one in trained.items()}
