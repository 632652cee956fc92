"""What goes together: loss, activation of the output, number of outputs, and form of the labels."""

from __future__ import annotations

from tellapart.diagnose.observed import Values
from tellapart.diagnose.reading import Training
from tellapart.diagnose.reading.suspicions.vocabulary import wants_logits

from .registry import Asked


def fitting_activation(training: Training) -> str | None:
    """Return the activation of the output that a training's loss expects; None: none."""
    loss, output = training.loss, training.output
    if loss is not None and wants_logits(loss):
        return None
    if loss is not None and loss.name == "nll":
        return "log_softmax"
    single = output is not None and output.units == 1
    if single or (loss is not None and loss.name in ("bce", "binary_crossentropy")):
        return "sigmoid"
    return "softmax"


def label_values(asked: Asked) -> Values | None:
    """Return what the labels of the training pictures were in a run."""
    for training in asked.recording.trainings if asked.recording is not None else ():
        part = training.parts.get("train")
        if part is not None and part.labels is not None:
            return part.labels
    return None


def known_one_hot(asked: Asked, training: Training) -> bool | None:
    """Say whether labels are one-hot rows, by a run, else by how the text reads them; None: neither says."""
    values = label_values(asked)
    if values is not None:
        return bool(values.shape) and values.shape[-1] > 1
    part = training.part("train")
    if part is not None and part.of("one_hot"):
        return True
    return part.label_mode == "categorical" if part is not None and part.label_mode is not None else None


def one_hot(asked: Asked, training: Training) -> bool:
    """Say whether labels are one-hot rows; where nothing says, what a loss over several outputs needs."""
    known = known_one_hot(asked, training)
    if known is not None:
        return known
    return training.loss is None or training.loss.name not in (
        "sparse_categorical_crossentropy",
        "cross_entropy",
    )


def class_count(asked: Asked, training: Training) -> int | None:
    """Return the number of classes, by a run, else by the text; None where neither says."""
    for one in asked.recording.trainings if asked.recording is not None else ():
        part = one.parts.get("train")
        if part is not None and part.labels is not None and part.labels.shape[-1:] > (1,):
            return part.labels.shape[-1]
        if one.classes:
            # Labels count from 0; a class may be missing from what was seen.
            return max(len(one.classes), int(max(one.classes)) + 1)
    read = training.part("train")
    return (read.class_count or len(read.classes) or None) if read is not None else None


def label_shape(asked: Asked) -> tuple[int, ...] | None:
    """Return the shape of the labels as the loss met them in a run, batch included."""
    for one in asked.recording.trainings if asked.recording is not None else ():
        for use in one.losses:
            if use.target_shape:
                return tuple(use.target_shape)
    return None


def labels_match(asked: Asked) -> bool:
    """Say whether a run showed that labels have the scores' shape and are numbers with a fraction."""
    uses = (
        [use for one in asked.recording.trainings for use in one.losses]
        if asked.recording is not None
        else []
    )
    return bool(uses) and all(
        tuple(one.output_shape) == tuple(one.target_shape) and "float" in one.target_type for one in uses
    )
