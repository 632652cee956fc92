"""Small pictures for the report: the worst mistakes of the sealed part, and pairs that prove findings."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from PIL import Image

from tellapart.deploy.predictor import Predictor
from tellapart.members.member import Job
from tellapart.pictures.store import PictureStore

MOST = 24
SIDE = 160  # px; about 4 KB each, so that the report stays one small file


def thumbnail(image_HWC: np.ndarray) -> str:
    """Return a small JPEG, base64; pictures under 80 px are enlarged without smoothing so that they can be seen."""
    image = Image.fromarray(image_HWC)
    if max(image.size) < SIDE // 2:
        factor = SIDE // max(image.size)
        image = image.resize((image.width * factor, image.height * factor), Image.Resampling.NEAREST)
    image.thumbnail((SIDE, SIDE))
    out = io.BytesIO()
    image.save(out, "JPEG", quality=80)
    return base64.b64encode(out.getvalue()).decode("ascii")


def worst_mistakes(
    job: Job, predictor: Predictor, indices: np.ndarray, probabilities: np.ndarray
) -> list[dict[str, Any]]:
    """Return the wrongly called pictures at `indices`, most confident mistake first."""
    labels = job.pictures.labels[indices]
    answers = list(predictor.answers(probabilities))
    wrong = [n for n, answer in enumerate(answers) if answer.label != job.pictures.classes[labels[n]]]
    wrong.sort(key=lambda n: probabilities[n, labels[n]])
    return [
        {
            "path": job.pictures.paths[indices[n]],
            "label": job.pictures.classes[labels[n]],
            "predicted": answers[n].label,
            "probability_of_label": round(float(probabilities[n, labels[n]]), 4),
            "split": "test",
            "sure": answers[n].sure,
            "jpeg": thumbnail(job.store[int(indices[n])]),
        }
        for n in wrong[:MOST]
    ]


def small_pairs(pairs: Sequence[Mapping[str, Any]], store: PictureStore) -> list[dict[str, Any]]:
    """Return pairs that prove findings (`tellapart.audit.Audit.pairs`) with small pictures in place of indices."""
    return [
        {key: value for key, value in pair.items() if key != "indices"}
        | {"jpegs": [thumbnail(store[i]) for i in pair["indices"]]}
        for pair in pairs
    ]
