"""What training B's precision did: shown and true, over epochs and seeds."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from benchmarks.questions import sides
from benchmarks.questions.judging import Trained, paired
from benchmarks.questions.outcomes import over_seeds

SHOWN, TRUE = "val_precision", "true_validation_precision"


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


def trend(trained: Mapping[int, Sequence[float]]) -> str:
    """Say whether a precision rises or falls from the first to the last epochs, as its paired interval allows."""
    both = {seed: sides.ends(curve) for seed, curve in trained.items()}
    found = paired({s: one[0] for s, one in both.items()}, {s: one[1] for s, one in both.items()})
    words = {
        "helped": "rises",
        "harmed": "falls",
        "no matter": "neither rises nor falls by an amount that counts",
        "did not help": "does not rise; whether it falls cannot be told",
        "cannot tell": "moves, but whether it rises or falls cannot be told",
    }[found.judged()]
    if found.n == 0:
        return "is defined in too few epochs for a trend"
    return (
        f"{words} ({found.before:.3f} in the first {sides.SHOWN} epochs that have one, "
        f"{found.after:.3f} in the last; {found})"
    )


def curves(trained: Trained, name: str) -> dict[int, Sequence[float]]:
    """Return a curve by seed."""
    return {seed: one.curves[name] for seed, one in trained.items()}
