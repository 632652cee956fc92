"""What curves settle by definition: no experiment and no interval over pictures could change it.

Each returns what is wrong in a sentence, and the causes that do this, or nothing. They are few on purpose.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from tellapart.diagnose.read_files import Curves, Series

from .looking import Sign, finite, is_constant, range_words, shared, stands_still
from .trend import FEWEST, trend

LIKE_GUESSING = 0.02
"""A loss this near to ln k, as a share of it, and an accuracy five times this near to 1/k: both at once, at every
epoch, is what k equal outputs give on classes of equal size."""
FEW_VALUES = 3
"""Figures of two parts that agree at every epoch must take at least as many values, lest they agree because
both stand."""


@dataclass(frozen=True)
class Settled:
    """Why a training fails, whatever its pictures are; the causes are not proved."""

    sentence: str
    signs: tuple[Sign, ...]


def settled(curves: Curves) -> Settled | None:
    """Return the first that holds."""
    checks: tuple[Callable[[Curves], Settled | None], ...] = (
        not_finite,
        impossible_share,
        validation_repeats_training,
        no_decision_moves,
        stays_at_guessing,
    )
    return next((found for check in checks if (found := check(curves)) is not None), None)


def not_finite(curves: Curves) -> Settled | None:
    """Look for a training loss that is nan or infinite up to the end: a step with it makes the weights so, too."""
    loss = curves.get("training", "loss")
    if loss is None or loss.values[-1] is None or math.isfinite(loss.values[-1]):
        return None
    first = len(loss.values)
    while first > 0 and (value := loss.values[first - 1]) is not None and not math.isfinite(value):
        first -= 1
    accuracy = curves.get("training", "accuracy")
    later = [] if accuracy is None else [v for v in accuracy.values[first + 1 :] if v is not None]
    if len({round(v, 6) for v in later if math.isfinite(v)}) >= FEW_VALUES:
        return None  # decisions still change, which those of a broken network cannot
    kind = "not a number (nan)" if math.isnan(loss.values[-1]) else "infinite"
    words = f"The loss is {kind} from epoch {curves.epochs[first]} of {curves.epochs[-1]} on."
    before = [v for v in loss.values[:first] if v is not None]
    grew = len(before) > 1 and before[-1] > 2 * min(before)
    high = "It had grown before." if grew else "Steps that are too large do this."
    return Settled(
        f"The loss of the training is {kind} from epoch {curves.epochs[first]} of {curves.epochs[-1]} to the end; "
        "no network is left.",
        (
            Sign("optimizer.learning_rate_too_high", 0.6 if grew else 0.4, f"{words} {high}"),
            Sign("loss.unstable", 0.4, f"{words} The logarithm of 0 in a loss does this, too."),
        ),
    )


def impossible_share(curves: Curves) -> Settled | None:
    """Look for an accuracy above 1 or below 0: it is wrong, whatever it was counted on."""
    for one in curves.series:
        values = finite(one)
        wrong = [v for v in values if not -1e-6 <= v <= 1 + 1e-6]
        if one.measure != "accuracy" or not wrong:
            continue
        words = f"The {one.name} (column “{one.column}”) is {wrong[-1]:.3g} at one epoch; a share lies between 0 and 1."
        return Settled(
            f"A figure is wrong: a {one.name} of {wrong[-1]:.3g} is impossible.",
            (
                Sign("metric.not_reset", 0.4, f"{words} Counts that go on from the epoch before do this."),
                Sign("metric.batch_averaged", 0.3, f"{words} A sum divided by the wrong number does this."),
            ),
        )
    return None


def validation_repeats_training(curves: Curves) -> Settled | None:
    """Look whether every figure of validation is that of training, digit by digit, while they change."""
    # Shares take few values: it takes more epochs until they do not agree by accident.
    compared = [
        (shared(curves.get("training", measure), curves.judging(measure)), fewest)
        for measure, fewest in (("loss", FEW_VALUES), ("accuracy", FEWEST))
    ]
    known = [pairs for pairs, fewest in compared if len(pairs) >= fewest]
    same = all(abs(a - b) <= 1e-9 * max(1.0, abs(a)) for pairs in known for a, b in pairs)
    if not known or not same or max(len({a for a, _ in pairs}) for pairs in known) < FEW_VALUES:
        return None
    words = (
        f"All {len(known[0])} epochs have the same figures for validation as for training, to the last digit. "
        "Either both are taken on the same pictures, or one is written twice."
    )
    return Settled(
        "The validation figures are the training figures: nothing is known about pictures that were not trained on.",
        (Sign("split.validation_is_training", 0.85, words),),
    )


def no_decision_moves(curves: Curves) -> Settled | None:
    """Look for an accuracy that never leaves the value of the first epoch: no decision ever changed."""
    training = finite(curves.get("training", "accuracy"))
    held = finite(curves.judging("accuracy"))
    if len(training) < FEWEST or not is_constant(training) or training[0] > 1 - 1e-6:
        return None
    if held and not is_constant(held):
        return None
    words = (
        f"The training accuracy is {training[0]:.4g} at each of {len(training)} epochs, to the last digit."
    )
    losses = finite(curves.get("training", "loss"))
    return Settled(
        f"The training accuracy is {training[0]:.4g} from the first epoch to the last: nothing was learnt.",
        _not_moving(words) if losses and stands_still(losses) else _one_class(words, losses),
    )


def _not_moving(words: str) -> tuple[Sign, ...]:
    words = f"{words} The loss does not move either."
    return (
        Sign(
            "output.softmax_one_unit", 0.35, f"{words} A softmax over one output gives 1 for every picture."
        ),
        Sign("loop.missing_step", 0.3, f"{words} So it is where no weight is changed."),
        Sign("optimizer.learning_rate_too_low", 0.25, f"{words} Steps may be too small to change anything."),
    )


def _one_class(words: str, losses: list[float]) -> tuple[Sign, ...]:
    moves = f" The loss moves ({range_words(losses)})." if losses else ""
    words = f"{words}{moves} If it is the share of one class among the pictures, that class is always named."
    return (
        Sign("metric.wrong_decision", 0.35, f"{words} A decision that does not fit the output does this."),
        Sign("data.imbalance_ignored", 0.3, words),
        Sign("optimizer.learning_rate_too_high", 0.25, f"{words} So it is after one step that is too large."),
    )


def stays_at_guessing(curves: Curves) -> Settled | None:
    """Look whether loss and accuracy of training are those of guessing among k classes at every epoch."""
    loss, accuracy = curves.get("training", "loss"), curves.get("training", "accuracy")
    pairs = shared(loss, accuracy)
    if len(pairs) < FEWEST or pairs[0][0] <= 0 or pairs[0][0] > math.log(1_000):
        return None
    k = round(math.exp(math.fsum(a for a, _ in pairs) / len(pairs)))
    if k < 2 or not _is_guessing(loss, accuracy, k):
        return None
    held = curves.judging("accuracy")
    if held is not None and not _near_share(held, k):
        return None
    words = (
        f"At every epoch the loss is that of guessing among {k} classes (ln {k} = {math.log(k):.3f}; here "
        f"{range_words(finite(loss))}), and the accuracy about 1 in {k} (here {range_words(finite(accuracy))}). "
        "That the classes are of about equal size is read from this, too."
    )
    return Settled(
        f"The training guesses: loss and accuracy stay at those of {k} classes told by chance, from the first epoch to "
        "the last.",
        (
            Sign("label.misaligned", 0.3, f"{words} Labels in another order than the pictures do this."),
            Sign("optimizer.learning_rate_too_high", 0.25, f"{words} So does one step that is too large."),
            Sign("optimizer.learning_rate_too_low", 0.2, f"{words} So do steps that are too small."),
        ),
    )


def _is_guessing(loss: Series | None, accuracy: Series | None, k: int) -> bool:
    losses = finite(loss)
    near = all(abs(v - math.log(k)) <= LIKE_GUESSING * math.log(k) for v in losses[1:])
    return near and accuracy is not None and _near_share(accuracy, k) and not trend(losses).falls


def _near_share(accuracy: Series, k: int) -> bool:
    values = finite(accuracy)
    return abs(math.fsum(values) / len(values) - 1 / k) <= 5 * LIKE_GUESSING / k and not trend(values).rises
