from __future__ import annotations

import pytest

from tellapart.audit.blind import Blind, kept
from tellapart.audit.shortcuts import find_shortcuts, for_decision
from tellapart.evaluate.estimate import Estimate


def near(value: float) -> Estimate:
    return Estimate(value, value - 0.03, value + 0.03, 400)


def blind(
    kind: str,
    value: float,
    classifier: float | None = 0.9,
    chance: float = 0.5,
    one: tuple[float, float] | None = None,
) -> Blind:
    seeing = Estimate.undefined() if classifier is None else near(classifier)
    single = (near(value), seeing, kept(near(value), seeing, chance))
    if one is not None:
        single = (near(one[0]), near(one[1]), kept(near(one[0]), near(one[1]), 0.5))
    return Blind(kind, near(value), chance, seeing, kept(near(value), seeing, chance), "cup", single)


def severities(*found: Blind) -> dict[str, str]:
    return {one.code.removeprefix("shortcut."): one.severity for one in find_shortcuts(found)}


@pytest.mark.parametrize(
    ("value", "classifier", "severity"),
    [(0.88, 0.9, "stop"), (0.75, 0.9, "warn"), (0.66, 0.9, "note"), (0.55, 0.9, None), (0.8, None, "warn")],
)
def test_size_is_the_graver_the_nearer_it_comes(
    value: float, classifier: float | None, severity: str | None
) -> None:
    assert severities(blind("size", value, classifier)).get("size") == severity


def test_size_that_tells_one_class_of_several_is_a_stop() -> None:
    one = blind("size", 0.6, 0.9, chance=1 / 3, one=(0.98, 0.95))
    found = next(find_shortcuts([one]))
    assert found.severity == "stop"
    assert found.title.startswith("'cup' can be told from all others")
    assert found.evidence["class_share_of_skill"].value > 1


def test_brightness_counts_only_where_the_border_confirms_it() -> None:
    assert severities(blind("brightness", 0.85), blind("border", 0.75)) == {
        "brightness": "warn",
        "border": "note",
    }
    assert severities(blind("brightness", 0.85), blind("border", 0.52)) == {}
    assert severities(blind("brightness", 0.85)) == {}
    assert severities(blind("brightness", 0.66), blind("border", 0.66)) == {}


def test_brightness_and_border_never_stop() -> None:
    assert severities(blind("brightness", 0.9), blind("border", 0.9)) == {
        "brightness": "warn",
        "border": "warn",
    }


def test_names_are_a_note_at_most() -> None:
    assert severities(blind("metadata", 0.99)) == {"metadata": "note"}
    assert severities(blind("metadata", 0.7)) == {}


def test_only_what_cannot_be_the_object_decides() -> None:
    found = [blind("size", 0.8), blind("brightness", 0.9), blind("border", 0.9), blind("metadata", 0.99)]
    shortcuts = for_decision(found)
    assert [one.balanced_accuracy.value for one in shortcuts] == [0.8]
    assert for_decision([blind("size", 0.52)]) == ()
