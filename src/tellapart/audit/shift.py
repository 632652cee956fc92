"""Findings about parts given by the user: another mix of classes, or other looks."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import numpy as np

from tellapart.audit.finding import Finding, finding
from tellapart.evaluate.estimate import Estimate
from tellapart.evaluate.intervals import Z, area_limits
from tellapart.pictures.collection import PARTS, Pictures
from tellapart.pictures.features import Features
from tellapart.split import deal

ALPHA = 0.005
"""Benjamin et al. (2018), "Redefine statistical significance": at 5 % one clean set in twenty would be accused."""

OTHER_MIX = 0.05
"""Smallest difference of a class share that is worth a word: it moves the accuracy of a classifier whose recalls differ
by .2 by a point."""

OTHER_LOOKS, VERY_OTHER = 0.6, 0.75
"""Area under the ROC curve of a classifier that tells parts apart: .5 is a fair split; from .6 on it is said, above .75
three of four pairs are sorted into their parts by looks alone, and a score on one says little of the other."""

MOST_PICTURES, AXES, FOLDS = 1_500, 50, 5  # per part; enough for an interval of ±.02


def find_shift(
    pictures: Pictures, groups: np.ndarray, features: Features | None, *, seed: int = 0
) -> Iterator[Finding]:
    """Yield how given parts differ; nothing without parts.

    Parameters
    ----------
    pictures
        N pictures.
    groups
        (N,) int: what is not independent (a part of other patients looks different by chance alone).
    features
        (N, D) of a pretrained network, or None: looks are then not compared.
    seed
        Draws folds and samples.
    """
    given = [part for part in PARTS if np.any(pictures.parts == part)]
    for first, second in combinations(given, 2):
        if first != "train":
            continue  # what matters is whether the other parts are like the one that is learnt from
        yield from _mix(pictures, groups, first, second)
        if features is not None:
            yield from _looks(pictures, groups, features, first, second, seed)


def _mix(pictures: Pictures, groups: np.ndarray, first: str, second: str) -> Iterator[Finding]:
    from scipy.stats import chi2_contingency, fisher_exact

    # Pictures of one group and class count once: shots of one object are no independent choice of a class.
    units = np.unique(
        np.stack([groups, pictures.labels, pictures.parts == second], axis=1)[
            np.isin(pictures.parts, (first, second))
        ],
        axis=0,
    )
    table = np.zeros((2, len(pictures.classes)))
    np.add.at(table, (units[:, 2].astype(int), units[:, 1].astype(int)), 1)
    table = table[:, table.sum(axis=0) > 0]
    p_value = float(fisher_exact(table)[1] if table.shape[1] == 2 else chi2_contingency(table)[1])
    shares = {part: _shares(pictures, part) for part in (first, second)}
    differences = shares[second] - shares[first]
    most = int(np.abs(differences).argmax())
    if p_value >= ALPHA or abs(differences[most]) < OTHER_MIX:
        return
    sizes = [int(np.sum(pictures.parts == part)) for part in (first, second)]
    yield finding(
        "split.shift",
        "warn",
        f"The part {second!r} has another mix of classes than {first!r}: {pictures.classes[most]!r} is "
        f"{100 * shares[second][most]:.0f} % there and {100 * shares[first][most]:.0f} % here",
        advice="Accuracy, precision and the threshold depend on the mix; judge by balanced accuracy or recall, or name "
        "the share that will be met in use (--prevalence).",
        evidence={
            "kind": "class shares",
            "parts": [first, second],
            "p_value": p_value,
            "shares": {
                part: dict(zip(pictures.classes, map(float, np.round(share, 4)), strict=True))
                for part, share in shares.items()
            },
            "largest_difference": difference(shares[second][most], sizes[1], shares[first][most], sizes[0]),
            "class": pictures.classes[most],
        },
    )


def _shares(pictures: Pictures, part: str) -> np.ndarray:
    counts = np.bincount(pictures.labels[pictures.parts == part], minlength=len(pictures.classes))
    return np.asarray(counts / counts.sum())


def difference(first: float, n_first: int, second: float, n_second: int) -> Estimate:
    """Return the difference of two independent shares with its interval (Newcombe 1998, method 10)."""
    from tellapart.evaluate.intervals import wilson_limits

    value = first - second
    low_1, high_1 = wilson_limits(first, n_first)
    low_2, high_2 = wilson_limits(second, n_second)
    down = np.hypot(first - low_1, high_2 - second)
    up = np.hypot(high_1 - first, second - low_2)
    return Estimate(value, float(value - down), float(value + up), n_first + n_second)


def _looks(
    pictures: Pictures, groups: np.ndarray, features: Features, first: str, second: str, seed: int
) -> Iterator[Finding]:
    area = told_apart(
        features, pictures.labels, groups, pictures.parts == first, pictures.parts == second, seed=seed
    )
    if not area.low > OTHER_LOOKS:
        return
    yield finding(
        "split.shift",
        "warn" if area.low > VERY_OTHER else "note",
        f"The part {second!r} looks different from {first!r}: a classifier tells from which part a picture comes "
        f"(area under the ROC curve {area.value:.2f}, {area.low:.2f} to {area.high:.2f}; a fair split has .50)",
        advice="If the test part stands for what will be met in use, expect less there than on the folds of the "
        "training part; if not, mix the parts and split anew by group.",
        evidence={"kind": "looks", "parts": [first, second], "roc_auc": area},
    )


def told_apart(
    features: Features,
    labels: np.ndarray,
    groups: np.ndarray,
    first: np.ndarray,
    second: np.ndarray,
    *,
    seed: int = 0,
) -> Estimate:
    """Measure how well a classifier tells two parts apart by looks, the mix of classes set aside.

    Parameters
    ----------
    features
        (N, D).
    labels, groups
        (N,) int; groups are kept together in the folds.
    first, second
        (N,) bool, the two parts.

    Returns
    -------
    Estimate
        The area under the ROC curve within each class, averaged over the classes by their pictures; undefined where
        no class has enough pictures in both parts. n is the number of independent groups.
    """
    from sklearn.decomposition import PCA
    from sklearn.linear_model import LogisticRegression

    rng = np.random.default_rng(seed)
    at = np.concatenate([rng.permutation(np.flatnonzero(part))[:MOST_PICTURES] for part in (first, second)])
    side, own, kept = second[at].astype(np.int64), groups[at], labels[at]
    units = min(len(np.unique(own[side == value])) for value in (0, 1))
    if units < 2 * FOLDS:
        return Estimate.undefined(units)
    rows = features[at]
    rows = np.clip((rows - rows.mean(axis=0)) / (rows.std(axis=0) + 1e-6), -3, 3)
    rows = PCA(
        min(AXES, len(rows) // 4, rows.shape[1]), svd_solver="randomized", random_state=seed
    ).fit_transform(rows)
    rows = rows / rows[:, :1].std()
    folds, score = deal(side, own, FOLDS, seed), np.zeros(len(at))
    for fold in range(FOLDS):
        fit = folds != fold
        model = LogisticRegression(C=0.1, class_weight="balanced", max_iter=200).fit(rows[fit], side[fit])
        score[~fit] = model.decision_function(rows[~fit])
    return _area(score, side, kept, len(np.unique(own)) / len(own), len(np.unique(own)))


def _area(score: np.ndarray, side: np.ndarray, labels: np.ndarray, share: float, units: int) -> Estimate:
    from sklearn.metrics import roc_auc_score

    areas, weights = [], []
    for label in np.unique(labels):
        own = labels == label
        if min(np.bincount(side[own], minlength=2)) >= FOLDS:
            areas.append(float(roc_auc_score(side[own], score[own])))
            weights.append(int(own.sum()))
    if not areas:
        return Estimate.undefined(units)
    area = float(np.average(areas, weights=weights))
    in_second, in_first = share * np.sum(side == 1), share * np.sum(side == 0)
    low, high = area_limits(area, in_second, in_first, Z)
    return Estimate(area, low, high, units)
