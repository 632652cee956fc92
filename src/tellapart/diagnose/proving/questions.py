"""What is asked of a change: by which measure it proves a cause, and from when on that matters.

The interface defines it: most causes are proved by a score that moves by more than its interval; a wrong figure by one
that differs from the recomputed one and no longer does after the change; a leak by a score that falls on pictures that
no training saw.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from tellapart.diagnose.answer import Experiment
from tellapart.diagnose.watching.comparing import Discrepancy

from .measures import Pair, by_figure, by_order, by_score, by_untouched_pictures

MATTERS = 0.05
"""Balanced accuracy that a fix has to gain, beyond its interval, to be a cause of failure: the interface's figure."""
WORTH_A_SECOND_LOOK = 0.025
"""Half of that, at the first look."""

WRONG_FIGURES = ("metric.", "loop.missing_eval_mode", "arch.batchnorm_mode")
"""What harms by showing a wrong figure, be the network well or not."""
UNTOUCHED = ("split.leak", "split.validation_is_training")
"""What harms by judging on pictures that the training saw."""
CHANGED_WHEN_JUDGED = "prep.augmented_validation"
"""What shows a wrong figure of a network that may be well: the true one is that on the pictures as they are."""
MOST_FIGURES = 2
EIGHT_OF_FIVE = 0.67
"""An interval over eight seeds is this share of one over five as wide: Student's quantile over the root of n."""

CEILING = 0.95
"""Above this there is no room for the gain that would make a cause; what may still be wrong is a figure or a split."""
WRONG_WITHOUT_FAILING = (*WRONG_FIGURES, "split.", "prep.train_", "prep.augmented_validation")
"""What can be wrong while the network itself is well."""

Test = Callable[[Experiment], bool]


@dataclass(frozen=True)
class Question:
    """One measure, and what it has to show.

    Attributes
    ----------
    promising
        After one run each: worth more seeds.
    shown
        The effect is clear of its interval.
    matters
        It is large enough for a cause.
    open
        More seeds may still show that it matters.
    near
        Eight seeds that go on like the first five would show it.
    """

    measure: Callable[[Pair], Experiment | None]
    promising: Test
    shown: Test
    matters: Test
    open: Test
    near: Test


def could_matter(code: str, balanced_accuracy: float) -> bool:
    """Say whether mending a cause could still change anything for a network that is as good as this."""
    return balanced_accuracy < CEILING or code.startswith(WRONG_WITHOUT_FAILING)


def moves_the_score(code: str) -> bool:
    """Say whether a cause is one that makes the network itself worse, not a figure or a split."""
    return RISES in questions(code, ())


def questions(code: str, wrong: tuple[Discrepancy, ...]) -> tuple[Question, ...]:
    """Return what decides about a cause.

    Parameters
    ----------
    wrong
        Figures of the script that are not what they say.
    """
    if code in UNTOUCHED:
        return (FALLS,)
    if code == CHANGED_WHEN_JUDGED:
        return (SAME_WEIGHTS,)
    if not code.startswith(WRONG_FIGURES):
        return (RISES, ORDERS)
    gaps = tuple(
        Question(partial(by_figure, wrong=one), _closes, _closes, _closes, _never, _never)
        for one in _gravest(wrong)
    )
    return gaps if code.startswith("metric.") else (*gaps, RISES, ORDERS)


def _gravest(wrong: tuple[Discrepancy, ...]) -> Iterator[Discrepancy]:
    """Yield the figure that is furthest off for its interval, of each part and measure; whole measures first."""
    furthest: dict[tuple[str, str], Discrepancy] = {}
    for one in sorted(wrong, key=lambda one: (bool(one.reported.of), -_off(one))):
        furthest.setdefault((one.reported.part, one.reported.measure), one)
    yield from list(furthest.values())[:MOST_FIGURES]


def _off(one: Discrepancy) -> float:
    """Return how many widths of its interval a figure is off."""
    return abs(one.reported.value - one.true) / max(one.high - one.low, 1e-9)


def _closes(one: Experiment) -> bool:
    """Say whether a wrong figure is right after the change: off by more than its interval before, within it after."""
    was_off = one.before.low > 0 or one.before.high < 0
    return was_off and one.after.low <= 0 <= one.after.high


def _never(_: Experiment) -> bool:
    return False


def _in_order(test: Test) -> Test:
    """Ask also that the mended network orders the classes better than chance: from below, chance itself is a gain."""
    return lambda one: one.after.low > 1 / 2 and test(one)


RISES = Question(
    by_score,
    promising=lambda one: one.effect.value > WORTH_A_SECOND_LOOK,
    shown=lambda one: one.effect.low > 0,
    matters=lambda one: one.effect.low >= MATTERS,
    open=lambda one: one.effect.high >= MATTERS,
    near=lambda one: one.effect.value - EIGHT_OF_FIVE * (one.effect.value - one.effect.low) >= MATTERS,
)
ORDERS = Question(
    by_order,
    promising=_in_order(RISES.promising),
    shown=_in_order(RISES.shown),
    matters=_in_order(RISES.matters),
    open=_in_order(RISES.open),
    near=_in_order(RISES.near),
)
FALLS = Question(
    by_untouched_pictures,
    promising=lambda one: one.effect.value < -WORTH_A_SECOND_LOOK,
    shown=lambda one: one.effect.high < 0,
    matters=lambda one: one.effect.high < 0,
    open=lambda one: one.effect.value < 0,
    near=lambda one: one.effect.value + EIGHT_OF_FIVE * (one.effect.high - one.effect.value) < 0,
)
SAME_WEIGHTS = Question(
    by_score,
    promising=lambda one: one.effect.value > WORTH_A_SECOND_LOOK,
    shown=lambda one: one.effect.low > 0,
    matters=lambda one: one.effect.low > 0 and one.effect.value >= MATTERS,
    open=lambda one: one.effect.high > 0,
    near=lambda one: one.effect.value - EIGHT_OF_FIVE * (one.effect.value - one.effect.low) > 0,
)
