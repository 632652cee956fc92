"""The effect of a change over seeds and pictures: its interval covers, and shrinks with what it should shrink with."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from tellapart.diagnose.trials.effect import gain, interaction, level
from tellapart.diagnose.trials.judged import Judged


def judged(right: np.ndarray, labels: np.ndarray, looks: np.ndarray | None = None) -> Judged:
    looks = np.arange(len(labels)) if looks is None else looks
    return Judged("validation", True, 2, looks, labels, right.astype(float))


def drawn(
    rng: np.random.Generator, n: int, seeds: int, skill: float, of_picture: float, of_seed: float
) -> tuple[list[Judged], np.ndarray]:
    """Draw runs whose pictures differ in difficulty and whose seeds differ in luck; returns them and the labels."""
    labels = np.arange(n) % 2
    difficulty = rng.normal(0, of_picture, n)
    found = []
    for _ in range(seeds):
        p = 1 / (1 + np.exp(-(skill + difficulty + rng.normal(0, of_seed))))
        found.append(judged(rng.random(n) < p, labels))
    return found, labels


def test_no_difference_is_beyond_what_a_share_can_gain():
    labels = np.arange(8) % 2
    luck = [0.0, 1.0, 0.0]
    before = [judged(np.full(8, one), labels) for one in luck]
    found = gain(before, [judged(np.full(8, 1 - one), labels) for one in luck])
    assert (found.low, found.high) == (-1.0, 1.0)


def test_one_run_is_its_balanced_accuracy():
    labels = np.array([0] * 30 + [1] * 10)
    right = np.concatenate([np.ones(24), np.zeros(6), np.ones(5), np.zeros(5)])
    found = level([judged(right, labels)])
    assert found.value == pytest.approx((0.8 + 0.5) / 2)
    assert found.n == 40
    assert 0 <= found.low < found.value < found.high <= 1


@pytest.mark.parametrize("digits", [1, 9])
def test_the_order_of_two_classes_is_the_area_under_the_roc_curve_with_its_variance(digits):
    rng = np.random.default_rng(digits)
    labels = np.array([0] * 300 + [1] * 100)
    scores = np.round(
        rng.random(400) * 0.8 + 0.2 * labels * rng.random(400), digits
    )  # with ties, and without
    right = (scores > 0.5) == labels
    found = replace(judged(right, labels), second=scores).ordered
    assert found.balanced_accuracy == pytest.approx(roc_auc_score(labels, scores))
    without = [roc_auc_score(np.delete(labels, at), np.delete(scores, at)) for at in range(400)]
    # The jackknife, classes being samples of their own.
    deviations = [np.array(without)[labels == c] for c in (0, 1)]
    error = np.sqrt(sum((len(d) - 1) * d.var() for d in deviations))
    interval = level([found])
    assert (interval.high - interval.low) / 2 == pytest.approx(1.96 * error, rel=0.05)
    assert judged(right, labels).ordered is None
    assert replace(judged(right[:300], labels[:300]), second=scores[:300]).ordered is None


@pytest.mark.parametrize(("of_picture", "of_seed"), [(0.0, 0.0), (2.0, 0.0), (0.0, 0.5), (1.0, 0.3)])
@pytest.mark.parametrize("n", [20, 100])
def test_no_effect_is_seldom_seen(of_picture, of_seed, n):
    rng = np.random.default_rng(n)
    seen = 0
    for _ in range(400):
        before, _ = drawn(rng, n, 3, 0.5, of_picture, of_seed)
        # The same pictures are as hard for both.
        pooled = [judged(rng.permutation(one.right), one.labels) for one in before]
        after = [judged(one.right.copy(), one.labels) for one in pooled]
        found = gain(pooled, [after[1], after[2], after[0]])
        seen += not found.low <= 0 <= found.high
    assert seen / 400 <= 0.05


def test_the_interval_of_the_level_covers():
    rng = np.random.default_rng(0)
    big, _ = drawn(rng, 200_000, 1, 1.0, 1.0, 0.0)
    truth = big[0].balanced_accuracy
    inside = 0
    for _ in range(400):
        runs, _ = drawn(rng, 60, 3, 1.0, 1.0, 0.0)
        found = level(runs)
        inside += found.low <= truth <= found.high
    assert inside / 400 >= 0.93


def test_a_clear_gain_is_clear_with_three_seeds_and_keeps_an_interval():
    labels = np.arange(40) % 2
    before = [judged(labels == 0, labels)] * 3
    after = [judged(np.ones(40), labels)] * 3
    found = gain(before, after)
    assert found.value == 0.5
    assert 0.3 < found.low < 0.5 < found.high < 0.7


def test_seeds_that_disagree_widen_the_interval():
    labels = np.arange(200) % 2
    rng = np.random.default_rng(1)
    before = [judged(rng.random(200) < 0.5, labels) for _ in range(3)]
    agree = [judged(rng.random(200) < 0.8, labels) for _ in range(3)]
    differ = [judged(rng.random(200) < share, labels) for share in (0.55, 0.85, 1.0)]
    assert gain(before, agree).low > 0.1
    assert gain(before, differ).low < gain(before, agree).low


def test_other_pictures_are_not_paired():
    rng = np.random.default_rng(2)
    labels, hard = np.arange(100) % 2, rng.random(100) < 0.5
    before, same = judged(hard, labels), judged(hard | (rng.random(100) < 0.2), labels)
    other = judged(same.right, labels, looks=np.arange(1000, 1100))
    paired, unpaired = gain([before], [same]), gain([before], [other])
    assert paired.value == unpaired.value
    assert paired.high - paired.low < unpaired.high - unpaired.low


def test_the_interaction_is_what_both_gain_beyond_their_sum():
    labels = np.arange(200) % 2
    shares = {"base": 0.5, "one": 0.6, "other": 0.55, "both": 0.9}
    cells = {
        name: [judged(np.arange(200) // 2 < round(share * 100), labels)] * 3 for name, share in shares.items()
    }
    found = interaction(cells["base"], cells["one"], cells["other"], cells["both"])
    assert found.value == pytest.approx(0.9 - 0.6 - 0.55 + 0.5)
    assert found.low > 0


def test_no_interaction_is_seldom_seen():
    rng = np.random.default_rng(0)
    seen = 0
    for _ in range(300):
        cells = [drawn(rng, 80, 3, skill, 1.0, 0.2)[0] for skill in (0.5, 0.5, 0.5, 0.5)]
        found = interaction(*cells)
        seen += not found.low <= 0 <= found.high
    assert seen / 300 <= 0.06
