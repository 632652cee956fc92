from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tellapart.audit import copies as c
from tellapart.audit.align import VIEWS, turn
from tellapart.audit.looks import thumbnail

from .drawn import blurred, brightened, collection, cropped, jpeg, resized, scene

COUNT = 30


@pytest.fixture(scope="module")
def scenes() -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    return [scene(rng) for _ in range(COUNT)]


def copies_of(folder: Path, images: list[np.ndarray]) -> c.Copies:
    _, store, looks = collection(folder, images)
    return c.find_copies(looks, store)


def seen(image: np.ndarray, view: int) -> np.ndarray:
    return np.ascontiguousarray(turn(image.transpose(2, 0, 1), view).transpose(1, 2, 0))


@pytest.mark.parametrize("view", range(8))
def test_turned_mirrored_brightened_recompressed_copies_are_found(
    tmp_path: Path, scenes: list[np.ndarray], view: int
) -> None:
    found = copies_of(tmp_path, [*scenes, *(jpeg(brightened(seen(image, view))) for image in scenes[:10])])
    assert found.numbers[COUNT:].tolist() == found.numbers[:10].tolist()
    assert len(found.sets()) == 10
    assert all(pair.second - pair.first == COUNT and not pair.exact for pair in found.pairs)
    assert {VIEWS.index(pair.view) for pair in found.pairs} == {
        view if view in (0, 2) or view >= 4 else 4 - view
    }


@pytest.mark.parametrize("change", [resized, cropped, jpeg, lambda image: brightened(image, 0.6)])
def test_other_changes_are_found(tmp_path: Path, scenes: list[np.ndarray], change: object) -> None:
    found = copies_of(tmp_path, [*scenes, *(change(image) for image in scenes[:10])])  # type: ignore[operator]
    assert found.numbers[COUNT:].tolist() == found.numbers[:10].tolist()
    assert len(found.sets()) == 10


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    seed=st.integers(0, 10_000),
    view=st.integers(0, 7),
    quality=st.integers(50, 95),
    factor=st.floats(0.7, 1.2),
    size=st.sampled_from([0.5, 0.75, 1.0]),
)
def test_any_of_these_changes_leaves_the_detail(
    seed: int, view: int, quality: int, factor: float, size: float
) -> None:
    image = scene(np.random.default_rng(seed))
    other = jpeg(brightened(resized(seen(image, view), size), factor), quality)
    thumbnails = [thumbnail(image), thumbnail(other)]
    assert c.compare(np.array([[0, 1]]), thumbnails.__getitem__, 64).detail[0] > c.LEAST_DETAIL


@settings(max_examples=25, deadline=None)
@given(first=st.integers(0, 10_000), second=st.integers(10_001, 20_000))
def test_unrelated_pictures_share_no_detail(first: int, second: int) -> None:
    thumbnails = [thumbnail(scene(np.random.default_rng(seed))) for seed in (first, second)]
    assert c.compare(np.array([[0, 1]]), thumbnails.__getitem__, 64).detail[0] < 0.4


def test_unrelated_pictures_are_no_copies(tmp_path: Path, scenes: list[np.ndarray]) -> None:
    found = copies_of(tmp_path, scenes)
    assert found.sets() == []
    assert found.pairs == ()


def test_noise_is_no_copy_of_noise(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    assert (
        copies_of(tmp_path, [rng.integers(0, 256, (40, 40, 3), dtype=np.uint8) for _ in range(40)]).sets()
        == []
    )


def test_dark_look_alikes_of_28_px_are_no_copies(tmp_path: Path) -> None:
    """One body in many pictures: the same coarse shape, other detail in each."""
    rng = np.random.default_rng(2)
    body = blurred(scene(rng, 28, 28), 4)
    images = [np.clip(body * 0.4 + rng.normal(0, 6, (28, 28, 1)), 0, 255).astype(np.uint8) for _ in range(60)]
    assert copies_of(tmp_path, images).sets() == []


def test_parts_in_almost_one_pose_are_no_copies_but_their_copies_are(tmp_path: Path) -> None:
    """The strong edges are the same in all of them, the grain of the surface is not."""
    rng = np.random.default_rng(3)
    part = scene(rng, 160, 160)
    images = [
        np.clip(
            part + blurred(rng.integers(0, 256, (160, 160, 3), dtype=np.uint8), 1.5) * 0.9 - 100, 0, 255
        ).astype(np.uint8)
        for _ in range(40)
    ]
    twins = [jpeg(seen(image, 5), 85) for image in images[:5]]
    found = copies_of(tmp_path, [*images, *twins])
    assert {tuple(members.tolist()) for members in found.sets()} == {(i, 40 + i) for i in range(5)}
    assert found.bar > c.LEAST_DETAIL


def test_flat_pictures_are_copies_of_nothing(tmp_path: Path) -> None:
    grey, same = np.full((20, 30, 3), 90, dtype=np.uint8), np.full((20, 30, 3), 91, dtype=np.uint8)
    assert copies_of(tmp_path, [grey, grey, same]).sets() == []


def test_exact_copies_are_equal_in_size_and_pixels(tmp_path: Path, scenes: list[np.ndarray]) -> None:
    other = scenes[2].copy()
    other[0, 0, 0] ^= 1
    found = copies_of(tmp_path, [*scenes, scenes[0], scenes[0], other])
    assert [members.tolist() for members in c.together(found.exact)] == [[0, COUNT, COUNT + 1]]
    assert sum(pair.exact for pair in found.pairs) == 2
    assert found.numbers[COUNT + 2] == found.numbers[2]  # one level of one pixel: not exact, but near


def test_no_pictures_and_one_picture_have_no_copies(tmp_path: Path, scenes: list[np.ndarray]) -> None:
    assert copies_of(tmp_path, scenes[:1]).sets() == []


def test_copies_join_the_users_groups() -> None:
    found = c.Copies(np.array([0, 1, 1, 2, 3]), np.arange(5), (), 0.6)
    joined = found.join(np.array([7, 7, 8, 9, 8]))
    assert [members.tolist() for members in c.together(joined)] == [[0, 1, 2, 4]]


@pytest.mark.parametrize(
    ("alike", "bar"),
    [
        ([0.1] * 19, c.LEAST_DETAIL),
        ([0.1] * 50, c.LEAST_DETAIL),
        ([0.7] * 50, 0.89),
        ([0.99] * 50, c.MOST_DETAIL),
    ],
)
def test_what_is_asked_for_grows_with_how_alike_the_set_is(alike: list[float], bar: float) -> None:
    assert c.least_detail(np.array(alike)) == pytest.approx(bar, abs=0.01)


def test_components_join_by_way_of_others() -> None:
    numbers = c.components(np.array([[0, 3], [3, 4]]), 6)
    assert numbers[0] == numbers[3] == numbers[4]
    assert len(np.unique(numbers)) == 4
