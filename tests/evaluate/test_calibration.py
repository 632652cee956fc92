"""Calibrators, and when to say "not sure"."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from scored_parts import binormal, parts

from tellapart.evaluate.calibration import Calibrator, _loss_and_gradient, _targets, fit_calibrator
from tellapart.evaluate.measures import measure
from tellapart.evaluate.not_sure import apply_not_sure, choose_not_sure


def test_finds_the_temperature_and_shift_that_were_put_in():
    y, p, _ = binormal(20_000, np.random.default_rng(0))
    logits = np.log(p)
    distorted = 3 * (logits + np.array([0.5, -0.5]))
    found = fit_calibrator(distorted, y)
    assert found.temperature == pytest.approx(3, rel=0.05)
    assert found.shift == pytest.approx((-0.5, 0.5), abs=0.06)
    assert found.apply(distorted) == pytest.approx(p, abs=0.03)


def test_calibrated_probabilities_are_calibrated_on_new_pictures():
    rng = np.random.default_rng(1)
    y, p, _ = binormal(300, rng, share=0.3)
    found = fit_calibrator(4 * np.log(p), y)
    new_y, new_p, _ = binormal(20_000, rng, share=0.3)
    before = np.exp(4 * np.log(new_p))
    before /= before.sum(axis=1, keepdims=True)
    after = found.apply(4 * np.log(new_p))
    error = [measure(new_y, q, classes=["a", "b"])["calibration_error"].value for q in (before, after)]
    assert error[0] > 0.06
    assert error[1] < 0.03


def test_few_pictures_get_no_shift():
    y, p, _ = binormal(38, np.random.default_rng(0))  # 19 a class: one short of 10 a parameter
    assert fit_calibrator(np.log(p), y).shift == (0.0, 0.0)
    y, p, _ = binormal(40, np.random.default_rng(0))
    assert fit_calibrator(np.log(p), y).shift != (0.0, 0.0)


def test_classes_that_part_cleanly_do_not_become_certain():
    y = np.repeat([0, 1], 15)
    logits = np.where(np.c_[1 - y, y] == 1, 50.0, -50.0)
    p = fit_calibrator(logits, y).apply(logits)
    assert 0.9 < p.max() < 0.99


def test_one_class_is_left_alone():
    assert fit_calibrator(np.zeros((5, 3)), np.ones(5, int)) == Calibrator(1.0, (0.0, 0.0, 0.0))


def test_worthless_logits_end_up_at_the_class_shares():
    rng = np.random.default_rng(2)
    y = (rng.random(400) < 0.2).astype(int)
    p = fit_calibrator(rng.normal(size=(400, 2)) * 5, y).apply(rng.normal(size=(400, 2)) * 5)
    assert p[:, 1] == pytest.approx(np.full(400, y.mean()), abs=0.12)


@settings(max_examples=30, deadline=None)
@given(parts(all_classes=True))
def test_any_logits_give_probabilities_and_the_order_within_a_picture_may_only_shift(part):
    y, p = part
    found = fit_calibrator(np.log(p + 1e-12), y)
    q = found.apply(np.log(p + 1e-12))
    assert np.isfinite(q).all()
    assert q.sum(axis=1) == pytest.approx(np.ones(len(q)))
    assert 1 / 51 < found.temperature < 51
    assert sum(found.shift) == pytest.approx(0, abs=1e-9)
    json.dumps(found.to_dict(), allow_nan=False)


def test_gradient_is_that_of_the_loss():
    from scipy.optimize import check_grad

    rng = np.random.default_rng(0)
    z, y = rng.normal(size=(20, 3)), rng.integers(0, 3, 20)
    targets = _targets(y, np.bincount(y, minlength=3))
    assert targets.sum(axis=1) == pytest.approx(np.ones(20))
    for free in (1, 3):
        at = rng.normal(size=free)
        wrong = check_grad(
            lambda x: _loss_and_gradient(x, z, targets)[0],
            lambda x: _loss_and_gradient(x, z, targets)[1],
            at,
        )
        assert wrong < 1e-6


def test_wrong_shapes_are_refused():
    with pytest.raises(ValueError, match="expected"):
        fit_calibrator(np.zeros((4, 1)), np.zeros(4, int))
    with pytest.raises(ValueError, match="expected"):
        fit_calibrator(np.zeros((4, 2)), np.zeros(3, int))


def test_sure_ones_are_right_as_often_as_asked_and_nearly_so_on_new_pictures():
    rng = np.random.default_rng(0)
    y, p, _ = binormal(600, rng)
    rule = choose_not_sure(y, p, positive=1, threshold=0.5)
    assert rule.reached
    assert rule.rate == 0.95
    assert rule.right_when_sure.value >= 0.95
    assert rule.right_when_not_sure.value < 0.9
    assert 0.3 < rule.sure.value < 0.9
    new_y, new_p, _ = binormal(20_000, rng)
    new = apply_not_sure(rule, new_y, new_p, positive=1, threshold=0.5)
    assert new.below == rule.below
    assert new.right_when_sure.value == pytest.approx(0.95, abs=0.02)


def test_good_classifier_is_asked_to_halve_its_errors():
    y, p, _ = binormal(2000, np.random.default_rng(0), skill=4)
    rule = choose_not_sure(y, p)
    wrong = (p.argmax(axis=1) != y).mean()
    assert rule.rate == pytest.approx(1 - wrong / 2)
    assert rule.right_when_sure.value >= rule.rate


def test_flawless_one_is_hardly_ever_unsure_and_a_worthless_one_always():
    y = np.repeat([0, 1], 20)
    certain = np.where(np.c_[1 - y, y] == 1, 0.97, 0.03)
    rule = choose_not_sure(y, certain)
    assert rule.sure.value == 1
    assert rule.below == 0.95
    assert not rule.right_when_not_sure.is_defined
    coin = np.random.default_rng(0).uniform(0.4, 0.6, 40)
    rule = choose_not_sure(y, np.c_[coin, 1 - coin])
    assert not rule.reached
    assert rule.sure.value == 0
    json.dumps(rule.to_dict(), allow_nan=False)


def test_confidence_is_that_of_the_predicted_class():
    y = np.array([0, 1] * 20)
    p = np.tile([[0.9, 0.1], [0.7, 0.3]], (20, 1))  # positive from .2 on, though never the more probable
    rule = choose_not_sure(y, p, positive=1, threshold=0.2)
    assert rule.right_when_sure.value == 1
    assert rule.below == pytest.approx(0.3)


@settings(max_examples=40, deadline=None)
@given(parts())
def test_any_part_gets_a_rule(part):
    rule = choose_not_sure(*part)
    json.dumps(rule.to_dict(), allow_nan=False)
    assert 0 < rule.below <= 1
