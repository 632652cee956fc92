"""Intervals against other implementations and against the equations that define them."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scored_parts import binormal, parts
from sklearn.metrics import average_precision_score, roc_auc_score

from tellapart.evaluate import intervals
from tellapart.evaluate.clusters import correlations, effective_share, variance
from tellapart.evaluate.part import check_part
from tellapart.evaluate.ranking import (
    average_precision_influence,
    roc_area_influence,
    roc_auc,
)

FINE = settings(max_examples=60, deadline=None)


@FINE
@given(st.integers(1, 300), st.floats(0, 1))
def test_exact_and_wilson_limits_against_scipy(n, share):
    k = round(share * n)
    exact = stats.binomtest(k, n).proportion_ci(method="exact")
    assert intervals.exact_limits(k, n) == pytest.approx((exact.low, exact.high), abs=1e-9)
    wilson = stats.binomtest(k, n).proportion_ci(method="wilson")
    assert intervals.wilson_limits(k / n, n) == pytest.approx((wilson.low, wilson.high), abs=1e-9)


@FINE
@given(st.integers(1, 300), st.floats(0, 1))
def test_mid_p_limits_leave_half_of_what_was_seen_to_each_tail(n, share):
    k = round(share * n)
    low, high = intervals.mid_p_limits(k, n)
    exact = intervals.exact_limits(k, n)
    assert exact[0] <= low <= k / n <= high <= exact[1]
    if k:
        assert stats.binom.sf(k, n, low) + stats.binom.pmf(k, n, low) / 2 == pytest.approx(0.025)
    if k < n:
        assert stats.binom.cdf(k, n, high) - stats.binom.pmf(k, n, high) / 2 == pytest.approx(0.025)


def test_none_of_thirty_still_allows_about_an_eighth():
    assert intervals.exact_limits(0, 30)[1] == pytest.approx(0.1157, abs=1e-4)
    assert intervals.exact_limits(0, 0) == (0, 1)


@FINE
@given(parts(classes=st.just(2), all_classes=True))
def test_delong_against_all_pairs(part):
    y, p = part
    high, low = p[y == 1, 1], p[y == 0, 1]
    pairs = (high[:, None] > low) + 0.5 * (high[:, None] == low)
    area, influence = roc_area_influence(y == 1, p[:, 1])
    assert area == pytest.approx(pairs.mean())
    plain = pairs.mean(axis=1).var(ddof=1) / len(high) + pairs.mean(axis=0).var(ddof=1) / len(low)
    assert variance(influence, y)[0] == pytest.approx(plain, abs=1e-12)


MEASURES = [
    (roc_area_influence, roc_auc_score),
    (average_precision_influence, average_precision_score),
]


@pytest.mark.parametrize("cluster", [1, 4])
def test_variances_of_areas_against_the_bootstrap(cluster):
    from tellapart.evaluate.resampling import bootstrap_weights

    y, p, groups = binormal(240, np.random.default_rng(5), skill=1.5, cluster=cluster)
    part = check_part(y, p, groups)
    weights = np.concatenate(list(bootstrap_weights(y, part.clusters, np.random.default_rng(0), 500)))
    for influence_of, plain in MEASURES:
        _, influence = influence_of(y == 1, p[:, 1])
        drawn = [plain(y, p[:, 1], sample_weight=w) for w in weights]
        assert math.sqrt(variance(influence, y, part.clusters)[0]) == pytest.approx(np.std(drawn), rel=0.15)


@FINE
@given(parts(classes=st.just(2), all_classes=True), st.integers(0, 1000))
def test_influence_is_the_derivative_by_weight(part, seed):
    """Counting one picture a little more moves the measure by its influence (class sums held fixed)."""
    y, p = part
    i = np.random.default_rng(seed).integers(len(y))
    own = y == y[i]
    for influence_of, plain in MEASURES:
        value, influence = influence_of(y == 1, p[:, 1])
        assert value == pytest.approx(plain(y, p[:, 1]))
        weights, step = np.ones(len(y)), 1e-5
        weights[own] -= step / own.sum()
        weights[i] += step
        slope = (plain(y, p[:, 1], sample_weight=weights) - value) / step
        assert influence[i] == pytest.approx(slope, abs=1e-3)
        assert influence[own].sum() == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize(("n_pos", "n_neg"), [(30, 30), (6, 54), (300, 300)])
def test_flawless_area_has_an_interval_that_shrinks_with_n(n_pos, n_neg):
    y = np.r_[np.zeros(n_neg, int), np.ones(n_pos, int)]
    p = np.linspace(0.01, 0.99, n_pos + n_neg)
    e = roc_auc(check_part(y, np.c_[1 - p, p]), 1)
    assert e.value == e.high == 1
    # three times the smaller class' rule of three is far too wide, an n-fold narrower one a lie
    assert 0.3 / min(n_pos, n_neg) < 1 - e.low < 9 / min(n_pos, n_neg)
    flipped = roc_auc(check_part(y, np.c_[p, 1 - p]), 1)
    assert (flipped.value, flipped.low) == (0, 0)
    assert flipped.high == pytest.approx(1 - e.low)


@FINE
@given(st.floats(0.01, 0.99), st.integers(2, 200), st.integers(2, 200))
def test_area_limits_solve_their_equation(area, m, n):
    for limit in intervals.area_limits(area, m, n):
        spread = 1 + ((m + n) / 2 - 1) * ((1 - limit) / (2 - limit) + limit / (1 + limit))
        error = math.sqrt(limit * (1 - limit) * spread / (m * n))
        assert abs(area - limit) == pytest.approx(intervals.Z * error, rel=1e-4, abs=1e-6)


def test_mean_of_proportions_is_mid_p_for_one_and_wider_than_nothing_at_one():
    assert intervals.mean_of_proportions([0.8], [50]) == pytest.approx(intervals.mid_p_limits(40, 50))
    low, high = intervals.mean_of_proportions([1.0, 1.0], [30, 30])
    assert 0.9 < low < 0.95
    assert high == 1


def test_means_of_the_same_figure_are_as_uncertain_as_one():
    same = intervals.mean_limits([0.8, 0.8], [0.7, 0.7], [0.9, 0.9], np.ones((2, 2)))
    assert same == pytest.approx((0.7, 0.9))
    apart = intervals.mean_limits([0.8, 0.8], [0.7, 0.7], [0.9, 0.9], np.eye(2))
    assert apart == pytest.approx((0.8 - 0.1 / math.sqrt(2), 0.8 + 0.1 / math.sqrt(2)))


@FINE
@given(st.floats(0.001, 5), st.floats(0.001, 5))
def test_limits_of_mean_solve_their_equation(value, half):
    low, high = intervals.limits_of_mean(value, half)
    assert 0 <= low < value < high
    assert abs(high - value) == pytest.approx(half * math.sqrt(high / value), rel=1e-6)


def test_repeated_pictures_count_once():
    rng = np.random.default_rng(0)
    own = rng.normal(size=200)
    own -= own.mean()
    clusters = np.repeat(np.arange(200), 5)
    strata = np.zeros(1000, int)
    assert effective_share(np.repeat(own, 5), strata, clusters) == pytest.approx(0.2, rel=0.05)
    assert effective_share(rng.normal(size=1000), strata, clusters) > 0.8
    assert effective_share(np.zeros(1000), strata, clusters) == pytest.approx(0.2)
    assert effective_share(own, strata[:200], None) == 1


def test_correlations_of_measures():
    rng = np.random.default_rng(0)
    a = rng.normal(size=500)
    strata = np.repeat([0, 1], 250)
    found = correlations(np.array([a, -a, rng.normal(size=500), 0 * a]), strata, None)
    assert found[0, 1] == pytest.approx(-1)
    assert abs(found[0, 2]) < 0.15
    assert found[0, 3] == 0
    assert found[3, 3] == 1
