"""Every measure against scikit-learn and torchmetrics; the shape of metrics.json; parts that give nothing."""

import json
import math
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scored_parts import binormal, parts

from tellapart.evaluate.estimate import Estimate
from tellapart.evaluate.measures import measure, to_json

FIGURES = [
    "accuracy",
    "accuracy_at_half",
    "balanced_accuracy",
    "roc_auc",
    "macro_f1",
    "average_precision",
    "log_loss",
    "calibration_error",
]


def names(k):
    return [f"class {i}" for i in range(k)]


@settings(max_examples=80, deadline=None)
@given(parts(all_classes=True), st.floats(0.05, 0.95))
def test_agrees_with_scikit_learn(part, threshold):
    from sklearn import metrics

    y, p = part
    k = p.shape[1]
    m = measure(y, p, classes=names(k), positive=1 if k == 2 else None, threshold=threshold)
    predicted = (p[:, 1] >= threshold).astype(int) if k == 2 else p.argmax(axis=1)
    binary = y if k == 2 else np.eye(k, dtype=int)[y]
    scores = p[:, 1] if k == 2 else p
    precision, recall, f1, n = metrics.precision_recall_fscore_support(
        y, predicted, labels=range(k), zero_division=np.nan
    )
    assert m["accuracy"].value == pytest.approx(metrics.accuracy_score(y, predicted))
    assert m["balanced_accuracy"].value == pytest.approx(metrics.balanced_accuracy_score(y, predicted))
    assert m["roc_auc"].value == pytest.approx(metrics.roc_auc_score(binary, scores, average="macro"))
    assert m["average_precision"].value == pytest.approx(metrics.average_precision_score(binary, scores))
    assert m["macro_f1"].value == pytest.approx(
        metrics.f1_score(y, predicted, labels=range(k), average="macro", zero_division=0)
    )
    assert m["log_loss"].value == pytest.approx(metrics.log_loss(y, p, labels=range(k)), rel=1e-6, abs=1e-9)
    assert m["confusion"] == metrics.confusion_matrix(y, predicted, labels=range(k)).tolist()
    for c, name in enumerate(names(k)):
        own = m["per_class"][name]
        assert own["precision"].value == pytest.approx(precision[c], nan_ok=True)
        assert own["recall"].value == pytest.approx(recall[c])
        assert own["f1"].value == pytest.approx(np.nan_to_num(f1[c]))
        assert own["n"] == n[c]


def test_agrees_with_torchmetrics():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the imports; none of ours
        import torch
        from torchmetrics.functional import classification as tm
    rng = np.random.default_rng(3)
    for k in (2, 4):
        y = rng.integers(0, k, 120)
        logits = rng.normal(size=(120, k))
        logits[np.arange(120), y] += 1
        p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        m = measure(y, p, classes=names(k))
        q, t = torch.tensor(p), torch.tensor(y)
        assert m["accuracy"].value == pytest.approx(float(tm.multiclass_accuracy(q, t, k, average="micro")))
        assert m["balanced_accuracy"].value == pytest.approx(float(tm.multiclass_accuracy(q, t, k)))
        assert m["macro_f1"].value == pytest.approx(float(tm.multiclass_f1_score(q, t, k)))
        if k == 2:
            area = tm.binary_auroc(q[:, 1], t)
            precision = tm.binary_average_precision(q[:, 1], t)
        else:
            area = tm.multiclass_auroc(q, t, k)
            precision = tm.multiclass_average_precision(q, t, k)
        assert m["roc_auc"].value == pytest.approx(float(area), abs=1e-6)
        assert m["average_precision"].value == pytest.approx(float(precision), abs=1e-6)


def test_calibration_error_against_a_plain_loop():
    rng = np.random.default_rng(0)
    y, p, _ = binormal(200, rng)
    order = np.argsort(p.max(axis=1), kind="stable")
    total = 0.0
    for piece in np.array_split(order, 10):  # 200 // 20 bins of equal size
        right = np.mean([p[i].argmax() == y[i] for i in piece])
        total += abs(right - np.mean([p[i].max() for i in piece])) * len(piece) / 200
    assert measure(y, p, classes=["a", "b"])["calibration_error"].value == pytest.approx(total)


@settings(max_examples=120, deadline=None)
@given(parts(n=st.integers(0, 25)), st.booleans(), st.integers(1, 4))
def test_any_part_gives_a_document_without_nan(part, grouped, size):
    y, p = part
    groups = np.arange(len(y)) // size if grouped else None
    m = measure(y, p, classes=names(p.shape[1]), groups=groups)
    json.dumps(to_json(m), allow_nan=False)
    for figure in FIGURES:
        e = m[figure]
        assert isinstance(e, Estimate)
        assert math.isnan(e.value) or math.isnan(e.low) or e.low <= e.value <= e.high
        if figure != "log_loss" and e.is_defined:
            assert 0 <= e.low <= e.high <= 1
    assert 0 < m["chance"]["p_value"] <= 1
    assert 0 < m["majority"]["p_value"] <= 1


