"""Per-picture scores by which members are compared: log losses and their paired differences."""

from __future__ import annotations

import numpy as np


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
