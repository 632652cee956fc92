"""Whether something keeps the network from fitting, or nothing does."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from .data import overfits
from .label import plain
from .odds import one_better_than_other
from .prep import right_in
from .registry import Clear, Sign, rule
from .view import CHANCE_P, DROPPING, View, number_of, p_of_chance

BETTER = 0.005
"""Level of "better without dropout": McNemar's exact test on the training part."""
LOST = 0.1
"""What dropout takes from the training accuracy is no matter below a tenth."""
FITTED = 0.95
"""A training part of which 95 % are right is learnt by heart, or nearly."""
RISEN = 1.2
"""A held-out loss a fifth above its least rises."""
PENALTY_SHARE = 2.0
"""Penalties that are twice what the data themselves cost decide the training."""
LARGE_DECAY = 0.05
"""Weight decay of AdamW is .01 by default; from scratch .05 is the most that is usual."""


@rule("regularisation.too_strong", "switched off, the training part is fitted")
def too_strong(view: View) -> Iterator[Sign | Clear]:
    """Compare the training part with and without dropout, and the loss with and without penalties."""
    train = view.of_train
    if train is None:
        return
    accuracy, with_it = (
        number_of(train, "accuracy"),
        number_of(view.measures("train", mode="train"), "accuracy"),
    )
    drops = view.holds(DROPPING, "dropout", "dropout2d")
    paired = [right_in(view, "train", mode) for mode in ("eval", "train")]
    where = view.place("model")
    if drops and paired[0] is not None and paired[1] is not None:
        p = one_better_than_other(paired[0], paired[1])
        words = f"With dropout the training accuracy is {with_it:.2f}, without {accuracy:.2f}"
        if p < BETTER and accuracy - with_it > LOST:
            # A fitted training part is not held back; dropout then does what it is for.
            yield Sign(f"{words} (p = {p:.1g}).", 0.25 if view.fits_training else 0.7, where)
        elif not view.fits_training and p_of_chance(train) < CHANCE_P:
            yield Clear(f"{words}: dropout is not what holds it back.")
        elif not view.fits_training and (times := sum(one.kind in DROPPING for one in view.layers)) > 1:
            # Of a network that has learnt nothing yet the two cannot differ: dropout may be why.
            yield Sign(f"{words}: nothing is learnt yet, and dropout strikes {times} times.", 0.35, where)
    penalty = _penalty(view)
    if penalty > PENALTY_SHARE and not view.fits_training:
        words = f"Penalties on the weights make up {penalty / (1 + penalty):.0%} of the loss"
        yield Sign(f"{words}, and the training accuracy is {accuracy:.2f}.", 0.65, where)
    decay = next((one.options.get("weight_decay") for one in view.training.optimizers), None)
    if isinstance(decay, float) and decay > LARGE_DECAY and not view.fits_training:
        words = f"The weight decay is {decay:g}, and the training accuracy is {accuracy:.2f}."
        yield Sign(words, 0.65, view.place("optimizer"))


def _penalty(view: View) -> float:
    """Return what the loss has beyond the true cross-entropy of the training part, over the latter.

    The least loss of a step counts: a penalty is in every one, while the data's own share comes and goes.
    """
    loss = view.loss
    if (
        loss is None
        or not loss.expects
        or "crossentropy" not in plain(loss.name).replace("_", "")
        or not view.epochs
    ):
        return 0.0
    # Another sum than the mean over the batch, weights or smoothing are no penalty.
    if (
        loss.options.get("reduction") in ("sum", "none")
        or view.training.arguments.get("class_weight") is not None
    ):
        return 0.0
    steps = [one.loss for one in view.training.steps if one.epoch == view.epochs[-1].number and one.loss]
    shown, true = min(steps, default=view.epochs[-1].loss), view.of_train
    own = number_of(true, "log_loss")
    # Of probabilities where scores are expected, the cross-entropy is another.
    if shown is None or not np.isfinite(shown) or not own > 0 or view.holds(DROPPING, "dropout"):
        return 0.0
    return (shown - own) / max(own, 0.1)


@rule("regularisation.missing", "augmentation, decay or stopping early raise the held-out score")
def missing(view: View) -> Iterator[Sign | Clear]:
    """Look for a training part learnt by heart while unseen pictures fall behind."""
    train, judged = view.of_train, view.of_judged
    if train is None or judged is None:
        return
    a, b = number_of(train, "balanced_accuracy"), number_of(judged, "balanced_accuracy")
    words = f"Balanced accuracy is {a:.2f} on the training part and {b:.2f} on unseen pictures"
    if overfits(train, judged) and a >= FITTED:
        least, last = _held_out_loss(view)
        rises = last > RISEN * least
        also = f"; the held-out loss rises from {least:.2f} to {last:.2f}" if rises else ""
        yield Sign(f"{words}{also}.", 0.75 if rises else 0.6, view.place("model"))
    elif not overfits(train, judged):
        yield Clear(f"{words}: no gap beyond chance.")


def _held_out_loss(view: View) -> tuple[float, float]:
    """Return the least and the last true loss of the judged part."""
    name = "" if view.judged is None else view.judged.name
    losses = [number_of(one.true[name], "log_loss") for one in view.epochs if name in one.true]
    finite = [one for one in losses if np.isfinite(one)]
    return (min(finite), finite[-1]) if finite else (0.0, 0.0)


@rule("regularisation.dropout_on_output", "without it the loss is steady, and it learns")
def dropout_on_output(view: View) -> Iterator[Sign | Clear]:
    """Look for dropout after the last weights."""
    at = max((at for at, one in enumerate(view.layers) if one.parameters), default=-1)
    after = [one for one in view.layers[at + 1 :] if one.kind in DROPPING]
    operations = view.training.model.operations
    last = max((at for at, one in enumerate(operations) if one in ("linear", "conv2d")), default=-1)
    functional = last >= 0 and "dropout" in operations[last + 1 :]
    if at >= 0 and (after or functional):
        yield Sign("Dropout follows the last weights: it strikes out answers.", 0.85, view.place("model"))
    elif at >= 0:
        yield Clear("No dropout follows the last weights.")
