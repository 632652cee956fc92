"""Parts and folds: stratified, grouped, seeded; a group never stands on two sides of a split of ours."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from tellapart.pictures.collection import Pictures

DROPPED = "dropped"
FEWEST_LEFT = 10  # training pictures a class must keep; with fewer there is nothing to train on
HELD_BACK = 5  # one in five is sealed: 20 %


@dataclass(frozen=True)
class Split:
    """Which picture serves what.

    Attributes
    ----------
    parts
        (N,) str: ``train``, ``validation`` or ``test``; the sealed part is always ``test``. `DROPPED`: known from the
        sealed part, and used for nothing.
    folds
        (R, N) int: in each of R repeats the fold that scores a training picture; -1 elsewhere.
    test_part
        Where the sealed part came from: ``test``, ``validation`` or ``held back``.
    """

    parts: np.ndarray
    folds: np.ndarray
    test_part: str

    @property
    def count(self) -> int:
        """The number of folds."""
        return int(self.folds.max()) + 1

    def rounds(self, repeats: int | None = None) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yield (indices to fit on, indices to score), fold after fold, repeat after repeat (`None`: all)."""
        for folds in self.folds[:repeats]:
            for fold in range(self.count):
                yield np.flatnonzero((folds >= 0) & (folds != fold)), np.flatnonzero(folds == fold)

    def indices(self, *parts: str) -> np.ndarray:
        """Return the indices of the pictures of these parts."""
        return np.flatnonzero(np.isin(self.parts, parts))


def seal(pictures: Pictures, groups: np.ndarray, seed: int) -> tuple[np.ndarray, str]:
    """Decide which pictures are sealed.

    Parameters
    ----------
    pictures
        With or without parts given by the user; given ones are respected.
    groups
        (N,) int: pictures with one number stay together.
    seed
        Decides which fifth is held back where no part was given.

    Returns
    -------
    parts, test_part
        As in `Split`.
    """
    if pictures.has_parts:
        parts = pictures.parts.copy()
        if np.any(parts == "test"):
            return parts, "test"
        if np.any(parts == "validation"):
            parts[parts == "validation"] = "test"
            return parts, "validation"
    held_back = deal(pictures.labels, groups, HELD_BACK, seed) == 0
    return np.where(held_back, "test", "train").astype("<U10"), "held back"


def drop(parts: np.ndarray, labels: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Return (N,) parts without the pictures that are known from the sealed part.

    Parameters
    ----------
    parts, labels
        (N,) each.
    known
        (N,) bool: copies of sealed pictures, or of one group with them.

    Returns
    -------
    np.ndarray
        As it was where a class would keep fewer than `FEWEST_LEFT` training pictures and had them before.
    """
    left = np.where(known & (parts != "test"), DROPPED, parts).astype(parts.dtype)
    classes = np.unique(labels)
    before, after = (
        np.array([np.sum((p == "train") & (labels == k)) for k in classes]) for p in (parts, left)
    )
    return parts if np.any(after < np.minimum(FEWEST_LEFT, before)) else left


def cross_validate(
    labels: np.ndarray, parts: np.ndarray, groups: np.ndarray, *, folds: int, repeats: int, seed: int
) -> np.ndarray:
    """Return (R, N) folds over the training part; -1 elsewhere."""
    train = np.flatnonzero(parts == "train")
    table = np.full((repeats, len(labels)), -1, dtype=np.int64)
    for repeat in range(repeats):
        table[repeat, train] = deal(labels[train], groups[train], folds, seed + 1000 * (repeat + 1))
    return table


def deal(labels: np.ndarray, groups: np.ndarray, hands: int, seed: int) -> np.ndarray:
    """Deal pictures into `hands` of equal class shares, groups whole; return the (N,) hand of each.

    There are fewer hands where no class has a picture for each.
    """
    from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

    hands = min(hands, int(np.unique(labels, return_counts=True)[1].max()))
    alone = len(np.unique(groups)) == len(groups)
    splitter = (StratifiedKFold if alone else StratifiedGroupKFold)(hands, shuffle=True, random_state=seed)
    dealt = np.zeros(len(labels), dtype=np.int64)
    with warnings.catch_warnings():
        # A class with fewer pictures than hands cannot be in each of them; the audit says so (classes.too_few).
        warnings.filterwarnings("ignore", message="The least populated class")
        for hand, (_, scored) in enumerate(
            splitter.split(np.zeros(len(labels)), labels, None if alone else groups)
        ):
            dealt[scored] = hand
    return dealt
