"""Accuracies of pictures without known labels that are worse than guessing although the network has learnt."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy import stats

from tellapart.diagnose.gathered.labelling import to_probabilities
from tellapart.diagnose.recording import Scores

from .registry import Sign
from .reported import Reported, of_training
from .view import CHANCE_P, View

LEAST_SHARE = 0.05
"""An answer given to fewer pictures is left out: the labels may be of the others alone."""


def worse_than_guessing(view: View) -> Iterator[Sign]:
    """Yield the clearest accuracy that answers unrelated to the labels would hardly ever be as bad as."""
    if not (view.fits_training or view.works):
        return
    found = [
        (chance, one) for one in of_training(view.training, view.number) if (chance := _chance(view, one))
    ]
    worst = min(found, key=lambda pair: pair[0][0], default=None)
    if worst is None:
        return
    (p, guess, n), one = worst
    yield Sign(
        f"The {one.where} accuracy of the {one.part} part is {one.value:.3f} on {n} pictures; answers given at random "
        f"are right in {guess:.0%}, and as seldom with p = {p:.1g}. Yet the network has learnt: its answers stand for "
        "other classes than they are compared with.",
        0.6,
        view.metric_place,
    )


def _chance(view: View, one: Reported) -> tuple[float, float, int] | None:
    """Return the chance of so low an accuracy, what guessing gives and the number of pictures; None if not low."""
    part = view.training.parts.get(one.part)
    if one.measure != "accuracy" or one.of or part is None or one.part.startswith("train"):
        return None
    kept = view.kept(one.part)
    if kept is None or (kept.labels >= 0).any() or not 0 <= one.value <= 1:
        return None
    guess, n = _guess(view, kept), part.pictures
    p = float(stats.binom.cdf(round(one.value * n), n, guess))
    return (p, guess, n) if p < CHANCE_P else None


def _guess(view: View, kept: Scores) -> float:
    """Return the least share that these answers, paired with labels at random, would get right.

    Whatever the shares of the classes are, it is at least that of the answer that is given least.
    """
    k = len(view.training.classes)
    p = to_probabilities(kept.outputs, k, "" if view.loss is None else view.loss.expects)
    if p is None:
        return 0.0
    shares = np.bincount(p.argmax(axis=1), minlength=k) / len(p)
    least = float(shares.min())
    return least if least >= LEAST_SHARE else 0.0
