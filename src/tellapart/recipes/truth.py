"""What is true: measures over a whole part, from every picture's score at once.

Legend: N pictures; ``labels`` (N,) 0 or 1; ``scores`` (N,) probability of class 1.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tellapart.evaluate.estimate import Estimate
from tellapart.evaluate.measures import measure

from .backend import load_keras
from .reading import Labelled

MEASURES = ("accuracy", "balanced_accuracy", "precision", "average_precision", "log_loss")

SCORED_AT_ONCE = 32
"""Pictures scored together: changes nothing in the scores, and keeps 400 px within 1 GB."""

CLIP = 1e-7
"""Keras's epsilon: a score of exactly 0 or 1 counts as this far from it, as in the loss that Keras reports."""


def score(model: Any, part: Labelled) -> np.ndarray:
    """Return the model's probability of class 1 for every picture, (N,) float64, dropout off."""
    keras = load_keras()
    found = []
    for start in range(0, len(part), SCORED_AT_ONCE):
        images_NHWC = part.images[start : start + SCORED_AT_ONCE].astype(np.float32) / np.float32(255)
        answers = keras.ops.convert_to_numpy(model.predict_on_batch(images_NHWC))  # a tensor on some backends
        # One sigmoid, or the second of two softmax outputs: class 1 is the last column of both.
        found.append(answers[:, -1].astype(np.float64))
    return np.concatenate(found)


def true_measures(labels: np.ndarray, scores: np.ndarray) -> dict[str, float]:
    """Measure with scikit-learn; nan where a measure is not defined (precision when nothing is called class 1).

    Class 1 is predicted above .5, as Keras's accuracy does.
    """
    from sklearn import metrics

    predicted = (scores > 0.5).astype(np.int64)
    both = 0 < labels.sum() < len(labels)
    return {
        "accuracy": float(metrics.accuracy_score(labels, predicted)),
        "balanced_accuracy": float(metrics.balanced_accuracy_score(labels, predicted)) if both else np.nan,
        "precision": float(metrics.precision_score(labels, predicted, zero_division=np.nan)),
        "average_precision": float(metrics.average_precision_score(labels, scores)) if both else np.nan,
        "log_loss": float(metrics.log_loss(labels, np.clip(scores, CLIP, 1 - CLIP), labels=[0, 1])),
    }


def true_estimates(labels: np.ndarray, scores: np.ndarray) -> dict[str, Estimate]:
    """Measure with 95 % intervals over pictures (`tellapart.evaluate`)."""
    clipped = np.clip(scores, CLIP, 1 - CLIP)
    above_half = float(np.nextafter(0.5, 1))  # evaluate predicts class 1 at the threshold, Keras above it
    found = measure(
        labels, np.stack([1 - clipped, clipped], axis=1), classes=("0", "1"), positive=1, threshold=above_half
    )
    return {
        "accuracy": found["accuracy"],
        "balanced_accuracy": found["balanced_accuracy"],
        "precision": found["per_class"]["1"]["precision"],
        "average_precision": found["average_precision"],
        "log_loss": found["log_loss"],
    }
