"""Pictures that a reshape scrambled are told from those whose axes were moved."""

from __future__ import annotations

import numpy as np
import pytest

from tellapart.diagnose.recorder.axes import share_cut_anew


@pytest.fixture
def smooth() -> np.ndarray:
    """Return 12 coloured pictures (H, W, C) with soft shapes and some grain."""
    rng = np.random.default_rng(0)
    down, across = np.mgrid[:24, :30]
    found = []
    for _ in range(12):
        y, x, ink = rng.integers(6, 18), rng.integers(6, 24), rng.uniform(50, 200, 3)
        blob = np.exp(-((down - y) ** 2 + (across - x) ** 2) / 40)[..., None]
        found.append(60 + blob * ink + rng.normal(0, 4, (24, 30, 3)))
    return np.array(found)


def test_moved_axes_are_right_and_cut_ones_are_not(smooth):
    moved = smooth.transpose(0, 3, 1, 2)
    assert share_cut_anew(list(moved)) == 0
    assert share_cut_anew(list(smooth)) == 0
    assert share_cut_anew(list(smooth.reshape(12, 3, 24, 30))) == 1
    assert share_cut_anew(list(np.ascontiguousarray(moved).reshape(12, 24, 30, 3))) == 1


def test_noise_and_grey_pictures_say_nothing(smooth):
    noise = np.random.default_rng(1).normal(size=(30, 3, 16, 16))
    assert share_cut_anew(list(noise)) == 0
    assert share_cut_anew(list(smooth[..., :1])) is None
