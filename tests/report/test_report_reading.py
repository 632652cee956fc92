"""The summary: what is drawn agrees with the files it was read from."""

from __future__ import annotations

import csv
import json

import made_runs
import numpy as np
import pytest

from tellapart.evaluate.trade_off import trade_off
from tellapart.report import read_summary


def predictions(folder, split):
    with (folder / "predictions.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["split"] == split]
    return np.array([row["label"] == "stuck" for row in rows]), np.array(
        [float(r["probability_stuck"]) for r in rows]
    )


def test_chosen_threshold_is_marked_where_its_calls_are(binary_run):
    summary = read_summary(binary_run)
    positive, p = predictions(binary_run, "train")
    threshold = summary.threshold.figure.estimate.value
    chosen = next(point for point in summary.trade_off.points if point.is_chosen)
    assert chosen.found.estimate.value == pytest.approx((p[positive] >= threshold).mean())
    assert chosen.false_alarms.estimate.value == pytest.approx((p[~positive] >= threshold).mean())
    assert summary.trade_off.chosen[0] == chosen.found.estimate.value


def test_trade_off_tells_its_part_and_prevalence(binary_run):
    trade_off = read_summary(binary_run).trade_off
    assert trade_off.part == "training pictures, out of fold"
    assert trade_off.prevalence == pytest.approx(0.005)
    assert trade_off.test_recall.estimate.n == 30


def test_a_long_trade_off_is_thinned_from_end_to_end(own_run):
    n = 5000
    rank = np.arange(n + 1)
    block = trade_off(np.arange(n) % 2 == 0, 1 - rank[:-1] / n).to_dict()
    made_runs.change(own_run, "metrics.json", trade_off=block)
    drawn = read_summary(own_run).trade_off
    assert len(drawn.recall) == 600
    assert drawn.recall[-1] == 1.0
    assert drawn.precision[0] == 1.0
    assert drawn.chosen is None


def test_operating_points_find_what_was_wanted_and_grow_looser(binary_run):
    points = read_summary(binary_run).trade_off.points
    found = [point.found.estimate.value for point in points]
    assert found == sorted(found)
    assert found[0] >= 0.8
    assert found[-1] == 1.0
    thresholds = [point.threshold for point in points]
    assert thresholds == sorted(thresholds, reverse=True)


@pytest.mark.parametrize(
    "block",
    [
        None,
        {},
        {"thresholds": [1.0], "n_positive": 0, "n_negative": 3},
        {"thresholds": [1.0], "n_positive": 2, "n_negative": 3},
    ],
)
def test_a_trade_off_that_cannot_be_drawn_is_left_out(own_run, block):
    made_runs.change(own_run, "metrics.json", trade_off=block)
    assert read_summary(own_run).trade_off is None


def test_reliability_counts_every_test_picture_once(binary_run):
    positive, p = predictions(binary_run, "test")
    bins = read_summary(binary_run).reliability.bins
    assert sum(b.came_true.estimate.n for b in bins) == len(p)
    came_true = sum(b.came_true.estimate.value * b.came_true.estimate.n for b in bins)
    assert came_true == pytest.approx(positive.sum())
    assert sum(b.stated * b.came_true.estimate.n for b in bins) == pytest.approx(p.sum())


def test_reliability_counts_groups_where_there_are_some(own_run):
    with (own_run / "split.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for i, row in enumerate(rows):
        row["group"] = f"{row['label']} {i // 5}"
    made_runs.write_table(own_run / "split.csv", list(rows[0]), [list(row.values()) for row in rows])
    bins = read_summary(own_run).reliability.bins
    assert sum(b.came_true.estimate.n for b in bins) < 30


def test_with_many_classes_reliability_is_of_the_predicted_one(many_run):
    reliability = read_summary(many_run).reliability
    assert reliability.of == "the predicted class"
    assert min(b.stated for b in reliability.bins) > 1 / 7


def test_impossible_predictions_are_left_out(own_run):
    header = ["path", "label", "split", "predicted", "sure", "probability_normal", "probability_stuck"]
    made_runs.write_table(
        own_run / "predictions.csv", header, [["a", "normal", "test", "normal", "True", 0.5, 7.0]]
    )
    assert read_summary(own_run).reliability is None


def test_learning_curves_keep_the_last_step_and_what_was_not_measured(own_run):
    header = [
        "member",
        "stage",
        "fold",
        "step",
        "training_loss",
        "held_out_log_loss",
        "held_out_balanced_accuracy",
    ]
    rows = [
        ["detail", "folds", 0, step, 1 / (step + 1), "", 0.5 if step % 100 == 99 else ""]
        for step in range(1000)
    ]
    made_runs.write_table(own_run / "history.csv", header, rows)
    (curve,) = read_summary(own_run).curves
    (fold,) = curve.folds
    assert len(fold.steps) <= 240
    assert fold.steps[-1] == 999
    assert set(fold.held_out_log_loss) == {None}
    assert fold.held_out_balanced_accuracy[-1] == 0.5


def test_names_match_across_files_even_when_they_are_made_visible(many_run):
    summary = read_summary(many_run)
    assert {entry.name for entry in summary.test.per_class} == set(summary.classes)
    assert summary.reliability is not None
    assert "\\u202egpj.exe" in summary.classes


def test_file_names_that_are_no_utf8_are_spelled_out(own_run):
    metrics = json.loads((own_run / "metrics.json").read_text())
    metrics["pictures"]["left_out_files"] = [{"path": "bad\udcff.png", "why": "truncated"}]
    (own_run / "metrics.json").write_text(json.dumps(metrics))
    assert read_summary(own_run).left_out_files == (("bad\\udcff.png", "truncated"),)


def test_stages_keep_their_order_with_the_total_last(own_run):
    made_runs.change(own_run, "metrics.json", seconds={"total": 9.0, "read": 1.0, "train": 8.0})
    stages = read_summary(own_run).stages
    assert [stage.name for stage in stages] == ["read", "train", "total"]
    assert stages[1].quoted == 120.0


def test_summary_cannot_be_changed(binary_run):
    with pytest.raises(AttributeError):
        read_summary(binary_run).decision = "trustworthy"
