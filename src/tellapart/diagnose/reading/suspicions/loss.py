"""The loss itself, and whether it fits output and labels."""

from __future__ import annotations

from collections.abc import Iterator

from tellapart.diagnose.reading.facts import Loss, Program, Training

from .registry import Sign, rule
from .vocabulary import BINARY, MANY_CLASS, REGRESSION, classifying

CLASS_METRICS = ("accuracy", "acc", "binary_accuracy", "categorical_accuracy", "precision", "recall", "auc",
                 "binaryaccuracy", "categoricalaccuracy", "sparsecategoricalaccuracy")  # fmt: skip


@rule("loss.does_not_fit_output", "the loss is 0 from the start, or has nothing to do with the accuracy")
def does_not_fit_output(program: Program) -> Iterator[Sign]:
    """Look for loss and output that do not go together."""
    for training, loss in classifying(program):
        yield from _mismatch(training, loss)


def _mismatch(training: Training, loss: Loss) -> Iterator[Sign]:
    output = training.output
    if output is None or output.units is None:
        return
    units, activation = output.units, output.activation
    if loss.name in MANY_CLASS and units == 1:
        yield Sign(loss, f"{loss.name} compares the outputs of several classes, but the last layer has "
                         "1 unit: with one "
                   "output there is nothing to compare.", 0.98)  # fmt: skip
    elif loss.name in MANY_CLASS and activation == "sigmoid" and not _takes_logits(loss):
        yield Sign(loss, f"{loss.name} expects {units} probabilities that add up to 1 (softmax), but "
                         "the last layer has "
                   "sigmoid, which judges each class alone.", 0.8)  # fmt: skip
    elif loss.name in BINARY and activation == "softmax" and units > 2:
        yield Sign(loss, f"{loss.name} judges each of the {units} outputs as a yes-or-no question of "
                         "its own, but softmax "
                   "makes them shares of one answer.", 0.6)  # fmt: skip
    elif loss.name in BINARY and units >= 2 and _label_mode(training) in ("binary", "sparse"):
        yield Sign(loss, f"The labels are one number a picture, but {loss.name} gets {units} outputs to "
                         "compare them "
                   "with.", 0.8)  # fmt: skip
    elif loss.name in BINARY and units > 2 and _label_mode(training) == "categorical":
        yield Sign(loss, f"Each picture has one of {units} classes, but {loss.name} treats them as "
                         f"{units} independent "
                   "yes-or-no questions.", 0.5)  # fmt: skip


def _takes_logits(loss: Loss) -> bool:
    return loss.from_logits or loss.name == "cross_entropy"


def _label_mode(training: Training) -> str | None:
    part = training.part("train")
    return part.label_mode if part is not None else None


@rule(
    "label.wrong_encoding",
    "the loss starts far from ln(number of classes), or training stops with a shape error",
)
def wrong_encoding(program: Program) -> Iterator[Sign]:
    """Look for labels of another form than the loss expects."""
    for training, loss in classifying(program):
        mode = _label_mode(training)
        output = training.output
        if mode is None or output is None:
            continue
        if loss.name == "categorical_crossentropy" and mode in ("sparse", "binary"):
            yield Sign(loss, "categorical_crossentropy expects one-hot labels, but the pictures come "
                             "with whole numbers "
                       f"(label mode {mode}).", 0.9)  # fmt: skip
        elif loss.name == "sparse_categorical_crossentropy" and mode == "categorical":
            yield Sign(loss, "sparse_categorical_crossentropy expects whole numbers as labels, but the "
                             "pictures come with "
                       "one-hot labels.", 0.9)  # fmt: skip
        elif loss.name in BINARY and output.units == 1 and mode == "categorical":
            yield Sign(loss, f"{loss.name} with 1 output expects labels 0 and 1, but the pictures come "
                             "with one-hot "
                       "labels.", 0.9)  # fmt: skip


@rule(
    "loss.regression_loss",
    "learns slowly where the network is surely wrong; cross-entropy is better with the same seeds",
)
def regression_loss(program: Program) -> Iterator[Sign]:
    """Look for squared or absolute error for classes."""
    for training, loss in classifying(program):
        output = training.output
        apart = loss.own is not None and loss.own.distance
        if (loss.name not in REGRESSION and not apart) or output is None:
            continue
        said = "a distance between scores and labels" if apart else loss.name
        classes = _label_mode(training) in ("categorical", "binary", "sparse")
        measured = any(metric.name.lower() in CLASS_METRICS for metric in training.metrics)
        if output.activation in ("softmax", "sigmoid") and output.units is not None and (classes or measured):
            yield Sign(loss, f"The network is to tell classes apart ({output.activation} output), but "
                             "the loss is "
                       f"{said}, which is meant for numbers.", 0.9)  # fmt: skip
        elif output.activation in ("softmax", "sigmoid") or measured or classes:
            yield Sign(loss, f"The loss is {said}, which is meant for predicting numbers, not classes.", 0.7)


@rule("loss.bad_reduction", "doubling the batch doubles the loss, or the loss falls while the accuracy does")
def bad_reduction(program: Program) -> Iterator[Sign]:
    """Look for a loss of the program's own that sums or has the wrong sign; a library's that sums."""
    for training in program.trainings:
        loss = training.loss
        if loss is None:
            continue
        if loss.reduction == "sum":
            yield Sign(loss, "The loss adds up over the batch instead of taking the mean, so a larger "
                             "batch means larger "
                       "steps.", 0.4)  # fmt: skip
        elif loss.own is not None and loss.own.negated is False:
            yield Sign(loss.own, "This loss takes logarithms of probabilities without a minus sign: the "
                                 "smaller it gets, "
                       "the worse the network is.", 0.75)  # fmt: skip
        elif loss.own is not None and loss.own.sums:
            yield Sign(loss.own, "This loss adds up over the whole batch instead of taking the mean "
                                 "over the pictures, so "
                       "its size grows with the batch.", 0.6)  # fmt: skip


@rule("loss.unstable", "the loss becomes nan or inf after some steps")
def unstable(program: Program) -> Iterator[Sign]:
    """Look for a logarithm that may meet 0."""
    for training in program.trainings:
        own = training.loss.own if training.loss is not None else None
        if own is not None and own.logs_without_guard:
            yield Sign(own, "This loss takes the logarithm of a probability that can become exactly 0, "
                            "which gives "
                       "minus infinity.", 0.5)  # fmt: skip
