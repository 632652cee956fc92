"""The threshold: from out-of-fold probabilities of the positive class to the cut that serves an aim.

N pictures, U distinct scores in falling order, T = U + 1 places for a threshold (before, between and
after the distinct scores), R replicates of the bootstrap.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from tellapart.evaluate.aim import Aim
from tellapart.evaluate.estimate import Estimate
from tellapart.evaluate.intervals import LEVEL
from tellapart.evaluate.part import Booleans, Floats, Integers, cluster_codes
from tellapart.evaluate.ranking import tied_counts
from tellapart.evaluate.resampling import bootstrap_weights
from tellapart.evaluate.trade_off import TradeOff, log_odds, precision_at, trade_off

# A bar (--min-precision, --min-recall) is first asked to hold with this confidence, and only if no
# threshold does that, at the point estimate. A threshold that just reaches the bar on these pictures
# misses it on new ones about every second time.
ASSURANCE = 0.8


@dataclass(frozen=True)
class ThresholdChoice:
    """The chosen threshold and what it gives on the pictures it was chosen on.

    Attributes
    ----------
    threshold
        Positive is predicted where the probability is at least this; the interval is the bootstrap's.
    aim
        What it was chosen for.
    value
        The aim's figure here: balanced accuracy, precision, recall, or cost a picture. Optimistic by
        construction; the sealed part has the honest figure.
    reachable
        Whether any threshold reaches the bar here (always True without a bar).
    assured
        Whether it reaches the bar with 80 % confidence here, not only at the point estimate.
    curve
        The whole trade-off, for a plot.
    """

    threshold: Estimate
    aim: Aim
    value: float
    reachable: bool
    assured: bool
    curve: TradeOff

    def to_dict(self) -> dict[str, Any]:
        """Return the ``threshold`` entry of metrics.json (without ``not_sure_below``)."""
        return self.threshold.to_dict() | {
            "chosen_for": self.aim.words,
            "value_of_aim": self.value if math.isfinite(self.value) else None,
            "reachable": self.reachable,
            "assured": self.assured,
        }


def choose_threshold(
    positive: ArrayLike,
    scores: ArrayLike,
    aim: Aim | None = None,
    *,
    groups: ArrayLike | None = None,
    seed: int = 0,
) -> ThresholdChoice:
    """Choose the threshold for an aim.

    Parameters
    ----------
    positive : (N,) whether each picture is of the positive class
    scores : (N,) its out-of-fold probability of the positive class, in 0..1
    aim
        Balanced accuracy where not given.
    groups : (N,) ids of dependent pictures, drawn together by the bootstrap
    seed
        Of the bootstrap.

    Returns
    -------
    ThresholdChoice
        With fewer than two classes: .5, not reachable, its value undefined.

    Notes
    -----
    *Balanced accuracy, cost*: the middle (in log-odds) of all thresholds within one standard error
    of the best. On new pictures it loses about half to two thirds of what the best threshold on the
    pictures themselves loses (benchmarks/coverage). *Bars*: among the thresholds that
    reach the bar (see `ASSURANCE`) the one best on the other side; within the gap between two scores,
    its middle. Where none reaches it: the one that comes closest.
    """
    y, s = np.asarray(positive, dtype=bool), np.asarray(scores, dtype=np.float64)
    if y.shape != s.shape or y.ndim != 1:
        raise ValueError(f"positive and scores: expected the same shape (N,), found {y.shape} and {s.shape}")
    if not np.isfinite(s).all() or (s < 0).any() or (s > 1).any():
        raise ValueError("scores: expected probabilities from 0 to 1")
    aim = Aim() if aim is None else aim
    clusters = cluster_codes(groups, len(y))
    n = len(y) if clusters is None else int(clusters.max()) + 1
    curve = trade_off(y, s, aim.prevalence)
    if not curve.n_positive or not curve.n_negative:
        return ThresholdChoice(Estimate(0.5, 0.0, 1.0, n), aim, float("nan"), False, False, curve)
    share = n / len(y)
    hits, false = curve.hits[None].astype(float), curve.false_alarms[None].astype(float)
    odds = log_odds(curve.thresholds)
    place, middle, reachable, assured = (x[0] for x in _choose(hits, false, odds, aim, share))
    value = _into_gap(float(special.expit(middle)), int(place), curve.thresholds, np.unique(s))
    drawn = _bootstrap(y, s, odds, aim, clusters, share, np.random.default_rng(seed))
    low, high = np.quantile(drawn, [0.5 - LEVEL / 2, 0.5 + LEVEL / 2])
    threshold = Estimate(value, min(float(low), value), max(float(high), value), n)
    reached = _value_of(curve, aim, int(place))
    return ThresholdChoice(threshold, aim, reached, bool(reachable), bool(assured), curve)


def _into_gap(value: float, place: int, thresholds: Floats, rising: Floats) -> float:
    """Keep the threshold at its place: above the next lower score, at most the next higher one."""
    falling = rising[::-1]
    if place == 0 and falling[0] >= 1:
        return float(thresholds[0])
    high = float(falling[place - 1]) if place else 1.0
    low = float(np.nextafter(falling[place], 2.0)) if place < len(falling) else 0.0
    return min(max(value, low), high)


def _lower_limit(hits: Floats, n: Floats) -> Floats:
    """Wilson's lower limit of a share at confidence `ASSURANCE`; 0 where n is 0."""
    z = float(special.ndtri(ASSURANCE))
    n = np.maximum(n, 1e-12)
    p = hits / n
    return (p + z * z / (2 * n) - z * np.sqrt(p * (1 - p) / n + (z / (2 * n)) ** 2)) / (1 + z * z / n)


