from __future__ import annotations

import numpy as np
import pytest

from tellapart.members.balance import decide_balance, even_weights

LABELS = np.repeat([0, 1], [160, 40])


def scores(margin: float) -> np.ndarray:
    """(N, 2) logits that are right by `margin`."""
    right = np.where(LABELS[:, None] == np.arange(2), margin, -margin) / 2
    return right + np.random.default_rng(0).normal(0, 1, (len(LABELS), 2))


def test_even_classes_are_not_weighted_and_nothing_is_tried():
    def never(weights: np.ndarray) -> np.ndarray:
        raise AssertionError

    balance = decide_balance(np.repeat([0, 1], 50), 2, np.zeros((100, 2)), never)
    assert balance.weights == (1, 1)
    assert balance.to_dict()["tried"] == ["as they come"]


@pytest.mark.parametrize(
    ("margin", "chosen"), [(6.0, "weighted"), (3.0, "as they come"), (0.0, "as they come")]
)
def test_weights_are_taken_only_where_they_clearly_help(margin: float, chosen: str):
    balance = decide_balance(LABELS, 2, scores(3.0), lambda weights: scores(margin))
    assert balance.to_dict()["chosen"] == chosen
    assert balance.is_weighted == (chosen == "weighted")
    assert balance.ratio == 4


def test_even_weights_make_every_class_count_the_same():
    weights = even_weights(LABELS, 2)
    assert weights[0] * 160 == pytest.approx(weights[1] * 40)
    assert np.mean(weights[LABELS]) == pytest.approx(1)
