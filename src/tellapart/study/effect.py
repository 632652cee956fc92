"""How good an arm is, and how much better than another: paired over pictures, folds and seeds.

Two things vary: which pictures happen to judge, and the training (seed, folds, order). The standard error has a part
for each, Student's quantile the degrees of freedom of both together (Satterthwaite 1946, Biometrics Bulletin 2).
n pictures of which m are scored, K classes, R repeats.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from tellapart.evaluate.calibration import fit_calibrator
from tellapart.evaluate.clusters import n_units, variance
from tellapart.evaluate.estimate import Estimate
from tellapart.evaluate.intervals import LEVEL
from tellapart.evaluate.paired import INFLUENCES, MOST
from tellapart.evaluate.part import Part, check_part
from tellapart.evaluate.ranking import average_precision_influence
from tellapart.study.bench import Bench

MEASURES = ("balanced_accuracy", "recall", "roc_auc", "average_precision", "log_loss")
"""`recall` and, with two classes, `average_precision` are those of the positive class."""

MATTERS = 0.02
"""Balanced accuracy that is called a difference: one picture in fifty decided otherwise."""

PSEUDO = 0.5
"""Two made-up pictures per class, this far above and below its mean, widen the interval of a flawless class: Agresti
and Caffo (2000), The American Statistician 54."""


@dataclass(frozen=True, eq=False)
class Scored:
    """Out-of-fold probabilities of one arm.

    Attributes
    ----------
    labels, groups
        (m,) of the scored pictures.
    probabilities_RmK
        Calibrated on the other folds.
    decided_RmK
        What decides: the most probable class here is the class that is called.
    """

    labels: np.ndarray
    groups: np.ndarray
    probabilities_RmK: np.ndarray
    decided_RmK: np.ndarray
    positive: int

    @property
    def rights(self) -> np.ndarray:
        """Whether each picture was called right."""
        return np.asarray(self.decided_RmK.argmax(2) == self.labels)


def score(bench: Bench, logits_RnK: np.ndarray, folds_Rn: np.ndarray, *, as_trained: bool = False) -> Scored:
    """Turn logits into probabilities and decisions.

    Parameters
    ----------
    bench, logits_RnK, folds_Rn
        Of one arm; nan and -1 where a picture was not scored.
    as_trained
        Decide for the most probable class, as a program does that knows no threshold. Else each class is measured
        by its share, which no imbalance moves: where the line is drawn is not what is studied.
    """
    at = np.flatnonzero(folds_Rn[0] >= 0)
    labels = bench.labels[at]
    tables = [
        _calibrated(logits[at], labels, folds[at]) for logits, folds in zip(logits_RnK, folds_Rn, strict=True)
    ]
    probabilities = np.stack(tables)
    decided = logits_RnK[:, at] if as_trained else probabilities / bench.shares
    decided = special.softmax(decided, axis=2) if as_trained else decided / decided.sum(2, keepdims=True)
    return Scored(labels, bench.groups[at], probabilities, decided, bench.positive)


def _calibrated(logits: np.ndarray, labels: np.ndarray, folds: np.ndarray) -> np.ndarray:
    """Calibrate each fold by what fits the others; a single fold stays as it is."""
    numbers = np.unique(folds)
    found = special.softmax(logits, axis=1)
    if len(numbers) > 1:
        for fold in numbers:
            own = folds == fold
            found[own] = fit_calibrator(logits[~own], labels[~own]).apply(logits[own])
    return np.asarray(found / found.sum(1, keepdims=True))


def level(scored: Scored, measure: str) -> Estimate:
    """Return a measure of one arm, averaged over the repeats."""
    values, influence = _influence(scored, measure)
    return _estimate(values, influence, scored, measure, 1).within(0.0, MOST.get(measure, 1.0))


def gain(before: Scored, after: Scored, measure: str, comparisons: int = 1) -> Estimate:
    """Return by how much a measure is higher `after`; for the log loss that is worse.

    Parameters
    ----------
    before, after
        Scored on the same pictures.
    measure
        One of `MEASURES`.
    comparisons
        How many differences are looked at: the intervals hold for all of them together (Bonferroni).
    """
    (values_a, influence_a), (values_b, influence_b) = _influence(before, measure), _influence(after, measure)
    most = MOST.get(measure, 1.0)
    found = _estimate(values_b - values_a, influence_b - influence_a, before, measure, comparisons)
    return found.within(-most, most)


def _influence(scored: Scored, measure: str) -> tuple[np.ndarray, np.ndarray]:
    """(R,) values and (m,) what each picture adds to the deviation of their mean from the truth."""
    decides = measure in ("balanced_accuracy", "recall")
    tables = scored.decided_RmK if decides else scored.probabilities_RmK
    found = [_one(check_part(scored.labels, table), measure, scored.positive) for table in tables]
    return np.array([value for value, _ in found]), np.mean([each for _, each in found], axis=0)


def _one(part: Part, measure: str, positive: int) -> tuple[float, np.ndarray]:
    if measure == "recall":
        own = part.labels == positive
        if not own.any():
            return float("nan"), np.zeros(part.n)
        right = (part.probabilities.argmax(1) == positive)[own]
        influence = np.zeros(part.n)
        influence[own] = (right - right.mean()) / own.sum()
        return float(right.mean()), influence
    if measure == "average_precision" and part.n_classes == 2:
        return average_precision_influence(part.labels == positive, part.probabilities[:, positive])
    return INFLUENCES[measure](part)


def _estimate(
    values: np.ndarray, influence: np.ndarray, scored: Scored, measure: str, comparisons: int
) -> Estimate:
    part = check_part(scored.labels, scored.decided_RmK[0], scored.groups)
    spread, degrees = variance(influence, part.labels, part.clusters)
    total, uncertainty = spread, spread**2 / degrees
    if measure != "log_loss":
        total += _pseudo(part, scored.positive if measure == "recall" else None)
    if len(values) > 1:
        between = float(values.var(ddof=1)) / len(values)
        total, uncertainty = total + between, uncertainty + between**2 / (len(values) - 1)
    freedom = total**2 / uncertainty if uncertainty > 0 else float(n_units(part))
    half = float(special.stdtrit(max(freedom, 1.0), 1 - (1 - LEVEL) / 2 / comparisons)) * total**0.5
    mean = float(values.mean())
    return Estimate(mean, mean - half, mean + half, n_units(part))


def _pseudo(part: Part, only: int | None) -> float:
    """Variance that the made-up pictures add."""
    counts = part.class_counts[part.classes_present] if only is None else part.class_counts[[only]]
    share = n_units(part) / part.n  # dependent pictures are worth fewer
    units = counts * share
    return float(np.sum(2 * PSEUDO**2 / ((units + 1) * (units + 2)))) / len(counts) ** 2


def judge(effect: Estimate) -> str:
    """Say what an effect on balanced accuracy is: ``more``, ``less``, ``same`` (none that matters) or ``open``."""
    if effect.low > 0:
        return "more"
    if effect.high < 0:
        return "less"
    return "same" if max(-effect.low, effect.high) < MATTERS else "open"
