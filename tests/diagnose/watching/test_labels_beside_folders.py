"""Training labels held against the folders of their files."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from tellapart.diagnose.watching.label import held_against_folders


def part(folders: dict[str, dict[str, int]]) -> Any:
    return SimpleNamespace(folders=folders)


@pytest.mark.parametrize(
    ("folders", "share", "unrelated"),
    [
        ({"ash": {"0": 100}, "oak": {"1": 100}}, 0.0, False),
        ({"ash": {"1": 100}, "oak": {"0": 99, "1": 1}}, 0.005, False),
        ({"ash": {"0": 80, "1": 20}, "oak": {"1": 80, "0": 20}}, 0.2, False),
        ({"ash": {"0": 52, "1": 48}, "oak": {"0": 49, "1": 51}}, 0.485, True),
    ],
    ids=["as filed", "one stray", "noise", "unrelated"],
)
def test_labels_are_told_from_noise_and_chance(folders, share, unrelated):
    found = held_against_folders(part(folders))
    assert found is not None
    assert found.share == pytest.approx(share)
    assert found.unrelated is unrelated


@pytest.mark.parametrize(
    "folders",
    [
        {},
        {"all": {"0": 50, "1": 50}},
        {"a": {"0": 30}, "b": {"1": 30}, "c": {"1": 30}},
        {"a": {"0": 9}, "b": {"1": 9}},
    ],
    ids=["nobody counted", "one folder", "other classes than folders", "few"],
)
def test_nothing_is_said_where_folders_are_no_classes(folders):
    assert held_against_folders(part(folders)) is None
