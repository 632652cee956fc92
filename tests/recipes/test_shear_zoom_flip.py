"""Training A's augmentation means what Keras's ``ImageDataGenerator`` meant by shear, zoom and flip."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np
import pytest

from tellapart.recipes.augment import ShearZoomFlip, apply, draw

NOTHING = ShearZoomFlip(0.0, 1.0, 1.0, False)


def dot(side: int, y: int, x: int) -> np.ndarray:
    image = np.zeros((side, side, 1), dtype=np.float32)
    image[y, x] = 1
    return image


def centre_of_mass(image: np.ndarray) -> tuple[float, float]:
    grid = np.indices(image.shape[:2])
    weight = image[..., 0] / image[..., 0].sum()
    return float((grid[0] * weight).sum()), float((grid[1] * weight).sum())


def test_nothing_changes_nothing() -> None:
    image = np.random.default_rng(0).random((17, 17, 3)).astype(np.float32)
    assert np.allclose(apply(image, NOTHING), image, atol=1e-6)


def test_draws_stay_within_what_is_described() -> None:
    rng = np.random.default_rng(0)
    drawn = [draw(rng) for _ in range(4000)]
    shears = np.array([one.shear_degrees for one in drawn])
    zooms = np.array([(one.zoom_x, one.zoom_y) for one in drawn])
    assert -0.2 <= shears.min() < -0.19
    assert 0.19 < shears.max() <= 0.2
    assert 0.8 <= zooms.min() < 0.81
    assert 1.19 < zooms.max() <= 1.2
    # Width and height are drawn independently: four standard errors of a correlation.
    assert abs(np.corrcoef(zooms.T)[0, 1]) < 4 / math.sqrt(len(drawn))
    assert abs(np.mean([one.flip for one in drawn]) - 0.5) < 4 * 0.5 / math.sqrt(len(drawn))


def test_zoom_above_one_shows_more_along_its_own_axis() -> None:
    side = 101  # the centre is the pixel (50, 50)
    y, x = centre_of_mass(apply(dot(side, 50, 90), ShearZoomFlip(0.0, 1.25, 1.0, False)))
    assert (y, x) == (pytest.approx(50, abs=1e-3), pytest.approx(50 + 40 / 1.25, abs=0.3))
    y, x = centre_of_mass(apply(dot(side, 90, 50), ShearZoomFlip(0.0, 1.0, 1.25, False)))
    assert (y, x) == (pytest.approx(50 + 40 / 1.25, abs=0.3), pytest.approx(50, abs=1e-3))


def test_shear_is_an_angle_in_degrees() -> None:
    """At the top of a 256 px picture, .2 degrees are less than half a pixel sideways; .2 of it would be 25 px."""
    rows = np.repeat(np.arange(256, dtype=np.float32)[None, :, None], 256, axis=0)
    moved = apply(rows, ShearZoomFlip(0.2, 1.0, 1.0, False))
    sideways = moved[0, 128, 0] - rows[0, 128, 0]
    assert sideways == pytest.approx(127.5 * math.sin(math.radians(0.2)), abs=1e-3)
    assert np.abs(moved - rows).max() < 0.5


def test_what_comes_in_from_outside_repeats_the_edge() -> None:
    image = np.zeros((20, 20, 1), dtype=np.float32)
    image[:, 0] = 7
    smaller = apply(image, ShearZoomFlip(0.0, 1.2, 1.0, False))
    assert np.allclose(smaller[:, 0], 7)


def test_flip_mirrors_left_to_right_after_the_rest() -> None:
    image = np.random.default_rng(1).random((12, 12, 3)).astype(np.float32)
    how = ShearZoomFlip(0.1, 0.9, 1.1, False)
    flipped = apply(image, ShearZoomFlip(0.1, 0.9, 1.1, True))
    assert np.array_equal(flipped, apply(image, how)[:, ::-1])


@pytest.mark.parametrize("flip", [False, True])
def test_it_is_the_transform_of_keras_itself(keras: Any, flip: bool) -> None:
    """Against the class in Keras's attic, for as long as it is there."""
    attic = pytest.importorskip("keras.src.legacy.preprocessing.image")
    rng = np.random.default_rng(2)
    generator = attic.ImageDataGenerator(shear_range=0.2, zoom_range=0.2, horizontal_flip=True)
    for _ in range(5):
        image = rng.integers(0, 256, (40, 40, 3)).astype(np.float32)
        shear, zoom_x, zoom_y = rng.uniform(-0.2, 0.2), *rng.uniform(0.8, 1.2, 2)
        with warnings.catch_warnings():
            # Keras imports a SciPy name that is deprecated; nothing of ours.
            warnings.simplefilter("ignore", DeprecationWarning)
            expected = generator.apply_transform(
                image.copy(), {"shear": shear, "zx": zoom_x, "zy": zoom_y, "flip_horizontal": flip}
            )
        found = apply(image, ShearZoomFlip(shear, zoom_x, zoom_y, flip))
        assert np.allclose(found, expected, atol=1e-3)


def test_keras_draws_from_the_same_ranges(keras: Any) -> None:
    attic = pytest.importorskip("keras.src.legacy.preprocessing.image")
    generator = attic.ImageDataGenerator(shear_range=0.2, zoom_range=0.2, horizontal_flip=True)
    drawn = [generator.get_random_transform((8, 8, 3), seed=seed) for seed in range(200)]
    assert max(abs(one["shear"]) for one in drawn) <= 0.2
    assert 0.8 <= min(one["zx"] for one in drawn) <= max(one["zy"] for one in drawn) <= 1.2
    assert any(one["zx"] != one["zy"] for one in drawn)
