"""Labels as they reached the loss."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.stats import chi2_contingency

from tellapart.diagnose.observed import Part

from .registry import Clear, Sign, rule
from .view import View, number_of

STRAY, NOISY = 0.02, 0.1
"""Up to the first share of labels that are not those of their folder, some file was misread; from the second on they
are noise."""
UNRELATED, UNSURE = 0.01, 0.3
"""Labels and folders are unrelated where they might as well be by chance (chi-squared test); above the second they
show no trace of each other."""
ENOUGH_FILED = 40
"""Training pictures whose file was found; with fewer, nothing is said."""

INDEPENDENT = 0.1
"""Copies under two labels are a few per cent of a set at most; from a tenth on, pairs are made anew each time."""
STEADY = 1e-4
"""Update over weights below which a net does not train at all, whatever its labels are."""

BINARY = (
    "binarycrossentropy",
    "binaryfocalcrossentropy",
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
)
ONE_HOT = ("categoricalcrossentropy", "categoricalfocalcrossentropy")
SPARSE = ("sparsecategoricalcrossentropy", "cross_entropy", "nll_loss")


REFUSED = re.compile(
    r"target should be between 0 and 1|Target -?\d+ is out of bounds|same shape"
    r"|Target size .* (?:must be the same|different to)|Class values must be"
    r"|index -?\d+ is out of bounds|expected scalar type|multi-target not supported"
    r"|\d+D target|Cannot interpret '<U|can't convert np.ndarray of type numpy.(?:str|object)|could not convert string",
    re.IGNORECASE,
)
"""What losses of PyTorch and Keras say of labels that they cannot take."""


def plain(name: str) -> str:
    """Return a loss's name as the tables here have it: Keras's without underscores and in small letters."""
    return name if name in (*BINARY, *SPARSE) else name.replace("_", "").lower()


@rule(
    "label.wrong_encoding",
    "the loss starts far from ln k, is negative, or the step fails; re-encoding settles it",
)
def wrong_encoding(view: View) -> Iterator[Sign | Clear]:
    """Hold values and shape of the labels against the loss and the outputs."""
    part, loss, failure = view.train, view.loss, view.recording.failure
    if failure is not None and REFUSED.search(failure.message):
        # Of more than two classes one output is the fault, not how the labels are written.
        certainty = 0.5 if view.width == 1 and len(view.label_values) > 2 else 0.85
        words = f"The step failed: {failure.message.splitlines()[0][:120]}"
        yield Sign(words, certainty, view.place_of("train"))
        return
    if part is None or part.labels is None or view.width is None:
        return
    low, high, width = part.labels.low, part.labels.high, view.width
    columns = math.prod(part.labels.shape)
    name = "" if loss is None else plain(loss.name)
    where = view.place_of("train")
    keras = view.training.model.framework == "keras"
    shown = f"labels run from {low:g} to {high:g} in rows of {columns}"
    if len(view.label_values) == 1 and part.pictures > 1:
        yield Sign(f"Every training label is {low:g}.", 0.85, where)
    elif width == 1 and (high > 1 or low < 0) and (name in BINARY or _bounded(part)):
        yield Sign(
            f"The output is one number between 0 and 1, but the {shown}.",
            0.9 if name in BINARY else 0.75,
            where,
        )
    elif width > 1 and columns == 1 and name in SPARSE and (high >= width or low < 0 or high != int(high)):
        yield Sign(f"There are {width} outputs for labels 0 to {width - 1}, but the {shown}.", 0.95, where)
    elif width > 1 and columns == 1 and name in (*ONE_HOT, *BINARY):
        yield Sign(f"The loss compares {width} outputs with rows of {width}, but the {shown}.", 0.95, where)
    elif columns > 1 and name == "sparsecategoricalcrossentropy":
        yield Sign(f"The loss takes one number for a picture, but the {shown}.", 0.95, where)
    elif other := next((one for one in view.judging if _otherwise(part, one, keras)), None):
        yield Sign(
            f"Training {shown}, those of the {other.name} part from {other.labels.low:g} to {other.labels.high:g}"  # type: ignore[union-attr]
            f" in rows of {math.prod(other.labels.shape)}.",  # type: ignore[union-attr]
            0.8,
            view.place_of(other.name),
        )
    elif name:
        yield Clear(f"The {shown}, which fits {loss.name if loss else name} and {width} outputs.")


def negative_by_labels(view: View) -> bool:
    """Whether labels outside of 0..1, or answers that are no logarithms of probabilities, make a loss negative."""
    part, loss = view.train, view.loss
    if part is None or part.labels is None:
        return False
    beyond = view.width == 1 and (part.labels.high > 1 or part.labels.low < 0)
    logs = loss is not None and loss.expects == "log probabilities"
    return beyond or (logs and part.outputs is not None and part.outputs.high > 0)


def _bounded(part: Part) -> bool:
    return part.outputs is not None and part.outputs.low >= 0 and part.outputs.high <= 1


def _otherwise(part: Part, other: Part, keras: bool) -> bool:
    """Whether two parts write their labels in ranges that no split of one set gives.

    Keras gives both parts to one loss; a loop may make rows of the training labels alone, for its loss.
    """
    if part.labels is None or other.labels is None:
        return False
    columns = [math.prod(one.labels.shape) for one in (part, other) if one.labels is not None]
    factor = 100  # 0..1 against 0..255
    apart = max(abs(part.labels.high), 1e-9) * factor < abs(other.labels.high)
    return (
        (columns[0] != columns[1] and (keras or columns[0] == 1))
        or apart
        or max(abs(other.labels.high), 1e-9) * factor < abs(part.labels.high)
    )


@rule("label.misaligned", "shuffled labels give the same curve as the script's own; paired anew, it learns")
def misaligned(view: View) -> Iterator[Sign | Clear]:
    """Look for pictures whose label changes, and for a net that moves and learns nothing that holds."""
    part = view.train
    if part is None:
        return
    share, filed = _conflicting(part), held_against_folders(part)
    if share >= INDEPENDENT:
        words = f"{share:.0%} of the training pictures come with different labels at different times."
        yield Sign(words, 0.9, view.place_of("train"))
    elif filed is not None and filed.unrelated:
        words = (
            f"Labels have nothing to do with the folders of their files: {filed.others} of {filed.pictures} training "
            f"pictures have another one than most of their folder (p = {filed.p:.1g})."
        )
        yield Sign(words, 0.6 if filed.p < UNSURE else 0.9, view.place_of("train"))
    elif filed is not None and filed.share <= STRAY:
        yield Clear(
            f"Labels belong to their pictures: {filed.pictures - filed.others} of {filed.pictures} training pictures "
            "have that of their folder."
        )
    elif view.works:
        yield Clear(f"Labels belong to their pictures: {view.works_words}.")
    elif view.at_chance and moves(view):
        value = number_of(view.of_judged, "balanced_accuracy")
        fitted = (
            "although the training part is fitted"
            if view.fits_training
            else "and the training part is not fitted"
        )
        words = (
            f"The weights move, but unseen pictures stay at chance (balanced accuracy {value:.2f}), {fitted}."
        )
        yield Sign(words, 0.3, view.place_of("train"))


@rule("label.noise", "without the most suspect labels the held-out score rises")
def noise(view: View) -> Iterator[Sign | Clear]:
    """Look for training pictures with another label than most of their folder, or the same one under two."""
    part = view.train
    if part is None:
        return
    share, filed = _conflicting(part), held_against_folders(part)
    if filed is not None and filed.share > STRAY and filed.p < UNSURE:
        words = (
            f"{filed.others} of {filed.pictures} training pictures ({filed.share:.0%}) have another label than most of "
            "their folder."
        )
        certainty = 0.5 if filed.unrelated else 0.85 if filed.share >= NOISY else 0.4
        yield Sign(words, certainty, view.place_of("train"))
    elif 0 < share < INDEPENDENT:
        yield Sign(
            f"{part.conflicting} pictures occur with more than one label ({share:.1%} of the training part).",
            0.4,
            view.place_of("train"),
        )


@dataclass(frozen=True)
class Filed:
    """Training labels beside the folders of their files.

    Attributes
    ----------
    others
        Pictures with another label than most of their folder.
    p
        Of a table as uneven as this where label and folder have nothing to do with each other.
    """

    pictures: int
    others: int
    p: float

    @property
    def share(self) -> float:
        """Of pictures with another label than most of their folder."""
        return self.others / self.pictures

    @property
    def unrelated(self) -> bool:
        """Whether the folder tells nothing about the label."""
        return self.p > UNRELATED


def held_against_folders(part: Part) -> Filed | None:
    """Hold the training labels against folders; None unless there are as many folders as labels, and enough files."""
    labels = sorted({label for counts in part.folders.values() for label in counts})
    table = np.array([[counts.get(one, 0) for one in labels] for counts in part.folders.values()])
    if table.ndim != 2 or not 1 < len(labels) == len(table) or table.sum() < ENOUGH_FILED:
        return None
    p = float(chi2_contingency(table).pvalue)
    return Filed(int(table.sum()), int(table.sum() - table.max(axis=1).sum()), p)


def _conflicting(part: Part) -> float:
    """Return the share of pictures with more than one label; constant ones all look alike and do not count."""
    constant = 0 if part.inputs is None else part.inputs.constant
    return 0.0 if constant or not part.pictures else part.conflicting / part.pictures


def moves(view: View) -> bool:
    """Whether steps change the weights at all, and the loss is a number."""
    changes = [max(one.weight_changes.values(), default=0.0) for one in view.epochs]
    return view.training.first_not_finite is None and max(changes, default=0.0) > STEADY
