"""Small classifiers that are shown everything but the object.

Each is cross-validated like the real classifier, copies and groups kept together, and judged by how much of the real
classifier's skill (its balanced accuracy beyond chance) it reaches.

Legend: N pictures, K classes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tellapart.audit.looks import Looks
from tellapart.audit.names import numbers, stem
from tellapart.evaluate import labelled
from tellapart.evaluate.decision import SHORTCUT_SKILL, SURE_SHORTCUT_SKILL
from tellapart.evaluate.estimate import Estimate
from tellapart.evaluate.part import check_part
from tellapart.pictures.collection import Pictures
from tellapart.pictures.decode import Facts
from tellapart.split import deal

FOLDS = 5
TREES = 50  # votes; four times as many moved balanced accuracy by at most .02 on three sets
LEAF = 5  # pictures a leaf holds at least: the classes of a handful of pictures are not learnt by heart
MOST_PICTURES = 5_000  # more would narrow an interval that is already below .02
COMMON_NAMES = 10  # name patterns told apart; rarer ones count as one

CLEARLY = 0.1
"""Balanced accuracy beyond chance that is worth a sentence; less moves no decision (and is easily a hidden group)."""


@dataclass(frozen=True)
class Blind:
    """A classifier that never saw the object.

    Attributes
    ----------
    kind
        ``size``, ``brightness``, ``border`` or ``metadata``.
    balanced_accuracy
        Out of fold.
    chance
        1/K.
    classifier
        The real classifier's balanced accuracy, out of fold; undefined where there is none.
    kept
        Share of the real classifier's skill that the blind one has, with its limits.
    class_told
        The class that it tells best from the rest.
    one_class
        As `balanced_accuracy`, `classifier` and `kept`, for that class against the rest.
    """

    kind: str
    balanced_accuracy: Estimate
    chance: float
    classifier: Estimate
    kept: Estimate
    class_told: str
    one_class: tuple[Estimate, Estimate, Estimate]

    @property
    def is_clear(self) -> bool:
        """Whether it does better than chance by more than a trifle."""
        return self.balanced_accuracy.is_defined and self.balanced_accuracy.low > self.chance + CLEARLY

    @property
    def is_nearly_as_well(self) -> bool:
        """Whether it does nearly as well as the real classifier."""
        return self.is_clear and is_nearly(self.kept)

    @property
    def tells_a_class(self) -> bool:
        """Whether it tells one class of several nearly as well as the real classifier does."""
        return self.is_clear and self.chance < 0.5 and is_nearly(self.one_class[2])


def is_nearly(kept: Estimate) -> bool:
    """Whether a kept share of skill is "nearly as well", by the limits of `tellapart.evaluate.decision`."""
    return bool(kept.value >= SHORTCUT_SKILL and kept.low >= SURE_SHORTCUT_SKILL)


def tables(pictures: Pictures, looks: Looks, facts: Sequence[Facts]) -> dict[str, np.ndarray]:
    """Return what each blind classifier is shown, (N, D) float a kind."""
    height, width = looks.sizes_N2.T.astype(np.float64)
    size = [height, width, height * width, width / height]
    size += _one_hot([fact.mode for fact in facts]) + _one_hot([fact.format for fact in facts])
    names = [stem(path) for path in pictures.paths]
    found = [numbers(name) for name in names]
    metadata = [
        np.array([len(name) for name in names]),
        np.array([sum(letter.isdecimal() for letter in name) for name in names]),
        np.array([len(fields) for fields in found]),
        np.array([min(fields[0], 1e12) if fields else -1 for fields in found]),
        np.array([min(fields[-1], 1e12) if fields else -1 for fields in found]),
        np.array([fact.turned for fact in facts]),
        np.array([fact.frames for fact in facts]),
        *_one_hot([_pattern(name) for name in names]),
    ]
    return {
        "size": np.stack(size, axis=1),
        "brightness": looks.brightness_ND,
        "border": looks.border_ND,
        "metadata": np.stack([column.astype(np.float64) for column in metadata], axis=1),
    }


def _pattern(name: str) -> str:
    """Return a name with each digit as one sign: ``IMG_0042`` is ``IMG_####``."""
    return "".join("#" if letter.isdecimal() else letter for letter in name)


def _one_hot(values: Sequence[str]) -> list[np.ndarray]:
    common = [value for value, _ in Counter(values).most_common(COMMON_NAMES)]
    return (
        [np.array([value == one for value in values], dtype=np.float64) for one in common]
        if len(common) > 1
        else []
    )


