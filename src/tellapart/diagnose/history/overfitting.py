"""Training goes on getting better, and pictures that were held back do not."""

from __future__ import annotations

import math
from collections.abc import Iterator

from tellapart.diagnose.read_files import Curves

from .looking import Sign, at, finite, shared
from .trend import FEWEST, NOISES, noise, trend

WIDE = 0.1
"""A gap between training and validation accuracy that is worth a word; smaller ones are usual."""
LEARNT = 0.2
"""Training accuracy that rose by this much has learnt something: then validation should move."""


def overfitting(curves: Curves) -> Iterator[Sign]:
    """Yield what validation says against a training that goes well."""
    yield from _loss_turns(curves)
    yield from _gap(curves)
    yield from _validation_never_moves(curves)


def _loss_turns(curves: Curves) -> Iterator[Sign]:
    """Look for a best epoch of the validation loss after which it rises, while the training loss falls."""
    held, loss = curves.judging("loss"), curves.get("training", "loss")
    pairs = [] if held is None else at(curves, held)
    if held is None or loss is None or not pairs:
        return
    best = min(range(len(pairs)), key=lambda k: pairs[k][1])
    epoch, lowest = pairs[best]
    after = [v for _, v in pairs[best:]]
    training = [v for number, v in at(curves, loss) if number >= epoch]
    seen = trend(after)
    if not seen.rises or not trend(training).falls:
        return
    yield Sign(
        "regularisation.missing",
        0.6,
        f"The {held.name} is best at epoch {epoch} ({lowest:.3g}) and rises over the {len(after) - 1} epochs after it, "
        f"to {after[-1]:.3g} (p = {seen.p_value:.2g}), while the training loss goes on falling "
        f"(to {training[-1]:.3g}). {_harm(curves, epoch)}",
    )


def _harm(curves: Curves, epoch: int) -> str:
    """Say what the epochs after the best one harm; a loss may rise by overconfidence alone."""
    accuracy = curves.judging("accuracy")
    after = [] if accuracy is None else [v for number, v in at(curves, accuracy) if number >= epoch]
    seen = trend(after)
    if len(after) < FEWEST or seen.falls:
        falls = f" The accuracy falls with it, from {after[0]:.3g} to {after[-1]:.3g}." if seen.falls else ""
        return f"Those epochs do harm: keep the weights of epoch {epoch}.{falls}"
    goes = "still rises" if seen.rises else "does not clearly fall"
    return (
        f"The accuracy {goes} ({after[0]:.3g} to {after[-1]:.3g}): those epochs make the probabilities too sure, "
        "not the decisions worse."
    )


def _gap(curves: Curves) -> Iterator[Sign]:
    """Look for training accuracy far above that of validation at the end, and rising away from it."""
    held = curves.judging("accuracy")
    pairs = shared(curves.get("training", "accuracy"), held)
    if held is None or len(pairs) < FEWEST:
        return
    gaps = [a - b for a, b in pairs]
    third = max(len(gaps) // 3, 2)
    wide = math.fsum(gaps[-third:]) / third
    validation = [b for _, b in pairs]
    late = trend(validation[len(validation) // 2 :])
    if wide >= WIDE and wide > NOISES * noise(gaps) and not late.rises and trend(gaps).rises:
        a, b = (math.fsum(each[-third:]) / third for each in ([a for a, _ in pairs], validation))
        yield Sign(
            "regularisation.missing",
            0.5,
            f"Over the last {third} epochs the training accuracy is {a:.3g} and the {held.name} {b:.3g}; the gap has "
            "grown and validation does not follow. How far luck can open it depends on the number of pictures, which "
            "is not in the file.",
        )


def _validation_never_moves(curves: Curves) -> Iterator[Sign]:
    """Look for a training that learns while validation accuracy stays where it began."""
    training, one = finite(curves.get("training", "accuracy")), curves.judging("accuracy")
    held = finite(one)
    if one is None or len(held) < FEWEST or max(held[0], held[-1]) > 1 - LEARNT:
        return
    seen = trend(training)
    if seen.rises and training[-1] - training[0] >= LEARNT and not trend(held).is_clear:
        words = (
            f"The training accuracy rises to {training[-1]:.3g}, and the {one.name} has no trend "
            f"({min(held):.3g} to {max(held):.3g} over {len(held)} epochs)"
        )
        yield Sign(
            "prep.train_validation_mismatch",
            0.35,
            f"{words}. Pictures prepared otherwise for validation do this.",
        )
        yield Sign("arch.flatten_explosion", 0.25, f"{words}. A network that learns by heart does this.")
        yield Sign("label.misaligned", 0.25, f"{words}. Labels in another order than the pictures do this.")
