"""Hand-written training loops."""

from __future__ import annotations

from collections.abc import Iterator

from tellapart.diagnose.reading.facts import Loop, Program, Training
from tellapart.diagnose.reading.layers import DROPOUTS

from .registry import Sign, rule


def _loops(program: Program) -> Iterator[tuple[Training, Loop]]:
    for training in program.trainings:
        if training.loop is not None:
            yield training, training.loop


@rule("loop.missing_zero_grad", "the gradient's size grows with the number of steps; the loss jumps")
def missing_zero_grad(program: Program) -> Iterator[Sign]:
    """Look for gradients that add up."""
    for _, loop in _loops(program):
        if loop.backward is None or loop.step is None:
            continue
        if loop.zero_grad is None:
            yield Sign(
                loop,
                "backward() adds to the gradients of all steps before: optimizer.zero_grad() is never "
                "called.",
                0.95,
            )
        elif not loop.zero_grad_in_batch_loop and loop.step_in_batch_loop:
            yield Sign(loop.zero_grad, "The gradients are set to zero once an epoch, but a step is "
                                       "taken for every batch: they "
                       "add up over the epoch.", 0.9)  # fmt: skip


@rule("loop.missing_step", "the weights are the same after an epoch as before; the loss stays where it is")
def missing_step(program: Program) -> Iterator[Sign]:
    """Look for no step, no backward, or gradients wiped in between."""
    for training, loop in _loops(program):
        name = "apply_gradients" if training.style == "tape" else "optimizer.step"
        if loop.step is None and loop.backward is not None:
            yield Sign(
                loop, f"Gradients are computed, but {name}() is never called: no weight changes.", 0.95
            )
        elif loop.backward is None and loop.step is not None:
            yield Sign(
                loop,
                "The optimiser steps, but backward() is never called: there is no gradient to follow.",
                0.95,
            )
        elif loop.wiped:
            yield Sign(loop.zero_grad or loop.position, "The gradients are set to zero between "
                                                        "backward() and step(): the step "
                       "has nothing left to follow.", 0.95)  # fmt: skip
        elif loop.step is not None and not loop.step_in_batch_loop and loop.zero_grad_in_batch_loop:
            yield Sign(
                loop.step, "A step is taken only once an epoch, with the gradient of the last batch.", 0.7
            )


@rule("loop.missing_eval_mode", "scoring the same pictures twice gives different figures")
def missing_eval_mode(program: Program) -> Iterator[Sign]:
    """Look for evaluation with dropout and batch statistics of training."""
    models = [one.model for one in program.trainings if one.model is not None] or list(program.models)
    changing = [model for model in models if model.framework == "torch"
                and (model.has("BatchNormalization", *DROPOUTS) or model.pretrained is not None)]  # fmt: skip
    if not changing:
        return
    for one in program.passes:
        if not one.eval_mode and (one.after_training or one.no_grad):
            which = (
                "batch normalisation"
                if changing[0].has("BatchNormalization") or changing[0].pretrained
                else "dropout"
            )
            yield Sign(
                one, f"The network is scored without eval() before: {which} still works as in training.", 0.85
            )
    for model in changing:
        for layer in model.layers:
            if layer.options.get("always") is True:
                yield Sign(layer, "F.dropout without training=self.training drops units at evaluation "
                                  "too: eval() does not "
                           "reach it.", 0.9)  # fmt: skip


@rule("loop.gradient_sign", "the loss rises from the first step on")
def gradient_sign(program: Program) -> Iterator[Sign]:
    """Look for ascending instead of descending."""
    for training in program.trainings:
        loop, optimizer = training.loop, training.optimizer
        maximises = optimizer is not None and optimizer.maximises
        if loop is not None and loop.negated is not None and maximises:
            continue  # twice turned round is right
        if loop is not None and loop.negated is not None:
            yield Sign(loop.negated, "The loss is turned round by a minus sign before backward(): the "
                                     "network learns to make "
                       "it larger.", 0.95)  # fmt: skip
        if loop is not None and loop.uphill is not None and loop.negated is None:
            yield Sign(loop.uphill, "The weights are moved along their gradient, not against it: every step "
                                    "goes uphill.", 0.9)  # fmt: skip
        if optimizer is not None and maximises:
            # What the program computes itself may be a likelihood, which is to grow.
            certainty = 0.9 if training.loss is not None else 0.4
            yield Sign(optimizer, "The optimiser is told to make the loss larger (maximize=True).", certainty)
        if optimizer is not None and optimizer.learning_rate is not None and optimizer.learning_rate < 0:
            yield Sign(
                optimizer,
                f"The learning rate is negative ({optimizer.learning_rate:g}): every step goes uphill.",
                0.95,
            )


@rule("loop.detached_loss", "there is no gradient: an error at backward(), or weights that never change")
def detached_loss(program: Program) -> Iterator[Sign]:
    """Look for a loss cut off from the parameters."""
    for _, loop in _loops(program):
        if loop.detached is not None:
            words, position = loop.detached
            short = words.strip().splitlines()[0][:60]
            yield Sign(
                position,
                f"Between the network and backward(), “{short}” cuts the loss off from the weights.",
                0.9,
            )
