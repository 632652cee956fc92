"""Edits of what comes out of the network, and of what the loss takes it for."""

from __future__ import annotations

from collections.abc import Iterator

from tellapart.diagnose.reading import Training
from tellapart.diagnose.reading.suspicions.vocabulary import MANY_CLASS, wants_logits

from .activation import set_output_activation
from .finding_training import loss_maker, training_of
from .fitting import fitting_activation
from .loss import one_unit
from .loss_swap import set_loss
from .registry import Asked, Edit, edit
from .sheet import Sheet

WITH_LOGITS = {"bce": "BCEWithLogitsLoss", "nll": "CrossEntropyLoss"}
WITHOUT_LOGITS = {"bce_with_logits": "BCELoss"}


@edit("output.softmax_one_unit", "output.wrong_activation")
def activation(asked: Asked) -> Iterator[Edit | None]:
    """Give the output the activation that its loss expects."""
    training = training_of(asked)
    if training is None:
        return
    yield _activated(asked, training, fitting_activation(training))
    single = training.output is not None and training.output.units == 1
    if single and training.loss is not None and training.loss.name in MANY_CLASS:
        yield from one_unit(asked, training)  # the activation alone does not make a set


@edit("output.logits_as_probabilities")
def logits_as_probabilities(asked: Asked) -> Iterator[Edit | None]:
    """Let the loss take scores, or the network give probabilities: first what the decisions expect."""
    training = training_of(asked)
    if training is None or training.loss is None or training.output is None:
        return
    into_loss = _loss_takes_scores(asked, training)
    into_network = _activated(asked, training, fitting_activation(training))
    # Keras's own accuracy of one output, and a threshold of .5, mean probabilities.
    single = training.output.units == 1 and training.framework == "keras" and training.loop is None
    yield from (
        (into_network, into_loss) if single or _decides_on_probabilities(asked) else (into_loss, into_network)
    )


@edit("output.double_softmax")
def double_softmax(asked: Asked) -> Iterator[Edit | None]:
    """Let only one of network and loss apply it: first what the decisions expect."""
    training = training_of(asked)
    if training is None or training.loss is None or training.output is None:
        return
    without = _activated(asked, training, None)
    plain = _loss_takes_probabilities(asked, training)
    own_metric = training.framework == "keras"
    yield from (plain, without) if own_metric or _decides_on_probabilities(asked) else (without, plain)


def _activated(asked: Asked, training: Training, name: str | None) -> Edit | None:
    sheet = Sheet(asked.program)
    if not set_output_activation(sheet, training, name):
        return None
    words = "The last layer has no activation." if name is None else f"The last layer has {name}."
    return Edit(asked.suspicion.code, words, sheet.text())


def _loss_takes_scores(asked: Asked, training: Training) -> Edit | None:
    sheet = Sheet(asked.program)
    loss = training.loss
    if loss is None:
        return None
    words = "The loss takes raw scores: from_logits=True."
    if loss.api.startswith("keras."):
        call = loss_maker(sheet, training)
        if call is None:
            return None
        sheet.set_argument(call, "from_logits", "True")
    elif loss.name in WITH_LOGITS and set_loss(sheet, training, WITH_LOGITS[loss.name]):
        words = f"The loss takes raw scores: {WITH_LOGITS[loss.name]}."
    else:
        return None
    return Edit(asked.suspicion.code, words, sheet.text())


def _loss_takes_probabilities(asked: Asked, training: Training) -> Edit | None:
    sheet = Sheet(asked.program)
    loss = training.loss
    if loss is None or not wants_logits(loss):
        return None
    words = "The loss takes probabilities: no from_logits."
    if loss.from_logits:
        call = loss_maker(sheet, training)
        if call is None or not sheet.drop_argument(call, "from_logits"):
            return None
    elif loss.name in WITHOUT_LOGITS and set_loss(sheet, training, WITHOUT_LOGITS[loss.name]):
        words = f"The loss takes probabilities: {WITHOUT_LOGITS[loss.name]}."
    else:
        return None
    return Edit(asked.suspicion.code, words, sheet.text())


def _decides_on_probabilities(asked: Asked) -> bool:
    """Say whether scores are held against .5 as the network gives them."""
    return any(
        one.threshold == 0.5 and not {"sigmoid", "softmax"} & set(one.activations)
        for one in asked.program.decisions
    )
