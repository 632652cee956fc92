"""The linear head: rotation changes nothing, clipping bounds an odd column, absent classes stay improbable."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from tellapart.members.head import CLIP, fit_axes, fit_linear
from tellapart.members.scores import best_share, log_losses, softmax


@pytest.fixture
def data():
    rng = np.random.default_rng(0)
    labels = np.arange(60) % 3
    return (rng.normal(size=(60, 200)) + np.eye(3)[labels] @ rng.normal(size=(3, 200))).astype(
        np.float32
    ), labels


def test_the_rotated_fit_is_the_plain_fit(data):
    features, labels = data
    axes = fit_axes(features)
    found = softmax(fit_linear(axes.apply(features), labels, 3, 0.01).logits(axes.apply(features)))
    standard = np.clip((features - features.mean(0)) / features.std(0), -CLIP, CLIP)
    plain = LogisticRegression(C=0.01, max_iter=2000, tol=1e-8).fit(standard, labels).predict_proba(standard)
    np.testing.assert_allclose(found, plain, atol=2e-3)


def test_two_classes_agree_with_the_plain_fit(data):
    features, labels = data
    features, labels = features[labels < 2], labels[labels < 2]
    axes = fit_axes(features)
    found = softmax(fit_linear(axes.apply(features), labels, 2, 0.01).logits(axes.apply(features)))
    standard = np.clip((features - features.mean(0)) / features.std(0), -CLIP, CLIP)
    plain = LogisticRegression(C=0.01, max_iter=2000, tol=1e-8).fit(standard, labels).predict_proba(standard)
    np.testing.assert_allclose(found, plain, atol=2e-3)


def test_a_nearly_constant_column_cannot_decide(data):
    features, labels = data
    features[:, 0] = 1.0
    features[0, 0] = 1.001
    axes = fit_axes(features)
    odd = features[:1].copy()
    odd[0, 0] = 1e6
    usual = features[:1].copy()
    usual[0, 0] = 1.001
    weights = fit_linear(axes.apply(features), labels, 3, 0.01)
    moved = weights.logits(axes.apply(odd)) - weights.logits(axes.apply(usual))
    assert np.abs(moved).max() < 0.1


def test_a_constant_column_says_nothing(data):
    features, labels = data
    features[:, 3] = 7
    axes = fit_axes(features)
    assert np.isfinite(axes.apply(features)).all()
    assert fit_linear(axes.apply(features), labels, 3, 0.01).logits(axes.apply(features)).shape == (60, 3)


def test_an_absent_class_stays_improbable(data):
    features, labels = data
    keep = labels != 1
    axes = fit_axes(features[keep])
    found = softmax(
        fit_linear(axes.apply(features[keep]), labels[keep], 3, 0.01).logits(axes.apply(features))
    )
    assert found[:, 1].max() < 1e-3
    assert np.mean(found[keep].argmax(1) == labels[keep]) == 1


def test_best_share_prefers_the_better_table():
    labels = np.array([0, 1] * 50)
    good = np.where(np.eye(2)[labels] == 1, 0.9, 0.1)
    coin = np.full((100, 2), 0.5)
    assert best_share(coin, good, labels) == 1
    assert best_share(good, coin, labels) == 0
    assert log_losses(good, labels).mean() == pytest.approx(-np.log(0.9))