def _choose(
    hits: Floats, false: Floats, odds: Floats, aim: Aim, share: float
) -> tuple[Integers, Floats, Booleans, Booleans]:
    """Choose a place for each of (R, T) counts: place, threshold in log-odds, reachable, assured."""
    if aim.kind in ("balanced accuracy", "cost"):
        place, middle = _plateau(hits, false, odds, *_worth(aim, hits, false))
        yes = np.ones(len(hits), dtype=bool)
        return place, middle, yes, yes
    bar = 1.0 if aim.bar is None else aim.bar
    n_pos, n_neg = hits[:, -1:], false[:, -1:]
    precise = np.nan_to_num(precision_at(hits, false, n_pos, n_neg, aim.prevalence), nan=-1.0)
    found = hits / n_pos
    # dependent pictures count as one a cluster here: the bar should rather be cleared by too much
    sure_hits = _lower_limit(hits * share, (hits + false) * share) * (hits + false)
    sure_precise = precision_at(sure_hits, hits + false - sure_hits, n_pos, n_neg, aim.prevalence)
    sure_precise = np.nan_to_num(sure_precise, nan=-1.0)
    if aim.kind == "min precision":
        ok, sure = precise >= bar, sure_precise >= bar
        best = np.where(ok.any(axis=1), _first_best(found, ok), sure_precise.argmax(axis=1))
        best_sure = _first_best(found, sure)
    else:
        ok, sure = found >= bar, _lower_limit(hits * share, n_pos * share) >= bar
        best, best_sure = _last_best(precise, ok), _last_best(precise, sure)
    place = np.where(sure.any(axis=1), best_sure, best)
    return place, odds[place], np.asarray(ok.any(axis=1)), np.asarray(sure.any(axis=1))


def _first_best(values: Floats, allowed: Booleans) -> Integers:
    """(R,) strictest of the allowed places with the highest value."""
    return np.where(allowed, values, -np.inf).argmax(axis=1)


def _last_best(values: Floats, allowed: Booleans) -> Integers:
    """(R,) loosest of the allowed places with the highest value."""
    return values.shape[1] - 1 - np.where(allowed, values, -np.inf)[:, ::-1].argmax(axis=1)


def _worth(aim: Aim, hits: Floats, false: Floats) -> tuple[float, float]:
    """Worth of the recall and price of the false alarm rate, per unit."""
    if aim.kind == "balanced accuracy":
        return 0.5, 0.5
    n_pos, n_neg = float(hits[0, -1]), float(false[0, -1])
    prevalence = n_pos / (n_pos + n_neg) if aim.prevalence is None else aim.prevalence
    return aim.cost_miss * prevalence, aim.cost_false_alarm * (1 - prevalence)


def _plateau(
    hits: Floats, false: Floats, odds: Floats, worth: float, price: float
) -> tuple[Integers, Floats]:
    """Middle of the places within one standard error of the best; the best one if the middle is not.

    The standard error is at the best place; where the classes part cleanly it is 0, and the middle
    is that of the gap.
    """
    n_pos, n_neg = hits[:, -1], false[:, -1]
    gain = worth * hits / n_pos[:, None] - price * false / n_neg[:, None]
    best = gain.argmax(axis=1)
    rows = np.arange(len(hits))
    r, f = hits[rows, best] / n_pos, false[rows, best] / n_neg
    error = np.sqrt(worth**2 * r * (1 - r) / n_pos + price**2 * f * (1 - f) / n_neg)
    near = gain >= (gain[rows, best] - error - 1e-12)[:, None]
    first = near.argmax(axis=1)
    last = near.shape[1] - 1 - near[:, ::-1].argmax(axis=1)
    middle = (odds[first] + odds[last]) / 2
    place = np.searchsorted(-odds, -middle)
    place = np.clip(place, first, last)
    good = near[rows, place]
    return np.where(good, place, best), np.where(good, middle, odds[best])


def _bootstrap(
    positive: Booleans,
    scores: Floats,
    odds: Floats,
    aim: Aim,
    clusters: Integers | None,
    share: float,
    rng: np.random.Generator,
) -> Floats:
    """(R,) thresholds chosen on pictures drawn with replacement."""
    chosen = []
    for weights in bootstrap_weights(positive.astype(np.int64), clusters, rng):
        _, positives, negatives, _ = tied_counts(positive, scores, weights)
        edge = np.zeros((len(weights), 1))
        hits = np.concatenate([edge, np.cumsum(positives, axis=1)], axis=1)
        false = np.concatenate([edge, np.cumsum(negatives, axis=1)], axis=1)
        both = (hits[:, -1] > 0) & (false[:, -1] > 0)
        chosen.append(_choose(hits[both], false[both], odds, aim, share)[1])
    return special.expit(np.concatenate(chosen))


def _value_of(curve: TradeOff, aim: Aim, place: int) -> float:
    recall, alarm = float(curve.recall[place]), float(curve.false_alarm_rate[place])
    if aim.kind == "balanced accuracy":
        return (recall + 1 - alarm) / 2
    if aim.kind == "min precision":
        return float(curve.precision[place])
    if aim.kind == "min recall":
        return recall
    n = curve.n_positive + curve.n_negative
    prevalence = curve.n_positive / n if aim.prevalence is None else aim.prevalence
    return cost_per_picture(aim, prevalence, recall, alarm)


def cost_per_picture(aim: Aim, prevalence: float, recall: float, false_alarm_rate: float) -> float:
    """Return the expected cost of one picture, in the unit of the aim's costs."""
    misses = aim.cost_miss * prevalence * (1 - recall)
    return misses + aim.cost_false_alarm * (1 - prevalence) * false_alarm_rate
