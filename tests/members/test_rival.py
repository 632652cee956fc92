"""What a member before says of whether a dear one is worth its time."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np

from tellapart.members.member import Fitted
from tellapart.members.rival import Rival
from tellapart.pictures.view import View

LABELS = np.arange(40) % 2
GOOD = np.eye(2)[LABELS]
POOR = np.eye(2)[np.where(np.arange(40) < 12, 1 - LABELS, LABELS)]


def rival(logits: np.ndarray) -> Rival:
    job = SimpleNamespace(
        pictures=SimpleNamespace(labels=LABELS),
        split=SimpleNamespace(indices=lambda *_: np.arange(len(LABELS))),
    )
    before = Fitted("probe", logits, View("area", 8, 8), None, lambda _: None, 0.0, "")
    return Rival(before, job)  # type: ignore[arg-type]


def test_who_is_poor_leaves_others_all_their_looks():
    assert rival(POOR).is_poor
    assert not rival(GOOD).is_poor


def test_who_leaves_few_errors_is_not_challenged():
    assert "leaves 0 out-of-fold errors" in rival(GOOD).unbeatable()
    assert rival(POOR).unbeatable() == ""
