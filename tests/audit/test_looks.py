from __future__ import annotations

from pathlib import Path

import numpy as np

from .drawn import collection, scene


def test_what_is_seen_of_each_picture(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    first, second = scene(rng, 40, 60), scene(rng, 60, 40)
    _, _, looks = collection(tmp_path, [first, second, first])
    assert looks.thumbnails_NHW.shape == (3, 64, 64)
    assert looks.digests[0] == looks.digests[2] != looks.digests[1]
    assert looks.sizes_N2.tolist() == [[40, 60], [60, 40], [40, 60]]
    assert np.allclose(looks.brightness_ND[0, :3], first.mean(axis=(0, 1)), atol=1e-3)
    assert not looks.flat.any()


def test_equal_bytes_of_another_shape_are_no_equal_pictures(tmp_path: Path) -> None:
    image = scene(np.random.default_rng(1), 20, 30)
    _, _, looks = collection(tmp_path, [image, image.reshape(30, 20, 3)])
    assert looks.digests[0] != looks.digests[1]


def test_flat_is_what_compression_alone_could_make(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    nearly = np.full((20, 20, 3), 100, dtype=np.uint8) + rng.integers(0, 3, (20, 20, 3), dtype=np.uint8)
    faint = np.full((20, 20, 3), 100, dtype=np.uint8) + rng.integers(0, 9, (20, 20, 3), dtype=np.uint8)
    _, _, looks = collection(tmp_path, [nearly, faint])
    assert looks.flat.tolist() == [True, False]


def test_the_border_does_not_see_the_middle(tmp_path: Path) -> None:
    plain = scene(np.random.default_rng(3), 60, 60)
    other = plain.copy()
    other[10:-10, 10:-10] = 255
    _, _, looks = collection(tmp_path, [plain, other])
    assert np.array_equal(looks.border_ND[0], looks.border_ND[1])
    assert not np.array_equal(looks.brightness_ND[0], looks.brightness_ND[1])


def test_a_picture_of_one_pixel_is_looked_at(tmp_path: Path) -> None:
    _, _, looks = collection(tmp_path, [np.zeros((1, 1, 3), dtype=np.uint8)])
    assert looks.flat.tolist() == [True]
    assert np.isfinite(looks.border_ND).all()


def test_nothing_to_look_at(tmp_path: Path) -> None:
    _, _, looks = collection(tmp_path, [])
    assert len(looks) == 0
    assert looks.thumbnails_NHW.shape == (0, 64, 64)
