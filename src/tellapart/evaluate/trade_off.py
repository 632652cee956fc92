"""The trade-off: what every threshold on the probability of the positive class would give.

N pictures, U distinct scores in falling order, T = U + 1 places for a threshold (before, between and
after the distinct scores).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import special

from tellapart.evaluate.part import Booleans, Floats, Integers
from tellapart.evaluate.ranking import tied_counts

# Middles are taken between log-odds, which spread the ends of the scale; beyond these the model is
# only saying "sure", and how sure carries no news.
_CLIP = (0.001, 0.999)


def log_odds(probabilities: Floats) -> Floats:
    """Log-odds, kept within those of .001 and .999."""
    return special.logit(np.clip(probabilities, *_CLIP))


@dataclass(frozen=True)
class TradeOff:
    """What every threshold would give, from the strictest (nothing called) to the loosest (everything).

    Attributes
    ----------
    thresholds : (T,) falling
    hits, false_alarms : (T,) counts of positives and negatives called positive
    n_positive, n_negative : counts in the part
    precision : (T,) at the aim's prevalence; nan where nothing is called
    recall, false_alarm_rate : (T,)
    """

    thresholds: Floats
    hits: Integers
    false_alarms: Integers
    n_positive: int
    n_negative: int
    precision: Floats
    recall: Floats
    false_alarm_rate: Floats

    def to_dict(self) -> dict[str, Any]:
        """Return plain lists; what is not defined becomes None."""
        return {
            name: [x if math.isfinite(x) else None for x in value.tolist()]
            if isinstance(value, np.ndarray)
            else value
            for name, value in vars(self).items()
        }


def trade_off(positive: Booleans, scores: Floats, prevalence: float | None = None) -> TradeOff:
    """Compute the whole trade-off; thresholds lie in the middle (in log-odds) between scores.

    Parameters
    ----------
    positive, scores : (N,)
    prevalence
        Share of positives that the precision is for; None: as in these pictures.
    """
    distinct, positives, negatives, _ = tied_counts(positive, scores)
    hits = np.concatenate([[0], np.cumsum(positives[0])]).astype(np.int64)
    false = np.concatenate([[0], np.cumsum(negatives[0])]).astype(np.int64)
    n_pos, n_neg = int(hits[-1]), int(false[-1])
    undefined = np.full(len(hits), np.nan)
    return TradeOff(
        thresholds=_between_scores(distinct),
        hits=hits,
        false_alarms=false,
        n_positive=n_pos,
        n_negative=n_neg,
        precision=precision_at(hits, false, n_pos, n_neg, prevalence) if n_pos and n_neg else undefined,
        recall=hits / n_pos if n_pos else undefined,
        false_alarm_rate=false / n_neg if n_neg else undefined,
    )


def _between_scores(distinct: Floats) -> Floats:
    """(T,) thresholds that call the 0, 1, .. U highest distinct scores positive; the first may exceed 1."""
    above = np.r_[1.0, distinct]  # a threshold is at most this ...
    below = np.r_[distinct, 0.0]  # ... and more than this (the last may be 0)
    odds = (log_odds(above) + log_odds(below)) / 2
    middle = np.clip(special.expit(odds), np.nextafter(below, 2.0), above)
    if len(distinct) and distinct[0] >= 1:
        middle[0] = np.nextafter(1.0, 2.0)
    if len(distinct) and distinct[-1] <= 0:
        middle[-1] = 0.0
    return middle


def precision_at(hits: Any, false: Any, n_pos: Any, n_neg: Any, prevalence: float | None) -> Floats:
    """Precision where `prevalence` of all are positive; nan where nothing is called."""
    ratio = 1.0 if prevalence is None else prevalence * n_neg / ((1 - prevalence) * n_pos)
    with np.errstate(invalid="ignore"):
        return hits * ratio / (hits * ratio + false)
