"""The values of the loss."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median

import numpy as np

from .label import negative_by_labels
from .registry import Clear, Sign, rule
from .view import View

REGRESSION = (
    "mse",
    "meansquarederror",
    "mae",
    "meanabsoluteerror",
    "mseloss",
    "l1loss",
    "smoothl1loss",
    "huberloss",
    "huber",
    "logcosh",
    "meansquaredlogarithmicerror",
    "meanabsolutepercentageerror",
    "mape",
)
SUM_FACTOR = 1.6
"""A sum over a batch starts at batch size times ln k; the initial loss of a net with usual weights is within some
tens of per cent of it."""
LEAST_BATCH = 4
"""Of smaller batches a sum is hardly to be told from a mean."""
GROWN = 5.0
"""A loss that had grown fivefold before it stopped being a number ran away; one that had not stumbled over a value."""


def is_regression(name: str) -> bool:
    """Whether a loss of Keras or PyTorch measures distances."""
    return name.replace("_", "").lower() in REGRESSION


@rule("loss.regression_loss", "with cross-entropy, nothing else changed, it learns faster and further")
def regression_loss(view: View) -> Iterator[Sign | Clear]:
    """Look for squared or absolute errors on a few classes."""
    loss, few = view.loss, 2 <= len(view.label_values) <= 100
    if loss is None:
        return
    if is_regression(loss.name) and few:
        words = f"{loss.name} measures distances, but the labels are {len(view.label_values)} classes."
        yield Sign(words, 0.6, view.place("loss"))
    elif loss.expects:
        yield Clear(f"The loss is {loss.name}.")


@rule(
    "loss.bad_reduction", "with the library's loss it starts near ln k and does not depend on the batch size"
)
def bad_reduction(view: View) -> Iterator[Sign | Clear]:
    """Look for sums and wrong signs."""
    start, even, loss = view.training.initial_loss, view.training.expected_initial_loss, view.loss
    sizes = view.train.passes[0].batch_sizes if view.train is not None and view.train.passes else ()
    if start is None or even is None or not np.isfinite(start):
        return
    size, where = (sizes[0] if sizes else 0), view.place("loss")
    sums = loss is not None and str(loss.options.get("reduction", "")) == "sum"
    again, seen = _by_batch_size(view)
    words = f"The loss starts at {start:.3g}; a mean over pictures would at about ln k = {even:.2f}"
    if sums and size >= LEAST_BATCH:
        yield Sign(f"{words}: {loss.name if loss else 'it'} sums over the batch of {size}.", 0.85, where)
    elif len(view.losses) and np.median(view.losses) < 0 and not negative_by_labels(view):
        yield Sign(f"The loss is negative ({view.losses.min():.3g}): its sign is turned.", 0.7, where)
    elif size >= LEAST_BATCH and 1 / SUM_FACTOR < start / (size * even) < SUM_FACTOR and again:
        # The library's own are means unless told otherwise; only batches of different sizes show more.
        certainty = 0.8 if seen else 0.2 if loss is not None and loss.expects else 0.6
        yield Sign(
            f"{words}. It is {start / even:.0f} times that, with batches of {size}{again}.", certainty, where
        )
    elif 0.5 < start / even < 2:
        yield Clear(f"{words}.")


def _by_batch_size(view: View) -> tuple[str, bool]:
    """Say how the loss goes with the size of the batch, and whether batches of different sizes were seen.

    "" where smaller batches do not have smaller losses.
    """
    part = view.train
    if part is None:
        return "", False
    expected, got = [], []
    for shown in part.passes:
        own = [one.loss for one in view.training.steps if one.epoch == shown.epoch]
        if len(shown.batch_sizes) < 2 or len(own) != len(shown.batch_sizes) or own[-1] is None or not own[-2]:
            continue
        if shown.batch_sizes[-1] <= shown.batch_sizes[0] / 2:
            expected.append(shown.batch_sizes[-1] / shown.batch_sizes[0])
            got.append(own[-1] / own[-2])
    if not got:
        return "; all batches are of one size", False
    share, ratio = median(expected), median(got)
    # Half way between "as large as the others" and "as large as its share".
    falls = ratio < (1 + share) / 2
    return (
        (f"; a batch of {share:.0%} of the size has {ratio:.0%} of the loss", True) if falls else ("", True)
    )


@rule("loss.unstable", "with the library's loss on raw scores every value stays finite")
def unstable(view: View) -> Iterator[Sign | Clear]:
    """Look for a loss that stops being a number without having run away."""
    at = view.training.first_not_finite
    if at is None:
        yield Clear(f"The loss is a number at all {view.training.n_steps} steps.")
        return
    inputs = view.train.inputs if view.train is not None else None
    if inputs is not None and inputs.not_finite:
        yield Sign(
            f"The loss is no number from step {at} on, but neither are the inputs.", 0.2, view.place("loss")
        )
        return
    grown = ran_away(view)
    own = all(one.name == "own" for one in view.training.losses)
    words = f"The loss is nan or infinite from step {at} on{', after it had grown' if grown else ''}"
    certainty = 0.45 if grown else 0.8
    yield Sign(f"{words}.", min(certainty + (0.1 if own else 0.0), 0.85), view.place("loss"))


def ran_away(view: View) -> bool:
    """Whether the loss had grown many times over before it stopped being a number, or by the end."""
    finite = view.losses[np.isfinite(view.losses)]
    if len(finite) < 3:
        return False
    least = max(abs(float(np.minimum.accumulate(finite)[-1])), 0.1)
    return bool(finite[-3:].max() > GROWN * max(least, abs(float(finite[0]))))
