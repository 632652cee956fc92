from __future__ import annotations

import numpy as np
import pytest

from tellapart.audit import align

from .drawn import scene


def grey(seed: int, side: int = 64) -> np.ndarray:
    return scene(np.random.default_rng(seed), side, side)[None, :, :, 1].astype(np.float32)


@pytest.mark.parametrize("view", range(8))
def test_the_view_is_found_that_undoes_a_turn(view: int) -> None:
    first = grey(0)
    second = next(
        turned
        for other in range(8)
        if np.array_equal(align.turn(turned := align.turn(first, other), view), first)
    )
    found, likeness = align.best_view(first, second)
    assert found[0] == view
    assert likeness[0] == pytest.approx(1, abs=1e-4)


def test_a_known_warp_is_recovered() -> None:
    large = grey(1, 128)
    moved, _ = align.warp(large, np.array([[0.95, 2.0, 0.97, -1.5]], dtype=np.float32))
    start = np.array([[1, 0, 1, 0]], dtype=np.float32)
    found = align.align(moved, large, start, ((4, 6), (2, 5), (1, 4)))
    assert found[0] == pytest.approx([0.95, 2.0, 0.97, -1.5], abs=0.15)
    assert align.detail_correlation(moved, large, found)[0] > 0.9


def test_stripes_along_which_nothing_is_known_do_not_break_the_alignment() -> None:
    stripes = np.tile(128 + 100 * np.sin(np.arange(64) / 3), (1, 64, 1)).astype(np.float32)
    found = align.align(stripes, stripes, np.array([[1, 0, 1, 0]], dtype=np.float32), ((2, 4),))
    assert found[0] == pytest.approx([1, 0, 1, 0], abs=1e-3)


def test_detail_of_unlike_pictures_does_not_agree() -> None:
    identity = np.array([[1, 0, 1, 0]], dtype=np.float32)
    assert abs(align.detail_correlation(grey(2), grey(3), identity)[0]) < 0.2


def test_coarse_likeness_does_not_count_as_detail() -> None:
    first, other = grey(4), grey(5)
    same_light = align.blur(first, 6) + 0.3 * (other - align.blur(other, 6))
    _, coarse = align.best_view(first, same_light)
    assert coarse[0] > 0.8
    assert (
        abs(align.detail_correlation(first, same_light, np.array([[1, 0, 1, 0]], dtype=np.float32))[0]) < 0.3
    )


def test_blur_keeps_a_flat_picture_and_the_mean_of_others() -> None:
    flat = np.full((1, 32, 32), 7, dtype=np.float32)
    assert align.blur(flat, 2) == pytest.approx(flat)
    assert align.enlarged(np.array([[1, 2, 1, 3.0]]), 2) == pytest.approx(np.array([[1, 4, 1, 6]]))
