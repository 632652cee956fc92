"""Edits of the loss: one that goes with output and labels."""

from __future__ import annotations

from collections.abc import Iterator

from tellapart.diagnose.reading import Training
from tellapart.diagnose.reading.suspicions.vocabulary import BINARY, MANY_CLASS, REGRESSION, wants_logits

from .activation import set_output_activation
from .finding_training import loss_maker, training_of
from .fitting import class_count, fitting_activation, known_one_hot, label_shape, labels_match, one_hot
from .loss_formula import guarded, meaned, negated
from .loss_swap import labels_like_scores, set_labels, set_loss
from .registry import Asked, Edit, edit
from .sheet import Sheet
from .width import set_units


@edit("loss.does_not_fit_output")
def does_not_fit_output(asked: Asked) -> Iterator[Edit | None]:
    """Make loss, output and labels one consistent set."""
    training = training_of(asked)
    if training is None or training.loss is None or training.output is None:
        return
    units, name = training.output.units or 0, training.loss.name
    if name in MANY_CLASS and units == 1:
        yield from one_unit(asked, training)
    elif name in MANY_CLASS:
        sheet = Sheet(asked.program)
        wanted = fitting_activation(training)
        if set_output_activation(sheet, training, wanted):
            yield Edit(asked.suspicion.code, f"The last layer has {wanted or 'no activation'}.", sheet.text())
    elif name in BINARY:
        yield _one_of_many(asked, training)
        if units == 2 and not one_hot(asked, training) and training.framework == "keras":
            yield _yes_or_no(asked, training, to_one_unit=True)


def an_output_a_class(asked: Asked, training: Training, classes: int) -> Edit | None:
    """Give the last layer an output for each class; where the loss is not for several, one that is."""
    sheet = Sheet(asked.program)
    loss, output = training.loss, training.output
    if output is None or not set_units(sheet, output.layer, classes):
        return None
    if classes > 2 and loss is not None and loss.name in BINARY | REGRESSION:
        hot = known_one_hot(asked, training)
        several = "categorical_crossentropy" if hot else "sparse_categorical_crossentropy"
        keras = training.framework == "keras"
        fits = set_loss(sheet, training, several if keras else "CrossEntropyLoss")
        fits = fits and ((output.activation is None and not keras) or set_output_activation(
            sheet, training, "softmax" if keras else None))  # fmt: skip
        if not fits:
            return None
    return Edit(asked.suspicion.code, f"The last layer has {classes} outputs, one a class.", sheet.text())


def one_unit(asked: Asked, training: Training) -> Iterator[Edit | None]:
    """Yield what mends one output under a loss that compares several."""
    many = known_one_hot(asked, training) or (class_count(asked, training) or 2) > 2
    # A PyTorch program that decides by argmax needs an output a class.
    several, single = _k_units(asked, training), _yes_or_no(asked, training)
    if training.framework == "keras" and known_one_hot(asked, training) is None:
        several = None  # which of two losses goes with two outputs, nothing says
    yield from (several, single) if many or training.framework == "torch" else (single, several)


def _k_units(asked: Asked, training: Training) -> Edit | None:
    sheet = Sheet(asked.program)
    loss, output = training.loss, training.output
    classes = max(class_count(asked, training) or 2, 2)
    if loss is None or output is None or not set_units(sheet, output.layer, classes):
        return None
    wanted = None if wants_logits(loss) else "log_softmax" if loss.name == "nll" else "softmax"
    if output.activation != wanted and not set_output_activation(sheet, training, wanted):
        return None
    hot = known_one_hot(asked, training)
    if training.framework == "keras" and loss.name == "categorical_crossentropy" and hot is False:
        set_loss(sheet, training, "sparse_categorical_crossentropy")
    return Edit(asked.suspicion.code, f"The last layer has {classes} outputs, one a class.", sheet.text())


