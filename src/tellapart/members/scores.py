"""Per-picture scores by which members are compared: log losses and their paired differences."""

from __future__ import annotations

import math

import numpy as np

LITTLE_LOSS = 0.02
"""Out-of-fold log loss below which no more looks are tried, for even classes: they took off a half at most
(benchmarks/accuracy/looks). Not a count of errors: ants and bees leave ten, and gain .024 of their .111."""


def softmax(logits_NK: np.ndarray) -> np.ndarray:
    """(N, K) logits -> probabilities."""
    shifted = np.exp(logits_NK - logits_NK.max(1, keepdims=True))
    return shifted / shifted.sum(1, keepdims=True)


def log_losses(probabilities_NK: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """(N,) -ln of the probability of the true class, floored at 1e-6 so that one picture never decides alone."""
    return -np.log(np.clip(probabilities_NK[np.arange(len(labels)), labels], 1e-6, 1.0))


def paired_gain(losses: np.ndarray, other: np.ndarray) -> tuple[float, float]:
    """Return by how much `other` is lower per picture, and the standard error of that."""
    difference = losses - other
    return float(difference.mean()), float(difference.std(ddof=1) / np.sqrt(len(difference)))


def balanced_accuracy(predicted: np.ndarray, labels: np.ndarray) -> float:
    """Mean recall over the classes that occur."""
    return float(np.mean([np.mean(predicted[labels == k] == k) for k in np.unique(labels)]))


def best_share(first_NK: np.ndarray, second_NK: np.ndarray, labels: np.ndarray) -> float:
    """Return the share of `second` in a convex combination of two probability tables that has least log loss."""
    shares = np.linspace(0, 1, 21)
    losses = [log_losses((1 - share) * first_NK + share * second_NK, labels).mean() for share in shares]
    return float(shares[int(np.argmin(losses))])


def little_loss(labels: np.ndarray) -> float:
    """Return the log loss that leaves little to gain on these labels.

    Less where a class is rare: with one defect in a hundred pictures, guessing their share has .056.
    """
    shares = np.unique(labels, return_counts=True)[1] / len(labels)
    guessing = -float(shares @ np.log(shares))
    return LITTLE_LOSS * min(1.0, guessing / math.log(2))
