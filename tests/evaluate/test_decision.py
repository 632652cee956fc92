"""Decisions: each fires, and its twin stays silent; tests of chance; fitness for use."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scored_parts import binormal

from tellapart.evaluate import chance
from tellapart.evaluate.aim import Aim
from tellapart.evaluate.decision import Shortcut, decide
from tellapart.evaluate.estimate import Estimate
from tellapart.evaluate.fitness import fit_for_use, missed_words, per_thousand, precision_where
from tellapart.evaluate.measures import measure, to_json
from tellapart.evaluate.part import check_part

CLASSES = ["normal", "stuck"]


def from_confusion(confusion, names=None):
    """Measures of a part with exactly this confusion; the scores are as bare as the labels."""
    k = len(confusion)
    labels = np.concatenate([np.full(sum(row), c) for c, row in enumerate(confusion)])
    predicted = np.concatenate([np.repeat(np.arange(k), row) for row in confusion])
    p = np.full((len(labels), k), 0.1 / (k - 1))
    p[np.arange(len(labels)), predicted] = 0.9
    return measure(labels, p, classes=names or (CLASSES if k == 2 else [f"c{i}" for i in range(k)]))


def test_trustworthy_and_its_shuffled_twin():
    good = decide(from_confusion([[28, 2], [3, 27]]))
    assert good.verdict == "trustworthy"
    assert good.is_trustworthy
    bad = decide(from_confusion([[16, 14], [15, 15]]))
    assert bad.verdict == "no better than chance"
    assert not bad.is_trustworthy
    assert "0.52" in bad.sentence


def test_worse_than_chance_is_not_trusted():
    assert decide(from_confusion([[2, 28], [28, 2]])).verdict == "no better than chance"


def test_always_the_same_class_is_chance():
    assert decide(from_confusion([[90, 0], [30, 0]])).verdict == "no better than chance"


def test_three_classes():
    assert decide(from_confusion([[18, 1, 1], [2, 17, 1], [0, 3, 17]])).verdict == "trustworthy"
    assert decide(from_confusion([[8, 6, 6], [7, 7, 6], [6, 8, 6]])).verdict == "no better than chance"


def test_too_few_to_tell_says_how_many_would():
    few = decide(from_confusion([[4, 2], [2, 4]]))
    assert few.verdict == "too few to tell"
    assert few.would_tell == {"normal": 20, "stuck": 20}
    assert "20 normal" in few.sentence
    # as few, but they do tell
    assert decide(from_confusion([[8, 0], [0, 8]])).verdict == "trustworthy"
    assert decide(from_confusion([[1, 0], [0, 0]])).verdict == "too few to tell"


def test_few_clusters_are_few_however_many_pictures():
    y = np.repeat([0, 1], 60)
    p = np.tile([[0.6, 0.4]], (120, 1))
    alone = measure(y, p, classes=CLASSES)
    together = measure(y, p, classes=CLASSES, groups=np.arange(120) // 12)
    assert decide(alone).verdict == "no better than chance"
    assert decide(together).verdict == "too few to tell"


@pytest.mark.parametrize(
    ("share", "verdict"), [(0.02, "leaking"), (0.01, "trustworthy"), (None, "trustworthy")]
)
def test_leaking(share, verdict):
    decision = decide(from_confusion([[28, 2], [3, 27]]), leak_share=share)
    assert decision.verdict == verdict
    if share:
        assert any("copy" in reason for reason in decision.reasons)


@pytest.mark.parametrize(
    ("blind", "verdict"),
    [
        (Estimate(0.88, 0.8, 0.93, 300), "shortcut"),
        (Estimate(0.70, 0.6, 0.78, 300), "trustworthy"),  # explains half of the skill
        (Estimate(0.88, 0.5, 0.99, 9), "trustworthy"),  # may explain nothing
        (Estimate.undefined(), "trustworthy"),
    ],
)
def test_shortcut(blind, verdict):
    decision = decide(
        from_confusion([[28, 2], [3, 27]]), shortcuts=[Shortcut("the border of the picture", blind)]
    )
    assert decision.verdict == verdict
    assert ("border" in decision.sentence) == (verdict == "shortcut")


def test_shortcut_to_a_figure_at_chance_is_no_shortcut():
    blind = Estimate(0.55, 0.5, 0.6, 300)
    decision = decide(from_confusion([[16, 14], [15, 15]]), shortcuts=[Shortcut("the border", blind)])
    assert decision.verdict == "no better than chance"


def test_moved_threshold_does_not_hide_a_good_ranking():
    y, p, _ = binormal(60, np.random.default_rng(0), skill=2.5)
    test = measure(y, p, classes=CLASSES, positive=1, threshold=0.999)
    assert test["chance"]["p_value_labels"] > chance.ALPHA
    decision = decide(test)
    assert decision.verdict == "trustworthy"
    assert "rank" in decision.sentence


def test_decision_is_plain_and_complete():
    document = to_json(decide(from_confusion([[4, 2], [2, 4]])).to_dict())
    assert set(document) == {"decision", "sentence", "reasons", "would_tell"}
    assert document["reasons"][0] == document["sentence"]
    json.dumps(document, allow_nan=False)


def test_shuffled_labels_are_hardly_ever_trusted():
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1], 30)
    believed = 0
    for _ in range(600):
        positive = rng.random(60)
        part = check_part(y, np.c_[1 - positive, positive])
        believed += chance.chance_test(part, (positive > 0.5).astype(int), 1, 0)["p_value"] <= chance.ALPHA
    assert believed / 600 < 0.01


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 40), min_size=4, max_size=4).filter(lambda x: sum(x) > 0))
def test_fisher_against_scipy(cells):
    table = np.array(cells).reshape(2, 2)
    expected = stats.fisher_exact(table, alternative="greater").pvalue
    assert chance.fisher_test(table) == pytest.approx(expected)


def test_random_tables_agree_with_fisher():
    table = np.array([[20, 10], [12, 18]])
    drawn = chance.table_test(table, np.random.default_rng(0))
    assert drawn == pytest.approx(chance.fisher_test(table), abs=0.01)


def test_p_is_never_zero():
    huge = np.array([[5000, 0], [0, 5000]])
    assert chance.fisher_test(huge) > 0
    assert chance.table_test(np.diag([50, 50, 50]), np.random.default_rng(0)) > 0
    assert chance.binomial_tail(5000, 5000, 0.5) > 0
    y = np.repeat([0, 1], 3000)
    assert measure(y, np.c_[1 - y, y].astype(float), classes=CLASSES)["chance"]["p_value"] > 0


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 200), st.floats(0, 1), st.floats(0.05, 0.95))
def test_majority_test_against_scipy(n, share, against):
    k = round(n * share)
    expected = stats.binomtest(k, n, against, alternative="greater").pvalue
    assert chance.binomial_tail(k, n, against) == pytest.approx(expected, rel=1e-6, abs=1e-300)


def test_clusters_with_both_labels_are_tested_conservatively():
    """Predictions that follow the cluster, not the label: the p-value stays uniform or higher."""
    rng = np.random.default_rng(0)
    low = 0
    for _ in range(12):
        groups = np.repeat(np.arange(12), 6)
        y = np.tile([0, 0, 0, 1, 1, 1], 12)
        positive = (rng.random(12) < 0.5)[groups] * 0.8 + 0.1
        part = check_part(y, np.c_[1 - positive, positive], groups)
        low += chance.chance_test(part, (positive > 0.5).astype(int), 1, 0)["p_value"] < 0.05
    assert low <= 1


def test_power_against_simulation():
    rng = np.random.default_rng(0)
    told = 0
    for _ in range(800):
        right = rng.binomial(15, 0.8, 2)
        told += chance.fisher_test([[right[0], 15 - right[0]], [15 - right[1], right[1]]]) <= chance.ALPHA / 2
    assert chance.power([15, 15]) == pytest.approx(told / 800, abs=0.05)
    assert chance.power([10, 0]) == 0
    assert chance.power([300, 300]) == pytest.approx(1, abs=1e-4)
    assert chance.power([12, 12, 12]) > 0.9


def test_counts_that_would_tell_do_and_fewer_do_not():
    needed = chance.counts_that_would_tell([3, 9])
    assert chance.power(needed) >= 0.8
    assert chance.power([round(0.7 * n) for n in needed]) < 0.8
    assert needed[1] == pytest.approx(3 * needed[0], abs=3)
    assert chance.counts_that_would_tell([0, 0]) is not None
    assert chance.counts_that_would_tell([5, 5], balanced_accuracy=0.5) is None


RECALL = {"min_recall": 0.9}


@pytest.mark.parametrize(
    ("confusion", "options", "met"),
    [
        ([[28, 2], [2, 28]], RECALL, True),
        ([[28, 2], [4, 26]], RECALL, False),
        ([[5, 0], [0, 5]], RECALL, None),  # five pictures: one more miss is 20 points
        ([[5, 0], [5, 0]], RECALL, False),  # but none of five is clearly not 90 %
        ([[28, 2], [2, 28]], {"min_precision": 0.9}, True),
        ([[28, 2], [2, 28]], {"min_precision": 0.9, "prevalence": 0.05}, False),
        ([[30, 0], [30, 0]], {"min_precision": 0.9}, None),  # nothing was called positive
        ([[28, 2], [2, 28]], {"cost": "1:5"}, True),
        ([[28, 2], [2, 28]], {"cost": "1:5", "prevalence": 0.001}, False),  # cheaper to call none
        ([[28, 2], [2, 28]], {}, None),
        ([[3, 0], [0, 0]], {"cost": "1:5"}, None),
    ],
)
def test_fit_for_use(confusion, options, met):
    verdict = fit_for_use(Aim.parse(**options), from_confusion(confusion), classes=CLASSES, positive=1)
    assert verdict["met"] is met
    assert verdict["words"]
    json.dumps(to_json(verdict), allow_nan=False)
    if met is not None:
        assert " to " in verdict["words"]


def test_more_classes_have_no_bar():
    test = from_confusion([[9, 1, 0], [0, 10, 0], [1, 0, 9]])
    verdict = fit_for_use(Aim(), test, classes=list("abc"), positive=None)
    assert verdict["met"] is None


def test_precision_is_carried_over_by_bayes():
    per_class = {"stuck": {"n": 30}, "normal": {"n": 60}}
    precision = Estimate(27 / 33, 0.65, 0.93, 33)  # recall 27/30, false alarms 6/60
    carried = precision_where(precision, 0.01, per_class, "stuck", "normal")
    assert carried.value == pytest.approx(0.01 * 0.9 / (0.01 * 0.9 + 0.99 * 0.1))
    assert carried.low < carried.value < carried.high
    same = precision_where(precision, 1 / 3, per_class, "stuck", "normal")
    assert same == pytest.approx(precision) or same.low == pytest.approx(precision.low)


def test_per_thousand():
    test = from_confusion([[27, 3], [0, 30]])
    recalls = [test["per_class"][name]["recall"] for name in ("stuck", "normal")]
    said = per_thousand(0.005, *recalls)
    assert said["missed"].value == 0
    assert said["missed"].high == pytest.approx(5 * 0.1157, abs=0.001)
    assert said["false_alarms"].value == pytest.approx(99.5)
    assert said["precision"] == pytest.approx(5 / 104.5)
    assert "1,000 pictures" in said["words"]
    nothing = per_thousand(0.005, Estimate.undefined(), recalls[1])
    assert not nothing["missed"].is_defined
    json.dumps(to_json(nothing), allow_nan=False)


def test_none_missed_is_said_with_what_it_allows():
    recall = from_confusion([[30, 0], [0, 30]])["per_class"]["stuck"]["recall"]
    assert missed_words(recall, "stuck") == "0 of 30 stuck missed, which still allows up to 11.6 %."
    assert "no stuck" in missed_words(Estimate.undefined(), "stuck")


def test_a_class_of_several_that_the_size_tells_is_a_shortcut():
    rng = np.random.default_rng(0)
    labels = np.repeat([0, 1, 2], 60)
    scores = rng.dirichlet([1, 1, 1], 180) + 3 * np.eye(3)[labels]
    test = measure(labels, scores / scores.sum(1, keepdims=True), classes=["a", "b", "c"])
    weak, sure, seen = (Estimate(v, v - 0.02, v + 0.02, 180) for v in (0.6, 1.0, 0.98))
    assert decide(test, shortcuts=[Shortcut("the size", weak)]).verdict == "trustworthy"
    fooled = decide(test, shortcuts=[Shortcut("the size", sure, told="c", classifier=seen)])
    assert fooled.verdict == "shortcut"
    assert "'c'" in fooled.sentence
