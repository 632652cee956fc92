"""What a program's network wishes to be given: size and channels of pictures, the form of labels."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from tellapart.diagnose.reading import Model, Program, read_program
from tellapart.diagnose.reading.errors import ProgramError
from tellapart.diagnose.reading.shapes import features

PRETRAINED_SIDE, SIDES = 224, range(8, 513)
"""Pixels: what ready-made networks are made for, and what is tried for one whose Flatten says how much it hands on."""
SPARSE = ("sparse_categorical_crossentropy", "cross_entropy", "nll")


@dataclass(frozen=True)
class Wanted:
    """What pictures and labels should be like.

    Attributes
    ----------
    units
        Of the network's last layer; 0 where the text does not say.
    size
        (height, width); None where any will do.
    layout
        ``NHWC``, ``NCHW``, or ``flat``.
    labels
        ``integers`` (N,); ``one_hot`` (N, classes); ``numbers`` (N,) of 0 and 1; ``column`` the same, (N, 1).
    """

    framework: str
    units: int
    size: tuple[int, int] | None
    channels: int
    layout: str
    labels: str


def wanted(text: str) -> Wanted:
    """Return what a program's network wishes to be given, as far as its text says it.

    Parameters
    ----------
    text
        Valid Python.
    """
    try:
        program = read_program(text)
    except ProgramError:
        torch = "torch" in text and "keras" not in text
        return Wanted("torch" if torch else "keras", 0, None, 3, "NCHW" if torch else "NHWC", "integers")
    model = next(iter([*(one.model for one in program.trainings if one.model), *program.models]), None)
    framework = next(iter(program.frameworks), "keras")
    shape = _torch_shape(model) if framework == "torch" else _keras_shape(model, program)
    units = model.output.units if model is not None and model.output is not None else None
    return Wanted(framework, units or 0, *shape, _labels(program, framework))


def one_output(text: str) -> bool:
    """Say whether a program's network ends in a single unit."""
    try:
        program = read_program(text)
    except ProgramError:
        return False
    return any(model.output is not None and model.output.units == 1 for model in program.models)


def _keras_shape(model: Model | None, program: Program) -> tuple[tuple[int, int] | None, int, str]:
    layers = model.layers if model is not None else ()
    shape = next((layer.input_shape for layer in layers if layer.input_shape), None)
    if shape is None:
        first = next((layer for layer in layers if "input_dim" in layer.options), None)
        dim = first.options["input_dim"] if first is not None else None
        shape = (dim,) if isinstance(dim, int) else None
    if shape is not None and len(shape) == 1 and shape[0]:
        return *_square(shape[0]), "flat"
    if shape is not None and len(shape) == 3:
        if shape[0] in (1, 3) and shape[2] not in (1, 3, 4):
            return _both(shape[1], shape[2]), shape[0] or 3, "NCHW"
        return _both(shape[0], shape[1]), shape[2] or 3, "NHWC"
    if shape is not None and len(shape) == 2:
        return _both(*shape), 1, "NHW"
    sizes = [part.target_size for part in program.parts if part.target_size]
    if sizes:
        return sizes[0], 3, "NHWC"
    ready_made = model is not None and model.pretrained is not None
    return (PRETRAINED_SIDE, PRETRAINED_SIDE) if ready_made else None, 3, "NHWC"


def _torch_shape(model: Model | None) -> tuple[tuple[int, int] | None, int, str]:
    layers = model.layers if model is not None else ()
    if model is not None and model.pretrained is not None:
        return (PRETRAINED_SIDE, PRETRAINED_SIDE), 3, "NCHW"
    first = next((layer for layer in layers if layer.inputs), None)
    if model is None or first is None or first.inputs is None:
        return None, 3, "NCHW"
    if first.kind == "Dense":
        flattens = any(layer.kind == "Flatten" for layer in layers)
        return *_square(first.inputs), "NCHW" if flattens else "flat"
    return _torch_size(model, first.inputs), first.inputs, "NCHW"


def _torch_size(model: Model, channels: int) -> tuple[int, int] | None:
    """Return the side of the smallest square pictures after which the first Dense gets what it says it takes."""
    kinds = [layer.kind for layer in model.layers]
    if "Flatten" not in kinds:
        return None
    after = model.layers[kinds.index("Flatten") + 1 :]
    dense = next((layer.inputs for layer in after if layer.kind == "Dense" and layer.inputs), None)
    fitting = [side for side in SIDES if features(model, (side, side, channels)) == dense]
    # Several sides end in the same map: the one that divides evenly is the one people use.
    best = max(fitting, key=lambda side: (side & -side, -side), default=None)
    return None if best is None or dense is None else (best, best)


RESHAPED = re.compile(r"squeeze\(|view\(-1|reshape\(-1|\[:, ?0\]")
"""What brings scores and labels to one shape: then the program expects one number a picture."""


def _square(numbers: int) -> tuple[tuple[int, int] | None, int]:
    for channels in (1, 3):
        side = math.isqrt(numbers // channels)
        if side * side * channels == numbers:
            return (side, side), channels
    return None, 3


def _both(rows: int | None, columns: int | None) -> tuple[int, int] | None:
    return (int(rows), int(columns)) if rows and columns else None


def _labels(program: Program, framework: str) -> str:
    training = next((one for one in program.trainings if one.loss is not None), None)
    loss = "" if training is None or training.loss is None else training.loss.name
    output = training.output if training is not None else None
    units = output.units if output is not None else None
    if loss.startswith("sparse") or (framework == "torch" and loss in SPARSE):
        return "integers"
    if framework == "torch" and not loss:
        return "integers"
    if framework == "torch":
        return "numbers" if RESHAPED.search(program.text) else "column"
    if loss.startswith("categorical") or (units is not None and units > 1):
        return "one_hot"
    return "numbers" if loss or units == 1 else "integers"
