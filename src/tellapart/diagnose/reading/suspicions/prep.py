"""How pictures are prepared: range, size, channels, augmentation, and whether all parts are treated alike."""

from __future__ import annotations

from collections.abc import Iterator

from tellapart.diagnose.reading.data_facts import DataPart, Step
from tellapart.diagnose.reading.facts import Layer, Program, Training
from tellapart.diagnose.reading.layers import AUGMENTING

from .registry import Sign, rule
from .vocabulary import from_scratch, size_words

TWICE = 1 / 255 / 20
"""Pixels multiplied by less than this have been divided by about 255 twice."""


def _model_scale(training: Training) -> float:
    found = 1.0
    for layer in training.model.layers if training.model is not None else ():
        if layer.kind == "Rescaling" and layer.rate:
            found *= layer.rate
        elif layer.kind not in ("Input", "Rescaling", *AUGMENTING, "Resizing", "Reshape", "CenterCrop"):
            break
    return found


def _normalised_inside(training: Training) -> bool:
    first = [one.kind for one in (training.model.layers if training.model is not None else ())][:4]
    return bool({"Normalization", "BatchNormalization", "Other"} & set(first[:3]))


@rule("prep.unscaled", "the first layer sees numbers up to 255; the loss starts huge, or sticks")
def unscaled(program: Program) -> Iterator[Sign]:
    """Look for raw 0..255 pixels."""
    for training in program.trainings:
        part, model = training.part("train"), training.model
        if (
            part is None
            or model is None
            or not part.raw
            or (part.reader.startswith("load_data") and not part.steps)
        ):
            continue
        if _model_scale(training) != 1.0 or _normalised_inside(training) or not from_scratch(training):
            continue
        if (
            any(step.amount in ("PIL", "scaled for PNG") for step in part.of("read"))
            and training.framework == "torch"
        ):
            continue
        yield Sign(
            part,
            "The pixels reach the network as they are in the file, 0 to 255: nothing divides them by 255.",
            0.7,
        )


@rule("prep.double_scaled", "the network's inputs are all below 0.02; it hardly learns")
def double_scaled(program: Program) -> Iterator[Sign]:
    """Look for pixels divided twice."""
    for training in program.trainings:
        part = training.part("train")
        if part is None:
            continue
        scales = [
            step
            for step in part.of("scale")
            if isinstance(step.amount, int | float) and 0 < step.amount < 0.1
        ]
        inside = _model_scale(training)
        if part.scale * inside < TWICE:
            where: Step | Layer = scales[-1] if scales else _rescaling(training)
            yield Sign(where, f"The pixels are divided twice: by {1 / (part.scale * inside):,.0f} in "
                              "all, where 255 is "
                       "meant.", 0.95)  # fmt: skip


def _rescaling(training: Training) -> Layer:
    assert training.model is not None  # noqa: S101 - a scale inside was found
    return next(layer for layer in training.model.layers if layer.kind == "Rescaling")


def _others(training: Training, program: Program) -> list[DataPart]:
    own = [part for part in training.parts if part.role != "train"]
    return own + [part for part in program.parts if part.role == "test" and part not in own]


@rule(
    "prep.train_validation_mismatch",
    "validation is far worse than training from the first epoch; scoring it with the training "
    "preparation jumps",
)
def train_validation_mismatch(program: Program) -> Iterator[Sign]:
    """Look for parts that are prepared differently."""
    for training in program.trainings:
        train = training.part("train")
        if train is None or not _followed(train):
            continue
        for other in _others(training, program):
            said = _difference(train, other)
            if said and _followed(other):
                yield Sign(
                    other,
                    f"The {other.role} pictures are prepared differently from the training pictures: {said}.",
                    0.95,
                )


def _followed(part: DataPart) -> bool:
    """Say whether the text shows where the pictures come from, so that a missing step is really missing."""
    return bool(part.of("read", "split", "scale", "normalise", "preprocess"))


