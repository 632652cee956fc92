"""Dropout, penalties, and their absence."""

from __future__ import annotations

from collections.abc import Iterator

from tellapart.diagnose.reading.facts import Layer, Model, Program
from tellapart.diagnose.reading.layers import DROPOUTS, WEIGHTED
from tellapart.diagnose.reading.shapes import flattened

from .registry import Sign, rule
from .vocabulary import augments, from_scratch

ON_OUTPUT = ("Activation", "Squeeze", "Reshape", "Other")


def _models(program: Program) -> list[Model]:
    found = {model.position: model for model in program.models}
    return list(
        (
            found | {one.model.position: one.model for one in program.trainings if one.model is not None}
        ).values()
    )


@rule(
    "regularisation.too_strong",
    "the training score stays low, and below validation; without it both are better",
)
def too_strong(program: Program) -> Iterator[Sign]:
    """Look for dropout, penalties or noise that keep the network from fitting."""
    for model in _models(program):
        for layer in model.layers:
            yield from _strong(layer)
        early = [one for number, one in enumerate(model.layers) if one.kind == "Dropout" and (one.rate or 0) >= 0.5
                 and any(later.kind == "Conv2D" for later in model.layers[number:])]  # fmt: skip
        if early:
            yield Sign(early[0], f"Dropout of {early[0].rate:g} between convolutions removes half of "
                                 "each map, which hides small "
                       "things from the layers after it.", 0.3)  # fmt: skip
    for training in program.trainings:
        optimizer = training.optimizer
        decay = optimizer.weight_decay if optimizer is not None else 0.0
        # AdamW's decay is multiplied by the learning rate: its default is .01 in PyTorch.
        limit = 0.5 if optimizer is not None and optimizer.name == "adamw" else 0.05
        if optimizer is not None and decay >= limit:
            yield Sign(optimizer, f"A weight decay of {decay:g} pulls all weights to 0.", 0.75)


def _strong(layer: Layer) -> Iterator[Sign]:
    rate = layer.rate or 0.0
    if layer.kind in DROPOUTS and rate >= 0.7:
        yield Sign(layer, f"Dropout removes {rate:.0%} of what this layer gets.", 0.8 if rate >= 0.8 else 0.6)
    if layer.kind == "GaussianNoise" and rate >= 0.5:
        yield Sign(layer, f"Noise of {rate:g} is added to every value.", 0.5)
    if layer.l1 >= 0.005:
        yield Sign(layer, f"An L1 penalty of {layer.l1:g} pushes most weights to 0.", 0.6)
    elif layer.l2 >= 0.05:
        yield Sign(layer, f"An L2 penalty of {layer.l2:g} keeps the weights near 0.", 0.8)
    elif layer.l2 >= 0.01:
        yield Sign(layer, f"An L2 penalty of {layer.l2:g} is on the strong side.", 0.25)


@rule(
    "regularisation.dropout_on_output",
    "the loss cannot fall below a floor: right answers are removed at random",
)
def dropout_on_output(program: Program) -> Iterator[Sign]:
    """Look for dropout on the last layer's outputs."""
    for model in _models(program):
        weighted = [number for number, layer in enumerate(model.layers) if layer.kind in WEIGHTED]
        if not weighted or model.layers[weighted[-1]].kind != "Dense":
            continue
        after = model.layers[weighted[-1] + 1 :]
        if all(layer.kind in (*DROPOUTS, *ON_OUTPUT) for layer in after):
            for layer in after:
                if layer.kind in DROPOUTS and layer.rate:
                    yield Sign(layer, f"Dropout of {layer.rate:g} stands after the last layer: the "
                                      "answers themselves are "
                               "removed at random.", 0.95)  # fmt: skip


@rule("regularisation.missing", "the training score nears 1 while validation falls behind and its loss rises")
def missing(program: Program) -> Iterator[Sign]:
    """Look for a large network, many epochs, and nothing against learning by heart; the pictures decide."""
    for training in program.trainings:
        model, part = training.model, training.part("train")
        if model is None or part is None or part.large or not from_scratch(training) or augments(training):
            continue
        found = flattened(model, part.target_size)
        guarded = model.has(*DROPOUTS) or any(layer.l1 or layer.l2 for layer in model.layers)
        stops = any(callback.name == "EarlyStopping" for callback in training.callbacks)
        decays = training.optimizer is not None and training.optimizer.weight_decay > 0
        if found is not None and found.weights > 500_000 and not (guarded or stops or decays):
            yield Sign(model, f"{found.weights:,} weights in one layer, and neither augmentation, "
                              "dropout, penalty nor early "
                       "stopping.", 0.3)  # fmt: skip
