"""Families of losses, activations and optimisers that several rules go by."""

from __future__ import annotations

from collections.abc import Iterator

from tellapart.diagnose.reading.data_facts import DataPart
from tellapart.diagnose.reading.facts import Layer, Loss, Program, Training
from tellapart.diagnose.reading.layers import AUGMENTING, WEIGHTED

MANY_CLASS = {
    "categorical_crossentropy",
    "sparse_categorical_crossentropy",
    "cross_entropy",
    "nll",
    "softmax_with_logits",
}
BINARY = {"binary_crossentropy", "bce", "bce_with_logits"}
TAKES_LOGITS = {"cross_entropy", "bce_with_logits", "softmax_with_logits"}
"""Losses that apply softmax or sigmoid themselves."""

PROBABILITIES = {"binary_crossentropy", "categorical_crossentropy", "sparse_categorical_crossentropy"}
REGRESSION = {"mean_squared_error", "mean_absolute_error", "huber", "log_cosh", "mean_squared_logarithmic_error",
              "mean_absolute_percentage_error", "mape", "cosine_similarity"}  # fmt: skip
ADAPTIVE = {"adam", "adamw", "nadam", "adamax", "rmsprop", "radam", "lion", "lamb"}


def classifying(program: Program) -> Iterator[tuple[Training, Loss]]:
    """Yield the trainings whose output and loss can both be read."""
    for training in program.trainings:
        if training.loss is not None and training.output is not None:
            yield training, training.loss


def wants_logits(loss: Loss) -> bool:
    """Say whether a loss applies softmax or sigmoid itself."""
    return loss.name in TAKES_LOGITS or loss.from_logits


def hidden(layers: tuple[Layer, ...]) -> tuple[Layer, ...]:
    """Return the layers before the last one with weights."""
    weighted = [number for number, layer in enumerate(layers) if layer.kind in WEIGHTED]
    return layers[: weighted[-1]] if weighted else ()


def from_scratch(training: Training) -> bool:
    """Say whether no pretrained weights are in the network."""
    model = training.model
    return model is None or model.pretrained is None or model.pretrained.weights is None


def augments(training: Training) -> bool:
    """Say whether the training pictures are augmented, in the data or in the network."""
    part = training.part("train")
    in_data = part is not None and bool(part.of("augment"))
    return in_data or (training.model is not None and training.model.has(*AUGMENTING))


def size_words(part: DataPart) -> str:
    """Say the size to which pictures are brought."""
    return " x ".join(str(one) for one in part.target_size or ())
