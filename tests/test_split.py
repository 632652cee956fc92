"""Splits: no group on two sides, shares kept, seeded."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tellapart.pictures.collection import Pictures
from tellapart.split import Split, cross_validate, deal, seal


def collection(labels, parts=None) -> Pictures:
    n = len(labels)
    return Pictures(
        root=Path(),
        paths=tuple(f"{i}.png" for i in range(n)),
        labels=np.asarray(labels),
        classes=tuple(str(k) for k in range(max(labels) + 1)),
        parts=np.array(parts or [""] * n, dtype="<U10"),
        groups=np.array([""] * n, dtype=object),
    )


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 2), st.integers(0, 30)), min_size=40, max_size=200).filter(
        lambda rows: len({group for _, group in rows}) >= 12
    ),
    st.integers(0, 5),
)
def test_no_group_ever_stands_on_two_sides(rows, seed):
    labels, groups = (np.array(column) for column in zip(*rows, strict=True))
    pictures = collection(labels.tolist())
    parts, where = seal(pictures, groups, seed)
    assert where == "held back"
    assert not set(groups[parts == "test"]) & set(groups[parts == "train"])
    folds = cross_validate(pictures.labels, parts, groups, folds=4, repeats=2, seed=seed)
    split = Split(parts, folds, where)
    scored = np.zeros(len(labels), dtype=int)
    for fit, score in split.rounds():
        assert not set(groups[fit]) & set(groups[score])
        assert set(parts[fit]) | set(parts[score]) <= {"train"}
        scored[score] += 1
    assert set(scored[parts == "train"]) == {2}
    assert set(scored[parts == "test"]) <= {0}


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(5, 60), min_size=2, max_size=5), st.integers(0, 5))
def test_class_shares_are_kept(counts, seed):
    labels = np.repeat(np.arange(len(counts)), counts)
    hands = deal(labels, np.arange(len(labels)), 5, seed)
    for k, count in enumerate(counts):
        per_hand = np.bincount(hands[labels == k], minlength=5)
        assert per_hand.max() - per_hand.min() <= 1
        assert per_hand.sum() == count


def test_given_parts_are_respected():
    parts = ["train"] * 6 + ["validation"] * 2 + ["test"] * 2
    found, where = seal(collection([0, 1] * 5, parts), np.arange(10), 0)
    assert (found.tolist(), where) == (parts, "test")


def test_a_validation_part_without_a_test_part_is_the_test():
    parts = ["train"] * 6 + ["validation"] * 4
    found, where = seal(collection([0, 1] * 5, parts), np.arange(10), 0)
    assert (found.tolist(), where) == (["train"] * 6 + ["test"] * 4, "validation")


def test_another_seed_deals_otherwise():
    labels = np.array([0, 1] * 50)
    first, second, again = (deal(labels, np.arange(100), 5, seed) for seed in (0, 1, 0))
    assert (first == again).all()
    assert (first != second).any()


@pytest.mark.parametrize("shots", [1, 2])
def test_classes_smaller_than_the_hands_get_fewer_hands(shots):
    labels = np.repeat([0, 1], 4)
    hand = deal(labels, np.arange(8) // shots, 5, seed=0)
    assert 2 <= len(np.unique(hand)) <= 4