def _yes_or_no(asked: Asked, training: Training, *, to_one_unit: bool = False) -> Edit | None:
    """Let one output answer yes or no: sigmoid, and a loss for it."""
    sheet = Sheet(asked.program)
    output = training.output
    if output is None or (to_one_unit and not set_units(sheet, output.layer, 1)):
        return None
    if training.framework == "keras":
        done = set_loss(sheet, training, "binary_crossentropy")
        done = done and (output.activation == "sigmoid" or set_output_activation(sheet, training, "sigmoid"))
        name = "binary_crossentropy"
    else:
        name = "BCELoss" if output.activation == "sigmoid" else "BCEWithLogitsLoss"
        bare = output.activation in (None, "linear", "sigmoid") or set_output_activation(
            sheet, training, None
        )
        done = bare and set_loss(sheet, training, name)
        done = done and (labels_match(asked) or labels_like_scores(sheet, training))
    words = f"The loss of one output is {name}."
    return Edit(asked.suspicion.code, words, sheet.text()) if done else None


def _one_of_many(asked: Asked, training: Training) -> Edit | None:
    """Let several outputs share one answer: softmax, and a loss for it."""
    sheet = Sheet(asked.program)
    output = training.output
    if output is None:
        return None
    if training.framework == "keras":
        hot = one_hot(asked, training)
        name = "categorical_crossentropy" if hot else "sparse_categorical_crossentropy"
        done = set_loss(sheet, training, name)
        done = done and (output.activation == "softmax" or set_output_activation(sheet, training, "softmax"))
    else:
        name = "CrossEntropyLoss"
        bare = output.activation in (None, "linear") or set_output_activation(sheet, training, None)
        shape = label_shape(asked)
        single = len(shape) == 1 or shape[-1] == 1 if shape else known_one_hot(asked, training) is False
        form = (".long()" if shape is None or len(shape) == 1 else ".reshape(-1).long()") if single else ""
        done = bare and set_loss(sheet, training, name) and set_labels(sheet, training, form)
    words = f"The loss of the {output.units or 'several'} outputs is {name}."
    return Edit(asked.suspicion.code, words, sheet.text()) if done else None


@edit("loss.regression_loss")
def regression_loss(asked: Asked) -> Iterator[Edit | None]:
    """Put cross-entropy in place, in the form that goes with output and labels."""
    training = training_of(asked)
    if training is None or training.output is None:
        return
    single, classes = training.output.units == 1, class_count(asked, training) or 2
    if single and classes > 2:
        yield an_output_a_class(asked, training, classes)
        return
    yield _yes_or_no(asked, training) if single else _one_of_many(asked, training)


@edit("loss.bad_reduction")
def bad_reduction(asked: Asked) -> Iterator[Edit | None]:
    """Take the mean, or the library's loss, or put the sign right."""
    training = training_of(asked)
    if training is None or training.loss is None:
        return
    if training.loss.reduction == "sum":
        sheet = Sheet(asked.program)
        call = loss_maker(sheet, training)
        if call is not None and (
            sheet.drop_argument(call, "reduction") or sheet.drop_argument(call, "size_average")
        ):
            yield Edit(asked.suspicion.code, "The loss is the mean over the batch.", sheet.text())
        return
    yield _library(asked, training)
    own = training.loss.own
    if own is None:
        return
    yield negated(asked, own) if own.negated is False else meaned(asked, own)


@edit("loss.unstable")
def unstable(asked: Asked) -> Iterator[Edit | None]:
    """Put the library's loss in place, or keep the logarithm away from 0."""
    training = training_of(asked)
    if training is None or training.loss is None or training.loss.own is None:
        return
    yield _library(asked, training)
    yield guarded(asked, training.loss.own)


def _library(asked: Asked, training: Training) -> Edit | None:
    """Put the library's loss in place of the program's own."""
    output = training.output
    if output is None:
        return None
    if output.units == 1:
        return _yes_or_no(asked, training)
    if output.activation == "log_softmax" and training.framework == "torch":
        sheet = Sheet(asked.program)
        done = set_loss(sheet, training, "NLLLoss")
        return Edit(asked.suspicion.code, "The loss is NLLLoss.", sheet.text()) if done else None
    return _one_of_many(asked, training)
