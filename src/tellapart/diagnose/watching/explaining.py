"""How a wrong figure came about: the same outputs scored in the ways in which scripts score them wrongly.

Each way gives a figure; where it is the very one that was reported, it is the explanation.

Legend: N pictures, k classes; outputs (N, K) as the model gave them, predicted and labels (N,) positions of classes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import permutations

import numpy as np

from tellapart.diagnose.gathered.labelling import to_probabilities
from tellapart.diagnose.recording import Scores

from .reported import Reported

CHANCE_SPREADS = 2.5
"""A figure is taken for one of pictures and labels in different order where it lies within as many spreads of what
that gives: 99 % of such figures do."""
MOST_PERMUTED = 6
"""Classes whose orders are all tried: 720."""
EPSILON = 1e-7
"""Keras's own, which hand-written ratios add to what they divide by."""


@dataclass(frozen=True)
class Explanation:
    """What a wrong figure is instead, and the cause's code. `exact`: it is that figure, but for rounding."""

    code: str
    words: str
    exact: bool = True


@dataclass(frozen=True)
class Case:
    """One reported figure and the outputs it was computed from."""

    reported: Reported
    outputs: np.ndarray
    predicted: np.ndarray
    labels: np.ndarray
    k: int
    batch: int
    expects: str

    def batches(self) -> Iterator[slice]:
        """Yield the batches, in the order of the first presentation."""
        size = max(self.batch, 1)
        return (slice(start, start + size) for start in range(0, len(self.labels), size))

    def fits(self, value: float) -> bool:
        """Whether a figure is the reported one but for rounding."""
        return abs(value - self.reported.value) <= self.reported.tolerance + 1e-6


def case_of(kept: Scores, reported: Reported, k: int, expects: str) -> Case | None:
    """Return the case of a figure; None where the outputs fit no classes."""
    known = kept.labels >= 0
    outputs, labels = kept.outputs[known], kept.labels[known]
    probabilities = to_probabilities(outputs, k, expects) if len(labels) else None
    if probabilities is None:
        return None
    predicted = (probabilities[:, 1] >= 0.5).astype(int) if k == 2 else probabilities.argmax(axis=1)
    return Case(reported, outputs, predicted, labels, k, kept.batch, expects)


def explain(case: Case) -> tuple[Explanation, ...]:
    """Return what the reported figure is, the surest first; empty where none of the known ways gives it."""
    if case.reported.table:
        return tuple(_of_table(case))
    exact = [
        Explanation(code, words)
        for code, words, value in _ways(case)
        if not math.isnan(value) and case.fits(value)
    ]
    return tuple(exact) or tuple(_out_of_order(case))


def _ways(case: Case) -> Iterator[tuple[str, str, float]]:
    if case.reported.measure == "accuracy":
        yield from _decisions(case)
        yield from _broadcasts(case)
        if case.k == 2:
            share = float((case.predicted != case.labels).mean())
            yield (
                "metric.class_order",
                "the share of wrong pictures: the two classes have changed places",
                share,
            )
        yield from _renamed(case)
    yield from _batch_means(case)


def _renamed(case: Case) -> Iterator[tuple[str, str, float]]:
    """Yield what several classes under each other's names give, where the figure is worse than by chance.

    Nearer to chance one of the many orders would give almost any figure.
    """
    mean, spread = _by_chance(case)
    if not 2 < case.k <= MOST_PERMUTED or case.reported.value >= mean - CHANCE_SPREADS * spread:
        return
    true = np.zeros((case.k, case.k))
    np.add.at(true, (case.labels, case.predicted), 1)
    for order in permutations(range(case.k)):
        right = float(true[np.arange(case.k), list(order)].sum()) / len(case.labels)
        yield "metric.class_order", "what the same answers give with the classes in another order", right


def _decisions(case: Case) -> Iterator[tuple[str, str, float]]:
    code, raw, y = "metric.wrong_decision", case.outputs, case.labels
    if raw.shape[1] == 1:
        yield code, "the share of the first class: argmax over one output is always 0", float((y == 0).mean())
        at_half = float(((raw[:, 0] > 0.5) == y).mean())
        yield code, "what raw scores give when they are cut at .5 instead of 0", at_half
        yield code, "what outputs give when they are cut at 0", float(((raw[:, 0] > 0) == y).mean())
        return
    one_hot = np.eye(raw.shape[1])[np.minimum(y, raw.shape[1] - 1)]
    words = f"right answers among all {raw.shape[1]} outputs, each counted alone"
    yield "metric.binary_accuracy_for_many_classes", words, float(((raw > 0.5) == one_hot).mean())


