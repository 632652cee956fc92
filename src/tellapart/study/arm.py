"""An arm of a study: one way to train, compared with others on the same folds with the same seeds.

n pictures, K classes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from tellapart.members.balance import even_weights
from tellapart.members.policy import Policy

NOTHING = Policy(mirror=False, turns=False, shift=0.0, light=0.0)
"""Pictures as they are."""

Balancing = Literal["natural", "weighted", "resampled", "thinned"]


@dataclass(frozen=True)
class Arm:
    """One way to train.

    Attributes
    ----------
    key
        Names it in files and in study.json.
    words
        Name it to a reader.
    side_px
        Pictures are first shrunk to this longest side; None: as they are stored.
    look_px
        Side of the square the model looks at, px; None: the model's usual.
    share
        Of the training pictures of each class.
    balance
        ``natural``: as they come; ``weighted``: every class counts the same; ``resampled``: drawn anew until every
        class is as large as the largest; ``thinned``: cut down to the smallest class.
    policy
        Changes of the training pictures; None: the model's usual.
    """

    key: str
    words: str
    side_px: int | None = None
    look_px: int | None = None
    share: float = 1.0
    balance: Balancing = "natural"
    policy: Policy | None = None

    @property
    def changes(self) -> bool:
        """Whether training pictures are changed in a way of its own."""
        return self.policy not in (None, NOTHING)


def training_set(
    arm: Arm, fit: np.ndarray, labels: np.ndarray, groups: np.ndarray, classes: int, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return the pictures an arm trains on, and the classes' weights.

    Parameters
    ----------
    arm
        What it asks for.
    fit
        (m,) indices of the pictures of the other folds.
    labels, groups
        (n,) each; pictures of one group are taken or left together.
    seed
        The same for all arms of a round, so that a smaller share is a part of a larger one.

    Returns
    -------
    chosen, weights
        Indices, with repetitions where classes are resampled; (K,).
    """
    rng = np.random.default_rng(seed)
    chosen = fit
    if arm.share < 1:
        counts = np.bincount(labels[fit], minlength=classes) * arm.share
        chosen = _some_of_each(fit, labels, groups, counts, rng)
    if arm.balance == "thinned":
        there = np.bincount(labels[fit], minlength=classes)
        chosen = _some_of_each(fit, labels, groups, np.minimum(there, there[there > 0].min()), rng)
    if arm.balance == "resampled":
        chosen = _filled_up(fit, labels, rng)
    weights = even_weights(labels[chosen], classes) if arm.balance == "weighted" else np.ones(classes)
    return chosen, weights


def _some_of_each(
    fit: np.ndarray, labels: np.ndarray, groups: np.ndarray, counts_K: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Take whole groups, in random order, until each class has about so many pictures; one group at least."""
    numbers, first = np.unique(groups[fit], return_index=True)
    own_class = labels[fit[first]]  # of a group with several classes: that of its first picture
    taken: list[int] = []
    sizes = dict(zip(*np.unique(groups[fit], return_counts=True), strict=True))
    for c in np.unique(own_class):
        order = rng.permutation(numbers[own_class == c])
        ends = np.cumsum([sizes[group] for group in order])
        taken.extend(order[: max(1, int(np.searchsorted(ends, round(counts_K[c]), side="right")))].tolist())
    return fit[np.isin(groups[fit], taken)]


def _filled_up(fit: np.ndarray, labels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Repeat pictures of the smaller classes, each as often as the others of its class or once more."""
    most = np.bincount(labels[fit]).max()
    parts = []
    for c in np.unique(labels[fit]):
        own = fit[labels[fit] == c]
        whole, rest = divmod(int(most), len(own))
        parts.append(np.concatenate([np.tile(own, whole), rng.permutation(own)[:rest]]))
    return np.sort(np.concatenate(parts))
