"""Reported figures that are not what they are called."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np

from .comparing import Discrepancy
from .registry import Clear, Sign, rule
from .reported import Reported, of_training
from .view import View, number_of
from .worse import worse_than_guessing

SERIES = 3
"""Epochs from which on a rising total can be told from chance."""
IMPOSSIBLE = 1.02
"""No share is above 1; a little more is rounding."""
NEAR_MAJORITY = 0.05
CLOSE = 0.01
HIDDEN = 0.15
"""Accuracy hides a class where it is this much above the mean recall of all classes."""
TELLING = ("precision", "recall", "f1", "auc", "balanced_accuracy", "average_precision")
RATIO = ("precision", "recall", "f1")


def _explained(view: View, code: str) -> Iterator[Sign | Clear]:
    """Yield the reported figures that this cause explains, the clearest of them; or that all figures are right."""
    found = [
        (one, explanation)
        for one in view.discrepancies
        for explanation in one.explanations
        if explanation.code == code
    ]
    if not found:
        yield from _right(view)
        return
    one, explanation = max(
        found, key=lambda pair: (pair[1].exact, pair[0].outside, abs(pair[0].reported.value - pair[0].true))
    )
    rivals = {each.code for each in one.explanations}
    # On a small part two wrong ways may give one figure; then neither is sure.
    certainty = (0.9 if one.outside or one.reported.table else 0.6) * (1.0 if explanation.exact else 0.75)
    yield Sign(
        f"{_words(one)}: it is {explanation.words}.",
        certainty * (0.85 if len(rivals) > 1 else 1.0),
        view.metric_place,
    )


def _unexplained(view: View, measures: tuple[str, ...]) -> list[Discrepancy]:
    """Return the figures outside of their interval in epochs in which nothing explains any."""
    found = [one for one in view.discrepancies if one.reported.measure in measures and not one.reported.of]
    explained = any(one.explanations for one in found)
    return [] if explained else [one for one in found if one.outside]


def _right(view: View) -> Iterator[Clear]:
    """Yield that every figure that was shown is the true one, if there are any."""
    compared = [one for one in view.discrepancies if one.reported.measure != "loss"]
    # A figure printed with one digit agrees with many.
    same = all(not one.differs and abs(one.reported.value - one.true) <= CLOSE for one in compared)
    if compared and same and not _one_class_only(view):
        yield Clear(f"All {len(compared)} reported figures are what recomputing them over their part gives.")


def _one_class_only(view: View) -> bool:
    """Whether every picture that judges is given one class: any order, and any mapping, gives the same figure."""
    counts = None if view.of_judged is None else view.of_judged.get("confusion")
    return counts is not None and int(np.count_nonzero(np.sum(counts, axis=0))) <= 1


def _words(one: Discrepancy) -> str:
    shown = one.reported
    name = shown.text if shown.where != "printed" else f"the printed {shown.measure}"
    inside = "" if one.outside else ", inside the interval"
    return (
        f"{name[:1].upper()}{name[1:]} of the {shown.part} part is {shown.value:.3f}; over the whole part it is "
        f"{one.true:.3f} ({one.low:.3f} to {one.high:.3f}, n = {one.n}{inside})"
    )


@rule("metric.batch_averaged", "over the whole set the same predictions give another figure", prevents=False)
def batch_averaged(view: View) -> Iterator[Sign | Clear]:
    """Look for figures that are means over batches, or ratios that nothing else explains."""
    sure = list(_explained(view, "metric.batch_averaged"))
    yield from sure
    if any(isinstance(one, Sign) for one in sure):
        return
    open_ = _unexplained(view, RATIO)
    if open_:
        yield Sign(f"{_words(open_[-1])}: as a mean over batches would.", 0.55, view.metric_place)


@rule(
    "metric.binary_accuracy_for_many_classes", "counted by picture, the accuracy is far lower", prevents=False
)
def binary_accuracy_for_many_classes(view: View) -> Iterator[Sign | Clear]:
    """Look for each output counted alone."""
    yield from _explained(view, "metric.binary_accuracy_for_many_classes")


@rule(
    "metric.shuffled_evaluation", "in one order, predictions and labels give the true figure", prevents=False
)
def shuffled_evaluation(view: View) -> Iterator[Sign | Clear]:
    """Look for figures of labels paired with other pictures' predictions."""
    yield from _explained(view, "metric.shuffled_evaluation")


