"""The strongest peer, on the very pictures of a run: frozen features of the last map, averaged, and a linear model.

EfficientNet-Lite0 at 224 px, `StandardScaler`, `LogisticRegressionCV`: here with the pictures
that the run trained on, so that both answer for the same test pictures and can be compared pair by pair.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image
from sklearn.linear_model import LogisticRegressionCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from tellapart.backbones.features import lite0, session

SIDE, BATCH = 224, 16


def last_means(files: Sequence[Path]) -> np.ndarray:
    """Return (N, 1280) features."""
    backbone = lite0()
    opened, rows = session(backbone.model), []
    for start in range(0, len(files), BATCH):
        pictures = [
            np.asarray(Image.open(file).convert("RGB").resize((SIDE, SIDE), Image.Resampling.BILINEAR))
            for file in files[start : start + BATCH]
        ]
        (found,) = opened.run(None, {"images": np.stack(pictures)})
        rows.append(found[:, -backbone.embedding :])
    return np.concatenate(rows)


def answers(training: Sequence[Path], labels: np.ndarray, test: Sequence[Path]) -> np.ndarray:
    """Fit on pictures with (N,) labels 0..K-1; return (n, K) probabilities of the test pictures."""
    model = make_pipeline(
        StandardScaler(),
        LogisticRegressionCV(max_iter=1000, scoring="accuracy", l1_ratios=(0,), use_legacy_attributes=False),
    )
    model.fit(last_means(training), labels)
    return np.asarray(model.predict_proba(last_means(test)))
