"""The stream of batches: every picture once a pass, across epochs, in 0..1."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tellapart.recipes.batches import Stream, targets
from tellapart.recipes.reading import Labelled


def numbered(number: int) -> Labelled:
    """Pictures whose grey is their number."""
    images = np.repeat(np.arange(number, dtype=np.uint8), 4 * 4 * 3).reshape(number, 4, 4, 3)
    return Labelled(images, np.arange(number) % 2)


def shown(images: np.ndarray) -> list[int]:
    return [round(float(one[0, 0, 0]) * 255) for one in images]


def epoch(stream: Stream, number: int, steps: int) -> list[int]:
    return [one for index in range(number * steps, (number + 1) * steps) for one in shown(stream[index][0])]


def test_two_half_epochs_show_every_picture_once() -> None:
    stream = Stream(numbered(60), 10, shuffled=True)
    epochs = [epoch(stream, number, steps=3) for number in range(4)]
    for first, second in (epochs[:2], epochs[2:]):
        assert len(set(first)) == len(set(second)) == 30
        assert set(first) | set(second) == set(range(60))
    assert epochs[0] != epochs[2], "each pass has an order of its own"


def test_a_pass_ends_with_the_pictures_that_are_left() -> None:
    stream = Stream(numbered(7), 3)
    assert stream.batches_per_pass == 3
    assert [shown(stream[number][0]) for number in range(4)] == [[0, 1, 2], [3, 4, 5], [6], [0, 1, 2]]


def test_a_batch_is_the_same_however_often_it_is_asked_for() -> None:
    stream = Stream(numbered(20), 4, seed=(3, 1), shuffled=True, augmentation="described")
    first = stream[7][0]
    assert not np.array_equal(first, stream[8][0])
    assert np.array_equal(first, stream[7][0])


def test_another_seed_gives_another_order() -> None:
    orders = [shown(Stream(numbered(40), 40, seed=(seed, 1), shuffled=True)[0][0]) for seed in (0, 1)]
    assert sorted(orders[0]) == sorted(orders[1]) == list(range(40))
    assert orders[0] != orders[1]


def test_pictures_come_divided_by_255_with_their_own_target() -> None:
    images, answers = Stream(numbered(40), 40, shuffled=True)[0]
    assert images.dtype == answers.dtype == np.float32
    assert images.max() == np.float32(39) / np.float32(255)
    assert answers[:, 0].tolist() == [number % 2 for number in shown(images)]


def test_targets_are_a_column_or_one_hot() -> None:
    labels = np.array([0, 1, 1])
    assert targets(labels, False).tolist() == [[0.0], [1.0], [1.0]]
    assert targets(labels, True).tolist() == [[1.0, 0.0], [0.0, 1.0], [0.0, 1.0]]


def test_augmentation_leaves_the_order_alone() -> None:
    plain, *moved = (
        Stream(numbered(20), 20, shuffled=True, augmentation=kind) for kind in ("none", "flips", "described")
    )
    # Grey pictures stay what they are under shear, zoom and flip.
    assert shown(plain[0][0]) == shown(moved[0][0][0]) == shown(moved[1][0][0])


def test_flips_alone_mirror_about_half_and_change_nothing_else() -> None:
    part = numbered(40)
    slopes = np.broadcast_to(np.arange(part.images.shape[2], dtype=np.uint8)[:, None], part.images.shape)
    shown_NHWC = Stream(replace(part, images=slopes), 40, augmentation="flips")[0][0] * 255
    mirrored = [np.array_equal(one, slopes[0, :, ::-1]) for one in shown_NHWC.round()]
    assert 10 < sum(mirrored) < 30
    assert all(
        np.array_equal(one, slopes[0]) for one, m in zip(shown_NHWC.round(), mirrored, strict=True) if not m
    )