@rule("metric.class_order", "with one mapping of classes the figure is the true one", prevents=False)
def class_order(view: View) -> Iterator[Sign | Clear]:
    """Look for mirrored figures and permuted matrices, and for figures worse than guessing."""
    worse = list(worse_than_guessing(view))
    yield from worse
    yield from (one for one in _explained(view, "metric.class_order") if isinstance(one, Sign) or not worse)


@rule("metric.wrong_decision", "decided rightly, the same outputs give the true figure", prevents=False)
def wrong_decision(view: View) -> Iterator[Sign | Clear]:
    """Look for argmax of one output, shapes that broadcast, thresholds in the wrong place."""
    sure = list(_explained(view, "metric.wrong_decision"))
    yield from sure
    if any(isinstance(one, Sign) for one in sure):
        return
    if open_ := _unexplained(view, ("accuracy", "balanced_accuracy")):
        # Only of the last epoch are outputs kept, by which a figure can be explained.
        logits = view.width == 1 and view.loss is not None and view.loss.expects == "logits"
        guess = "as raw scores cut at .5 would be" if logits else "and nothing explains it"
        yield Sign(f"{_words(open_[-1])}, {guess}.", 0.65 if logits else 0.4, view.metric_place)


@rule("metric.not_reset", "reset before each epoch, the figure is the true one", prevents=False)
def not_reset(view: View) -> Iterator[Sign | Clear]:
    """Look for figures that are totals or means over all epochs so far."""
    for shown in _series(view):
        values = [one.value for one in shown]
        label = f"{shown[0].measure} of the {shown[0].part or 'training'} part"
        if values[-1] > IMPOSSIBLE and all(b > a for a, b in pairwise(values)):
            words = f"The printed {label} rises with the epochs to {values[-1]:.2f}, which no share can be."
            yield Sign(words, 0.9, view.place("loop"))
        elif _is_running_mean(view, shown):
            yield Sign(f"The printed {label} is the mean over all epochs so far.", 0.9, view.place("loop"))
        else:
            yield Clear(f"The printed {label} starts anew in each epoch.")


def _series(view: View) -> Iterator[Sequence[Reported]]:
    """Yield what was shown of one measure of one part, once an epoch, in order."""
    found: dict[tuple[str, str, str], dict[int, Reported]] = defaultdict(dict)
    for one in of_training(view.training):
        if one.epoch is not None and one.measure != "loss" and not one.of and one.where == "printed":
            found[one.part, one.measure, one.where].setdefault(one.epoch, one)
    return (list(one.values()) for one in found.values() if len(one) >= SERIES)


def _is_running_mean(view: View, shown: Sequence[Reported]) -> bool:
    true = {(one.reported.epoch, one.reported.measure, one.reported.part): one for one in view.discrepancies}
    pairs = [true.get((one.epoch, one.measure, one.part)) for one in shown]
    known = [one for one in pairs if one is not None]
    constant = len({one.value for one in shown}) == 1  # is the mean of itself
    if constant or len(known) < len(shown) or not any(one.differs for one in known):
        return False
    means = [sum(each.true for each in known[: at + 1]) / (at + 1) for at in range(len(known))]
    return all(
        abs(one.reported.value - mean) <= one.reported.tolerance + 0.005
        for one, mean in zip(known, means, strict=True)
    )


@rule(
    "metric.accuracy_hides_minority",
    "balanced accuracy and recall show that a class is missed",
    prevents=False,
)
def accuracy_hides_minority(view: View) -> Iterator[Sign | Clear]:
    """Look for an accuracy near the share of the largest class while the mean recall is far below."""
    shown = {one.measure for one in of_training(view.training) if one.measure != "loss"}
    measures = view.of_judged
    if "accuracy" not in shown or measures is None:
        return
    accuracy, balanced = number_of(measures, "accuracy"), number_of(measures, "balanced_accuracy")
    majority = measures["majority"]["accuracy"] or 0.0
    worst = min(
        (one["recall"]["value"] or 0.0 for one in measures["per_class"].values() if one["n"]), default=1.0
    )
    words = f"The true accuracy is {accuracy:.2f}, the mean recall of the classes {balanced:.2f}"
    if accuracy - balanced > HIDDEN and accuracy > number_of(measures, "balanced_accuracy", "high"):
        near = accuracy <= majority + NEAR_MAJORITY
        yield Sign(
            f"{words}: the largest class alone gives {majority:.2f}, the worst class is recognised {worst:.0%}.",
            (0.7 if near else 0.55) if not shown & set(TELLING) else 0.25,
            view.metric_place,
        )
    else:
        yield Clear(f"{words}.")
