"""The ideal observer of the set ``quarter``: what no classifier can beat, computed from the cues alone.

An observer who reads every cue without error knows, by the likelihood ratio, exactly how probable ``rare``
is; ranking by it gives the best possible ROC and precision-recall curves (Neyman and Pearson), and deciding
at equal likelihood the best possible balanced accuracy. Pixels only tell about the class through the cues,
so no classifier of pictures does better except by luck. At 100 px the observer is given the cues that
survive (``Cue.fine``).
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from .cues import CUES, PRIOR_RARE, draw_cues, log_likelihood_ratio

LARGE_SAMPLE = 200_000
RESAMPLES = 200
# The large sample's intervals are about .002 wide: how exactly they are known does not matter.
LARGE_RESAMPLES = 60
# The sample behind the large figures is always the same: they belong to the design, not to a seed.
_SAMPLE_SEED = 20_240

MEASURES = ("balanced_accuracy", "average_precision", "roc_auc")


def probability_rare(z: np.ndarray, *, fine: bool = True) -> np.ndarray:
    """Return how probable ``rare`` is, given cues.

    Parameters
    ----------
    z
        Cues, shape (n, cues).
    fine
        False: only the cues that are left at 100 px.

    Returns
    -------
    numpy.ndarray
        Shape (n,), 0 to 1; well calibrated where one picture in four is ``rare``.
    """
    log_odds = log_likelihood_ratio(z, fine=fine) + np.log(PRIOR_RARE / (1 - PRIOR_RARE))
    return 1.0 / (1.0 + np.exp(-log_odds))


def measures(score: np.ndarray, rare: np.ndarray, resamples: int = RESAMPLES) -> dict[str, dict[str, float]]:
    """Measure a ranking, with 95 % intervals by resampling pictures within their class.

    Parameters
    ----------
    score
        Shape (n,): higher is more probably ``rare``; 0 is the threshold for balanced accuracy.
    rare
        bool, shape (n,): the class.
    resamples
        How many resamples the intervals rest on.

    Returns
    -------
    dict
        For each measure its ``value``, ``low``, ``high`` and ``n``.
    """
    order = np.argsort(-score, kind="stable")
    hit, above = rare[order], score[order] > 0
    value = _weighted(np.ones(len(hit)), hit, above)
    rng = np.random.default_rng(len(hit))
    members = [np.flatnonzero(hit == side) for side in (True, False)]
    spread = np.array([_weighted(_resample(rng, members), hit, above) for _ in range(resamples)])
    low, high = np.quantile(spread, [0.025, 0.975], axis=0)
    return {
        name: {"value": float(value[k]), "low": float(low[k]), "high": float(high[k]), "n": len(hit)}
        for k, name in enumerate(MEASURES)
    }


def _resample(rng: np.random.Generator, members: list[np.ndarray]) -> np.ndarray:
    """Return how often each picture is drawn when every class is drawn from itself with replacement."""
    weights = np.zeros(sum(map(len, members)))
    for one_class in members:
        drawn = rng.integers(0, len(one_class), len(one_class))
        weights[one_class] = np.bincount(drawn, minlength=len(one_class))
    return weights


def _weighted(weights: np.ndarray, hit: np.ndarray, above: np.ndarray) -> tuple[float, float, float]:
    """Return the three measures of weighted pictures sorted by falling score (no two scores are equal)."""
    hits, misses = weights * hit, weights * ~hit
    found, false = np.cumsum(hits), np.cumsum(misses)
    balanced = hits[above].sum() / found[-1] / 2 + misses[~above].sum() / false[-1] / 2
    with np.errstate(invalid="ignore"):
        precision = found / (found + false)
    average = np.sum(np.where(hits > 0, precision, 0.0) * hits) / found[-1]
    return float(balanced), float(average), float(np.sum(misses * found) / found[-1] / false[-1])


def both_sizes(
    z: np.ndarray, rare: np.ndarray, resamples: int = RESAMPLES
) -> dict[str, dict[str, dict[str, float]]]:
    """Measure the ideal observer with all cues and with those left at 100 px.

    Parameters
    ----------
    z
        Cues, shape (n, cues).
    rare
        bool, shape (n,): the class.
    resamples
        How many resamples the intervals rest on.

    Returns
    -------
    dict
        ``400_px`` and ``100_px`` to what ``measures`` returns.
    """
    return {
        name: measures(log_likelihood_ratio(z, fine=fine), rare, resamples)
        for name, fine in (("400_px", True), ("100_px", False))
    }


@lru_cache(maxsize=1)
def _large_sample() -> dict[str, dict[str, dict[str, float]]]:
    rare = np.arange(LARGE_SAMPLE) < PRIOR_RARE * LARGE_SAMPLE
    return both_sizes(draw_cues(np.random.default_rng(_SAMPLE_SEED), rare), rare, LARGE_RESAMPLES)


def attainable(z: np.ndarray, rare: np.ndarray) -> dict[str, Any]:
    """Return the document ``attainable.json`` for written pictures.

    Parameters
    ----------
    z
        Their cues, shape (n, cues).
    rare
        bool, shape (n,): their classes.

    Returns
    -------
    dict
        Figures of the ideal observer on a large fresh sample and on these pictures, and the cues.
    """
    return {
        "schema": 1,
        "positive": "rare",
        "prevalence": PRIOR_RARE,
        "about": (
            "What the best possible classifier reaches, computed from the cues the pictures are drawn from. "
            "400_px: all cues. 100_px: only the cues left when a picture is reduced to 100 px with averaging (leaving "
            "pixels out instead, as nearest-neighbour reduction does, keeps part of the fine ones as aliases). "
            "Balanced accuracy is taken where rare and common are equally likely given the cues "
            "(probability_rare above prevalence). Intervals are 95 %."
        ),
        "large_sample": _large_sample(),
        "written": both_sizes(z, rare),
        "cues": [
            {
                "name": cue.name,
                "words": cue.words,
                "common_end": cue.low,
                "rare_end": cue.high,
                "unit": cue.unit,
                "separation": cue.separation,
                "left_at_100_px": not cue.fine,
                "visibility": {"400_px": cue.seen_400, "100_px": cue.seen_100},
            }
            for cue in CUES
        ],
    }
