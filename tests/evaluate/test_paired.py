"""Paired differences, and the stratified bootstrap."""

import numpy as np
import pytest
from scored_parts import binormal

from tellapart.evaluate.measures import measure
from tellapart.evaluate.paired import INFLUENCES, paired_difference
from tellapart.evaluate.part import check_part
from tellapart.evaluate.resampling import bootstrap_weights


def test_every_class_keeps_its_pictures_and_clusters_stay_whole():
    y, p, groups = binormal(60, np.random.default_rng(0), share=0.2, cluster=4)
    part = check_part(y, p, groups)
    weights = np.concatenate(list(bootstrap_weights(y, part.clusters, np.random.default_rng(0), 50)))
    assert weights.shape == (50, 60)
    assert (weights[:, y == 1].sum(axis=1) == 12).all()
    for cluster in range(15):
        own = weights[:, part.clusters == cluster]
        assert (own == own[:, :1]).all()
    alone = np.concatenate(list(bootstrap_weights(y, None, np.random.default_rng(0), 4000)))
    assert alone.mean(axis=0) == pytest.approx(np.ones(60), abs=0.1)
    assert alone.var(axis=0)[y == 0] == pytest.approx(np.full(48, 1 - 1 / 48), abs=0.12)


@pytest.mark.parametrize("name", INFLUENCES)
@pytest.mark.parametrize("k", [2, 3])
def test_values_agree_with_measure(name, k):
    rng = np.random.default_rng(0)
    y = rng.integers(0, k, 80)
    p = rng.dirichlet(np.ones(k), 80)
    value, influence = INFLUENCES[name](check_part(y, p))
    expected = measure(y, p, classes=[str(c) for c in range(k)])[name].value
    if (name, k) == ("average_precision", 2):  # of both classes here, of the positive one there
        flipped = measure(y, p, classes=["0", "1"], positive=0)[name].value
        expected = (expected + flipped) / 2
    assert value == pytest.approx(expected)
    assert influence.sum() == pytest.approx(0, abs=1e-9)


def test_difference_of_a_better_and_a_worse_classifier():
    rng = np.random.default_rng(0)
    y, good, _ = binormal(300, rng, skill=3)
    poor = 0.5 * good + 0.5 * rng.dirichlet([1, 1], 300)
    e = paired_difference(y, good, poor, measure="roc_auc")
    assert e.low > 0
    assert e.n == 300
    back = paired_difference(y, poor, good, measure="roc_auc")
    assert (back.value, back.low, back.high) == pytest.approx((-e.value, -e.high, -e.low))
    same = paired_difference(y, good, good, measure="log_loss")
    assert (same.value, same.low, same.high) == (0, 0, 0)


def test_pairing_makes_the_interval_narrower():
    rng = np.random.default_rng(0)
    y, p, _ = binormal(200, rng)
    close = p * 0.98 + 0.01
    e = paired_difference(y, p, close, measure="log_loss")
    single = measure(y, p, classes=["a", "b"])["log_loss"]
    assert e.high - e.low < 0.5 * (single.high - single.low)


def test_groups_one_class_and_unknown_measures():
    y, p, groups = binormal(80, np.random.default_rng(0), cluster=4)
    q = p[:, ::-1]
    assert paired_difference(y, p, q, measure="accuracy", groups=groups).n == 20
    assert not paired_difference(np.zeros(5, int), p[:5], q[:5], measure="accuracy").is_defined
    with pytest.raises(ValueError, match="expected one of"):
        paired_difference(y, p, q, measure="f2")


@pytest.mark.parametrize("name", INFLUENCES)
def test_interval_is_about_that_of_a_paired_bootstrap(name):
    rng = np.random.default_rng(1)
    y, p, groups = binormal(240, rng, cluster=3)
    q = 0.7 * p + 0.3 * rng.dirichlet([1, 1], 240)
    e = paired_difference(y, p, q, measure=name, groups=groups)
    first, second, drawn = check_part(y, p, groups), check_part(y, q, groups), []
    for weights in bootstrap_weights(y, first.clusters, rng, 300):
        for row in weights.astype(int):
            picked = np.repeat(np.arange(240), row)
            values = [
                INFLUENCES[name](check_part(y[picked], x.probabilities[picked]))[0] for x in (first, second)
            ]
            drawn.append(values[0] - values[1])
    low, high = np.quantile(drawn, [0.025, 0.975])
    assert e.high - e.low == pytest.approx(high - low, rel=0.3)  # Student asks for more
