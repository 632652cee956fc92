"""Can the label be told without the object? Small classifiers that are shown everything but the object.

Each is cross-validated like the real classifier, copies and groups kept together, and judged by how much of the real
classifier's skill (its balanced accuracy beyond chance) it reaches.

Legend: N pictures, K classes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tellapart.audit.finding import Finding, Severity, finding
from tellapart.audit.looks import Looks
from tellapart.audit.names import numbers, stem
from tellapart.evaluate import labelled
from tellapart.evaluate.decision import SHORTCUT_SKILL, SURE_SHORTCUT_SKILL, Shortcut
from tellapart.evaluate.estimate import Estimate
from tellapart.evaluate.part import check_part
from tellapart.pictures.collection import Pictures
from tellapart.pictures.decode import Facts
from tellapart.split import deal

FOLDS = 5
TREES = 100  # votes; twice as many moved balanced accuracy by less than .01
LEAF = 5  # pictures a leaf holds at least: the classes of a handful of pictures are not learnt by heart
MOST_PICTURES = 5_000  # more would narrow an interval that is already below .02
COMMON_NAMES = 10  # name patterns told apart; rarer ones count as one

CLEARLY = 0.1
"""Balanced accuracy beyond chance that is worth a sentence; less moves no decision (and is easily a hidden group)."""

WORTH_NOTING = 0.5
"""Share of the real classifier's skill from which brightness and border are mentioned: both may well be the object
(a rusty sheet is red to its edge), so a lesser agreement is no news."""


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
        The class told best from the rest, its one-against-rest balanced accuracy by the blind and by the real one.
    """

    kind: str
    balanced_accuracy: Estimate
    chance: float
    classifier: Estimate
    kept: Estimate
    class_told: tuple[str, Estimate, Estimate]

    @property
    def is_clear(self) -> bool:
        """Whether it does better than chance by more than a trifle."""
        return self.balanced_accuracy.is_defined and self.balanced_accuracy.low > self.chance + CLEARLY

    @property
    def is_nearly_as_well(self) -> bool:
        """Whether it does nearly as well as the real classifier (the limits of `tellapart.evaluate.decision`)."""
        return self.is_clear and self.kept.value >= SHORTCUT_SKILL and self.kept.low >= SURE_SHORTCUT_SKILL


WORDS = {
    "size": "the size, shape and format of the picture",
    "brightness": "the brightness and colours of the whole picture, no shapes",
    "border": "the border of the picture",
    "metadata": "the file's name and metadata",
}


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
    ] + _one_hot([_pattern(name) for name in names])
    return {
        "size": np.stack(size, axis=1),
        "brightness": looks.brightness_ND,
        "border": looks.border_ND,
        "metadata": np.stack([column.astype(np.float64) for column in metadata], axis=1),
    }


def _pattern(name: str) -> str:
    """The letters and signs of a name, each run of digits as one sign: ``IMG_0042`` is ``IMG_#``."""
    return "".join("#" if c.isdecimal() else c for c in name).replace("##", "#").replace("##", "#")


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
    result = []
    for kind, table in tables(pictures, looks, facts).items():
        guess = _cross_validated(table[at], labels, folds, seed)
        result.append(_blind(kind, guess, real, labels, own, pictures.classes))
    return tuple(result)


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
            TREES,
            min_samples_leaf=LEAF,
            max_features=None,
            class_weight="balanced",
            random_state=seed,
            n_jobs=2,
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
    best = ("", Estimate.undefined(), Estimate.undefined())
    for number, name in enumerate(classes):
        one = _balanced((labels == number).astype(np.int64), (guess == number).astype(np.int64), groups, 2)
        if one.is_defined and not best[1].value >= one.value:
            other = Estimate.undefined()
            if real is not None:
                other = _balanced(
                    (labels == number).astype(np.int64), (real == number).astype(np.int64), groups, 2
                )
            best = (name, one, other)
    return Blind(kind, blind, chance, seeing, kept(blind, seeing, chance), best)


def _balanced(labels: np.ndarray, guess: np.ndarray, groups: np.ndarray, classes: int) -> Estimate:
    part = check_part(labels, np.eye(classes)[guess], groups)
    return labelled.balanced_accuracy(part, guess)


def kept(blind: Estimate, seeing: Estimate, chance: float) -> Estimate:
    """Return which share of the skill `seeing` beyond `chance` the figure `blind` keeps (limits: those of `blind`)."""
    skill = seeing.value - chance
    if not (blind.is_defined and seeing.is_defined) or skill <= 0:
        return Estimate.undefined()
    return Estimate(*((figure - chance) / skill for figure in (blind.value, blind.low, blind.high)), blind.n)
