"""Thresholds against brute force over all of them."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scored_parts import binormal, parts

from tellapart.errors import OptionError
from tellapart.evaluate.aim import Aim
from tellapart.evaluate.threshold import choose_threshold, cost_per_picture
from tellapart.evaluate.trade_off import trade_off

FINE = settings(max_examples=40, deadline=None)
TWO = parts(classes=st.just(2), n=st.integers(4, 40), all_classes=True)


def outcomes(y, scores):
    """(recall, false alarm rate, hits, false alarms) at every threshold that makes a difference."""
    for t in [*np.unique(scores), 2.0]:
        called = scores >= t
        hits, false = int((called & (y == 1)).sum()), int((called & (y == 0)).sum())
        yield hits / (y == 1).sum(), false / (y == 0).sum(), hits, false


def at(y, scores, threshold):
    called = scores >= threshold
    hits, false = int((called & (y == 1)).sum()), int((called & (y == 0)).sum())
    return hits / (y == 1).sum(), false / (y == 0).sum(), hits, false


def precision(hits, false):
    return hits / (hits + false) if hits + false else -1.0


@FINE
@given(TWO)
def test_balanced_accuracy_within_one_standard_error_of_the_best(part):
    y, p = part
    choice = choose_threshold(y == 1, p[:, 1])
    gains = [((r + 1 - f) / 2, r, f) for r, f, _, _ in outcomes(y, p[:, 1])]
    best, r, f = max(gains)
    error = np.sqrt(r * (1 - r) / (y == 1).sum() + f * (1 - f) / (y == 0).sum()) / 2
    r, f, _, _ = at(y, p[:, 1], choice.threshold.value)
    assert choice.value == pytest.approx((r + 1 - f) / 2)
    # among equals another place may be the best, with another standard error
    assert choice.value >= best - max(error, 0.5 / np.sqrt(min((y == 1).sum(), (y == 0).sum())))
    if best == 1:
        assert choice.value == 1


@FINE
@given(TWO, st.floats(0.05, 0.95), st.sampled_from([None, 0.01, 0.3]))
def test_precision_bar(part, bar, prevalence):
    y, p = part
    choice = choose_threshold(y == 1, p[:, 1], Aim("min precision", bar, prevalence=prevalence))
    ratio = 1.0 if prevalence is None else prevalence * (y == 0).sum() / ((1 - prevalence) * (y == 1).sum())
    reaching = [r for r, _, h, f in outcomes(y, p[:, 1]) if h and precision(h * ratio, f) >= bar - 1e-12]
    assert choice.reachable == bool(reaching)
    recall, _, hits, false = at(y, p[:, 1], choice.threshold.value)
    if reaching:
        assert precision(hits * ratio, false) >= bar - 1e-9
        if not choice.assured:
            assert recall == pytest.approx(max(reaching))
        else:
            assert recall <= max(reaching) + 1e-12


@FINE
@given(TWO, st.floats(0.05, 0.95))
def test_recall_bar(part, bar):
    y, p = part
    choice = choose_threshold(y == 1, p[:, 1], Aim("min recall", bar))
    reaching = [precision(h, f) for r, _, h, f in outcomes(y, p[:, 1]) if r >= bar]
    recall, _, hits, false = at(y, p[:, 1], choice.threshold.value)
    assert choice.reachable
    assert recall >= bar
    assert choice.value == pytest.approx(recall)
    if not choice.assured:
        assert precision(hits, false) == pytest.approx(max(reaching))


@FINE
@given(TWO, st.floats(0.1, 20), st.sampled_from([None, 0.01, 0.5]))
def test_cost_within_reach_of_the_lowest(part, miss, prevalence):
    y, p = part
    aim = Aim("cost", None, 1.0, miss, prevalence)
    choice = choose_threshold(y == 1, p[:, 1], aim)
    share = y.mean() if prevalence is None else prevalence
    costs = [cost_per_picture(aim, share, r, f) for r, f, _, _ in outcomes(y, p[:, 1])]
    r, f, _, _ = at(y, p[:, 1], choice.threshold.value)
    assert choice.value == pytest.approx(cost_per_picture(aim, share, r, f))
    assert min(costs) - 1e-12 <= choice.value <= max(costs) + 1e-12
    worst = 0.5 * max(miss * share, 1 - share) * np.sqrt(2 / min((y == 1).sum(), (y == 0).sum()))
    assert choice.value <= min(costs) + worst


def test_assured_bar_asks_for_more():
    y, p, _ = binormal(400, np.random.default_rng(0))
    choice = choose_threshold(y == 1, p[:, 1], Aim("min recall", 0.9))
    assert choice.assured
    assert choice.value > 0.9
    strict = choose_threshold(y[::20] == 1, p[::20, 1], Aim("min recall", 0.95))
    assert strict.reachable
    assert not strict.assured


def test_dear_misses_and_rare_positives_move_the_threshold():
    y, p, _ = binormal(600, np.random.default_rng(1))

    def threshold(**options):
        return choose_threshold(y == 1, p[:, 1], Aim.parse(**options)).threshold.value

    assert threshold(cost="1:20") < threshold(cost="1:1") < threshold(cost="20:1")
    assert threshold(cost="1:20", prevalence=0.01) > threshold(cost="1:20")
    assert threshold(min_precision=0.8, prevalence=0.1) > threshold(min_precision=0.8)


def test_gap_between_the_classes_is_cut_in_its_middle():
    y = np.repeat([0, 1], 20)
    scores = np.r_[np.full(20, 0.2), np.full(20, 0.8)]
    choice = choose_threshold(y == 1, scores)
    assert choice.threshold.value == pytest.approx(0.5)
    assert choice.value == 1


@pytest.mark.parametrize("scores", [[0.0, 0.0, 1.0, 1.0], [0.5] * 4, [1.0] * 4, [0.0] * 4])
def test_certain_and_constant_scores(scores):
    choice = choose_threshold([False, False, True, True], scores)
    json.dumps(choice.to_dict() | choice.curve.to_dict(), allow_nan=False)
    called = np.asarray(scores) >= choice.threshold.value
    assert choice.value == pytest.approx((called[2:].mean() + 1 - called[:2].mean()) / 2)


def test_one_class_has_no_threshold_to_choose():
    choice = choose_threshold([True, True], [0.2, 0.9])
    assert choice.threshold.value == 0.5
    assert not choice.reachable
    json.dumps(choice.to_dict() | choice.curve.to_dict(), allow_nan=False)


def test_interval_is_seeded_holds_the_value_and_knows_groups():
    y, p, groups = binormal(240, np.random.default_rng(3), cluster=8)
    first = choose_threshold(y == 1, p[:, 1], seed=1)
    assert first.threshold == choose_threshold(y == 1, p[:, 1], seed=1).threshold
    assert first.threshold.low <= first.threshold.value <= first.threshold.high
    grouped = choose_threshold(y == 1, p[:, 1], groups=groups, seed=1)
    assert grouped.threshold.n == 30
    assert grouped.threshold.high - grouped.threshold.low > 0.8 * (first.threshold.high - first.threshold.low)


@FINE
@given(TWO)
def test_trade_off_lists_every_outcome(part):
    y, p = part
    curve = trade_off(y == 1, p[:, 1])
    for t, h, f in zip(curve.thresholds, curve.hits, curve.false_alarms, strict=True):
        assert at(y, p[:, 1], t)[2:] == (h, f)
    assert {(h, f) for *_, h, f in outcomes(y, p[:, 1])} == set(
        zip(curve.hits.tolist(), curve.false_alarms.tolist(), strict=True)
    )
    assert (np.diff(curve.thresholds) <= 0).all()


@pytest.mark.parametrize(("y", "s"), [([True], [0.5, 0.5]), ([True, False], [0.5, 1.5]), ([True], [np.nan])])
def test_impossible_scores_are_refused(y, s):
    with pytest.raises(ValueError, match="expected"):
        choose_threshold(y, s)


@pytest.mark.parametrize(
    "options",
    [
        {"min_precision": 0},
        {"min_precision": 1.0},
        {"min_recall": "90 %"},
        {"min_recall": float("nan")},
        {"prevalence": -0.1},
        {"prevalence": 2},
        {"cost": "5"},
        {"cost": "1:2:3"},
        {"cost": "a:b"},
        {"cost": "0:5"},
        {"cost": "1:-5"},
        {"cost": "1:inf"},
        {"min_precision": 0.9, "min_recall": 0.9},
        {"cost": "1:5", "min_recall": 0.9},
    ],
)
def test_impossible_aims_say_what_was_expected_and_found(options):
    with pytest.raises(OptionError) as error:
        Aim.parse(**options)
    assert "--" in str(error.value)
    assert "found:" in str(error.value)
    assert "what to do:" in str(error.value)


def test_aims_in_words():
    assert Aim.parse().words == "balanced accuracy"
    assert Aim.parse(min_recall=".99").words == "the highest precision with a recall of at least 0.99"
    assert Aim.parse(min_precision=0.9).kind == "min precision"
    aim = Aim.parse(cost="1:5", prevalence="0.005")
    assert (aim.cost_false_alarm, aim.cost_miss, aim.prevalence) == (1, 5, 0.005)
    assert "0.5 % are positive" in aim.words
