"""Scored parts whose truth is known: N pictures, K classes, scores from normal distributions.

Two classes: one normal score a picture, the classes a distance `skill` apart; the probability is the
true one given the score (times `overconfidence` on the log-odds). More classes: one normal score a
class. In clusters of `cluster` pictures of one class, half of the score's variance is shared. Class
counts are fixed, as in a stratified part; the truth is the measure at an endless part with these shares.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from tellapart.evaluate import labelled, likelihood, ranking
from tellapart.evaluate.estimate import Estimate
from tellapart.evaluate.part import Part, check_part

TRUTH_PICTURES = 600_000
SHARED = 0.5


@dataclass(frozen=True)
class Design:
    """How parts are drawn."""

    name: str
    share: float = 0.5
    skill: float = 2.0
    classes: int = 2
    cluster: int = 1
    overconfidence: float = 1.0

    def draw(self, n: int, rng: np.random.Generator) -> Part:
        """Draw a part of n pictures."""
        k = self.classes
        counts = [n - round(n * self.share), round(n * self.share)] if k == 2 else [n // k] * k
        labels = np.repeat(np.arange(k), counts)
        groups = np.concatenate([c * n + np.arange(m) // self.cluster for c, m in enumerate(counts)])
        noise = rng.normal(size=(len(labels), k if k > 2 else 1))
        if self.cluster > 1:
            codes = np.unique(groups, return_inverse=True)[1]
            common = rng.normal(size=(codes.max() + 1, noise.shape[1]))[codes]
            noise = np.sqrt(SHARED) * common + np.sqrt(1 - SHARED) * noise
        if k == 2:
            score = noise[:, 0] + self.skill * (labels - 0.5)
            odds = self.overconfidence * (self.skill * score + special.logit(counts[1] / n))
            probabilities = special.expit(np.c_[-odds, odds])
        else:
            noise[np.arange(len(labels)), labels] += self.skill
            probabilities = special.softmax(self.overconfidence * self.skill * noise, axis=1)
        return check_part(labels, probabilities, groups if self.cluster > 1 else None)

    def truth(self, sizes: list[int], rng: np.random.Generator) -> dict[int, dict[str, float]]:
        """Return the measures of an endless part, for each size (the bins of the calibration error depend on it)."""
        alone = Design(self.name, self.share, self.skill, self.classes, 1, self.overconfidence)
        part = alone.draw(TRUTH_PICTURES // (1 if self.classes == 2 else 4), rng)
        values = {name: estimate.value for name, estimate in estimates(part).items()}
        return {n: values | {"calibration_error": _true_calibration(part, n)} for n in sizes}


def _true_calibration(part: Part, n: int) -> float:
    bins = int(np.clip(n // likelihood.PICTURES_PER_BIN, 1, likelihood.MOST_BINS))
    claimed = part.probabilities.max(axis=1)
    gap = (part.probabilities.argmax(axis=1) == part.labels) - claimed
    pieces = np.array_split(np.argsort(claimed), bins)
    return float(sum(abs(gap[piece].mean()) * len(piece) for piece in pieces) / part.n)


def estimates(part: Part) -> dict[str, Estimate]:
    """Every kind of interval, as `measure` computes them; of the last class where there is one a class."""
    positive = 1 if part.n_classes == 2 else None
    last = part.n_classes - 1
    predicted = labelled.predict(part, positive, 0.5)
    f1, macro_f1 = labelled.f1_estimates(part, predicted)
    return {
        "accuracy": labelled.accuracy(part, predicted),
        "recall": labelled.recall(part, predicted, last),
        "precision": labelled.precision(part, predicted, last),
        "balanced_accuracy": labelled.balanced_accuracy(part, predicted),
        "f1": f1[last],
        "macro_f1": macro_f1,
        "roc_auc": ranking.roc_auc(part, positive),
        "average_precision": ranking.average_precision(part, positive),
        "log_loss": likelihood.log_loss(part),
        "calibration_error": likelihood.calibration_error(part, 0),
    }
