"""All measures of one part, in the shape of metrics.json."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from tellapart.evaluate import chance, labelled, likelihood, ranking
from tellapart.evaluate.estimate import Estimate
from tellapart.evaluate.part import check_part


def measure(
    labels: ArrayLike,
    probabilities: ArrayLike,
    *,
    classes: Sequence[str],
    positive: int | None = None,
    threshold: float | None = None,
    groups: ArrayLike | None = None,
    seed: int = 0,
) -> dict[str, Any]:
    """Measure one part: every figure with its 95 % interval and its n.

    Parameters
    ----------
    labels : (N,) integers in 0..K-1
    probabilities : (N, K), rows sum to 1
    classes : K names, in the order of the columns
    positive
        Index of the positive class; matters with two classes only (1 where not given).
    threshold
        With two classes, positive is predicted where its probability is at least this (.5 where not
        given). Ignored with more.
    groups : (N,) ids; pictures that share one are dependent, and intervals and tests pay for it
    seed
        Of the draws behind the interval of the calibration error, and of the permutations.

    Returns
    -------
    dict
        The ``test`` block of metrics.json: estimates as `Estimate`, counts and p-values as numbers;
        `to_json` renders it. What this part cannot give (a class that does not occur, one picture)
        is ``nan``.

    Raises
    ------
    ValueError
        When the arrays do not fit together.
    """
    part = check_part(labels, probabilities, groups)
    if len(classes) != part.n_classes:
        raise ValueError(f"classes: expected {part.n_classes} names, found {len(classes)}")
    chosen = (1 if positive is None else positive) if part.n_classes == 2 else None
    predicted = labelled.predict(part, chosen, 0.5 if threshold is None else threshold)
    at_half = labelled.predict(part, chosen, 0.5)
    f1, macro_f1 = labelled.f1_estimates(part, predicted)
    counts = part.class_counts
    return {
        "n": part.n,
        "accuracy": labelled.accuracy(part, predicted),
        "accuracy_at_half": labelled.accuracy(part, at_half),
        "balanced_accuracy": labelled.balanced_accuracy(part, predicted),
        "roc_auc": ranking.roc_auc(part, chosen),
        "macro_f1": macro_f1,
        "average_precision": ranking.average_precision(part, chosen),
        "log_loss": likelihood.log_loss(part),
        "calibration_error": likelihood.calibration_error(part, seed),
        "per_class": {
            name: {
                "precision": labelled.precision(part, predicted, c),
                "recall": labelled.recall(part, predicted, c),
                "f1": f1[c],
                "n": int(counts[c]),
            }
            for c, name in enumerate(classes)
        },
        "confusion": labelled.confusion_matrix(part.labels, predicted, part.n_classes).tolist(),
        "independent": {name: int(n) for name, n in zip(classes, chance.unit_counts(part), strict=True)},
        "chance": chance.chance_test(part, predicted, chosen, seed),
        "majority": chance.majority_test(part, predicted),
    }


def to_json(value: Any) -> Any:
    """Render measures, decisions and whatever holds them as JSON: estimates as dicts, nan as null."""
    if isinstance(value, Estimate):
        return value.to_dict()
    if isinstance(value, Mapping):
        return {str(key): to_json(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, np.ndarray)):
        return [to_json(item) for item in value]
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if isinstance(value, (int, np.integer)):
        return int(value)
    if isinstance(value, (float, np.floating)):
        return float(value) if math.isfinite(value) else None
    return value
