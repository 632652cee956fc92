"""Two pictures have one look if they show the same, however their pixels were scaled."""

from __future__ import annotations

import numpy as np
import pytest

from tellapart.diagnose.recorder.closing import batches
from tellapart.diagnose.recorder.fingerprint import Tally, looks, shifted_thumbnails, thumbnails


@pytest.fixture
def batch() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (20, 40, 50, 3), dtype=np.uint8)


@pytest.mark.parametrize(
    "prepare",
    [
        lambda x: x / np.float32(255),
        lambda x: x.astype(np.float64) / 127.5 - 1,
        lambda x: ((x / 255 - (0.485, 0.456, 0.406)) / (0.229, 0.224, 0.225)).astype(np.float32),
        lambda x: np.sqrt(x / 255),
        lambda x: x / 255 / 255,
    ],
)
def test_scaling_keeps_the_look(batch, prepare):
    assert looks(prepare(batch)).tolist() == looks(batch).tolist()


def test_other_pictures_have_other_looks(batch):
    noisy = np.clip(batch.astype(int) + np.random.default_rng(1).integers(-9, 10, batch.shape), 0, 255)
    assert len(set(looks(batch).tolist() + looks(noisy).tolist() + looks(batch[:, ::-1]).tolist())) == 60


def test_constant_pictures_are_told_apart_by_their_value():
    batch = np.stack([np.full((8, 8, 3), value, np.float32) for value in (0, 1, 1)])
    first, second, third = looks(batch).tolist()
    assert first != second == third


@pytest.mark.parametrize(
    "shape", [(7, 5), (7, 2000), (7, 30, 30), (7, 3, 64, 64), (7, 64, 64, 1), (7, 4, 4, 3)]
)
def test_any_shape_has_looks(shape):
    batch = np.random.default_rng(0).random(shape)
    assert len(set(looks(batch).tolist())) == 7


def test_tally_over_batches_is_that_of_the_whole(batch):
    tally = Tally()
    for part in np.split(batch, 4):
        tally.add(part)
    found = tally.facts()
    assert (found["low"], found["high"], found["kind"], found["shape"]) == (0, 255, "uint8", [40, 50, 3])
    assert found["mean"] == pytest.approx(batch.mean())
    assert found["std"] == pytest.approx(batch.std())
    assert found["channel_means"] == pytest.approx(batch.mean(axis=(0, 1, 2)))


def test_tally_counts_what_is_not_finite_and_what_is_constant():
    batch = np.random.default_rng(0).random((4, 5, 5, 3))
    batch[0, 0, 0, 0], batch[1, 0, 0, 0], batch[2] = np.nan, np.inf, 0.5
    tally = Tally()
    tally.add(batch)
    assert (tally.not_finite, tally.constant) == (2, 1)
    assert 0 <= tally.low < tally.high <= 1


@pytest.mark.parametrize("shrink", [thumbnails, shifted_thumbnails])
def test_pictures_of_several_sizes_are_shrunk_together_as_one_by_one(shrink):
    rng = np.random.default_rng(0)
    sizes = [(12, 12, 3)] * 70 + [(20, 12, 3)] * 2 + [(210, 210, 3)] * 2 + [(12, 12, 3)]
    pictures = [rng.random(size, dtype=np.float32) for size in sizes]
    together = [shrink(one) for one in batches(pictures)]
    assert len(together) < len(pictures)
    assert np.array_equal(np.concatenate(together), np.concatenate([shrink(one[None]) for one in pictures]))
