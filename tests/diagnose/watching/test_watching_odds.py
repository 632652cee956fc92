"""Exact tests against simulation and independent implementations."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from tellapart.diagnose.watching import odds


@pytest.mark.parametrize("counts", [(30, 30), (50, 10), (20, 20, 5), (10,) * 6])
def test_neighbours_in_random_order(counts):
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(len(counts)), counts)
    mixed = (rng.permutation(labels) for _ in range(4000))
    drawn = [(one[1:] == one[:-1]).sum() for one in mixed]
    mean, spread = odds.equal_neighbours(counts)
    assert mean == pytest.approx(np.mean(drawn), abs=4 * np.std(drawn) / 63)
    assert spread == pytest.approx(np.std(drawn), rel=0.06)


@pytest.mark.parametrize("size", [1, 8, 60])
def test_classes_in_a_batch(size):
    rng = np.random.default_rng(0)
    counts = (40, 15, 5)
    labels = np.repeat(np.arange(3), counts)
    drawn = [len(np.unique(rng.permutation(labels)[:size])) for _ in range(4000)]
    assert odds.classes_in_batch(counts, size) == pytest.approx(np.mean(drawn), abs=0.05)


def test_shares_of_two_classes_are_fishers_test():
    first, second = [60, 60], [40, 20]
    one_sided = min(
        stats.fisher_exact([first, second], alternative=side).pvalue for side in ("less", "greater")
    )
    assert odds.shares_differ(first, second) == pytest.approx(2 * one_sided)


def test_random_splits_hardly_ever_differ():
    rng = np.random.default_rng(1)
    labels = np.repeat(np.arange(4), 50)
    low = 0
    for _ in range(1000):
        mixed = rng.permutation(labels)
        counts = [np.bincount(part, minlength=4).tolist() for part in (mixed[:150], mixed[150:])]
        low += odds.shares_differ(*counts) < 0.05
    assert low / 1000 <= 0.05


def test_missing_class():
    assert odds.missing_class(50, 100, 20) == pytest.approx(stats.hypergeom.pmf(0, 100, 50, 20))
    assert odds.missing_class(1, 100, 50) == pytest.approx(0.5)


def test_paired_comparison_is_mcnemars():
    first = np.array([True] * 12 + [False] * 3 + [True] * 20)
    second = np.array([False] * 12 + [True] * 3 + [True] * 20)
    assert odds.one_better_than_other(first, second) == pytest.approx(
        stats.binomtest(12, 15, alternative="greater").pvalue
    )
    assert odds.one_better_than_other(second, second) == 1


def test_falling():
    rng = np.random.default_rng(2)
    assert odds.falling(np.linspace(1, 0, 20) + 0.05 * rng.random(20)) < 1e-6
    assert odds.falling(rng.random(20)) > 0.01
    assert odds.falling(np.ones(20)) == odds.falling(np.array([3.0, 1.0])) == 1
