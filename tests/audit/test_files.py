from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tellapart.audit.files import find_in_files
from tellapart.audit.finding import Finding
from tellapart.pictures.collection import LeftOut

from .drawn import collection, scene, with_facts

COUNT = 4


@pytest.fixture
def fine(tmp_path: Path):
    rng = np.random.default_rng(0)
    return collection(tmp_path, [scene(rng, 30, 40) for _ in range(COUNT)])


def found(pictures, store, looks) -> dict[str, Finding]:
    return {one.code: one for one in find_in_files(pictures, looks, store.facts)}


def test_nothing_is_said_of_files_in_order(fine) -> None:
    assert found(*fine) == {}


def test_unreadable_files_are_named_with_the_reason(fine) -> None:
    pictures, store, looks = fine
    broken = replace(pictures, left_out=(LeftOut("cup/a.png", "an empty file (0 bytes)"),))
    one = found(broken, store, looks)["files.unreadable"]
    assert one.files == (("cup/a.png",),)
    assert one.evidence["reasons"] == {"an empty file (0 bytes)": 1}


def test_flat_pictures(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    grey = np.full((30, 40, 3), 80, dtype=np.uint8)
    one = found(*collection(tmp_path, [scene(rng, 30, 40), grey], [0, 1]))["files.constant"]
    assert one.files == (("0001.png",),)
    assert one.evidence["by_class"] == {"mug": 1}


def test_mixed_modes_and_bit_depths(fine) -> None:
    pictures, store, looks = fine
    one = found(pictures, with_facts(store, mode=["RGB", "RGB", "L", "I;16"]), looks)["files.mixed_modes"]
    assert one.evidence["modes"] == {"RGB": 2, "L": 1, "I;16": 1}
    assert one.evidence["more_than_8_bit"] == 1
    assert one.severity == "note"


def test_mixed_sizes(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    one = found(*collection(tmp_path, [scene(rng, 30, 40), scene(rng, 40, 30)]))["files.mixed_sizes"]
    assert one.evidence["sizes"] == 2
    assert one.evidence["height"] == {"least": 30, "median": 35, "most": 40}


def test_turned_by_exif(fine) -> None:
    pictures, store, looks = fine
    one = found(pictures, with_facts(store, turned=[True, False, False, False]), looks)["files.turned"]
    assert one.files == (("0000.png",),)


@pytest.mark.parametrize(
    ("form", "name", "wrong"), [("PNG", "a.jpg", 1), ("MPO", "a.jpg", 0), ("JPEG", "a.xyz", 0)]
)
def test_wrong_extension(tmp_path: Path, form: str, name: str, wrong: int) -> None:
    pictures, store, looks = collection(tmp_path, [scene(np.random.default_rng(0), 30, 40)], names=[name])
    assert ("files.wrong_extension" in found(pictures, with_facts(store, format=[form]), looks)) == bool(
        wrong
    )
