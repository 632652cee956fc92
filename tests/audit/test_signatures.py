from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tellapart.audit import signatures as s
from tellapart.audit.align import turn
from tellapart.audit.looks import thumbnail

from .drawn import jpeg, scene


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10_000), view=st.integers(0, 7), gain=st.floats(0.5, 1.0), offset=st.floats(0, 40))
def test_turns_mirrors_brightness_and_contrast_leave_it_as_it_is(
    seed: int, view: int, gain: float, offset: float
) -> None:
    image = thumbnail(scene(np.random.default_rng(seed)))[None].astype(np.float32)
    both = s.signatures(np.concatenate([image, gain * turn(image, view) + offset]))
    assert both[0] == pytest.approx(both[1], abs=1e-3)


def test_recompression_moves_it_little_and_another_scene_much() -> None:
    rng = np.random.default_rng(0)
    first, other = scene(rng), scene(rng)
    rows = s.signatures(np.stack([thumbnail(x) for x in (first, jpeg(first), other)]))
    assert np.linalg.norm(rows[0] - rows[1]) < 0.1
    assert np.linalg.norm(rows[0] - rows[2]) > 0.3


def test_a_flat_picture_has_none_and_no_neighbours() -> None:
    rows = s.signatures(np.full((3, 64, 64), 80, dtype=np.uint8))
    assert not rows.any()
    assert len(s.nearest(rows)[0]) == 0


@pytest.mark.parametrize("count", [0, 1])
def test_too_few_pictures_have_no_pairs(count: int) -> None:
    pairs, rank = s.nearest(np.zeros((count, 35), dtype=np.float32))
    assert pairs.shape == (0, 2)
    assert len(rank) == 0


def brute_force(rows: np.ndarray, count: int, radius: float) -> set[tuple[int, int]]:
    distance = np.linalg.norm(rows[:, None] - rows, axis=2)
    np.fill_diagonal(distance, np.inf)
    found = set()
    for i, line in enumerate(distance):
        found |= {(min(i, j), max(i, j)) for j in np.argsort(line)[:count].tolist() if line[j] < radius}
    return found


def random_rows(count: int, seed: int = 0) -> np.ndarray:
    rows = np.random.default_rng(seed).exponential(1, (count, 35)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


@pytest.mark.parametrize("count", [2, 7, 130, 700])
def test_the_search_finds_what_comparing_all_pairs_finds(count: int) -> None:
    rows = random_rows(count)
    pairs, rank = s.nearest(rows, count=4, radius=0.8)
    assert {tuple(pair) for pair in pairs.tolist()} == brute_force(rows, 4, 0.8)
    assert len(np.unique(pairs, axis=0)) == len(pairs)
    assert np.all(pairs[:, 0] < pairs[:, 1])
    assert rank.max(initial=0) < 4


def test_cells_lose_next_to_no_copies(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(s, "CELL", 200)
    rows = random_rows(3_000)
    rows[:500] = rows[500:1000] + np.random.default_rng(1).normal(0, 0.01, (500, 35)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    found = {tuple(pair) for pair in s.nearest(rows)[0].tolist()}
    assert np.mean([(i, i + 500) in found for i in range(500)]) > 0.99
