"""What comes out of the network, and how the loss reads it."""

from __future__ import annotations

import math
from collections.abc import Iterator

from tellapart.diagnose.observed import Values

from .label import BINARY, plain
from .registry import Clear, Sign, rule
from .view import DROPPING, WEIGHTED, View

CONSTANT = 1e-6
"""Outputs that differ by less are the same but for rounding."""
ROWS = 0.99
"""Share of rows that sum to 1 from which on outputs are probabilities over the classes."""
OUTSIDE = 1e-3
"""Rounding takes a probability hardly out of 0..1."""
UNSUITABLE = ("relu", "relu6", "leaky_relu", "elu", "selu", "gelu", "silu", "tanh", "hardtanh", "softplus")
SQUASHING = ("softmax", "sigmoid", "log_softmax", *UNSUITABLE)
FLATTENING = ("dropout", "dropout2d", "flatten")


def outputs_of(view: View) -> Values | None:
    """Return the figures of the outputs, of the training part if they were seen there."""
    parts = [view.train, *view.judging]
    return next((one.outputs for one in parts if one is not None and one.outputs is not None), None)


def last_activation(view: View) -> str:
    """Return the last activation after the last weights, of a layer or as an operation; "" where there is none."""
    for one in reversed(view.layers):
        if one.kind in WEIGHTED and one.activation in ("", "linear"):
            break
        if one.activation not in ("", "linear"):
            return one.activation
    operations = [one for one in view.training.model.operations if one not in FLATTENING]
    return operations[-1] if operations and operations[-1] in SQUASHING else ""


def rows_are_probabilities(view: View) -> bool:
    """Whether each row of several outputs sums to 1."""
    shares = [one.rows_sum_to_one for one in view.training.parts.values() if one.rows_sum_to_one is not None]
    return bool(shares) and min(shares) >= ROWS and (view.width or 0) > 1


@rule("output.softmax_one_unit", "every output is 1; with a sigmoid it is not")
def softmax_one_unit(view: View) -> Iterator[Sign | Clear]:
    """Look for one output that is always 1."""
    seen = outputs_of(view)
    if seen is None or view.width != 1:
        return
    if abs(seen.low - 1) < CONSTANT and abs(seen.high - 1) < CONSTANT:
        yield Sign(
            "The one output is 1 for every picture: softmax over a single unit.", 0.97, view.place("output")
        )
    else:
        yield Clear(f"The output runs from {seen.low:.3g} to {seen.high:.3g}.")


@rule("output.wrong_activation", "with the activation that fits the loss, outputs move and it learns")
def wrong_activation(view: View) -> Iterator[Sign | Clear]:
    """Look for an activation on the output that cuts it off or bends it."""
    seen, name = outputs_of(view), last_activation(view)
    if seen is None:
        return
    if name in UNSUITABLE:
        stuck = [
            one for one in view.training.model.layers_at_end if one.output_shape and one.kind != "Flatten"
        ]
        zeros = stuck[-1].share_zero if stuck else None
        also = f"; {zeros:.0%} of them are 0 at the end" if zeros else ""
        words = f"The outputs come out of {name} and run from {seen.low:.3g} to {seen.high:.3g}{also}."
        yield Sign(words, 0.9 if name.startswith("relu") else 0.75, view.place("output"))
    elif name in ("softmax", "sigmoid", ""):
        yield Clear(f"The outputs come out of {name or 'the last layer itself'}.")


@rule(
    "output.logits_as_probabilities",
    "told that they are raw scores, the loss reads them rightly, and it learns",
)
def logits_as_probabilities(view: View) -> Iterator[Sign | Clear]:
    """Look for outputs outside 0..1 that the loss takes for probabilities."""
    seen, loss = outputs_of(view), view.loss
    if seen is None or loss is None:
        return
    where = view.place("loss")
    span = f"outputs run from {seen.low:.3g} to {seen.high:.3g}"
    if loss.expects == "probabilities":
        if seen.low >= 0 and seen.high > 1 + OUTSIDE and _dropped_last(view):
            return  # what dropout leaves is scaled up: these are probabilities
        if seen.low < -OUTSIDE or seen.high > 1 + OUTSIDE:
            yield Sign(f"{loss.name} takes probabilities, but the {span}.", 0.9, where)
        else:
            yield Clear(f"{loss.name} takes probabilities, and the {span}.")
    elif loss.expects == "log probabilities":
        if seen.high > OUTSIDE:
            yield Sign(f"{loss.name} takes logarithms of probabilities, but the {span}.", 0.9, where)
        else:
            yield Clear(f"{loss.name} takes logarithms of probabilities, and the {span}.")


def _dropped_last(view: View) -> bool:
    """Whether dropout is the last thing that happens to the outputs."""
    return bool(view.layers) and view.layers[-1].kind in DROPPING


@rule("output.double_softmax", "with one of the two the loss falls below its floor")
def double_softmax(view: View) -> Iterator[Sign | Clear]:
    """Look for probabilities where the loss takes raw scores."""
    seen, loss, name = outputs_of(view), view.loss, last_activation(view)
    if seen is None or loss is None or loss.expects != "logits":
        return
    where = view.place("loss")
    if rows_are_probabilities(view):
        # The best rows are one 1 and k - 1 zeros; softmax makes e / (e + k - 1) of the 1.
        floor = math.log(1 + ((view.width or 2) - 1) / math.e)
        least = f"; it got down to {view.losses.min():.2f}" if len(view.losses) else ""
        words = f"{loss.name} applies softmax itself, but the outputs are probabilities already"
        yield Sign(f"{words}: the loss cannot fall below {floor:.2f}{least}.", 0.95, where)
    elif view.width == 1 and name == "sigmoid" and seen.low >= 0 and seen.high <= 1:
        words = f"{loss.name} applies sigmoid itself, but the outputs (up to {seen.high:.2f}) come out of one"
        yield Sign(
            f"{words}: the loss cannot fall below {math.log(1 + 1 / math.e):.2f} for positives.", 0.95, where
        )
    else:
        yield Clear(f"{loss.name} takes raw scores, and gets them ({seen.low:.3g} to {seen.high:.3g}).")


@rule("loss.does_not_fit_output", "with a loss that fits the outputs, nothing else changed, it learns")
def does_not_fit_output(view: View) -> Iterator[Sign | Clear]:
    """Look for losses over classes on one output, and for losses of yes and no on several."""
    loss, width, name = view.loss, view.width, last_activation(view)
    if loss is None or width is None:
        return
    kind, where = plain(loss.name), view.place("loss")
    over_classes = "categorical" in kind or kind in ("cross_entropy", "nll_loss")
    if over_classes and width == 1:
        starts = view.training.initial_loss
        constant = len(view.losses) > 1 and view.losses.std() < CONSTANT
        also = f"; it is {starts:.3g} at every step" if constant and starts is not None else ""
        yield Sign(f"{loss.name} compares classes, but there is one output{also}.", 0.97, where)
    elif over_classes and name == "sigmoid" and not rows_are_probabilities(view):
        yield Sign(
            f"{loss.name} takes one distribution over {width} classes, but each output is a sigmoid.",
            0.6,
            where,
        )
    elif kind in BINARY and rows_are_probabilities(view) and width > 2:
        words = (
            f"{loss.name} asks yes or no of each of {width} outputs, but they share out one whole (softmax)."
        )
        yield Sign(words, 0.5, where)
    elif len(view.losses) > 1 and not view.losses.any():
        yield Sign("The loss is 0 at every step.", 0.8, where)
    elif loss.expects:
        yield Clear(f"{loss.name} fits {width} outputs{f' of {name}' if name else ''}.")
