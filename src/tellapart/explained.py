"""explanations.json: whether the maps of a finished model mark what decides, and a few of them to look at."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from tellapart.deploy.explain.check import Covered, cover_many, summarise
from tellapart.deploy.explain.explainer import Explainer
from tellapart.deploy.explain.overlay import painted
from tellapart.deploy.predictor import Predictor
from tellapart.gallery import thumbnail
from tellapart.members.member import Job

SCHEMA = 1
MOST = 30
"""Pictures: the interval of a mean fall is then about .1 wide at worst, and half a second each is no matter."""
SHOWN = 6
SECONDS, SHARE_OF_RUN = 15.0, 0.1
"""No longer than this, nor than this share of what the run has taken so far: a check must not be what one waits for."""


def explain_sample(job: Job, predictor: Predictor, run_began: float) -> dict[str, Any]:
    """Return explanations.json for a sample of the sealed part, drawn with the run's seed.

    Nothing is chosen by it: the sealed part has been scored already. `run_began` is a reading of `time.monotonic`.
    """
    began = time.monotonic()
    sealed = job.split.indices("test")
    sample = np.random.default_rng(job.seed).permutation(sealed)[:MOST]
    explainer = Explainer(predictor)
    seconds = min(SECONDS, SHARE_OF_RUN * (began - run_began))
    covered = cover_many(explainer, (job.store[int(i)] for i in sample), job.seed, seconds)
    figures = summarise(covered)
    return {
        "schema": SCHEMA,
        "part": "test",
        "method": explainer.method,
        **figures,
        "left_out": len(sample) - len(covered),
        "words": words(figures),
        "seconds": round(time.monotonic() - began, 2),
        "pictures": [_shown(job, predictor, int(sample[n]), covered[n]) for n in _to_show(covered)],
    }


def words(figures: dict[str, Any]) -> str:
    """Say what the figures mean."""
    if figures["marks_what_decides"] is None:
        return "Too few pictures were explained to say whether the maps mark what decides."
    if figures["marks_what_decides"]:
        return "The maps mark what decides: covering the marked places costs more than covering as much elsewhere."
    return (
        "The maps do not mark what decides: covering the marked places does not measurably cost more than covering as "
        "much elsewhere. Do not read reasons into them."
    )


def _to_show(covered: list[Covered]) -> list[int]:
    """Return the first pictures of each class in turn."""
    rank: dict[int, int] = {}
    order = []
    for n, one in enumerate(covered):
        rank[one.class_number] = rank.get(one.class_number, -1) + 1
        order.append((rank[one.class_number], n))
    return [n for _, n in sorted(order)[:SHOWN]]


def _shown(job: Job, predictor: Predictor, index: int, one: Covered) -> dict[str, Any]:
    return {
        "path": job.pictures.paths[index],
        "label": job.pictures.classes[job.pictures.labels[index]],
        "predicted": predictor.classes[one.class_number],
        "probability": round(one.probability, 4),
        "marked": round(one.marked, 4),
        "random": round(one.random, 4),
        "jpeg": thumbnail(np.asarray(painted(job.store[index], one.heat))),
    }
