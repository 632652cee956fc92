"""Small pictures that are easily told apart, drawn as the tests need them."""

from __future__ import annotations

import numpy as np


def pictures(n: int, seed: int, classes: int = 2) -> tuple[np.ndarray, np.ndarray]:
    """Return noise with a bright square in the class's channel, (N, 12, 12, 3) float32, and labels (N,)."""
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.arange(n) % classes)
    found = rng.random((n, 12, 12, 3), dtype=np.float32) * 0.5
    for at, label in enumerate(labels):
        found[at, 2:10, 2:10, label] += 0.5
    return np.clip(found, 0, 1), labels
