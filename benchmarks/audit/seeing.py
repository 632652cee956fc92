"""The real classifier that the audit leans on: frozen features and a linear probe, as the product computes them."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tellapart.backbones.features import lite0
from tellapart.members.head import fit_axes, fit_linear
from tellapart.members.probe import extract
from tellapart.members.scores import softmax
from tellapart.pictures.store import PictureStore
from tellapart.split import deal

STRENGTH = 1e-3  # the middle of the strengths that the product chooses from
FOLDS = 5


def features_of(store: PictureStore, file: Path) -> tuple[np.ndarray, np.ndarray]:
    """Return (N, D) all features for the probe, and (N, E) the usual embedding for the audit."""
    backbone = lite0()
    every = np.asarray(extract(backbone, store, file))
    return every, every[:, -backbone.embedding :]


def probe_of(features_ND: np.ndarray, labels: np.ndarray, classes: int, seed: int):
    """Return groups -> (N, K) out-of-fold probabilities."""
    rows = None

    def probe(groups: np.ndarray) -> np.ndarray:
        nonlocal rows
        if rows is None:
            rows = fit_axes(features_ND).apply(features_ND)
        folds, scores = deal(labels, groups, FOLDS, seed), np.zeros((len(labels), classes))
        for fold in range(FOLDS):
            fit, score = folds != fold, folds == fold
            scores[score] = softmax(fit_linear(rows[fit], labels[fit], classes, STRENGTH).logits(rows[score]))
        return scores

    return probe