def _difference(train: DataPart, other: DataPart) -> str:
    scales = train.scale, other.scale
    if min(scales) > 0 and max(scales) / min(scales) > 1.5:
        return f"pixels are multiplied by {scales[0]:.3g} in training and by {scales[1]:.3g} there"
    if bool(train.of("preprocess")) != bool(other.of("preprocess")):
        return f"preprocess_input is applied only {'in training' if train.of('preprocess') else 'there'}"
    norms = [
        [step.amount for step in part.of("normalise") if step.name == "Normalize"] for part in (train, other)
    ]
    if norms[0] != norms[1]:
        return "they are normalised with other means and standard deviations"
    if any(step.name == "unread generator" for part in (train, other) for step in part.steps):
        return ""
    if bool(train.of("normalise")) != bool(other.of("normalise")):
        return f"they are normalised only {'in training' if train.of('normalise') else 'there'}"
    if train.colour_mode and other.colour_mode and train.colour_mode != other.colour_mode:
        return f"colour mode {train.colour_mode} in training, {other.colour_mode} there"
    if train.target_size and other.target_size and train.target_size != other.target_size:
        return f"{size_words(train)} pixels in training, {size_words(other)} there"
    return ""


@rule(
    "prep.train_predict_mismatch",
    "predictions on new pictures are nearly constant although validation is good",
)
def train_predict_mismatch(program: Program) -> Iterator[Sign]:
    """Look for pictures prepared differently at prediction time."""
    for training in program.trainings:
        train = training.part("train")
        if train is None or not _followed(train):
            continue
        for other in program.parts:
            if other.role == "predict" and other.of("read"):
                said = _difference(train, other)
                if said:
                    yield Sign(
                        other,
                        f"New pictures are prepared differently from the training pictures: {said}.",
                        0.85,
                    )


@rule("prep.augmented_validation", "the validation score is lower, and changes when it is computed again")
def augmented_validation(program: Program) -> Iterator[Sign]:
    """Look for augmented validation or test pictures."""
    for training in program.trainings:
        for part in _others(training, program):
            steps = part.of("augment")
            if steps and part.role in ("validation", "test"):
                names = ", ".join(sorted({step.name.rpartition(".")[2] for step in steps}))
                yield Sign(part, f"The {part.role} pictures are augmented too ({names}); only "
                                 "training pictures "
                           "should be.", 0.8)  # fmt: skip


STRONG: dict[str, tuple[float, str]] = {
    "rotation_range": (90, "degrees of rotation"), "width_shift_range": (0.4, "of the width as shift"),
    "height_shift_range": (0.4, "of the height as shift"), "zoom_range": (0.5, "of zoom"),
    "channel_shift_range": (100, "as channel shift"), "shear_range": (45, "degrees of shear"),
    "RandomRotation": (90, "degrees of rotation"), "ColorJitter": (0.8, "as brightness change"),
}  # fmt: skip
"""From where on an augmentation commonly destroys what decides the label; whether it does, the pictures decide."""


@rule(
    "prep.destructive_augmentation",
    "the training score stays below validation; without the augmentation both are better",
)
def destructive_augmentation(program: Program) -> Iterator[Sign]:
    """Look for augmentation strong enough to destroy what decides the label."""
    for training in program.trainings:
        part = training.part("train")
        for step in part.of("augment") if part is not None else ():
            limit, words = STRONG.get(step.name, (None, ""))
            amount = _largest(step.amount)
            if limit is not None and amount is not None and amount >= limit:
                yield Sign(
                    step,
                    f"{step.name} of {amount:g} ({words}) may destroy what tells the classes apart.",
                    0.35,
                )
            elif step.name in ("RandomResizedCrop",) and not _scale_given(step.amount):
                yield Sign(step, "RandomResizedCrop keeps as little as 8 % of the picture: what decides "
                                 "the label may be cut "
                           "away.", 0.3)  # fmt: skip
            elif (
                "flip" in step.name.lower()
                and part is not None
                and part.large
                and (part.class_count or 0) == 10
            ) and "mnist" in " ".join(one.name for one in part.steps).lower():
                yield Sign(step, "Mirrored digits are other signs: 2 and 5 become alike.", 0.4)


def _largest(amount: object) -> float | None:
    if isinstance(amount, dict):
        amount = amount.get("") or next(iter(amount.values()), None)
    if isinstance(amount, list | tuple):
        numbers = [abs(one) for one in amount if isinstance(one, int | float)]
        return max(
            (abs(1 - one) if min(numbers) > 0 and max(numbers) < 3 else one for one in numbers), default=None
        )
    return float(amount) if isinstance(amount, int | float) and not isinstance(amount, bool) else None


def _scale_given(amount: object) -> bool:
    return isinstance(amount, dict) and "scale" in amount
