from __future__ import annotations

import numpy as np
import pytest

from tellapart.audit.align import VIEWS
from tellapart.audit.copies import Copies, CopyPair, components
from tellapart.audit.finding import Finding
from tellapart.audit.leaks import Leak, find_copies_and_groups, leak, sealed_part

from .test_classes import of


def copies(total: int, *pairs: tuple[int, int], exact: bool = False) -> Copies:
    numbers = components(np.array(pairs), total)
    found = tuple(CopyPair(a, b, VIEWS[5], 1.0 if exact else 0.9, exact) for a, b in pairs)
    return Copies(numbers, numbers if exact else np.arange(total), found, 0.6)


def found(pictures, same: Copies) -> dict[str, Finding]:
    return {one.code: one for one in find_copies_and_groups(pictures, same)}


def leaked(pictures, same: Copies, **options) -> Leak:
    return leak(pictures, same.join(pictures.group_numbers()), **options)


PARTS = (["train"] * 40 + ["test"] * 10) * 2


def test_no_copies_no_findings_and_no_leak() -> None:
    pictures, none = of([50, 50], PARTS), copies(100)
    assert found(pictures, none) == {}
    here = leaked(pictures, none)
    assert here.share.value == 0
    assert not here.is_leaking
    assert not here.drop.any()


def test_few_exact_copies_inside_a_part_are_a_note() -> None:
    one = found(of([200, 200]), copies(400, (3, 4), exact=True))["copies.exact"]
    assert one.severity == "note"
    assert one.files == (("3.png", "4.png"),)
    assert "copies.near" not in found(of([200, 200]), copies(400, (3, 4), exact=True))


def test_many_near_copies_are_a_warning_with_their_kinds() -> None:
    one = found(of([20, 20]), copies(40, (3, 4), (7, 9)))["copies.near"]
    assert one.severity == "warn"
    assert one.evidence["turned_or_mirrored"] == 2
    assert one.evidence["share"].value == 2 / 40


def test_copies_with_two_labels() -> None:
    one = found(of([200, 200]), copies(400, (3, 399)))["copies.conflicting_labels"]
    assert one.files == (("3.png", "399.png"),)


def test_copies_across_parts_stop_and_leak() -> None:
    pictures, same = of([50, 50], PARTS), copies(100, (3, 42), (5, 6), (1, 43))
    one = found(pictures, same)["copies.across_splits"]
    assert one.severity == "stop"
    assert one.evidence["share_of_test"].value == 2 / 20
    assert set(one.files) == {("1.png", "43.png"), ("3.png", "42.png")}
    here = leaked(pictures, same)
    assert here.is_leaking
    assert np.flatnonzero(here.drop).tolist() == [1, 3]
    assert np.flatnonzero(here.touched).tolist() == [42, 43]


def test_copies_by_way_of_others_leak_too() -> None:
    here = leaked(of([50, 50], PARTS), copies(100, (3, 4), (4, 42)))
    assert np.flatnonzero(here.drop).tolist() == [3, 4]


def test_copies_between_other_parts_do_not_stop() -> None:
    parts = (["train"] * 30 + ["validation"] * 10 + ["test"] * 10) * 2
    pictures, same = of([50, 50], parts), copies(100, (3, 35))
    one = found(pictures, same)["copies.across_splits"]
    assert one.severity == "warn"
    assert one.evidence["share_of_validation"].value == 1 / 20
    assert one.title == "1 sets of copies stand in more than one part, none of them in 'test'"
    assert not leaked(pictures, same).is_leaking
    assert np.flatnonzero(leaked(pictures, same, part="validation").drop).tolist() == [3]


def test_groups_across_parts_leak_like_copies() -> None:
    pictures = of([50, 50], PARTS)
    pictures.groups[[2, 45]] = "patient 7"
    one = found(pictures, copies(100))["groups.across_splits"]
    assert one.severity == "stop"
    assert one.files == (("2.png", "45.png"),)
    assert np.flatnonzero(leaked(pictures, copies(100)).drop).tolist() == [2]


def test_a_group_within_a_part_is_no_finding() -> None:
    pictures = of([50, 50], PARTS)
    pictures.groups[[2, 3]] = "patient 7"
    assert found(pictures, copies(100)) == {}


def test_without_parts_nothing_is_sealed() -> None:
    here = leaked(of([50, 50]), copies(100, (3, 42)))
    assert here.part == ""
    assert not here.share.is_defined
    assert not here.is_leaking
    assert not here.drop.any()


@pytest.mark.parametrize(
    ("parts", "sealed"),
    [(["train", "validation", "test"], "test"), (["train", "validation"], "validation"), (["", ""], "")],
)
def test_the_sealed_part(parts: list[str], sealed: str) -> None:
    assert sealed_part(of([len(parts)], parts)) == sealed
