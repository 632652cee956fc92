"""Whether gradients come, steps are taken, and evaluation is one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from .comparing import modes_differ
from .label import negative_by_labels
from .odds import falling
from .registry import Clear, Sign, rule
from .view import DROPPING, NORMALISING, View

MOSTLY = 0.5
"""More than half of the steps that were looked at."""
RISEN = 1.5
"""A loss that ends half as large again as it started did not get there by the noise of batches."""
TREND = 0.001
"""Level of "rises steadily": Kendall's test."""
NO_GRADIENT = re.compile(
    r"does not require grad|no grad_fn|No gradients provided|does not have a grad", re.IGNORECASE
)
"""What PyTorch and Keras say of a loss that no parameter leads to."""


@rule("loop.missing_zero_grad", "with gradients set to zero before each step, it learns")
def missing_zero_grad(view: View) -> Iterator[Sign | Clear]:
    """Look for gradients of earlier steps under those of this one, although a step lay between."""
    steps = view.training.steps
    judged = [
        one
        for before, one in pairwise(steps)
        if before.stepped and one.stepped and one.accumulated is not None and one.number == before.number + 1
    ]
    if not judged:
        return
    share = sum(bool(one.accumulated) for one in judged) / len(judged)
    held = [one.holds for one in view.training.optimizers if one.holds is not None]
    if share > MOSTLY:
        norms = [
            sum(n * n for n in one.gradient_norms.values()) ** 0.5 for one in judged if one.gradient_norms
        ]
        grown = f"; their norm goes from {norms[0]:.3g} to {norms[-1]:.3g}" if len(norms) > 1 else ""
        yield Sign(
            f"At {share:.0%} of the steps the gradients of earlier ones were still there{grown}.",
            # What the optimiser does not hold keeps its gradients, and that is another cause.
            0.25 if held and max(held) < 1 else 0.9,
            view.place("loop"),
        )
    elif not share:
        yield Clear(f"Gradients were zero before each of {len(judged)} steps.")


@rule("loop.missing_step", "with backward and step called for each batch, the weights move")
def missing_step(view: View) -> Iterator[Sign | Clear]:
    """Look for a loop in which no optimiser steps, or no gradient was ever computed."""
    steps = view.training.steps
    if not steps:
        return
    moved = max((max(one.weight_changes.values(), default=0.0) for one in view.epochs), default=0.0)
    if not any(one.stepped for one in steps) and not moved:
        words = (
            f"{len(steps)} times gradients were computed, and no step followed: the weights are as they were."
        )
        yield Sign(words, 0.97, view.place("loop"))
    elif all(one.loss is None for one in steps) and not moved:
        words = (
            f"The optimiser stepped {len(steps)} times without a backward pass: the weights are as they were."
        )
        yield Sign(words, 0.95, view.place("loop"))
    elif moved:
        yield Clear(f"Steps are taken, and weights change by up to {moved:.1%} in an epoch.")


@rule("loop.missing_eval_mode", "in evaluation mode the same weights give another figure", prevents=False)
def missing_eval_mode(view: View) -> Iterator[Sign | Clear]:
    """Look for judging passes in training mode, of a network that behaves otherwise in it."""
    for part in view.judging:
        shares = [one.training_mode for one in part.passes if one.training_mode is not None]
        if not shares:
            continue
        if not any(shares):
            yield Clear(f"The {part.name} part was evaluated in evaluation mode.")
            continue
        acts = view.holds((*DROPPING, *NORMALISING), "dropout", "dropout2d", "batch_norm")
        differs = modes_differ(view.training, part.name)
        words = (
            f"{np.mean(shares):.0%} of the batches of the {part.name} part were evaluated in training mode"
        )
        why = "the answers are others there" if differs else "the network answers the same there"
        yield Sign(
            f"{words}; {why}.", 0.9 if differs and acts else 0.6 if differs else 0.2, view.place("loop")
        )


@rule("loop.gradient_sign", "with the sign turned, the loss falls from the first step on")
def gradient_sign(view: View) -> Iterator[Sign | Clear]:
    """Look for a loss that rises from the first step on, or an optimiser told to go up."""
    where = view.place("loop") or view.place("optimizer")
    if any(one.options.get("maximize") is True for one in view.training.optimizers):
        yield Sign("The optimiser is told to maximise the loss.", 0.97, where)
        return
    losses = view.losses[np.isfinite(view.losses)]
    if len(losses) < 4:
        return
    start, end = (
        float(losses[: max(1, len(losses) // 10)].mean()),
        float(losses[-max(1, len(losses) // 10) :].mean()),
    )
    rising = falling(-losses)
    words = f"The loss goes from {start:.3g} to {end:.3g} in {len(losses)} steps"
    if end < 0 <= start or (end < start < 0 and end < RISEN * start):
        yield Sign(
            f"{words}, below zero: it is run down without end, its sign is turned.",
            0.2 if negative_by_labels(view) else 0.6,
            where,
        )
    elif rising < TREND and end > RISEN * start:
        yield Sign(f"{words}, rising steadily (p = {rising:.1g}).", 0.75, where)
    elif end < start:
        yield Clear(f"{words}: it does not rise.")


@rule("loop.detached_loss", "with the loss on the graph of the parameters, gradients come")
def detached_loss(view: View) -> Iterator[Sign | Clear]:
    """Look for backward passes that bring no gradient."""
    failure = view.recording.failure
    if failure is not None and NO_GRADIENT.search(failure.message):
        yield Sign(f"The step failed: {failure.message.splitlines()[0][:120]}", 0.9, view.place("loss"))
        return
    close = [one for one in view.training.steps if one.gradient_norms or one.accumulated is not None]
    if not close or all(one.loss is None for one in close):
        return
    norms = [max(one.gradient_norms.values(), default=0.0) for one in close]
    if not any(one.gradient_norms for one in close):
        yield Sign(f"No parameter had a gradient at any of {len(close)} steps.", 0.9, view.place("loss"))
    elif not any(norms):
        # A loss that does not depend on the outputs; a net that is dead, or stuck at a constant, looks the same.
        yield Sign(f"All gradients are 0 at all of {len(close)} steps.", 0.35, view.place("loss"))
    else:
        yield Clear(f"Gradients come: the largest of a layer is {max(norms):.3g}.")
