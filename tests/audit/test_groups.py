from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tellapart.audit.copies import Copies, together
from tellapart.audit.groups import Suspected, suspect_groups
from tellapart.evaluate.estimate import Estimate

from .drawn import collection, scene

THINGS, SHOTS, WIDTH = 120, 5, 128


def series(folder: Path, rng: np.random.Generator, *, alike: bool = True, gaps: bool = True):
    """Shots of things, taken one thing after the other; both classes in between each other."""
    images, names, labels, features, things = [], [], [], [], []
    number = 0
    for thing in range(THINGS):
        here = rng.normal(0, 1, WIDTH)
        number += 500 if gaps else 0
        for _ in range(SHOTS):
            number += int(rng.integers(5, 20))
            images.append(rng.integers(0, 256, (8, 8, 3), dtype=np.uint8))
            names.append(f"{'cup' if thing % 2 else 'mug'}/shot_{number}.png")
            labels.append(thing % 2)
            features.append(here + rng.normal(0, 0.3, WIDTH) if alike else rng.normal(0, 1, WIDTH))
            things.append(thing)
    pictures, _, looks = collection(folder, images, labels, names=names)
    return pictures, looks, np.array(features, dtype=np.float32), np.array(things)


def no_copies(count: int) -> Copies:
    return Copies(np.arange(count), np.arange(count), (), 0.6)


def pairs_of(numbers: np.ndarray) -> set[tuple[int, int]]:
    return {(int(a), int(b)) for members in together(numbers) for a in members for b in members if a < b}


@pytest.mark.parametrize("gaps", [True, False])
def test_series_near_in_number_and_looks_are_suspected(tmp_path: Path, gaps: bool) -> None:
    pictures, looks, features, things = series(tmp_path, np.random.default_rng(0), gaps=gaps)
    found = suspect_groups(pictures, looks, no_copies(len(pictures)), features)
    assert found is not None
    ours, true = pairs_of(found.groups), pairs_of(things)
    assert 2 * len(ours & true) / (len(ours) + len(true)) > 0.95
    assert found.alike.low > 0.5 > 10 * found.expected


def test_neighbours_by_name_that_are_not_alike_are_not(tmp_path: Path) -> None:
    pictures, looks, features, _ = series(tmp_path, np.random.default_rng(1), alike=False)
    assert suspect_groups(pictures, looks, no_copies(len(pictures)), features) is None


def test_alike_pictures_that_are_no_neighbours_by_name_are_not(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    pictures, looks, features, _ = series(tmp_path, rng)
    names = [f"{rng.integers(10**9)}.png" for _ in pictures.paths]
    shuffled, _, looks = collection(
        tmp_path, [np.zeros((8, 8, 3), np.uint8)] * len(names), pictures.labels.tolist(), names=names
    )
    assert suspect_groups(shuffled, looks, no_copies(len(names)), features) is None


def test_groups_that_the_user_declared_are_not_suspected_again(tmp_path: Path) -> None:
    pictures, looks, features, things = series(tmp_path, np.random.default_rng(3))
    declared = Copies(things, np.arange(len(things)), (), 0.6)
    assert suspect_groups(pictures, looks, declared, features) is None


def test_without_features_the_detail_is_compared(tmp_path: Path) -> None:
    rng = np.random.default_rng(4)
    images, things = [], []
    for thing in range(60):
        one = scene(rng, 40, 40)
        for _ in range(3):
            images.append(
                np.clip(one * rng.uniform(0.6, 1.1) + rng.normal(0, 4, one.shape), 0, 255).astype(np.uint8)
            )
            things.append(thing)
    pictures, _, looks = collection(tmp_path, images, names=[f"{i}.png" for i in range(180)])
    found = suspect_groups(pictures, looks, no_copies(180), None)
    assert found is not None
    ours, true = pairs_of(found.groups), pairs_of(np.array(things))
    assert len(ours & true) / len(true) > 0.95


def test_few_pictures_are_left_alone(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    pictures, _, looks = collection(tmp_path, [scene(rng, 20, 20)] * 6, names=[f"{i}.png" for i in range(6)])
    assert suspect_groups(pictures, looks, no_copies(6), np.ones((6, 4), np.float32)) is None


def test_the_proposal_can_be_written(tmp_path: Path) -> None:
    pictures, _, _ = collection(
        tmp_path, [np.zeros((4, 4, 3), np.uint8)] * 3, names=["a,1.png", "b.png", "c.png"]
    )
    text = Suspected(np.array([0, 0, 1]), "their names", Estimate(0.5, 0.4, 0.6, 3), 0.01).to_csv(pictures)
    assert text.splitlines() == [
        "path,group",
        '"a,1.png",suspected00000',
        "b.png,suspected00000",
        "c.png,suspected00001",
    ]
