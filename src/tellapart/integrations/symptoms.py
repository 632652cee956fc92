"""What a training shows that has no one cause, and that its author wants to know at once."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from tellapart.diagnose.watching.loss import ran_away
from tellapart.diagnose.watching.view import View, number_of

from .asking import OVER, classifies

ENOUGH_PICTURES = 20
"""Of fewer pictures all may well be given one answer by a network that tells classes apart."""
LEAST_SHARE = 0.1
"""A class that has a smaller share of the judged pictures may rightly not be predicted yet."""
PATIENT_EPOCHS = 3
"""Epochs a network may answer with one class before it is said: the first are often like that."""
RISEN, EPOCHS_UP = 1.25, 3
"""A held-out loss a quarter above its least, after at least three epochs above it, does not come back by chance."""
WRONG_BY = 0.02
"""A reported share that is off by less than two in a hundred misleads nobody."""
SHARES = ("accuracy", "balanced_accuracy", "auc", "precision", "recall")


@dataclass(frozen=True)
class Symptom:
    """What was seen, in the fields of `tellapart.integrations.finding.Finding`."""

    code: str
    title: str
    words: str
    advice: str
    certainty: float


def not_finite(view: View, _epochs: int) -> Iterator[Symptom]:
    """Look for a loss that is no number, whatever the reason."""
    at = view.training.first_not_finite
    if at is None:
        return
    finite = view.losses[np.isfinite(view.losses)]
    inputs = None if view.train is None else view.train.inputs
    norms = [max(one.gradient_norms.values(), default=0.0) for one in view.close if one.gradient_norms]
    known = [one for one in norms if math.isfinite(one)]
    words = f"The loss is nan or infinite at step {at + 1}"
    if len(finite):
        words += f"; before, it went from {finite[0]:.3g} to {finite[-1]:.3g}"
    if known:
        words += f"; the largest gradient of a layer was {max(known):.3g}"
    if inputs is not None and inputs.not_finite:
        advice = "The inputs hold nan or infinite values: take them out, or repair what makes them."
    elif ran_away(view):
        advice = "It ran away before: take a tenth of the learning rate, or limit the gradients."
    else:
        advice = "It came at once: look for log(0), 0 / 0, exp of large numbers; use the library's loss on raw scores."
    yield Symptom("live.not_finite", "The loss is not a number any more", f"{words}.", advice, 1.0)


def one_class(view: View, epochs: int) -> Iterator[Symptom]:
    """Look for one answer to every judged picture, epoch after epoch."""
    part = view.judged
    if part is None or not classifies(view) or epochs < PATIENT_EPOCHS:
        return
    measured = [one.true[part.name] for one in view.epochs if part.name in one.true][-PATIENT_EPOCHS:]
    answers = {one_answer(one["confusion"]) for one in measured}
    if len(measured) < min(PATIENT_EPOCHS, len(view.epochs)) or len(measured) < 2 or len(answers) != 1:
        return
    answer, table = answers.pop(), np.array(measured[-1]["confusion"])
    shares = table.sum(axis=1) / max(table.sum(), 1)
    if answer is None or table.sum() < ENOUGH_PICTURES or np.sort(shares)[-2] < LEAST_SHARE:
        return
    name = f"{view.training.classes[answer]:g}"
    words = (
        f"All {table.sum()} pictures of the {part.name} part are taken for class {name}, in the last {len(measured)} "
        f"epochs measured; {shares[answer]:.0%} of them are of it."
    )
    advice = (
        "If it stays so, nothing is learnt: try ten times and a tenth of the learning rate, and look again."
    )
    yield Symptom("live.one_class", "Every picture is taken for the same class", words, advice, 0.8)


def one_answer(confusion: list[list[int]]) -> int | None:
    """Return the only answer of a matrix of counts, true classes first; None where there are several."""
    given = np.flatnonzero(np.array(confusion).sum(axis=0))
    return int(given[0]) if len(given) == 1 else None


def held_out_loss_grows(view: View, _epochs: int) -> Iterator[Symptom]:
    """Look for a held-out loss that has left its least for good while the training loss goes on falling."""
    pairs = list(_losses(view))
    if len(pairs) <= EPOCHS_UP:
        return
    training, held_out = np.array(pairs).T
    best = int(held_out.argmin())
    since = held_out[best + 1 :]
    falls = 0 <= training[-1] < training[best]  # below 0 it is no loss, and another rule says so
    rises = len(since) >= EPOCHS_UP and since[-EPOCHS_UP:].min() > RISEN * held_out[best]
    if falls and rises and held_out[best] > 0:
        words = (
            f"The held-out loss was least, {held_out[best]:.3g}, after epoch {best + 1}, and is {held_out[-1]:.3g} "
            f"now; the training loss went from {training[best]:.3g} to {training[-1]:.3g} meanwhile."
        )
        advice = f"Keep the weights of epoch {best + 1} (stop early); augmentation or weight decay move that point."
        yield Symptom("live.held_out_loss_grows", "It learns the training part by heart", words, advice, 0.9)


def _losses(view: View) -> Iterator[tuple[float, float]]:
    """Yield training and held-out loss of each epoch: as reported, or else as recomputed."""
    name = "" if view.judged is None else view.judged.name
    for one in view.epochs:
        held_out = one.reported.get("val_loss", number_of(one.true.get(name), "log_loss"))
        training = one.reported.get("loss", one.loss)
        if training is not None and math.isfinite(training) and math.isfinite(held_out):
            yield training, held_out


def nothing_moves(view: View, _epochs: int) -> Iterator[Symptom]:
    """Look for epochs of steps after which every weight is as it was, although gradients came."""
    changes = [value for one in view.epochs for value in one.weight_changes.values()]
    gradients = any(any(one.gradient_norms.values()) for one in view.close)
    if not changes or any(changes) or not any(one.stepped for one in view.training.steps):
        return
    if gradients or not view.close:
        words = f"No weight has changed in {view.training.n_steps} steps."
        advice = "Look at the learning rate (is it 0?), and at whether the optimiser holds this model's parameters."
        yield Symptom("live.nothing_moves", "The weights do not move", words, advice, 0.95)


def reported_is_not_true(view: View, _epochs: int) -> Iterator[Symptom]:
    """Look for a share that the framework reports and that its own predictions do not bear out."""
    if not classifies(view):
        return
    wrong = [
        one
        for one in view.discrepancies
        if one.outside and one.reported.measure in SHARES and abs(one.reported.value - one.true) > WRONG_BY
    ]
    if wrong:
        one = wrong[-1]
        words = (
            f"{one.reported.text} of the {one.reported.part} part is reported as {one.reported.value:.3f}; recomputed "
            f"over all of its {one.n} pictures it is {one.true:.3f} ({one.low:.3f} to {one.high:.3f})."
        )
        advice = "Do not choose by this figure: see what the metric expects of labels and outputs."
        yield Symptom(
            "live.reported_figure", "A reported figure is not what it is called", words, advice, 0.9
        )


def softmax_one_unit(view: View, _epochs: int) -> Iterator[Symptom]:
    """Look at the layers alone, where the outputs cannot be seen (other backends of Keras than PyTorch)."""
    last = next((one for one in reversed(view.layers) if one.output_shape), None)
    if last is not None and view.width is None and last.activation == "softmax" and last.output_shape == (1,):
        words = f"Layer {last.name} applies softmax over a single unit: the output is 1 for every picture."
        advice = "Use sigmoid with one unit, or softmax with one unit for each class."
        yield Symptom(
            "output.softmax_one_unit", "Softmax over a single output always gives 1", words, advice, 0.99
        )


SYMPTOMS: tuple[tuple[int, Callable[[View, int], Iterator[Symptom]]], ...] = (
    (0, softmax_one_unit),
    (0, not_finite),
    (1, nothing_moves),
    (1, reported_is_not_true),
    (PATIENT_EPOCHS, one_class),
    (EPOCHS_UP, held_out_loss_grows),
)
"""Epochs from which on each is looked for."""


def seen(view: View, epochs: int) -> Iterator[Symptom]:
    """Yield the symptoms after so many epochs, `tellapart.integrations.asking.OVER` at the end."""
    for begin, symptom in SYMPTOMS:
        if begin <= min(epochs, OVER):
            yield from symptom(view, epochs)
