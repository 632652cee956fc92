"""The true measures: by hand, and where a measure is not defined."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from tellapart.recipes.reading import Labelled
from tellapart.recipes.truth import MEASURES, score, true_estimates, true_measures


def test_measures_by_hand() -> None:
    labels = np.array([1, 0, 1, 0, 0])
    scores = np.array([0.9, 0.8, 0.4, 0.5, 0.1])
    found = true_measures(labels, scores)
    assert found["accuracy"] == pytest.approx(3 / 5)  # a score of exactly one half is not a call
    assert found["balanced_accuracy"] == pytest.approx((1 / 2 + 2 / 3) / 2)
    assert found["precision"] == pytest.approx(1 / 2)
    assert found["average_precision"] == pytest.approx((1 / 1 + 2 / 4) / 2)
    likelihoods = [0.9, 0.2, 0.4, 0.5, 0.9]
    assert found["log_loss"] == pytest.approx(-np.mean(np.log(likelihoods)))


def test_estimates_have_the_same_values_and_an_interval_around_them() -> None:
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 2, 80)
    scores = np.clip(0.3 * labels + 0.6 * rng.random(80), 0, 1)
    values, estimates = true_measures(labels, scores), true_estimates(labels, scores)
    assert tuple(values) == tuple(estimates) == MEASURES
    for name, estimate in estimates.items():
        assert estimate.value == pytest.approx(values[name], abs=1e-9)
        assert estimate.low < estimate.value < estimate.high


def test_precision_is_undefined_where_nothing_is_called() -> None:
    found = true_measures(np.array([0, 1, 0]), np.array([0.1, 0.2, 0.5]))
    assert math.isnan(found["precision"])
    assert math.isnan(true_estimates(np.array([0, 1, 0]), np.array([0.1, 0.2, 0.5]))["precision"].value)


def test_one_class_alone_has_no_ranking() -> None:
    found = true_measures(np.zeros(4, dtype=int), np.array([0.1, 0.2, 0.6, 0.7]))
    assert found["accuracy"] == 0.5
    assert math.isnan(found["average_precision"])
    assert math.isnan(found["balanced_accuracy"])


def test_a_certain_mistake_costs_as_much_as_keras_says() -> None:
    found = true_measures(np.array([1, 0]), np.array([0.0, 0.0]))
    assert found["log_loss"] == pytest.approx(-math.log(1e-7) / 2, rel=1e-3)


class Echo:
    """A model that answers with the grey of the picture."""

    def __init__(self, outputs: int) -> None:
        self.outputs = outputs

    def predict_on_batch(self, images: np.ndarray) -> np.ndarray:
        grey = images[:, 0, 0, :1]
        return np.concatenate([1 - grey, grey], axis=1) if self.outputs == 2 else grey


@pytest.mark.parametrize("outputs", [1, 2])
def test_scores_are_those_of_class_1_in_order(keras: Any, outputs: int) -> None:
    greys = np.arange(70, dtype=np.uint8)
    part = Labelled(np.repeat(greys, 12).reshape(70, 2, 2, 3), np.zeros(70, dtype=int))
    assert np.allclose(score(Echo(outputs), part), greys / 255)
