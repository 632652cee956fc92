"""Order, coverage and balance of what the network was really shown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from statistics import median
from typing import Any

import numpy as np
from scipy import stats

from tellapart.diagnose.observed import Part, Pass
from tellapart.diagnose.recording import Outcome

from .changing import settled
from .odds import classes_in_batch, equal_neighbours
from .registry import Clear, Sign, rule
from .view import View, number_of

SPREADS = 4.0
"""Neighbours with the same label are too many from as many spreads above chance: 3 in 100,000 shuffled epochs."""
FEW_CLASSES = 0.5
"""Batches that hold less than half of the classes (beyond the first) that shuffled ones would are nearly pure."""
COVERED = 0.9
"""A last batch that is dropped leaves out less than a tenth, unless the set is tiny."""
SELF_COPIES = 0.2
"""A part of which so many pictures have near copies in it is augmented: the copies are no pictures of their own."""
RARE_TIMES_CLASSES = 0.5
"""A class is rare below half of its even share: 25 % of two classes, 5 % of ten."""
MISSED = 0.5
"""A rare class is missed where less than half of it is found."""
SOME_CONSTANT = 0.05
"""Single empty pictures occur in real sets; one in twenty is a fault of reading."""
FITTED, HANDFUL = 0.95, 20
"""A network that knows all of so few pictures by heart has been shown too little to tell others apart."""
FEW_PER_CLASS = 200
"""Below some hundred pictures a class a network from scratch is known to overfit; pretrained features are the cure."""


@rule("data.unshuffled_training", "batches hold one class; the loss jumps within an epoch; shuffling helps")
def unshuffled_training(view: View) -> Iterator[Sign | Clear]:
    """Compare the order of the training labels with what shuffling gives."""
    part = view.train
    shown = [one for one in part.passes if one.labels_in_order is not None] if part is not None else []
    if part is None or not shown or len(part.labels_kept) < 2:
        return
    one = shown[-1]
    counts = _scaled(part.labels_kept, one.pictures)
    mean, spread = equal_neighbours(counts)
    excess = (one.labels_in_order or 0.0) * (one.pictures - 1) - mean
    size = round(median(one.batch_sizes)) if one.batch_sizes else 1
    expected, got = classes_in_batch(counts, size), one.classes_per_batch or 0.0
    words = (
        f"Training batches of {size} hold {got:.1f} of {len(part.labels_kept)} classes on average, shuffled ones would "
        f"hold {expected:.1f}; {one.labels_in_order:.0%} of neighbouring pictures share a label, by chance "
        f"{mean / max(one.pictures - 1, 1):.0%}."
    )
    if excess <= SPREADS * max(spread, 0.5):
        yield Clear(f"The training pictures are mixed: batches of {size} hold {got:.1f} classes on average.")
    elif size >= one.pictures:
        return  # all pictures in one batch: their order does not matter
    elif got - 1 < FEW_CLASSES * (expected - 1):
        yield Sign(words, 0.9, view.place_of("train"))
    else:
        yield Sign(words, 0.45, view.place_of("train"))


def _scaled(kept: Mapping[str, int], n: int) -> list[int]:
    """Return class counts of one pass: over several, augmented pictures count several times."""
    total = sum(kept.values())
    return [max(1, round(count * n / total)) for count in kept.values()]


@rule("data.partial_epoch", "an epoch shows fewer pictures than there are; all of them change the score")
def partial_epoch(view: View) -> Iterator[Sign | Clear]:
    """Count what each pass shows of what there is."""
    shares, unknown = [], False
    for part in (view.train, *view.judging):
        found = None if part is None else _coverage(part, view)
        if part is None or found is None:
            unknown = unknown or part is view.train
            continue
        share, pictures, known, sure = found
        if part.known is not None or isinstance(part.source.get("batches"), int):
            shares.append(share)  # else what is never shown is not known either
        # Of a part that judges, what is unsure changes nothing that training could show.
        if share < COVERED and (sure or part is view.train):
            what = "A training epoch" if part.name == "train" else f"Each pass over the {part.name} part"
            # Half of the pictures an epoch, others in the next, only makes epochs shorter.
            certainty = (0.75 if share < 0.5 else 0.6) if sure else 0.35
            yield Sign(
                f"{what} shows {pictures} of {known} pictures ({share:.0%}).",
                certainty,
                view.place_of(part.name),
            )
    if shares and min(shares) >= COVERED and not unknown:
        yield Clear(f"Every pass shows at least {min(shares):.0%} of the pictures of its part.")


def _coverage(part: Part, view: View) -> tuple[float, int, int, bool] | None:
    """Return share and number shown in a pass, the number there is, and whether that is certain."""
    passes = _whole(part, view)
    if not passes:
        return None
    shown = round(median(one.pictures for one in passes))
    batches, more = part.source.get("batches"), part.source.get("more_batches")
    if isinstance(batches, int) and more:
        share = batches / (batches + more)
        return share, shown, round(shown / share), True
    if part.known is not None and part.source.get("order") in (None, "RandomSampler", "SequentialSampler"):
        return shown / max(part.known, 1), shown, part.known, True
    if isinstance(batches, int) and batches:
        share = median(len(one.batch_sizes) for one in passes) / batches
        return share, shown, round(shown / share) if share else 0, True
    if part.known is not None:
        return None  # a sampler of its own: how many pictures it means is not known
    near = view.near(part.name)
    own_copies = part.name == "train" and near is not None and len(near.looks) > SELF_COPIES * near.compared
    distinct = round(median(one.distinct for one in passes))
    if not settled(part, len(passes)) or own_copies:
        # Changed anew in each pass, so that what was seen in all is more than there is; or others each time.
        others = near is not None and near.compared > 0 and not own_copies
        return (distinct / max(part.pictures, 1), distinct, part.pictures, False) if others else None
    # Some twice in one pass: drawn at random, where a pass has no end of its own.
    drawn = distinct < COVERED * shown
    return distinct / max(part.pictures, 1), distinct, part.pictures, not drawn


def _whole(part: Part, view: View) -> list[Pass]:
    """Return the passes that were not cut short from outside."""
    cut = view.recording.outcome in (Outcome.time_up, Outcome.crashed, Outcome.memory)
    return list(part.passes[:-1] if cut else part.passes)


@rule(
    "data.imbalance_ignored", "the rare class is hardly ever predicted; weights or sampling raise its recall"
)
def imbalance_ignored(view: View) -> Iterator[Sign | Clear]:
    """Look for a rare class that is missed while the others are found."""
    part, measures = view.train, view.of_judged or view.of_train
    if part is None or measures is None or len(part.labels_kept) < 2:
        return
    counts = part.labels_kept
    n, k = sum(counts.values()), len(counts)
    rare = min(counts, key=lambda name: counts[name])
    share = counts[rare] / n
    if share * k > RARE_TIMES_CLASSES or stats.binom.cdf(counts[rare], n, 1 / k) > 0.001:
        yield Clear(f"No class is rare: the smallest has {share:.0%} of the training pictures.")
        return
    found = measures["per_class"].get(rare)
    recall = None if found is None or not found["n"] else found["recall"]
    if recall is None:
        return
    others = [one["recall"] for name, one in measures["per_class"].items() if name != rare and one["n"]]
    words = (
        f"Class {rare} has {share:.1%} of the training pictures, and {recall['value']:.0%} of it is recognised "
        f"({recall['low']:.0%} to {recall['high']:.0%})"
    )
    if recall["value"] < MISSED and others and recall["high"] < max(one["low"] for one in others):
        accounted = _accounts(view, part)
        yield Sign(f"{words}; {accounted or 'nothing accounts for that'}.", 0.3 if accounted else 0.75)
    elif recall["low"] > MISSED:
        yield Clear(f"{words}.")


def _accounts(view: View, part: Part) -> str:
    """Say what accounts for a rare class: weights, or sampling (the labels shown are more even than the pictures)."""
    if view.training.arguments.get("class_weight") is not None:
        return "fit weighs the classes"
    if any(one.options.get("weight") or one.options.get("pos_weight") for one in view.training.losses):
        return "the loss weighs the classes"
    values = [float(one) for one in part.labels_kept]
    if part.labels is not None and len(values) == 2 and np.prod(part.labels.shape, dtype=int) == 1:
        kept = float(np.average(values, weights=list(part.labels_kept.values())))
        if abs(part.labels.mean - kept) > 0.1 * abs(values[1] - values[0]):
            return "the rare class is shown more often than it occurs"
    return ""


@rule("data.unreadable_pictures", "inputs are constant or not numbers; without them the score changes")
def unreadable_pictures(view: View) -> Iterator[Sign | Clear]:
    """Look for inputs that show nothing."""
    for part in (view.train, *view.judging):
        if part is None or part.inputs is None or not part.passes:
            continue
        share = part.share_constant
        if part.inputs.not_finite:
            words = f"Inputs of the {part.name} part hold {part.inputs.not_finite} values that are nan or infinite."
            yield Sign(words, 0.9, view.place_of(part.name))
        elif share:
            words = f"{share:.1%} of the pictures of the {part.name} part have the same value everywhere."
            yield Sign(words, 0.85 if share >= SOME_CONSTANT else 0.35, view.place_of(part.name))
        elif part.name == "train":
            yield Clear("No training picture is constant, and no value is missing.")


@rule("data.too_few_pictures", "the score rises with more pictures, or with pretrained features")
def too_few_pictures(view: View) -> Iterator[Sign | Clear]:
    """Look for a small training part that is fitted, and unseen pictures that are not."""
    part = view.train
    if part is None or not part.labels_kept:
        return
    per_class = min(part.labels_kept.values())
    words = (
        f"The training part is fitted, unseen pictures are not; the smallest class has {per_class} pictures."
    )
    # Of a handful the interval of the training score says nothing.
    fitted = number_of(view.of_train, "balanced_accuracy") >= FITTED
    if per_class < HANDFUL and fitted and view.of_judged is not None and not view.works:
        yield Sign(words, 0.6, view.place_of("train"))
    elif per_class < FEW_PER_CLASS and overfits(view.of_train, view.of_judged):
        yield Sign(words, 0.4, view.place_of("train"))


def overfits(train: Mapping[str, Any] | None, judged: Mapping[str, Any] | None) -> bool:
    """Whether the training part is told apart better than unseen pictures, beyond both intervals."""
    return number_of(train, "balanced_accuracy", "low") > number_of(judged, "balanced_accuracy", "high")
