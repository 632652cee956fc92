"""Do the maps mark what decides? Cover the marked tenth, and as much elsewhere, and see how the probability falls."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from tellapart.deploy.explain.explainer import Explainer
from tellapart.deploy.explain.scene import make_scene
from tellapart.evaluate.clusters import student_quantile
from tellapart.evaluate.estimate import Estimate

SHARE = 0.10  # of the picture that is covered: small enough that a map must choose, as the acceptance has it
MATTERS = 0.05
"""Probability that covering the marked places has to cost more than covering others: less is no reason for anything."""
DRAWS = 4
"""Random covers of a picture: the marked shape, moved and mirrored; more narrow the smaller of two noises."""


@dataclass(frozen=True)
class Covered:
    """One picture: how far the probability of the predicted class falls, and the map.

    Attributes
    ----------
    class_number
        That was predicted.
    probability
        Of that class, nothing covered.
    marked, random
        Fall with the marked places covered; mean fall over random covers of the same shape.
    heat
        float32, -1 to 1, `GRID` places along the longer side.
    """

    class_number: int
    probability: float
    marked: float
    random: float
    heat: np.ndarray


def cover_one(explainer: Explainer, image_HWC: np.ndarray, rng: np.random.Generator) -> Covered:
    """Cover one picture, uint8 RGB."""
    predictor, scene = explainer.predictor, make_scene(explainer.predictor, image_HWC)
    whole = predictor.run({name: view[None] for name, view in scene.views.items()})[0]
    number = int(predictor.predicted(whole[None])[0])
    heat = explainer.evidence(scene, number)
    marked = mark(heat, rng)
    masks = np.stack([marked, *(_elsewhere(marked, rng) for _ in range(DRAWS))])
    rows = predictor.run(scene.cover(scene.look_up(masks)))[:, number].astype(np.float64)
    falls = float(whole[number]) - rows
    return Covered(number, float(whole[number]), float(falls[0]), float(falls[1:].mean()), heat)


def mark(heat_HW: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return (H, W) booleans: the `SHARE` of the places that speak most for the class; equal ones by lot."""
    flat = heat_HW.ravel()
    order = np.lexsort((rng.random(flat.size), -flat))
    marked = np.zeros(flat.size, dtype=bool)
    marked[order[: max(1, round(SHARE * flat.size))]] = True
    return marked.reshape(heat_HW.shape)


def _elsewhere(mask_HW: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return the same shape mirrored and moved at random; what leaves on one side comes in on the other."""
    mirrored = mask_HW[:: rng.choice((1, -1)), :: rng.choice((1, -1))]
    return np.roll(mirrored, [int(rng.integers(length)) for length in mask_HW.shape], (0, 1))


def cover_many(
    explainer: Explainer, images: Iterable[np.ndarray], seed: int, seconds: float = math.inf
) -> list[Covered]:
    """Cover pictures one after the other until the time is up; the same seed draws the same covers."""
    rng, found, end = np.random.default_rng(seed), [], time.monotonic() + seconds
    for image in images:
        if time.monotonic() > end:
            break
        found.append(cover_one(explainer, image, rng))
    return found


def summarise(covered: list[Covered]) -> dict[str, Any]:
    """Return the figures: falls with 95 % intervals, their paired difference, and whether the maps beat chance."""
    marked, random = np.array([[one.marked, one.random] for one in covered]).reshape(-1, 2).T
    difference = mean(marked - random)
    return {
        "covered_share": SHARE,
        "n": len(covered),
        "marked": mean(marked).to_dict(),
        "random": mean(random).to_dict(),
        "difference": difference.to_dict(),
        "marks_what_decides": _marks(difference) if difference.is_defined else None,
    }


def _marks(difference: Estimate) -> bool:
    return difference.value >= MATTERS and difference.low > 0


def mean(values: np.ndarray) -> Estimate:
    """Estimate a mean with Student's interval; undefined for fewer than two values."""
    n = len(values)
    if n < 2:
        return Estimate.undefined(n)
    half = student_quantile(n - 1) * float(values.std(ddof=1)) / math.sqrt(n)
    return Estimate(float(values.mean()), float(values.mean()) - half, float(values.mean()) + half, n)
