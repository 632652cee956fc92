"""The probe's head: which depths and weights it takes, and that taking weights back keeps the classes' shares."""

from __future__ import annotations

import numpy as np
import pytest

from tellapart.members.head import fit_axes
from tellapart.members.probe import quick_probe
from tellapart.members.reach import Reach, Setup
from tellapart.members.scores import softmax


def drawn(rng: np.random.Generator, counts: tuple[int, int], gap: float) -> tuple[np.ndarray, np.ndarray]:
    labels = np.repeat([0, 1], counts)
    features = rng.normal(0, 1, (len(labels), 12)).astype(np.float32)
    features[:, 0] += gap * labels
    return features, labels


def setup_of(features: np.ndarray) -> Setup:
    axes = fit_axes(features)
    return Setup(Reach("all", axes, axes.apply(features)), 1.0)


def test_weights_do_not_move_the_mean_probability_of_the_rare_class():
    features, labels = drawn(np.random.default_rng(0), (900, 100), 2.0)
    setup, every = setup_of(features), np.arange(1000)
    for weights in (np.ones(2), np.array([0.55, 5.0])):
        found = softmax(setup.logits(setup.fit(every, labels, weights), every))
        assert found[:, 1].mean() == pytest.approx(0.1, abs=0.02)


def test_the_quick_probe_keeps_groups_whole():
    rng = np.random.default_rng(1)
    things = np.repeat(np.arange(40), 5)
    labels = rng.integers(0, 2, 40)[things]
    features = rng.normal(0, 1, (40, 2000))[things].astype(np.float32)
    probe = quick_probe(features, labels, 2, 0)
    by_picture, by_thing = (np.mean(probe(groups).argmax(1) == labels) for groups in (np.arange(200), things))
    assert by_picture > 0.95
    assert by_thing < 0.75


def test_axes_of_the_first_columns_ignore_the_others():
    features, _ = drawn(np.random.default_rng(2), (50, 50), 1.0)
    changed = features.copy()
    changed[:, 6:] = 7.0
    axes = fit_axes(features, 6)
    np.testing.assert_allclose(axes.apply(features), axes.apply(changed), atol=1e-5)
