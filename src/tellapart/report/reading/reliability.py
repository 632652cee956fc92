"""predictions.csv -> do the probabilities mean what they say? Bins with intervals.

N pictures, K classes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from tellapart.evaluate.clusters import share_of
from tellapart.evaluate.part import Part, check_part
from tellapart.report.numbers import Figure, as_number
from tellapart.report.reading.files import Row
from tellapart.report.summary import Bin, Reliability

# Ten bins need pictures: with fewer than 300 the intervals of ten would all touch each other.
FEW, FEW_BINS, BINS = 300, 5, 10

_PROBABILITY = "probability_"


def read_groups(rows: Iterable[Row]) -> dict[str, str]:
    """Group of each path in split.csv; pictures without one stand alone."""
    return {row["path"]: row["group"] for row in rows if row.get("path") and row.get("group")}


def read_reliability(
    rows: Sequence[Row],
    classes: Sequence[str],
    positive: str | None,
    groups: Mapping[str, str],
) -> Reliability | None:
    """Bin the test pictures by stated probability.

    Parameters
    ----------
    positive
        With two classes: its probability is looked at. None: that of the predicted class.

    Returns
    -------
    Reliability or None
        None where there are no usable test predictions.
    """
    test = [row for row in rows if row.get("split") == "test" and row.get("label") in classes]
    part = _part(test, classes, groups)
    if part is None:
        return None
    if positive is not None and positive in classes and len(classes) == 2:
        chosen = list(classes).index(positive)
        stated, came_true = part.probabilities[:, chosen], part.labels == chosen
        of = positive
    else:
        predicted = part.probabilities.argmax(axis=1)
        stated, came_true = part.probabilities.max(axis=1), predicted == part.labels
        of = "the predicted class"
    n_bins = FEW_BINS if part.n < FEW else BINS
    codes = np.minimum((stated * n_bins).astype(int), n_bins - 1)
    bins = tuple(
        Bin(float(stated[codes == b].mean()), Figure("came true", share_of(part, came_true, codes == b)))
        for b in np.unique(codes)
    )
    return Reliability(of, bins)


def _part(rows: Sequence[Row], classes: Sequence[str], groups: Mapping[str, str]) -> Part | None:
    table = [[as_number(row.get(_PROBABILITY + name)) for name in classes] for row in rows]
    usable = [index for index, row in enumerate(table) if None not in row]
    if not usable:
        return None
    labels = [list(classes).index(rows[index]["label"]) for index in usable]
    ids = [groups.get(rows[index].get("path", ""), f"alone {index}") for index in usable]
    try:
        return check_part(labels, np.array([table[index] for index in usable], dtype=np.float64), ids)
    except ValueError:  # edited by hand: rows that are no probabilities
        return None
