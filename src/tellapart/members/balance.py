"""Imbalance as one decision: pictures count as they come, or so that every class counts the same.

Weights that favour a class move its probabilities; taken back from the logits (Elkan 2001, "The foundations of
cost-sensitive learning"; Menon et al. 2021, arXiv 2007.07314) both ways speak of the same shares of classes and can be
compared by log loss. Where the line is drawn is another decision, made later on calibrated out-of-fold scores.

N pictures, K classes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from tellapart.members.scores import log_losses, paired_gain, softmax

UNEVEN = 1.5
"""Times as many pictures of the largest as of the smallest class; below it weights change nothing."""


@dataclass(frozen=True)
class Balance:
    """How the classes were weighted, and why.

    Attributes
    ----------
    ratio
        Training pictures of the largest class over those of the smallest.
    weights
        K: 1 each where pictures count as they come.
    gain, error
        Out-of-fold log loss that weighting saves, and its standard error; None where it was not tried.
    """

    ratio: float
    weights: tuple[float, ...]
    gain: float | None = None
    error: float | None = None

    @property
    def is_weighted(self) -> bool:
        """Whether weights were chosen."""
        return len(set(self.weights)) > 1

    def words(self) -> str:
        """Say what was decided."""
        if self.gain is None:
            return f"classes are even enough ({self.ratio:.1f} to 1) to count as they come"
        chosen = "weighted so that all classes count the same" if self.is_weighted else "counted as they come"
        does = "lowers" if self.gain >= 0 else "raises"
        return (
            f"pictures are {chosen} ({self.ratio:.1f} to 1): weighting {does} the out-of-fold log loss by "
            f"{abs(self.gain):.4f} (standard error {self.error:.4f})"
        )

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            "ratio": round(self.ratio, 2),
            "tried": ["as they come"] if self.gain is None else ["as they come", "weighted"],
            "chosen": "weighted" if self.is_weighted else "as they come",
            "log_loss_gain_of_weighting": self.gain,
            "standard_error": self.error,
            "words": self.words(),
        }


def even_weights(labels: np.ndarray, classes: int) -> np.ndarray:
    """Return (K,) weights with which every class counts the same, 1 on average over the pictures."""
    counts = np.bincount(labels, minlength=classes)
    return np.asarray(len(labels) / (np.count_nonzero(counts) * np.maximum(counts, 1)))


def decide_balance(
    labels: np.ndarray,
    classes: int,
    as_they_come: np.ndarray,
    weighted: Callable[[np.ndarray], np.ndarray],
) -> Balance:
    """Decide on out-of-fold scores.

    Parameters
    ----------
    labels, classes
        (N,) of the training pictures; K.
    as_they_come
        (N, K) out-of-fold logits without weights.
    weighted
        (K,) weights -> (N, K) out-of-fold logits of fits with these weights, which are taken back from the logits.
    """
    counts = np.bincount(labels, minlength=classes)
    ratio, ones = float(counts.max() / max(1, counts.min())), (1.0,) * classes
    if ratio < UNEVEN:
        return Balance(ratio, ones)
    weights = even_weights(labels, classes)
    before, after = (log_losses(softmax(scores), labels) for scores in (as_they_come, weighted(weights)))
    gain, error = paired_gain(before, after)
    return Balance(ratio, tuple(map(float, weights)) if gain > error else ones, float(gain), float(error))
