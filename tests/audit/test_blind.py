from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tellapart.audit.blind import Blind, blind_classifiers, kept, predicted_evenly
from tellapart.evaluate.estimate import Estimate

from .drawn import collection, sure, with_facts

COUNT = 160


def noise(rng: np.random.Generator, height: int = 24, width: int = 24, light: float = 128) -> np.ndarray:
    return np.clip(rng.normal(light, 30, (height, width, 3)), 0, 255).astype(np.uint8)


def blind(
    found: tuple, groups: np.ndarray | None = None, out_of_fold: np.ndarray | None = None
) -> dict[str, Blind]:
    pictures, store, looks = found
    groups = np.arange(len(pictures)) if groups is None else groups
    return {one.kind: one for one in blind_classifiers(pictures, looks, store.facts, groups, out_of_fold)}


@pytest.fixture
def drawn():
    rng = np.random.default_rng(0)
    labels = [i % 2 for i in range(COUNT)]
    names = [f"{rng.integers(10**6)}.png" for _ in range(COUNT)]
    return rng, labels, names


def test_pictures_that_differ_in_nothing_else_are_told_by_nothing(tmp_path: Path, drawn) -> None:
    rng, labels, names = drawn
    found = blind(
        collection(tmp_path, [noise(rng) for _ in labels], labels, names=names), None, sure(np.array(labels))
    )
    assert not any(one.is_clear for one in found.values())
    assert all(one.classifier.value == 1 for one in found.values())


def test_size_tells(tmp_path: Path, drawn) -> None:
    rng, labels, names = drawn
    images = [noise(rng, 24 + 6 * label) for label in labels]
    found = blind(collection(tmp_path, images, labels, names=names), None, sure(np.array(labels)))
    assert found["size"].is_nearly_as_well
    assert not found["border"].is_clear


def test_format_counts_as_size(tmp_path: Path, drawn) -> None:
    rng, labels, names = drawn
    pictures, store, looks = collection(tmp_path, [noise(rng) for _ in labels], labels, names=names)
    other = with_facts(store, format=["PNG" if label else "JPEG" for label in labels])
    assert blind((pictures, other, looks))["size"].balanced_accuracy.value == 1


def test_light_tells_by_brightness_and_border(tmp_path: Path, drawn) -> None:
    rng, labels, names = drawn
    images = [noise(rng, light=110 + 40 * label) for label in labels]
    found = blind(collection(tmp_path, images, labels, names=names))
    assert found["brightness"].balanced_accuracy.low > 0.9
    assert found["border"].balanced_accuracy.low > 0.9


def test_an_object_in_the_middle_is_not_told_by_the_border(tmp_path: Path, drawn) -> None:
    rng, labels, names = drawn
    images = []
    for label in labels:
        image = noise(rng)
        image[8:16, 8:16] = 255 if label else 0
        images.append(image)
    found = blind(collection(tmp_path, images, labels, names=names))
    assert found["brightness"].is_clear
    assert not found["border"].is_clear


def test_names_tell(tmp_path: Path, drawn) -> None:
    rng, labels, _ = drawn
    names = [f"{'IMG' if label else 'scan'}_{rng.integers(10**6):06d}.png" for label in labels]
    found = blind(collection(tmp_path, [noise(rng) for _ in labels], labels, names=names))
    assert found["metadata"].balanced_accuracy.value == 1


def test_the_folder_of_the_class_is_no_name(tmp_path: Path, drawn) -> None:
    rng, labels, names = drawn
    in_folders = [f"{'mug' if label else 'cup'}/{name}" for label, name in zip(labels, names, strict=True)]
    found = blind(collection(tmp_path, [noise(rng) for _ in labels], labels, names=in_folders))
    assert not found["metadata"].is_clear


def test_groups_are_not_parted(tmp_path: Path, drawn) -> None:
    """Ten shots of a thing have its light; with random lights only the thing can be recognised, not the class."""
    rng, _, names = drawn
    things = np.arange(COUNT) // 10
    labels = (things % 2).tolist()
    lights = rng.uniform(60, 190, things.max() + 1)
    found = collection(tmp_path, [noise(rng, light=lights[thing]) for thing in things], labels, names=names)
    assert blind(found)["brightness"].balanced_accuracy.value > 0.85
    assert not blind(found, things)["brightness"].is_clear


def test_one_class_of_three_that_size_tells(tmp_path: Path, drawn) -> None:
    rng, _, names = drawn
    labels = [i % 3 for i in range(COUNT)]
    images = [noise(rng, 40 if label == 1 else 24) for label in labels]
    found = collection(tmp_path, images, labels, names=names, classes=("cup", "jug", "mug"))
    size = blind(found, None, sure(np.array(labels), 3))["size"]
    assert size.class_told == "jug"
    assert size.tells_a_class
    assert not size.is_nearly_as_well


def test_rows_without_scores_are_left_out(tmp_path: Path, drawn) -> None:
    rng, labels, names = drawn
    scores = sure(np.array(labels))
    scores[:60] = np.nan
    found = blind(collection(tmp_path, [noise(rng) for _ in labels], labels, names=names), None, scores)
    assert found["size"].balanced_accuracy.n == COUNT - 60


def test_one_class_alone_tells_nothing(tmp_path: Path, drawn) -> None:
    rng, _, names = drawn
    assert blind(collection(tmp_path, [noise(rng) for _ in names], names=names)) == {}


def test_kept_is_the_share_of_skill() -> None:
    assert kept(Estimate(0.7, 0.6, 0.8, 9), Estimate(0.9, 0.8, 1, 9), 0.5).value == pytest.approx(0.5)
    assert not kept(Estimate(0.7, 0.6, 0.8, 9), Estimate(0.5, 0.4, 0.6, 9), 0.5).is_defined
    assert not kept(Estimate(0.7, 0.6, 0.8, 9), Estimate.undefined(), 0.5).is_defined


def test_rare_classes_are_called_where_they_stand_above_their_share() -> None:
    labels = np.array([0] * 9 + [1])
    assert predicted_evenly(np.array([[0.8, 0.2]] * 10), labels).tolist() == [1] * 10
