"""The network's layers."""

from __future__ import annotations

from collections.abc import Iterator

from tellapart.diagnose.reading.facts import Layer, Model, Program, Training
from tellapart.diagnose.reading.layers import DROPOUTS, POOLINGS, WEIGHTED
from tellapart.diagnose.reading.shapes import flattened

from .registry import Sign, rule
from .vocabulary import from_scratch, hidden

MIXING = ("Multiply", "Other")
"""What attention is made of: a softmax beside them may be meant."""

NORMALISING = ("BatchNormalization", "LayerNormalization", "GroupNormalization")


def _models(program: Program) -> list[Model]:
    found = {model.position: model for model in program.models}
    found |= {one.model.position: one.model for one in program.trainings if one.model is not None}
    return list(found.values())


@rule("arch.wrong_output_width", "one class is never predicted, or training stops with a shape error")
def wrong_output_width(program: Program) -> Iterator[Sign]:
    """Look for outputs that do not fit the number of classes that the text names."""
    for training in program.trainings:
        part, output = training.part("train"), training.output
        if (
            part is None
            or output is None
            or output.units is None
            or output.layer.kind not in ("Dense", "Application")
        ):
            continue
        classes = part.class_count or len(part.classes)
        if classes > 1 and output.units != classes and not (classes == 2 and output.units == 1):
            certain = 0.9 if output.units < classes else 0.6
            yield Sign(output, f"The last layer has {output.units} "
                               f"unit{'s' if output.units > 1 else ''}, but the data have "
                       f"{classes} classes.", certain)  # fmt: skip
        elif output.layer.kind == "Application" and output.units == 1000:
            yield Sign(output, "The ready-made network still ends in its 1,000 ImageNet classes.", 0.7)


@rule("arch.linear_only", "the network does no better than a linear model, however many layers it has")
def linear_only(program: Program) -> Iterator[Sign]:
    """Look for no non-linearity between layers."""
    for model in _models(program):
        before = hidden(model.layers)
        weighted = [layer for layer in before if layer.kind in WEIGHTED]
        known = all(layer.kind not in ("Application", "Other", "LSTM", "GRU", "Multiply") for layer in before)
        active = [
            layer
            for layer in before
            if layer.activation not in (None, "linear") or layer.kind in ("ReLU", "PReLU")
        ]
        if weighted and known and not active:
            pooled = any(layer.kind in ("MaxPooling2D", "GlobalMaxPooling2D") for layer in before)
            yield Sign(weighted[0], f"None of the {len(weighted)} layers before the last has an "
                                    "activation (such as ReLU), so "
                       f"together they are {'little more than ' if pooled else ''}one linear layer.",
                       0.7 if pooled else 0.95)  # fmt: skip


@rule(
    "arch.saturating_activations",
    "gradients shrink from layer to layer towards the input; the first layers hardly move",
)
def saturating_activations(program: Program) -> Iterator[Sign]:
    """Look for sigmoid or tanh all through a deep stack."""
    for model in _models(program):
        before = hidden(model.layers)
        used = [layer for layer in before if layer.activation not in (None, "linear")]
        slow = [layer for layer in used if layer.activation in ("sigmoid", "tanh")]
        if len(slow) < 2 or len(slow) < len(used):
            continue
        name = slow[0].activation
        certainty = min(0.3 + 0.15 * len(slow), 0.85) if name == "sigmoid" else min(0.1 * len(slow), 0.4)
        if any(layer.kind in NORMALISING for layer in before):
            certainty /= 2
        yield Sign(slow[0], f"All {len(slow)} hidden activations are {name}, which is flat for large "
                            "inputs: little of the "
                   "gradient reaches the first layers.", certainty)  # fmt: skip


@rule(
    "arch.softmax_inside",
    "the layer's outputs are nearly equal and tiny; replacing it by ReLU speeds training up",
)
def softmax_inside(program: Program) -> Iterator[Sign]:
    """Look for softmax as a hidden activation."""
    for model in _models(program):
        before = hidden(model.layers)
        if any(layer.kind in MIXING for layer in model.layers):
            continue
        for layer in before:
            if layer.activation == "softmax":
                yield Sign(layer, "A hidden layer has softmax, which forces its outputs to compete and "
                                  "add up to 1; it "
                           "belongs on the last layer.", 0.9)  # fmt: skip


@rule("arch.frozen", "weights are the same after a step as before; the loss stays where it is")
def frozen(program: Program) -> Iterator[Sign]:
    """Look for nothing is trained, or the optimiser holds other parameters."""
    for training in program.trainings:
        model, optimizer = training.model, training.optimizer
        if (
            model is not None
            and model.frozen
            and any(layer.kind in (*WEIGHTED, "Application") for layer in model.layers)
        ):
            yield Sign(
                model.frozen_at or model,
                "Every layer of the network is frozen, the last one included: nothing can be learnt.",
                0.95,
            )
        elif model is not None and model.output is not None and not model.output.layer.trainable:
            yield Sign(
                model.frozen_at or model.output,
                "The last layer is frozen: what was learnt elsewhere cannot become these classes.",
                0.85,
            )
        if optimizer is not None and optimizer.holds == "other":
            yield Sign(
                optimizer,
                "The optimiser was given the parameters of another network than the one being trained.",
                0.95,
            )
        if optimizer is not None and optimizer.holds == "replaced":
            yield Sign(optimizer, "A layer was replaced after the optimiser was given the parameters: "
                                  "it still holds the old "
                       "layer's, and the new one is never trained.", 0.95)  # fmt: skip


