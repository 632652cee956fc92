"""A finished training in plain words: what was reported, what was true, what that means."""

from __future__ import annotations

import math
from collections.abc import Mapping

from tellapart.evaluate.estimate import Estimate

from .result import Result

OVERFIT = 0.2
"""Training accuracy this far above the true validation accuracy is called overfitting: about what the interval
of 100 validation pictures (+- .1) leaves no room to explain, twice."""

GREW = 1.1
"""A validation loss this many times its lowest is said to have grown; less is the wobble of a few batches."""

MISREPORTED = 0.02
"""A reported precision this far from the true one is worth a sentence; less vanishes in rounding."""


def summarise(result: Result) -> str:
    """Return a few sentences for a reader who did not watch; a line each."""
    lines = [_what(result), _reported(result)]
    lines += [_true(result, part) for part in result.final]
    lines += [
        sentence for sentence in (*_ranking(result), *_fitting(result), *_precision(result)) if sentence
    ]
    return "\n".join(lines)


def _what(result: Result) -> str:
    seen, total = result.pictures_per_epoch["train"], sum(result.parts["train"].values())
    share = f"all {total}" if seen == total else f"{seen} of the {total}"
    stopped = f" (stopped by the {result.stopped_by} limit)" if result.stopped_by else ""
    left = f" {len(result.left_out)} broken files were left out." if result.left_out else ""
    return (
        f"{result.recipe}: {len(result.epochs)} epochs{stopped} at {result.options['size']} px, {share} training "
        f"pictures in each, {result.seconds['train']:.0f} s. Class 1 is {result.classes[1]!r}.{left}"
    )


def _reported(result: Result) -> str:
    last = result.epochs[-1].reported
    figures = ", ".join(
        f"{name.replace('val_', 'validation ').replace('_', ' ')} {value:.3f}" for name, value in last.items()
    )
    seen, total = result.pictures_per_epoch["validation"], sum(result.parts["validation"].values())
    some = f" (validation on {seen} of {total} pictures)" if seen < total else ""
    return f"Reported after the last epoch{some}: {figures}."


def _true(result: Result, part: str) -> str:
    figures = ", ".join(
        f"{name.replace('_', ' ')} {_estimate(found)}" for name, found in result.final[part].items()
    )
    return f"True, over all {sum(result.parts[part].values())} {part} pictures: {figures}."


def _estimate(found: Estimate) -> str:
    return str(found) if math.isfinite(found.value) else "undefined"


def _ranking(result: Result) -> list[str]:
    """Judge whether the classes are told apart, on the largest part."""
    part = max(result.final, key=lambda name: sum(result.parts[name].values()))
    found, counts = result.final[part], result.parts[part]
    balanced, ranked = found["balanced_accuracy"], found["average_precision"]
    if not math.isfinite(balanced.value):
        return [f"The part {part!r} holds one class only: nothing can be said about telling two apart."]
    base = counts[result.classes[1]] / sum(counts.values())
    verdict = (
        "no better than a coin: the interval of its balanced accuracy reaches down to one half"
        if balanced.low <= 0.5
        else "better than a coin"
    )
    sentences = [f"On the {part} pictures the net tells the classes apart {verdict} ({balanced})."]
    if math.isfinite(ranked.value):
        word = "no better than guessing" if ranked.low <= base else "better than guessing"
        sentences.append(
            f"Its order of the pictures is {word}: average precision {ranked}, guessing {base:.3f}."
        )
    return sentences


def _fitting(result: Result) -> list[str]:
    """Judge overfitting and the validation loss."""
    last, true = result.epochs[-1].reported, result.final["validation"]["accuracy"]
    sentences = []
    if "accuracy" in last and last["accuracy"] - true.value > OVERFIT:
        sentences.append(
            f"It overfits: {last['accuracy']:.3f} of the training pictures are right, {true} of the others."
        )
    losses = [one.reported["val_loss"] for one in result.epochs]
    lowest = min(losses)
    if losses[-1] > GREW * lowest:
        sentences.append(
            f"The validation loss grew from {lowest:.3f} (epoch {losses.index(lowest) + 1}) to {losses[-1]:.3f}: "
            "the net became surer of its mistakes."
        )
    if result.options.get("l1") or result.options.get("l2"):
        sentences.append("The reported losses contain the penalties on the weights; the log loss does not.")
    return sentences


def _precision(result: Result) -> list[str]:
    """Compare the reported precision with the true one."""
    if "val_precision" not in result.epochs[-1].reported:
        return []
    first, last = result.epochs[0], result.epochs[-1]
    shown, true = last.reported["val_precision"], result.final["validation"]["precision"]
    sentences = [
        f"The reported validation precision went from {first.reported['val_precision']:.3f} to {shown:.3f}, "
        f"the true one from {_value(first.true['validation'])} to {_estimate(true)}."
    ]
    if result.options["precision"] == "batch":
        if not math.isfinite(true.value):
            sentences.append(
                "No picture is called class 1: precision is undefined, and the metric reports 0."
            )
        elif abs(shown - true.value) > MISREPORTED:
            sentences.append(
                "They differ because the metric is a mean over batches: each counts the same however few pictures "
                "it calls class 1, and one that calls none counts as 0."
            )
    return sentences


def _value(measures: Mapping[str, float]) -> str:
    value = measures["precision"]
    return f"{value:.3f}" if math.isfinite(value) else "undefined"
