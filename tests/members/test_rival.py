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


def rival(logits: np.ndarray, plain: np.ndarray | None) -> Rival:
    job = SimpleNamespace(
        pictures=SimpleNamespace(labels=LABELS),
        split=SimpleNamespace(indices=lambda *_: np.arange(len(LABELS))),
    )
    before = Fitted("probe", logits, View("area", 8, 8), None, lambda _: None, 0.0, "", plain_logits=plain)
    return Rival(before, job)  # type: ignore[arg-type]


def test_a_network_that_does_well_only_with_more_looks_does_not_know_such_pictures():
    assert rival(GOOD, POOR).plain_balanced_accuracy() == 0.7
    assert rival(GOOD, None).plain_balanced_accuracy() == 1.0


def test_what_is_to_be_beaten_is_what_it_reaches_with_all_looks():
    assert "leaves 0 out-of-fold errors" in rival(GOOD, POOR).unbeatable()
    assert rival(POOR, GOOD).unbeatable() == ""