def _broadcasts(case: Case) -> Iterator[tuple[str, str, float]]:
    equal = [np.equal.outer(case.predicted[one], case.labels[one]) for one in case.batches()]
    words = "every prediction compared with every label: (N, 1) == (N,) makes N x N comparisons"
    n = len(case.labels)
    yield "metric.wrong_decision", words, float(np.equal.outer(case.predicted, case.labels).mean())
    yield "metric.wrong_decision", words, float(np.mean([one.mean() for one in equal]))
    yield "metric.wrong_decision", words, float(sum(one.sum() for one in equal) / n)


def _batch_means(case: Case) -> Iterator[tuple[str, str, float]]:
    """Yield what a measure gives when it is taken batch by batch and averaged, by class, over classes, over outputs."""
    ratio = RATIOS.get(case.reported.measure)
    sizes = [len(case.labels[one]) for one in case.batches()]
    if ratio is None or len(sizes) < 2:
        return
    words = f"the mean of the figures of {len(sizes)} batches of {case.batch}, not that of the whole part"
    chosen = [(case.predicted == c, case.labels == c) for c in range(case.k)]
    if case.k > 2:
        one_hot = np.eye(case.k, dtype=bool)[case.labels]
        chosen.append((case.outputs > 0.5, one_hot))
    by_way = [[ratio(p[one], y[one]) for one in case.batches()] for p, y in chosen]
    by_way += [np.mean(by_way[: case.k], axis=0).tolist()]
    for figures in by_way:
        yield "metric.batch_averaged", words, float(np.mean(figures))
        yield "metric.batch_averaged", words, float(np.average(figures, weights=sizes))


def _precision(predicted: np.ndarray, truly: np.ndarray) -> float:
    return float((predicted & truly).sum() / (predicted.sum() + EPSILON))


def _recall(predicted: np.ndarray, truly: np.ndarray) -> float:
    return float((predicted & truly).sum() / (truly.sum() + EPSILON))


def _f1(predicted: np.ndarray, truly: np.ndarray) -> float:
    precision, recall = _precision(predicted, truly), _recall(predicted, truly)
    return 2 * precision * recall / (precision + recall + EPSILON)


def _accuracy(predicted: np.ndarray, truly: np.ndarray) -> float:
    return float((predicted == truly).mean())


RATIOS: dict[str, Callable[[np.ndarray, np.ndarray], float]] = {
    "precision": _precision,
    "recall": _recall,
    "f1": _f1,
}


def _of_table(case: Case) -> Iterator[Explanation]:
    """Explain a confusion matrix: classes in another order, or pictures in another."""
    table = np.array(case.reported.table)
    if table.shape != (case.k, case.k) or table.sum() != len(case.labels):
        return
    true = np.zeros((case.k, case.k), dtype=int)
    np.add.at(true, (case.labels, case.predicted), 1)
    if case.k <= MOST_PERMUTED:
        orders = [list(one) for one in permutations(range(case.k))][1:]
        if any((table == turned).all() for order in orders for turned in (true[order], true[:, order])):
            yield Explanation(
                "metric.class_order", "the true confusion matrix with its classes in another order"
            )
            return
    # As many of each class, as many predictions of each class: the same numbers in another order.
    margins = (table.sum(axis=0) == true.sum(axis=0)).all() and (table.sum(axis=1) == true.sum(axis=1)).all()
    if margins and (table != true).any():
        yield Explanation(
            "metric.shuffled_evaluation",
            "predictions and labels as often as they truly are, but paired otherwise: they are in different order",
        )


def _out_of_order(case: Case) -> Iterator[Explanation]:
    """Explain an accuracy that is what pairing predictions and labels by chance gives."""
    if case.reported.measure != "accuracy":
        return
    mean, spread = _by_chance(case)
    true = float((case.predicted == case.labels).mean())
    if abs(case.reported.value - mean) <= CHANCE_SPREADS * spread < true - mean:
        yield Explanation(
            "metric.shuffled_evaluation",
            f"about the {mean:.2f} that predictions and labels in different order give",
            exact=False,
        )


def _by_chance(case: Case) -> tuple[float, float]:
    """Return mean and spread of the accuracy when predictions and labels are paired at random."""
    n, k = len(case.labels), case.k
    p, y = np.bincount(case.predicted, minlength=k), np.bincount(case.labels, minlength=k)
    mean = float((p * y).sum()) / n**2
    # Of the number of matches when one list is shuffled; exact for two classes, an upper bound of use for more.
    return mean, math.sqrt(float((p * y * (n - p) * (n - y)).sum()) / (n * n * max(n - 1, 1))) / n
