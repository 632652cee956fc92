from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tellapart.audit.classes import FEW, find_in_classes, independent, smallest_visible_difference
from tellapart.audit.finding import Finding
from tellapart.pictures.collection import Pictures


def of(counts: list[int], parts: list[str] | None = None) -> Pictures:
    labels = np.repeat(np.arange(len(counts)), counts)
    total = len(labels)
    return Pictures(
        Path("x"),
        tuple(f"{i}.png" for i in range(total)),
        labels,
        tuple("abcdef"[: len(counts)]),
        np.array([""] * total if parts is None else parts, dtype="<U10"),
        np.array([""] * total, dtype=object),
    )


def found(pictures: Pictures, groups: np.ndarray | None = None) -> dict[str, Finding]:
    groups = np.arange(len(pictures)) if groups is None else groups
    return {one.code: one for one in find_in_classes(pictures, groups)}


@pytest.mark.parametrize(
    ("counts", "fires"), [([3000, 1000], True), ([2900, 1000], False), ([500, 5000, 4000], True)]
)
def test_imbalance(counts: list[int], fires: bool) -> None:
    assert ("classes.imbalance" in found(of(counts))) == fires


def test_imbalance_says_what_naming_the_largest_would_score() -> None:
    one = found(of([300, 100]))["classes.imbalance"]
    assert one.evidence["accuracy_of_always_naming_the_largest"].value == 0.75
    assert "'a' has 3.0 times as many" in one.title


def test_few_pictures_of_a_class_are_a_warning() -> None:
    one = found(of([40, FEW - 1]))["classes.too_few"]
    assert one.severity == "warn"
    assert f"'b' ({FEW - 1})" in one.title


def test_what_so_many_can_show_is_a_note() -> None:
    one = found(of([400, 400]))["classes.too_few"]
    assert one.severity == "note"
    assert one.evidence["independent_test_pictures"] == 160  # a fifth is held back
    assert one.evidence["smallest_visible_difference"] == pytest.approx(2.8 * (0.1 / 160) ** 0.5, abs=1e-4)


def test_a_large_test_part_shows_enough() -> None:
    parts = ["train"] * 500 + ["test"] * 1500 + ["train"] * 500 + ["test"] * 1500
    assert found(of([2000, 2000], parts)) == {}


def test_shots_of_one_thing_count_once() -> None:
    pictures = of([4000, 4000])
    assert found(pictures) == {}
    one = found(pictures, np.arange(8000) // 400)["classes.too_few"]
    assert one.evidence["independent_pictures"] == {"a": 10, "b": 10}


def test_independent_counts_a_group_in_each_of_its_classes() -> None:
    assert independent(np.array([0, 0, 1, 1]), np.array([5, 5, 5, 6]), 2).tolist() == [1, 2]
    assert smallest_visible_difference(0) <= 1