def blind_classifiers(
    pictures: Pictures,
    looks: Looks,
    facts: Sequence[Facts],
    groups: np.ndarray,
    out_of_fold: np.ndarray | None,
    *,
    seed: int = 0,
) -> tuple[Blind, ...]:
    """Measure how well each kind of table tells the label.

    Parameters
    ----------
    pictures, looks, facts
        Of the same N pictures.
    groups
        (N,) int: what must not be parted (copies, the user's groups).
    out_of_fold
        (N, K) probabilities of the real classifier, NaN where there are none; None without one.
    seed
        Draws the folds and the trees.
    """
    known = np.ones(len(pictures), bool) if out_of_fold is None else np.isfinite(out_of_fold).all(axis=1)
    at = np.flatnonzero(known)
    if len(at) > MOST_PICTURES:
        at = np.sort(np.random.default_rng(seed).choice(at, MOST_PICTURES, replace=False))
    labels, own = pictures.labels[at], groups[at]
    if len(np.unique(labels)) < 2:
        return ()
    folds = deal(labels, own, FOLDS, seed)
    real = None if out_of_fold is None else predicted_evenly(out_of_fold[at], labels)

    def blind(kind: str, table: np.ndarray) -> Blind:
        guess = _cross_validated(table[at], labels, folds, seed)
        return _blind(kind, guess, real, labels, own, pictures.classes)

    shown = tables(pictures, looks, facts)
    # One after the other: scikit-learn sets warning filters around its trees, which threads would take from each other.
    return tuple(blind(kind, table) for kind, table in shown.items())


def predicted_evenly(probabilities: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return (N,) the class whose probability stands highest above its share: best for balanced accuracy."""
    shares = np.bincount(labels, minlength=probabilities.shape[1]) / len(labels)
    return np.asarray((probabilities / np.maximum(shares, 1e-9)).argmax(axis=1))


def _cross_validated(table: np.ndarray, labels: np.ndarray, folds: np.ndarray, seed: int) -> np.ndarray:
    from sklearn.ensemble import ExtraTreesClassifier

    guess = np.zeros(len(labels), dtype=np.int64)
    for fold in range(folds.max() + 1):
        fit, score = folds != fold, folds == fold
        trees = ExtraTreesClassifier(
            TREES, min_samples_leaf=LEAF, max_features=None, class_weight="balanced", random_state=seed
        )
        guess[score] = trees.fit(table[fit], labels[fit]).predict(table[score])
    return guess


def _blind(
    kind: str,
    guess: np.ndarray,
    real: np.ndarray | None,
    labels: np.ndarray,
    groups: np.ndarray,
    classes: tuple[str, ...],
) -> Blind:
    chance = 1 / len(np.unique(labels))
    blind = _balanced(labels, guess, groups, len(classes))
    seeing = Estimate.undefined() if real is None else _balanced(labels, real, groups, len(classes))
    told, name = (blind, seeing, kept(blind, seeing, chance)), classes[0]
    if len(classes) > 2:
        singles = [_one_against_rest(number, guess, real, labels, groups) for number in range(len(classes))]
        best = int(np.argmax([one[0].value if one[0].is_defined else -1 for one in singles]))
        told, name = singles[best], classes[best]
    return Blind(kind, blind, chance, seeing, kept(blind, seeing, chance), name, told)


def _one_against_rest(
    number: int, guess: np.ndarray, real: np.ndarray | None, labels: np.ndarray, groups: np.ndarray
) -> tuple[Estimate, Estimate, Estimate]:
    truth = (labels == number).astype(np.int64)
    blind = _balanced(truth, (guess == number).astype(np.int64), groups, 2)
    seeing = Estimate.undefined()
    if real is not None:
        seeing = _balanced(truth, (real == number).astype(np.int64), groups, 2)
    return blind, seeing, kept(blind, seeing, 0.5)


def _balanced(labels: np.ndarray, guess: np.ndarray, groups: np.ndarray, classes: int) -> Estimate:
    part = check_part(labels, np.eye(classes)[guess], groups)
    return labelled.balanced_accuracy(part, guess)


def kept(blind: Estimate, seeing: Estimate, chance: float) -> Estimate:
    """Return which share of the skill `seeing` beyond `chance` the figure `blind` keeps (limits: those of `blind`)."""
    skill = seeing.value - chance
    if not (blind.is_defined and seeing.is_defined) or skill <= 0:
        return Estimate.undefined()
    value, low, high = ((figure - chance) / skill for figure in (blind.value, blind.low, blind.high))
    return Estimate(value, low, high, blind.n)
