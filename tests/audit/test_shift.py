from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tellapart.audit.finding import Finding
from tellapart.audit.shift import difference, find_shift, told_apart

from .test_classes import of

PARTS = ["train"] * 300 + ["test"] * 100 + ["train"] * 300 + ["test"] * 100


def features(seed: int, shift: float = 0.0, parts: list[str] = PARTS) -> np.ndarray:
    rows = np.random.default_rng(seed).normal(0, 1, (len(parts), 20)).astype(np.float32)
    rows[np.array(parts) == "test", :3] += shift
    return rows


def found(pictures, rows: np.ndarray | None = None, groups: np.ndarray | None = None) -> dict[str, Finding]:
    groups = np.arange(len(pictures)) if groups is None else groups
    return {str(one.evidence["kind"]): one for one in find_shift(pictures, groups, rows)}


def test_parts_alike_in_mix_and_looks_are_silent() -> None:
    assert found(of([400, 400], PARTS), features(0)) == {}


def test_pictures_without_parts_are_silent() -> None:
    assert found(of([400, 400]), features(0)) == {}


def test_another_mix_of_classes() -> None:
    one = found(of([380, 420], PARTS[:300] + ["test"] * 80 + ["train"] * 220 + ["test"] * 200))[
        "class shares"
    ]
    assert one.severity == "warn"
    assert one.evidence["largest_difference"].low > 0.05
    assert one.evidence["p_value"] < 0.005


def test_a_difference_within_chance_is_silent() -> None:
    assert found(of([60, 60], ["train"] * 50 + ["test"] * 10 + ["train"] * 46 + ["test"] * 14)) == {}


def test_shots_of_one_thing_are_no_proof_of_another_mix() -> None:
    pictures = of([380, 420], PARTS[:300] + ["test"] * 80 + ["train"] * 220 + ["test"] * 200)
    assert found(pictures, None, np.arange(800) // 20) == {}


@pytest.mark.parametrize(("shift", "severity"), [(0.5, "note"), (2.0, "warn")])
def test_other_looks(shift: float, severity: str) -> None:
    one = found(of([400, 400], PARTS), features(0, shift))["looks"]
    assert one.severity == severity
    assert one.evidence["roc_auc"].low > 0.6


def test_another_mix_of_classes_is_not_taken_for_other_looks() -> None:
    parts = ["train"] * 350 + ["test"] * 50 + ["train"] * 100 + ["test"] * 300
    pictures = of([400, 400], parts)
    rows = features(1, 0, parts)
    rows[:, 0] += 4 * pictures.labels
    kinds = found(pictures, rows)
    assert "class shares" in kinds
    assert "looks" not in kinds


def test_other_things_in_the_parts_are_not_taken_for_other_looks() -> None:
    """Each thing looks its own way; as things do not repeat, nothing tells the parts of an unseen thing."""
    things = np.arange(800) // 10
    parts = np.where(np.random.default_rng(2).permutation(80)[things] < 20, "test", "train").tolist()
    rows = np.random.default_rng(3).normal(0, 1, (80, 20))[things] + features(4, 0, parts) * 0.1
    assert found(of([400, 400], parts), rows.astype(np.float32), things) == {}


def test_too_few_things_to_tell() -> None:
    pictures = replace(of([20, 20]), parts=np.array((["train"] * 15 + ["test"] * 5) * 2, dtype="<U10"))
    area = told_apart(
        np.ones((40, 4), np.float32),
        pictures.labels,
        np.arange(40) // 8,
        pictures.parts == "train",
        pictures.parts == "test",
    )
    assert not area.is_defined


def test_difference_of_shares_has_an_interval_around_it() -> None:
    one = difference(0.5, 100, 0.3, 100)
    assert one.value == pytest.approx(0.2)
    assert one.high == pytest.approx(0.324, abs=0.01)
    assert one.low == pytest.approx(0.065, abs=0.01)