@rule("arch.batchnorm_mode", "the same batch scores differently in training and evaluation mode")
def batchnorm_mode(program: Program) -> Iterator[Sign]:
    """Look for batch normalisation with tiny batches, a wrong axis, or left in the wrong mode."""
    for training in program.trainings:
        model = training.model
        if model is None:
            continue
        norms = [layer for layer in model.layers if layer.kind == "BatchNormalization"]
        batch = _batch_size(training)
        if norms and batch is not None and batch <= 2:
            yield Sign(
                norms[0],
                f"Batch normalisation works out its statistics from batches of {batch}, which is too few.",
                0.6,
            )
        for layer in norms:
            if (
                layer.options.get("axis") == 1
                and layer.api.startswith("keras")
                and not _flat_before(model, layer)
            ):
                yield Sign(layer, "Batch normalisation over axis 1 normalises rows, not channels: in "
                                  "Keras the channels are "
                           "the last axis.", 0.7)  # fmt: skip
            if layer.options.get("track_running_stats") is False:
                yield Sign(
                    layer,
                    "Batch normalisation keeps no running statistics, so evaluation depends on the batch.",
                    0.4,
                )
            if layer.options.get("training") is True:
                yield Sign(layer, "Batch normalisation is told to stay in training mode.", 0.6)
        kept = training.loop.eval_mode_kept if training.loop is not None else None
        if kept is not None and (norms or model.pretrained is not None):
            yield Sign(kept, "eval() is called after the first epoch and train() never again: from the "
                             "second epoch on, "
                       "batch normalisation and dropout are in evaluation mode while training.", 0.7)  # fmt: skip


def _batch_size(training: Training) -> int | None:
    part = training.part("train")
    return training.batch_size or (part.batch_size if part is not None else None)


def _flat_before(model: Model, layer: Layer) -> bool:
    before = model.layers[: model.layers.index(layer)]
    return any(one.kind in ("Flatten", "Dense") or "Global" in one.kind for one in before)


@rule(
    "arch.dropout_before_batchnorm",
    "validation is worse than training although the same batch is scored; it jumps between epochs",
)
def dropout_before_batchnorm(program: Program) -> Iterator[Sign]:
    """Look for dropout right before batch normalisation."""
    for model in _models(program):
        for number, layer in enumerate(model.layers):
            if layer.kind not in DROPOUTS or not layer.rate:
                continue
            rest = [
                one
                for one in model.layers[number + 1 :]
                if one.kind not in ("Activation", "Flatten", *POOLINGS)
            ]
            if rest and rest[0].kind == "BatchNormalization":
                yield Sign(layer, f"Dropout of {layer.rate:g} stands right before batch normalisation: "
                                  "the variance it "
                           "learns in training is not the one it meets in evaluation.", 0.5)  # fmt: skip


MANY_WEIGHTS = 1_000_000
"""From here on, more weights than hundreds of pictures can pin down; the libraries' own first examples stay at about
this for tens of thousands of pictures."""


@rule(
    "arch.flatten_explosion",
    "training accuracy rises, validation stays at chance; global pooling instead of Flatten helps",
)
def flatten_explosion(program: Program) -> Iterator[Sign]:
    """Look for flatten -> Dense on a large map."""
    for training in program.trainings:
        part, model = training.part("train"), training.model
        if model is None or (part is not None and part.large):
            continue
        found = flattened(model, part.target_size if part is not None else None)
        if found is None or found.weights <= MANY_WEIGHTS:
            continue
        certainty = 0.35 if found.weights < 5_000_000 else 0.5 if found.weights < 20_000_000 else 0.6
        yield Sign(found.flatten, f"Flatten hands {found.features:,} numbers to a layer of "
                                  f"{found.units:,} units: "
                   f"{found.weights:,} weights, each tied to one place in the picture.", certainty)  # fmt: skip


@rule("arch.too_small", "a hundred pictures cannot be learnt by heart")
def too_small(program: Program) -> Iterator[Sign]:
    """Look for hardly any layers or units."""
    for training in program.trainings:
        model = training.model
        if (
            model is None
            or not from_scratch(training)
            or any(one.kind in ("Application", "Other") for one in model.layers)
        ):
            continue
        weighted = [layer for layer in model.layers if layer.kind in WEIGHTED]
        if len(weighted) == 1 and weighted[0].kind == "Dense":
            yield Sign(
                weighted[0],
                "The network has a single layer: it can only weigh pixels against each other.",
                0.4,
            )
        elif len(weighted) > 1:
            narrow = [one for one in weighted[:-1] if one.units is not None and one.units <= 2]
            if narrow:
                yield Sign(narrow[0], f"A hidden layer has only {narrow[0].units} "
                           f"{'channel' if 'Conv' in narrow[0].kind else 'unit'}(s): everything has to "
                           "pass through "
                           "it.", 0.5)  # fmt: skip
