"""Size of the pictures, order of their axes and colours."""

from __future__ import annotations

from collections.abc import Iterator

from tellapart.diagnose.reading.data_facts import DataPart
from tellapart.diagnose.reading.facts import Program, Training

from .registry import Sign, rule
from .vocabulary import size_words


@rule(
    "prep.channel_order",
    "channels or axes are swapped; a pretrained network is weaker, or pooling leaves one axis whole",
)
def channel_order(program: Program) -> Iterator[Sign]:
    """Look for axes or colours in the wrong order."""
    for training in program.trainings:
        model = training.model
        first = (
            next((layer for layer in model.layers if layer.input_shape), None) if model is not None else None
        )
        shape = first.input_shape if first is not None else None
        if (
            first is not None
            and shape is not None
            and len(shape) == 3
            and model is not None
            and model.framework == "keras"
        ):
            channels = shape[0] in (1, 3) and (shape[2] or 0) > 4
            told = any(layer.options.get("data_format") == "channels_first" for layer in model.layers)
            if channels and not told:
                yield Sign(
                    first,
                    f"The input shape {shape} puts the channels first, but Keras expects them last.",
                    0.85,
                )
        yield from _mixed_readers(training, program)


def _mixed_readers(training: Training, program: Program) -> Iterator[Sign]:
    train = training.part("train")
    if train is None:
        return
    for other in program.parts:
        if (
            other.role != "train"
            and _colours(train) != _colours(other)
            and None not in (_colours(train), _colours(other))
        ):
            yield Sign(other, f"The training pictures are read as {_colours(train)}, these as "
                              f"{_colours(other)} (OpenCV gives "
                       "blue first): red and blue are swapped.", 0.7)  # fmt: skip
    for step in train.of("reshape"):
        sizes = step.amount if isinstance(step.amount, list) else []
        sizes = list(sizes[0]) if len(sizes) == 1 and isinstance(sizes[0], list | tuple) else sizes
        if len(sizes) == 4 and sizes[1] == 3 and train.of("read"):
            yield Sign(step, f"reshape to {tuple(sizes)} does not move the channels to the front, it "
                             "scrambles the picture; "
                       "transpose is meant.", 0.6)  # fmt: skip


def _colours(part: DataPart) -> str | None:
    kinds = {step.amount for step in part.of("read")}
    if "bgr" in kinds:
        grey = any("GRAY" in str(step.amount) or "RGB" in str(step.amount) for step in part.of("channels"))
        return None if part.of("grey") else "RGB" if grey else "BGR"
    return "RGB" if kinds & {"rgb", "PIL"} else None


SMALL_PX = 64
TINY_PX = 32


@rule("prep.size_too_small", "the score rises with the size of the input")
def size_too_small(program: Program) -> Iterator[Sign]:
    """Look for pictures shrunk a lot; whether it matters, the pictures decide."""
    for training in program.trainings:
        part = training.part("train")
        if part is None or part.target_size is None or part.large or not part.of("read"):
            continue
        side = min(part.target_size)
        if side <= SMALL_PX:
            yield Sign(part, f"The pictures are shrunk to {size_words(part)} pixels: small details are gone.",
                       0.3 if side <= TINY_PX else 0.2)  # fmt: skip
