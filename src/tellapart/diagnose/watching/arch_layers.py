"""What the order of the layers shows, as the pictures passed through them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from tellapart.diagnose.observed import Layer
from tellapart.diagnose.recorder.passing import ACTIVATIONS

from .comparing import modes_differ
from .registry import Clear, Sign, rule
from .view import DROPPING, NORMALISING, WEIGHTED, View, number_of

BENDS = tuple(one.rstrip("_") for one in ACTIVATIONS.split())
BENDING = (
    *(
        "ReLU",
        "ReLU6",
        "LeakyReLU",
        "PReLU",
        "ELU",
        "SELU",
        "GELU",
        "SiLU",
        "CELU",
        "Hardtanh",
        "Softplus",
        "Mish",
    ),
    *("Sigmoid", "Tanh", "Hardswish", "Softmax"),
)
"""Layers that bend; Keras's do so by other operations than PyTorch's own."""
PASSING = ("ReLU", "Activation", "Flatten", "MaxPooling2D", "MaxPool2d", "AveragePooling2D", "Reshape")
SMALL = 500
"""Weights below which a convolutional net cannot hold more than a few filters."""


@rule("arch.linear_only", "with activations between the layers, nothing else, it learns more")
def linear_only(view: View) -> Iterator[Sign | Clear]:
    """Look for several layers of weights with nothing that bends between them."""
    weighted = [at for at, one in enumerate(view.layers) if one.kind in WEIGHTED]
    if len(weighted) < 2:
        return
    operations = view.training.model.operations
    last = max(
        (at for at, one in enumerate(operations) if one in ("linear", "conv2d")), default=len(operations)
    )
    between = [one for one in operations[:last] if one in BENDS]
    between += [one.kind for one in view.layers[: weighted[-1]] if one.kind in BENDING]
    between += [one.activation for one in view.layers[: weighted[-1]] if one.activation not in ("", "linear")]
    if between:
        yield Clear(f"Between the layers there is {between[0]}.")
    elif operations:
        pools = any(one.startswith("max_pool") for one in operations)
        words = f"{len(weighted)} layers of weights follow each other without an activation between them"
        yield Sign(
            f"{words}{', but for pooling' if pools else ''}.", 0.6 if pools else 0.85, view.place("model")
        )


@rule("arch.softmax_inside", "with ReLU in its place, nothing else, it learns")
def softmax_inside(view: View) -> Iterator[Sign | Clear]:
    """Look for softmax before the last weights."""
    last = max((at for at, one in enumerate(view.layers) if one.kind in WEIGHTED), default=-1)
    found = [
        one
        for at, one in enumerate(view.layers[:last])
        if (one.activation == "softmax" or one.kind == "Softmax") and _goes_on(one, view.layers[at + 1 :])
    ]
    if found:
        yield Sign(
            f"Layer {found[0].name}, before the last weights, applies softmax.", 0.8, view.place("model")
        )
    elif last >= 0:
        yield Clear("No layer before the last weights applies softmax.")


@rule("arch.dropout_before_batchnorm", "the other way round, or without dropout, both modes agree")
def dropout_before_batchnorm(view: View) -> Iterator[Sign | Clear]:
    """Look for batch normalisation whose last layer with an effect before it is dropout."""
    before = None
    for one in view.layers:
        if one.kind in NORMALISING and before is not None:
            differs = modes_differ(view.training, "train")
            words = f"Layer {one.name} normalises what {before.name} has struck out; at evaluation nothing is"
            yield Sign(f"{words}.", 0.5 if differs else 0.3, view.place("model"))
            return
        if one.kind in DROPPING:
            before = one
        elif one.kind not in PASSING:
            before = None


@rule("arch.too_small", "twice as wide or deep, it fits the training part")
def too_small(view: View) -> Iterator[Sign | Clear]:
    """Look for a small net that does not fit what it is trained on."""
    size = view.training.model.parameters
    if view.fits_training:
        yield Clear(
            f"The training part is fitted (balanced accuracy {number_of(view.of_train, 'balanced_accuracy'):.2f})."
        )
    elif view.of_train is not None and size < SMALL:
        yield Sign(
            f"The network has {size:,} weights and does not fit the training part.", 0.25, view.place("model")
        )


def _goes_on(layer: Layer, after: Sequence[Layer]) -> bool:
    """Whether the next weights may be given what a layer gives: another output of the network is not."""
    following = next(one for one in after if one.kind in WEIGHTED)
    if not layer.output_shape or not following.input_shape:
        return True
    return math.prod(following.input_shape) % layer.output_shape[-1] == 0