def test_shape_is_that_of_the_interface():
    y, p, _ = binormal(60, np.random.default_rng(0))
    m = to_json(measure(y, p, classes=["normal", "stuck"], positive=1, threshold=0.5))
    assert set(FIGURES) < set(m)
    assert set(m["accuracy"]) == {"value", "low", "high", "n"}
    assert set(m["per_class"]["stuck"]) == {"precision", "recall", "f1", "n"}
    assert m["n"] == 60
    assert m["chance"]["accuracy"] == pytest.approx(0.5)
    assert sum(map(sum, m["confusion"])) == 60


@pytest.mark.parametrize("n", [0, 1, 20])
def test_part_of_one_class_defines_accuracy_and_recall_only(n):
    y, p = np.ones(n, int), np.tile([0.2, 0.5, 0.3], (n, 1))
    m = measure(y, p, classes=list("abc"))
    for figure in ("balanced_accuracy", "roc_auc", "macro_f1", "average_precision"):
        assert not m[figure].is_defined
    assert m["accuracy"].is_defined == (n > 0)
    assert not m["per_class"]["a"]["recall"].is_defined
    assert m["chance"]["p_value"] == 1
    assert to_json(m["per_class"]["a"]["f1"])["value"] is None


def test_missing_class_is_left_out_of_the_means():
    y = np.array([0, 0, 1, 1])
    p = np.array([[0.8, 0.1, 0.1], [0.1, 0.8, 0.1], [0.1, 0.8, 0.1], [0.2, 0.7, 0.1]])
    m = measure(y, p, classes=list("abc"))
    assert m["balanced_accuracy"].value == pytest.approx(0.75)
    assert m["macro_f1"].value == pytest.approx((2 / 3 + 0.8) / 2)


def test_same_seed_same_figures_and_order_does_not_matter():
    rng = np.random.default_rng(1)
    y, p, groups = binormal(80, rng, cluster=4)
    first = to_json(measure(y, p, classes=["a", "b"], groups=groups, seed=3))
    assert first == to_json(measure(y, p, classes=["a", "b"], groups=groups, seed=3))
    order = rng.permutation(80)
    second = to_json(measure(y[order], p[order], classes=["a", "b"], groups=groups[order], seed=3))
    for figure in FIGURES[:-1]:
        assert second[figure] == pytest.approx(first[figure])


def test_flawless_parts_keep_an_interval():
    y = np.repeat([0, 1], 30)
    p = np.where(np.c_[1 - y, y] == 1, 0.99, 0.01)
    m = measure(y, p, classes=["a", "b"])
    for figure in FIGURES[:6]:
        assert m[figure].value == 1
        assert 0.85 < m[figure].low < 0.97
    assert m["log_loss"].high > m["log_loss"].value


def test_pictures_of_one_object_count_less():
    y, p, groups = binormal(120, np.random.default_rng(2), cluster=6)
    alone = measure(y, p, classes=["a", "b"])
    together = measure(y, p, classes=["a", "b"], groups=groups)
    for figure in FIGURES:
        assert together[figure].value == pytest.approx(alone[figure].value)
        assert together[figure].n == 20
    wider = [together[f].high - together[f].low > alone[f].high - alone[f].low for f in FIGURES[:6]]
    assert all(wider)
    assert together["chance"]["p_value"] > alone["chance"]["p_value"]


def test_groups_of_one_change_nothing():
    y, p, _ = binormal(40, np.random.default_rng(2))
    plain = to_json(measure(y, p, classes=["a", "b"]))
    assert to_json(measure(y, p, classes=["a", "b"], groups=[f"object {i}" for i in range(40)])) == plain


@pytest.mark.parametrize(
    ("labels", "probabilities", "groups"),
    [
        ([0, 1], [[0.5, 0.5]], None),
        ([0, 2], [[0.5, 0.5], [0.5, 0.5]], None),
        ([0.0, 1.0], [[0.5, 0.5], [0.5, 0.5]], None),
        ([0, 1], [[0.5, 0.6], [0.5, 0.5]], None),
        ([0, 1], [[math.nan, 1.0], [0.5, 0.5]], None),
        ([0, 1], [[1.0], [1.0]], None),
        ([0, 1], [[0.5, 0.5], [0.5, 0.5]], ["x"]),
    ],
)
def test_arrays_that_do_not_fit_are_refused(labels, probabilities, groups):
    with pytest.raises(ValueError, match="expected"):
        measure(labels, probabilities, classes=["a", "b"], groups=groups)


def test_hundreds_of_pictures_take_well_under_a_second():
    import time

    y, p, _ = binormal(600, np.random.default_rng(0))
    start = time.perf_counter()
    measure(y, p, classes=["a", "b"])
    assert time.perf_counter() - start < 1.0
