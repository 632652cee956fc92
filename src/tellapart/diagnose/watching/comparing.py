"""Reported figures held against the true ones of the same part at the same time."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from tellapart.diagnose.gathered.labelling import expected
from tellapart.diagnose.observed import Part, Pass
from tellapart.diagnose.recording import Recording, Training
from tellapart.diagnose.scoring import kept_scores, score_again

from .changing import settled
from .explaining import Explanation, case_of, explain
from .reported import Reported, of_training

RATIO = ("precision", "recall", "f1")
PLAIN = {
    "accuracy": "accuracy",
    "balanced_accuracy": "balanced_accuracy",
    "auc": "roc_auc",
    "average_precision": "average_precision",
}
CURVE_TOLERANCE = 0.01
"""Keras takes areas under curves from 200 thresholds."""
SAME = 1e-6
"""Two accuracies of the same predictions are the same but for the last bits."""


@dataclass(frozen=True)
class Discrepancy:
    """A reported figure beside the true one.

    Attributes
    ----------
    true, low, high, n
        Recomputed over the whole part in evaluation mode, with the same weights.
    outside
        Whether the reported figure lies outside of the true one's interval, rounding allowed for.
    differs
        Whether they differ at all. Of the same predictions they should not: chance is no explanation.
    explanations
        What the reported figure is instead.
    """

    reported: Reported
    true: float
    low: float
    high: float
    n: int
    outside: bool
    differs: bool
    explanations: tuple[Explanation, ...] = ()


def compare(recording: Recording, *, train: bool = False) -> tuple[Discrepancy, ...]:
    """Return every reported figure that can be held against a true one.

    Parameters
    ----------
    recording
        Of one run.
    train
        Include those of the training part: while an epoch goes on the weights change, and augmentation and dropout
        act, so that they differ from the true ones without being wrong.
    """
    return tuple(
        one
        for at, training in enumerate(recording.trainings)
        for one in compare_training(training, at, train=train)
    )


def compare_training(training: Training, number: int = 0, *, train: bool = False) -> tuple[Discrepancy, ...]:
    """Return the comparisons of one training."""
    found = []
    for one in of_training(training, number):
        if one.part.partition(" ")[0] == "train" and "again" not in one.part and not train:
            continue
        measures = _measures(one, training)
        true = None if measures is None else _closest(one, measures, training)
        if measures is not None and true is not None:
            found.append(_held(one, true, measures["n"], training))
    return tuple(found)


def _held(one: Reported, true: tuple[float, float, float], n: int, training: Training) -> Discrepancy:
    value, low, high = true
    tolerance = one.tolerance + (CURVE_TOLERANCE if one.measure in ("auc", "average_precision") else SAME)
    differs = not abs(one.value - value) <= tolerance
    outside = differs and not low - tolerance <= one.value <= high + tolerance
    if one.table:
        differs = differs or list(map(list, one.table)) != _confusion(one, training)
    return Discrepancy(
        one, value, low, high, n, outside, differs, _explained(one, training) if differs else ()
    )


def _measures(one: Reported, training: Training) -> Mapping[str, Any] | None:
    if one.after:
        return score_again(training, one.part)
    return next((epoch.true.get(one.part) for epoch in training.epochs if epoch.number == one.epoch), None)


def _confusion(one: Reported, training: Training) -> list[list[int]]:
    measures = _measures(one, training)
    return [] if measures is None else [list(row) for row in measures["confusion"]]


def _closest(
    one: Reported, measures: Mapping[str, Any], training: Training
) -> tuple[float, float, float] | None:
    """Return value and interval of the measure that was meant: of the ways to take it, the closest."""
    allowed = list(_allowed(one, measures, training))
    usable = [(value, low, high) for value, low, high in allowed if None not in (value, low, high)]
    return min(usable, key=lambda each: abs(each[0] - one.value), default=None)


def _allowed(
    one: Reported, measures: Mapping[str, Any], training: Training
) -> Iterator[tuple[float, float, float]]:
    """Yield the ways to take a measure: precision may be that of a class, or a mean over classes."""
    if one.measure in PLAIN:
        yield _ends(measures[PLAIN[one.measure]])
    if one.measure not in RATIO:
        return
    each = [measures["per_class"][f"{value:g}"] for value in training.classes]
    if one.of.isdigit():
        if int(one.of) < len(each):
            yield _ends(each[int(one.of)][one.measure])
        return
    if not one.of and len(each) == 2:
        yield _ends(each[1][one.measure])
        if one.where != "printed" and _width(one.part, training) == 1:
            return  # Keras's own count the second class
    if not one.of:
        yield from (_ends(this[one.measure]) for this in each)
        yield _ends(measures["accuracy"])
    for weights in ([1] * len(each), [this["n"] for this in each]):
        yield _mean([_ends(this[one.measure]) for this in each], weights)


def _width(part: str, training: Training) -> int:
    outputs = training.parts[part].outputs
    return 0 if outputs is None else math.prod(outputs.shape)


def _ends(estimate: Mapping[str, Any]) -> tuple[float, float, float]:
    return estimate["value"], estimate["low"], estimate["high"]


def _mean(each: list[tuple[float, float, float]], weights: list[int]) -> tuple[float, float, float]:
    """Return the mean of figures, 0 where one is not defined, as sklearn has it; its interval is on the safe side."""
    total = sum(weights) or 1
    filled = [tuple(0.0 if end is None else end for end in one) for one in each]
    value, low, high = (
        sum(w * one[at] for w, one in zip(weights, filled, strict=True)) / total for at in range(3)
    )
    return value, low, high


def _explained(one: Reported, training: Training) -> tuple[Explanation, ...]:
    shown = _pass_of(one, training)
    part = training.parts[one.part]
    if shown is not None and shown.training_mode and modes_differ(training, one.part):
        return (Explanation("loop.missing_eval_mode", "taken in training mode"),)
    if shown is not None and is_partial(shown, part):
        return (Explanation("data.partial_epoch", f"taken on {shown.distinct} of {part.pictures} pictures"),)
    kept = kept_scores(training, one.part)
    if kept is None or not _same_weights(one, training):
        return ()
    expects = expected(training.losses)
    case = case_of(kept, one, len(training.classes), expects)
    return () if case is None or math.isnan(one.value) else explain(case)


def is_partial(shown: Pass, part: Part) -> bool:
    """Whether a pass left some of the part's pictures out; what is augmented looks new in every pass."""
    if part.known is not None:
        return shown.pictures < part.known
    return shown.distinct < part.pictures and settled(part)


def modes_differ(training: Training, part: str) -> bool:
    """Whether the network answers otherwise in training mode than in evaluation mode, as far as was kept."""
    kept = [kept_scores(training, part, mode=mode) for mode in ("eval", "train")]
    if kept[0] is None or kept[1] is None or kept[0].outputs.shape != kept[1].outputs.shape:
        return False
    return not np.allclose(kept[0].outputs, kept[1].outputs, rtol=1e-3, atol=1e-5, equal_nan=True)


def _pass_of(one: Reported, training: Training) -> Pass | None:
    passes = training.parts[one.part].passes
    if one.after:
        return passes[-1] if passes else None
    return next((each for each in passes if each.epoch == one.epoch), None)


def _same_weights(one: Reported, training: Training) -> bool:
    """Whether what was kept at the end is of the weights that the figure is about."""
    if one.after:
        return True
    then, now = _measures(one, training), score_again(training, one.part)
    is_last = bool(training.epochs) and training.epochs[-1].number == one.epoch
    return (
        is_last
        and then is not None
        and now is not None
        and abs(then["log_loss"]["value"] - now["log_loss"]["value"]) < 1e-4 * (1 + now["log_loss"]["value"])
    )
