"""The trade-off of metrics.json -> curves, and a few thresholds worth comparing.

T thresholds, in falling order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tellapart.evaluate.fitness import precision_where
from tellapart.evaluate.intervals import proportion
from tellapart.report.numbers import Figure, as_estimate, as_number
from tellapart.report.reading.values import mapping, sequence, whole
from tellapart.report.summary import Measures, OperatingPoint, TradeOff

# More points than a chart has room for tell nothing more.
MOST_POINTS = 600

# Shares of the positives to be found that people ask for.
_WANTED_RECALLS = (0.8, 0.9, 0.95, 0.99, 1.0)

# hits (T,), false alarms (T,), positives, negatives
Counts = tuple[np.ndarray, np.ndarray, int, int]

_PARTS = {"out of fold": "training pictures, out of fold", "test": "test pictures"}


def read_trade_off(
    block: Any, classes: Sequence[str], positive: str | None, parts: Mapping[str, Measures | None]
) -> TradeOff | None:
    """Read ``trade_off``; None where nothing can be drawn (no positive class, or only one class).

    Parameters
    ----------
    classes, positive
        The two classes, and the positive one of them.
    parts
        Measures at the chosen threshold, of "out of fold" (where it was chosen) and "test".
    """
    found = mapping(block)
    columns = ("thresholds", "hits", "false_alarms", "precision", "recall")
    table = [[as_number(x) for x in sequence(found.get(name))] for name in columns]
    n_positive, n_negative = whole(found.get("n_positive")), whole(found.get("n_negative"))
    if not n_positive or not n_negative or not table[0] or len({len(column) for column in table}) != 1:
        return None
    values = np.array(table, dtype=np.float64)  # None becomes nan
    defined = np.isfinite(values).all(axis=0)
    if not defined.any():
        return None
    thresholds, hits, alarms, precision, recall = values[:, defined]
    counts = hits, alarms, n_positive, n_negative
    part, place = _chosen(counts, classes, positive, parts)
    # where everything is called positive, precision is the share of positives
    everything = float(precision[-1])
    prevalence = None if abs(everything - n_positive / (n_positive + n_negative)) < 1e-6 else everything
    drawn = np.unique(np.linspace(0, len(recall) - 1, MOST_POINTS).round().astype(int))
    test_recall, test_precision = _on_test(positive, parts["test"], prevalence)
    return TradeOff(
        part=_PARTS[part],
        recall=tuple(recall[drawn].tolist()),
        precision=tuple(precision[drawn].tolist()),
        everything=everything,
        prevalence=prevalence,
        chosen=None if place is None else (float(recall[place]), float(precision[place])),
        test_recall=test_recall,
        test_precision=test_precision,
        points=_points(thresholds, counts, place),
    )


def _chosen(
    counts: Counts, classes: Sequence[str], positive: str | None, parts: Mapping[str, Measures | None]
) -> tuple[str, int | None]:
    """Find whose trade-off it is, and the place on it that makes the calls of the part's confusion.

    Calls are compared, not thresholds: places stand for the gaps between scores, whose ends are not kept.
    """
    hits, alarms, n_positive, n_negative = counts
    if positive is None or positive not in classes or len(classes) != 2:
        return "out of fold", None
    index = list(classes).index(positive)
    for name, part in parts.items():
        if part is None or not part.confusion:
            continue
        own, other = part.confusion[index], part.confusion[1 - index]
        places = np.flatnonzero((hits == own[index]) & (alarms == other[index]))
        if (sum(own), sum(other)) == (n_positive, n_negative) and len(places):
            return name, int(places[0])
    return "out of fold", None


def _on_test(positive: str | None, test: Measures | None, prevalence: float | None) -> tuple[Figure, Figure]:
    """Recall and precision of the positive class, the precision carried over to the prevalence."""
    entries = test.per_class if test else ()
    own = next((entry for entry in entries if entry.name == positive), None)
    other = next((entry for entry in entries if entry.name != positive), None)
    if own is None or other is None:
        return Figure("recall", as_estimate(None)), Figure("precision", as_estimate(None))
    if prevalence is None:
        return own.recall, own.precision
    counts = {own.name: {"n": own.n}, other.name: {"n": other.n}}
    carried = precision_where(own.precision.estimate, prevalence, counts, own.name, other.name)
    return own.recall, Figure("precision", carried)


def _points(thresholds: np.ndarray, counts: Counts, chosen: int | None) -> tuple[OperatingPoint, ...]:
    """List the strictest thresholds that find the wanted shares of the positives, and the chosen one."""
    hits, alarms, n_positive, n_negative = counts
    # the last place calls every picture positive and needs no classifier
    wanted = {int(np.argmax(hits >= share * n_positive - 1e-9)) for share in _WANTED_RECALLS}
    places = sorted(wanted | ({chosen} if chosen is not None else set()))
    return tuple(
        OperatingPoint(
            float(thresholds[place]),
            Figure("found", proportion(hits[place], n_positive)),
            Figure("false alarms", proportion(alarms[place], n_negative)),
            place == chosen,
        )
        for place in places
    )
