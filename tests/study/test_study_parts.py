"""What arms train on, how curves are fitted, how differences are measured."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from simulated import Learner, bench

from tellapart.members.augment import augment
from tellapart.members.policy import Policy
from tellapart.study.amount import draw_out
from tellapart.study.arm import Arm, training_set
from tellapart.study.curve import fit_curves
from tellapart.study.effect import gain, judge, level, score
from tellapart.study.rounds import run_rounds


@given(st.integers(0, 2**32 - 1), st.integers(2, 4), st.integers(1, 3))
def test_arms_keep_groups_whole_and_smaller_shares_inside_larger_ones(seed, classes, each):
    rng = np.random.default_rng(seed)
    labels = np.repeat(rng.permutation(np.r_[np.arange(classes), rng.integers(0, classes, 20)]), each)
    groups = np.arange(len(labels)) // each
    fit = np.flatnonzero(rng.random(len(labels) // each)[groups] < 0.9)
    before: set[int] = set()
    for share in (0.2, 0.5, 1.0):
        chosen, _ = training_set(Arm("x", "x", share=share), fit, labels, groups, classes, 3)
        assert before <= set(chosen) <= set(fit)
        assert set(labels[chosen]) == set(labels[fit])
        assert all(np.isin(fit[groups[fit] == g], chosen).all() for g in np.unique(groups[chosen]))
        before = set(chosen)
    thinned, _ = training_set(Arm("x", "x", balance="thinned"), fit, labels, groups, classes, 3)
    counts = np.bincount(labels[thinned])
    assert counts.max() == counts[counts > 0].min() == np.bincount(labels[fit])[np.unique(labels[fit])].min()
    drawn, _ = training_set(Arm("x", "x", balance="resampled"), fit, labels, groups, classes, 3)
    assert set(np.bincount(labels[drawn])) - {0} == {np.bincount(labels[fit]).max()}
    assert set(drawn) == set(fit)


@given(st.floats(0, 0.3), st.floats(0.1, 3), st.sampled_from([0.25, 0.5, 1.0]))
def test_a_curve_of_the_law_itself_is_found_again(floor, scale, power):
    amounts = np.array([25.0, 50, 100, 200, 400])
    errors = floor + scale * amounts**-power
    found = fit_curves(amounts, errors[None], np.ones(5))
    assert found.error(1600)[0] == pytest.approx(floor + scale * 1600**-power, abs=2e-3)


def test_a_curve_never_rises_nor_falls_below_no_error():
    amounts = np.array([10.0, 20, 40])
    found = fit_curves(amounts, np.array([[0.1, 0.2, 0.3], [0.4, 0.1, 0.0]]), np.ones(3))
    assert found.error(1e6)[0] >= found.floor[0] >= 0
    assert found.error(1e6).min() >= 0
    assert found.scale[0] == 0


@pytest.mark.parametrize("training_sd", [0.0, 0.02])
def test_a_law_that_holds_is_seldom_called_broken(training_sd):
    """Nets trained from several seeds scatter about the law by more than the pictures explain."""
    amounts, pictures = np.array([42.0, 60, 84, 116, 167, 233, 333]), 500

    def held(seed: int) -> bool:
        rng = np.random.default_rng(seed)
        errors = 0.02 + 2 * amounts**-0.8 + rng.normal(0, training_sd, len(amounts))
        own = rng.binomial(pictures, errors.clip(0.001, 1)) / pictures
        drawn = rng.binomial(pictures, own, (200, len(own))) / pictures
        return draw_out(amounts, drawn, own, pictures, rng).held

    assert (
        np.mean([held(seed) for seed in range(60)]) > 0.85
    )  # the interval's own 95 %, less three of its deviations


def test_differences_cover_the_truth(tmp_path):
    """Two arms of known skill; the interval of their difference should hold it in about 95 % of cases."""
    from scipy.stats import norm

    truth = norm.cdf(2.0 / np.sqrt(2.02)) - norm.cdf(1.5 / np.sqrt(2.02))
    held = 0
    for number in range(40):
        folder = tmp_path / str(number)
        folder.mkdir()
        where = bench(folder, (60, 60))
        learner = Learner(where, lambda arm, _: 2.0 if arm.key == "b" else 1.5)
        learner.own = np.random.default_rng(number).normal(size=learner.own.shape)
        learner.repeats = 2
        arms = (Arm("a", "a"), Arm("b", "b"))
        rounds = run_rounds(where, learner, arms)
        a, b = (score(where, rounds.logits[arm.key], rounds.folds) for arm in arms)
        found = gain(a, b, "balanced_accuracy")
        held += found.low <= truth <= found.high
    assert held >= 35  # of 40; fewer than this has a chance of 2 % at 95 %


def test_arms_without_errors_differ_by_nothing_but_have_a_width(tmp_path):
    where = bench(tmp_path, (40, 40))
    rounds = run_rounds(where, Learner(where, lambda *_: 30.0), (Arm("a", "a"),))
    one = score(where, rounds.logits["a"], rounds.folds)
    same = gain(one, one, "balanced_accuracy")
    assert same.value == 0
    assert 0 < same.high < 0.05
    assert judge(same) == "open"
    assert level(one, "balanced_accuracy").high == 1
    assert level(one, "balanced_accuracy").low < 1


def test_tilt_and_zoom_move_pixels_about_the_middle():
    image = torch.zeros((1, 3, 65, 33), dtype=torch.uint8)
    image[:, :, 32, 16] = 200  # the middle stays
    policy = Policy(mirror=False, turns=False, shift=0, light=0, tilt=30, zoom=0.3)
    moved = augment(image, policy, torch.Generator().manual_seed(0))
    assert moved.shape == image.shape
    row, column = divmod(int(moved[0, 0].argmax()), 33)
    assert (row, column) == (32, 16)


def test_tilt_keeps_lengths_whatever_the_aspect():
    image = torch.zeros((1, 1, 41, 81), dtype=torch.uint8)
    image[:, :, 20, 40:60] = 255
    policy = Policy(mirror=False, turns=False, shift=0, light=0, tilt=45)
    moved = augment(image, policy, torch.Generator().manual_seed(1))[0, 0]
    rows, columns = np.nonzero(moved.numpy() > 60)
    length = np.hypot(np.ptp(rows), np.ptp(columns))
    assert np.ptp(rows) > 2
    assert length == pytest.approx(19, abs=1.5)
