"""Groups nobody declared: shots of one object, panel or series, near in their names and near in their looks.

Alike alone is not enough (so are many things), and neighbouring names alone are not either (any folder has them):
neighbours by name are suspected where they are far more often alike than pictures of the same class are.

Legend: N pictures, P pairs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from tellapart.audit.copies import Copies, compare, components, together
from tellapart.audit.looks import SIDE, Looks
from tellapart.audit.names import Order, orders
from tellapart.cells import safe_path
from tellapart.evaluate.estimate import Estimate
from tellapart.evaluate.intervals import proportion
from tellapart.pictures.collection import Pictures
from tellapart.pictures.features import Features
from tellapart.run_folder import table_text

Measure = Callable[[np.ndarray], np.ndarray]  # (P, 2) pairs -> (P,) likeness, at most 1

WINDOW = 8
"""Neighbours looked at on each side in name order: series of shots are mostly shorter, and longer ones chain."""

FAR = 4
"""Pictures more than so many windows apart in name order stand for those that do not belong together."""

BACKGROUND = 2_000
"""Random pairs of one class that show how alike pictures are that do not belong together."""

FEWEST_RANDOM = 400  # below it nothing can be said of the most alike in 400
MOST_PAIRS = 4_000
"""Neighbours that are looked at to see whether there is anything to suspect: the interval is then within .016."""

CHANCE = 0.0025
"""Share of random pairs that count as alike, by each measure. With it and a window of 8 about one picture in thirty
would get a wrong companion in a set without groups."""

LEAST_ALIKE = 0.4
"""And never less alike than this: correlation of standardised features, or of fine detail."""

FAR_OUT = 3
"""A jump of the running number, in logarithms, so many quartile ranges above the upper quartile of the jumps within
groups begins another series (Tukey 1977: "far out")."""

SUSPICIOUS = 0.1
"""Share of pictures that must be alike with the next by name. Fewer hardly move a score: with a tenth of the test
pictures known from training and an error of .2 on the others, accuracy looks .02 better than it is."""

ABOVE_CHANCE = 5
"""And so many times more often than random pairs are."""


@dataclass(frozen=True, eq=False)
class Suspected:
    """Groups that looks and names suggest.

    Attributes
    ----------
    groups
        (N,) int: pictures with one number seem to belong together (also by the user's groups and as copies).
    order
        By what names the neighbours are neighbours.
    alike
        Share of neighbours by name that are alike; `expected` for pictures of one class at random.
    """

    groups: np.ndarray
    order: str
    alike: Estimate
    expected: float

    def sets(self) -> list[np.ndarray]:
        """Return the indices of each group of two or more."""
        return together(self.groups)

    def to_csv(self, pictures: Pictures) -> str:
        """Return the text of a groups.csv (``path,group``; paths relative to the pictures)."""
        groups = [f"suspected{group:05d}" for group in self.groups]
        paths = map(safe_path, pictures.paths)
        return table_text(("path", "group"), zip(paths, groups, strict=True))


def suspect_groups(
    pictures: Pictures, looks: Looks, copies: Copies, features: Features | None, *, seed: int = 0
) -> Suspected | None:
    """Look for groups that nobody declared.

    Parameters
    ----------
    pictures, looks, copies
        Of the same N pictures.
    features
        (N, D) of a pretrained network; without them detail alone is compared.
    seed
        Draws the random pairs.

    Returns
    -------
    Suspected or None
        None where neighbours by name are no more alike than others, or only as the user's groups already say.
    """
    known = copies.join(pictures.group_numbers())
    measures: list[Measure] = [lambda pairs: compare(pairs, lambda i: looks.thumbnails_NHW[i], SIDE).detail]
    if features is not None:
        rows = _standardised(features)
        measures.insert(0, lambda pairs: np.einsum("pd,pd->p", rows[pairs[:, 0]], rows[pairs[:, 1]]))
    found = [_by_order(order, pictures, known, measures[0], seed) for order in orders(pictures.paths)]
    # Of orders that do equally well the one by number: it also tells where a series ends.
    found = [entry for entry in found if entry[1].is_defined]
    if not found:
        return None
    order, share, expected = max(found, key=lambda entry: (entry[1].value, entry[0].values is not None))
    if share.low < max(SUSPICIOUS, ABOVE_CHANCE * expected):
        return None
    random = _far_pairs(order.indices, pictures.labels, known, seed)
    pairs = np.concatenate([_neighbours(order.indices, lag) for lag in range(1, WINDOW + 1)])
    alike = np.any([measure(pairs) > _bar(measure(random)) for measure in measures], axis=0)
    series = _series(order, pairs[alike], len(pictures))
    linked = pairs[alike & (series[pairs[:, 0]] == series[pairs[:, 1]])]
    groups = components(np.concatenate([linked, _links(known)]), len(pictures))
    return Suspected(groups, order.words, share, expected)


def _by_order(
    order: Order, pictures: Pictures, known: np.ndarray, measure: Measure, seed: int
) -> tuple[Order, Estimate, float]:
    """Return how many neighbours in this order are alike, and how many random pairs."""
    random = _far_pairs(order.indices, pictures.labels, known, seed)
    steps = _neighbours(order.indices, 1)
    steps = steps[known[steps[:, 0]] != known[steps[:, 1]]]
    steps = np.random.default_rng(seed).permutation(steps)[:MOST_PAIRS]
    if len(random) < FEWEST_RANDOM or not len(steps):
        return order, Estimate.undefined(), 0.0
    by_chance = measure(random)
    bar = _bar(by_chance)
    return order, proportion(int(np.sum(measure(steps) > bar)), len(steps)), float(np.mean(by_chance > bar))


def _bar(by_chance: np.ndarray) -> float:
    return max(LEAST_ALIKE, float(np.quantile(by_chance, 1 - CHANCE)))


def _series(order: Order, linked: np.ndarray, total: int) -> np.ndarray:
    """Return (N,) int: the runs between jumps of the running number that are far out among those within groups."""
    place = np.zeros(total, dtype=np.int64)
    place[order.indices] = np.arange(len(order.indices))
    next_to = place[linked[:, 1]] - place[linked[:, 0]] == 1
    runs = np.zeros(total, dtype=np.int64)
    if order.values is None or not np.any(next_to):
        return runs
    jumps = np.log(np.maximum(np.diff(order.values), 1))
    low, high = np.percentile(jumps[place[linked[next_to, 0]]], [25, 75])
    runs[order.indices[1:]] = np.cumsum(jumps > high + FAR_OUT * (high - low))
    return runs


def _standardised(features: Features) -> np.ndarray:
    rows = features[np.arange(len(features))]  # a copy, hence changed in place: one such array, not three
    mean, scale = rows.mean(axis=0), rows.std(axis=0) + 1e-6
    rows -= mean
    rows /= scale
    rows /= np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-6)
    return np.asarray(rows, dtype=np.float32)


def _far_pairs(order: np.ndarray, labels: np.ndarray, known: np.ndarray, seed: int) -> np.ndarray:
    """Random pairs of one class that are far apart in `order`, so that hardly any belong together."""
    rng = np.random.default_rng(seed)
    place = np.full(len(labels), -1)
    place[order] = np.arange(len(order))
    drawn = []
    for label in np.unique(labels):
        members = order[labels[order] == label]
        drawn.append(rng.choice(members, (round(BACKGROUND * len(members) / len(order)), 2)))
    pairs = np.concatenate(drawn)
    apart = np.abs(place[pairs[:, 0]] - place[pairs[:, 1]]) > FAR * WINDOW
    return pairs[apart & (known[pairs[:, 0]] != known[pairs[:, 1]])]


def _neighbours(order: np.ndarray, lag: int) -> np.ndarray:
    return (
        np.stack([order[:-lag], order[lag:]], axis=1)
        if len(order) > lag
        else np.zeros((0, 2), dtype=np.int64)
    )


def _links(numbers: np.ndarray) -> np.ndarray:
    """Pairs that join what shares a number."""
    order = np.argsort(numbers, kind="stable")
    same = numbers[order[1:]] == numbers[order[:-1]]
    return np.stack([order[:-1][same], order[1:][same]], axis=1)
