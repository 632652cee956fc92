"""Data sets whose length leaves some of their batches out."""

from __future__ import annotations

import numpy as np
import pytest

from tellapart.diagnose.recorder.past_the_end import more_batches
from tellapart.diagnose.recorder.stream import Stream

PICTURES = np.random.default_rng(0).random((60, 12, 12, 3)).astype(np.float32)


def ends(number: int) -> np.ndarray:
    return PICTURES[number * 10 : (number + 1) * 10]


def refuses(number: int) -> np.ndarray:
    return np.stack([PICTURES[number * 10 + at] for at in range(10)])


def begins_again(number: int) -> np.ndarray:
    return ends(number % 2)


def changes(number: int) -> np.ndarray:
    return np.random.default_rng().random((10, 12, 12, 3)).astype(np.float32)


def stream(batch_at, batches: int) -> Stream:
    found = Stream(0, trained=True, source={"batches": batches})
    for number in range(batches):
        found.show(batch_at(number), None, True)
    found.batch_at = batch_at
    return found


@pytest.mark.parametrize(
    ("batch_at", "batches", "more"),
    [(ends, 2, 4), (refuses, 2, 4), (ends, 6, 0), (begins_again, 2, 0), (changes, 2, 0)],
)
def test_only_new_pictures_after_the_end_count(batch_at, batches, more):
    own = stream(batch_at, batches)
    assert more_batches(own, [own]) == more


def test_pictures_of_another_part_are_not_left_out():
    own, other = stream(ends, 2), Stream(1)
    other.show(PICTURES[20:], None, False)
    assert more_batches(own, [own, other]) == 0
