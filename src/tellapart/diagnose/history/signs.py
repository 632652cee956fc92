"""Signs in curves that are no verdict: each a suspicion with modest confidence, or nothing."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import pairwise

from tellapart.diagnose.read_files import Curves

from .looking import SAME_DIGITS, Sign, at, finite, range_words, shared, stands_still
from .overfitting import overfitting
from .trend import FEWEST, NOISES, noise, trend

FITTED = 0.95
"""From this training accuracy on a flat curve has nowhere to go."""
JUMP = 0.25
"""Of the way the loss went in all: a rise by more, at one epoch, that the noise does not explain, is a jump."""
JUMP_NOISES = 6.0
"""And this many standard deviations of the noise."""
WILD_OF_WAY, WILD_OF_LOSS = 0.25, 0.1
"""Noise from epoch to epoch above these shares of the way the loss went and of the loss itself is no small matter."""
HUGE_LOSS, HUGE_BESIDE = 10.0, 20.0
"""A first loss above the cross-entropy of 20,000 classes told by chance, and this many times the later ones."""
LOSS_OF_SHARE = 0.02
"""A loss this near to that of one fixed probability for all pictures, as a share of it."""
BETTER = 0.05
"""Validation loss below the training loss by this share of it is more than an odd split."""
RATE_IS_GONE = 0.01
"""A learning rate below this share of its highest has been brought down on purpose: the training is meant to end."""


def signs(curves: Curves) -> tuple[Sign, ...]:
    """Return what the curves suggest, surest first, one for each code."""
    found: dict[str, Sign] = {}
    for one in (each for look in LOOKS for each in look(curves)):
        if one.code not in found or found[one.code].confidence < one.confidence:
            found[one.code] = one
    return tuple(sorted(found.values(), key=lambda one: (-one.confidence, one.code)))


def broken_values(curves: Curves) -> Iterator[Sign]:
    """Look for a loss that is nan or infinite at some epoch."""
    for part in ("training", "validation", "test"):
        loss = curves.get(part, "loss")
        broken = (
            []
            if loss is None
            else [
                epoch
                for epoch, v in zip(curves.epochs, loss.values, strict=True)
                if v is not None and not math.isfinite(v)
            ]
        )
        if broken:
            words = f"The {part} loss is nan or infinite at {len(broken)} of {len(curves.epochs)} epochs, first at"
            yield Sign("loss.unstable", 0.5, f"{words} epoch {broken[0]}.")


def below_zero(curves: Curves) -> Iterator[Sign]:
    """Look for a loss below zero: cross-entropy of labels between 0 and 1 cannot be."""
    values = finite(curves.get("training", "loss"))
    if values and min(values) < -SAME_DIGITS:
        words = f"The training loss goes down to {min(values):.3g}; cross-entropy of labels 0 and 1 is never below 0."
        yield Sign("label.wrong_encoding", 0.45, f"{words} Labels outside of 0..1 do this.")
        yield Sign("loss.bad_reduction", 0.3, f"{words} So does a home-made loss with the wrong sign.")


def does_not_fall(curves: Curves) -> Iterator[Sign]:
    """Look for a training loss that stands, wanders or rises."""
    values = finite(curves.get("training", "loss"))
    accuracy = finite(curves.get("training", "accuracy"))
    if len(values) < FEWEST or (accuracy and accuracy[-1] >= FITTED):
        return
    seen = trend(values)
    whole = f"over {len(values)} epochs"
    if stands_still(values):
        words = f"The training loss does not move at all: {range_words(values)} {whole}."
        yield Sign("loop.missing_step", 0.4, f"{words} So it is where no weight is changed.")
        yield Sign(
            "optimizer.learning_rate_too_low", 0.35, f"{words} Steps may be too small to change anything."
        )
    elif seen.rises:
        words = f"The training loss rises {whole}, from {values[0]:.3g} to {values[-1]:.3g}."
        yield Sign(
            "loop.gradient_sign", 0.4, f"{words} Steps in the wrong direction do this from the first one on."
        )
        yield Sign("optimizer.learning_rate_too_high", 0.4, f"{words} So do steps that are too large.")
    elif not seen.falls and not _fell_at_once(values) and abs(seen.change) <= NOISES * seen.noise:
        words = (
            f"The training loss does not fall {whole}: {range_words(values)}, no trend (p = {seen.p_value:.2g}, noise "
            f"{seen.noise:.2g})."
        )
        yield Sign("optimizer.learning_rate_too_high", 0.3, f"{words} Steps that are too large do this.")
        yield Sign("optimizer.learning_rate_too_low", 0.25, f"{words} So do steps that are too small.")


def _fell_at_once(values: list[float]) -> bool:
    """Whether the first epochs did it all: a quick task that then stands is no training that stands."""
    rest = values[2:]
    return values[0] > max(rest) or values[0] - math.fsum(rest) / len(rest) > 2 * NOISES * noise(rest)


def jumps(curves: Curves) -> Iterator[Sign]:
    """Look for a training loss that jumps up."""
    pairs = at(curves, loss) if (loss := curves.get("training", "loss")) else []
    values = [v for _, v in pairs]
    if len(values) < FEWEST:
        return
    way = max(values) - min(values)
    limit = max(JUMP * way, JUMP_NOISES * noise(values))
    found = [(pairs[k + 1][0], b - a) for k, (a, b) in enumerate(pairwise(values)) if b - a > limit]
    if found and way > 0 and not stands_still(values):
        epoch, rise = max(found, key=lambda one: one[1])
        words = f"The training loss jumps up {len(found)} times in {len(values)} epochs, most at epoch"
        yield Sign(
            "optimizer.learning_rate_too_high",
            0.45,
            f"{words} {epoch} (by {rise:.3g}; all its way is {way:.3g}).",
        )


def wild(curves: Curves) -> Iterator[Sign]:
    """Look for a training loss that falls, but less than it goes up and down."""
    values = finite(curves.get("training", "loss"))
    accuracy = finite(curves.get("training", "accuracy"))
    if len(values) < FEWEST or (accuracy and accuracy[-1] >= FITTED):
        return
    seen, middle = noise(values), abs(sorted(values)[len(values) // 2])
    change = abs(trend(values).change)
    if seen > WILD_OF_WAY * change > 0 and seen > WILD_OF_LOSS * middle:
        words = f"The training loss goes up and down by {seen:.2g} each epoch, and changed by {change:.2g} in all."
        yield Sign("optimizer.learning_rate_too_high", 0.35, f"{words} Steps that are too large do this.")
        yield Sign("optimizer.batch_size", 0.2, f"{words} So do very small batches.")


def huge_at_first(curves: Curves) -> Iterator[Sign]:
    """Look for a first loss that no guess would give."""
    values = finite(curves.get("training", "loss"))
    if (
        len(values) > 3
        and values[0] > HUGE_LOSS
        and values[0] > HUGE_BESIDE * sorted(values[1:])[len(values) // 2 - 1]
    ):
        later = range_words(values[1:])
        words = f"The first training loss is {values[0]:.3g}, far above what guessing costs; later {later}."
        yield Sign("prep.unscaled", 0.35, f"{words} Pixels of 0 to 255 do this.")


def still_falling(curves: Curves) -> Iterator[Sign]:
    """Look whether the loss that judges still falls when the training ends."""
    held = curves.judging("loss")
    loss = held or curves.get("training", "loss")
    pairs = [] if loss is None else at(curves, loss)
    half = [v for _, v in pairs[len(pairs) // 2 :]]
    rates = finite(curves.get("", "learning rate"))
    if loss is None or len(half) < FEWEST or (rates and rates[-1] < RATE_IS_GONE * max(rates)):
        return
    seen = trend(half)
    tail = half[-max(len(half) // 3, 2) :]
    if seen.falls and min(tail) == min(half) and half[-1] <= min(half) + NOISES * seen.noise:
        words = (
            f"The {loss.name} still falls over the last {len(half)} of {len(pairs)} epochs (by {-seen.change:.3g}; "
            f"p = {seen.p_value:.2g})"
        )
        only = (
            "" if held else ", and nothing judges it on other pictures: a training loss nearly always falls"
        )
        yield Sign("optimizer.too_few_epochs", 0.5 if held else 0.2, f"{words}{only}.")


def constant_judgement(curves: Curves) -> Iterator[Sign]:
    """Look for a validation accuracy that takes one value again and again while training moves."""
    one = curves.judging("accuracy")
    values = finite(one)
    training = finite(curves.get("training", "accuracy")) or finite(curves.get("training", "loss"))
    if one is None or len(values) < FEWEST or max(values) > FITTED or len(set(training)) < 2:
        return
    value, times = Counter(round(v, 6) for v in values).most_common(1)[0]
    if times < max(FEWEST - 1, math.ceil(len(values) / 2)):
        return
    words = (
        f"The {one.name} is {value:.4g} at {times} of {len(values)} epochs, to the last digit. If that is the share of "
        "one class among these pictures, that class is always named"
    )
    yield Sign("data.imbalance_ignored", 0.4, f"{words}.")
    yield Sign("metric.accuracy_hides_minority", 0.35, f"{words}; accuracy does not show it.")
    yield Sign(
        "arch.batchnorm_mode", 0.2, f"{words}. Batch normalisation that judges by other statistics does this."
    )


def loss_of_a_share(curves: Curves) -> Iterator[Sign]:
    """Look whether loss and accuracy of training stand at those of one fixed probability for every picture."""
    pairs = shared(curves.get("training", "loss"), curves.get("training", "accuracy"))
    if len(pairs) < FEWEST:
        return
    losses, shares = [a for a, _ in pairs], [b for _, b in pairs]
    share = math.fsum(shares) / len(shares)
    if not 0.55 < share < 1 - 1e-6 or trend(losses).is_clear or trend(shares).is_clear:
        return
    wanted = -share * math.log(share) - (1 - share) * math.log(1 - share)
    if all(abs(v - wanted) <= LOSS_OF_SHARE * wanted for v in losses[len(losses) // 2 :]):
        words = (
            f"Training loss and accuracy stand at {losses[-1]:.3g} and {share:.3g}: what always naming a class of "
            f"{100 * share:.0f} % gives (loss {wanted:.3g}), or a weak network that knows how unsure it is"
        )
        yield Sign("data.imbalance_ignored", 0.5, f"{words}.")


def better_than_training(curves: Curves) -> Iterator[Sign]:
    """Look for a validation loss below the training loss throughout, also where that is moved by half an epoch."""
    held = curves.judging("loss")
    pairs = shared(curves.get("training", "loss"), held)
    # Keras takes the training loss during the epoch, and that of validation at its end.
    gaps = [(a + b) / 2 - v for (a, v), (b, _) in pairwise(pairs)]
    if held is None or len(gaps) < FEWEST:
        return
    late = gaps[len(gaps) // 2 :]
    level = math.fsum(v for _, v in pairs[-len(late) :]) / len(late)
    mean = math.fsum(late) / len(late)
    if all(gap > 0 for gap in gaps) and mean > BETTER * abs(level) and mean > NOISES * noise(gaps):
        words = (
            f"The {held.name} is below the training loss at all {len(pairs)} epochs (by {mean:.3g} in the second "
            "half). Dropout and augmentation work in training alone and make it so, and that is no fault"
        )
        yield Sign("split.leak", 0.2, f"{words}; pictures that are in both parts make it so, too.")
        yield Sign(
            "regularisation.too_strong", 0.2, f"{words} unless they are so strong that training suffers."
        )


def precision_falls(curves: Curves) -> Iterator[Sign]:
    """Look for a precision that falls while accuracy or recall of the same part does not."""
    for part in ("training", "validation", "test"):
        precision = finite(curves.get(part, "precision"))
        if not trend(precision).falls:
            continue
        for measure in ("accuracy", "recall"):
            other = finite(curves.get(part, measure))
            seen = trend(other)
            if len(other) >= FEWEST and not seen.falls:
                goes = "rises" if seen.rises else "stands"
                words = (
                    f"The {part} precision falls ({precision[0]:.3g} to {precision[-1]:.3g}) while {measure} {goes} "
                    f"({other[0]:.3g} to {other[-1]:.3g}). A precision that is averaged over batches does this; so "
                    "does one that is right, where the threshold drifts"
                )
                yield Sign("metric.batch_averaged", 0.4, f"{words}.")
                break


LOOKS: tuple[Callable[[Curves], Iterator[Sign]], ...] = (
    broken_values,
    below_zero,
    does_not_fall,
    jumps,
    wild,
    huge_at_first,
    still_falling,
    overfitting,
    constant_judgement,
    loss_of_a_share,
    better_than_training,
    precision_falls,
)
