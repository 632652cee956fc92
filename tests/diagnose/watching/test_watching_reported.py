"""What a script showed is found in Keras's logs and in its lines, and held against what is true."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tellapart.diagnose.observed import Line
from tellapart.diagnose.watching import compare, look, reported
from tellapart.diagnose.watching.printed import figures
from tellapart.diagnose.watching.wording import measure_in, role_in


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("accuracy 0.8125", [("accuracy", 0.8125, "")]),
        ("Test accuracy: 82.50 %", [("accuracy", 0.825, "test")]),
        ("Accuracy of the network on the 80 test images: 71 %", [("accuracy", 0.71, "test")]),
        ("val_acc=0.75 val_loss=1.25", [("accuracy", 0.75, "validation"), ("loss", 1.25, "validation")]),
        (
            "Epoch 3/10, train loss 0.35, train acc 0.91, valid loss 12.4, valid acc 0.65",
            [
                ("loss", 0.35, "train"),
                ("accuracy", 0.91, "train"),
                ("loss", 12.4, "validation"),
                ("accuracy", 0.65, "validation"),
            ],
        ),
        (
            "epoch 1 loss 0.5 acc 0.8 f1 0.7 test_loss 0.6 test_acc 0.7",
            [
                ("loss", 0.5, "train"),
                ("accuracy", 0.8, "train"),
                ("f1", 0.7, ""),
                ("loss", 0.6, "test"),
                ("accuracy", 0.7, "test"),
            ],
        ),
        ("[2] Training Loss: 0.3 Accuracy: 90.1%", [("loss", 0.3, "train"), ("accuracy", 0.901, "train")]),
        ("Accuracy: 66/80 (82%)", [("accuracy", 0.825, "")]),
        ("F1-score = .61, AUC-ROC = .93", [("f1", 0.61, ""), ("auc", 0.93, "")]),
        ("balanced accuracy: 0.55", [("balanced_accuracy", 0.55, "")]),
        ("Average precision 0.4", [("average_precision", 0.4, "")]),
        ("Genauigkeit (Test): 0.81", [("accuracy", 0.81, "test")]),
        ("Précision : 0.7, rappel : 0.6", [("precision", 0.7, ""), ("recall", 0.6, "")]),
        ("valAccuracy 0.5", [("accuracy", 0.5, "validation")]),
        ("test accuracy: 1.62", [("accuracy", 1.62, "test")]),
        ("Epoch 12", []),
        ("accounted for 12 of 13 vacancies", []),
        ("the latest 3 pictures", []),
        ("recall nan", []),
    ],
)
def test_lines(text, expected):
    found = list(figures([Line(text, 0, False, "validation")]))
    finite = [one for one in found if one.value == one.value]
    assert [(one.measure, one.value, one.role) for one in finite] == [
        (measure, pytest.approx(value), role) for measure, value, role in expected
    ]


def test_totals_that_grow_are_no_percentages():
    lines = [Line(f"val accuracy {0.9 * (at + 1):.3f}", at, False, "validation") for at in range(9)]
    assert [one.value for one in figures(lines)] == pytest.approx([0.9 * (at + 1) for at in range(9)])
    lines = [Line(f"val accuracy {50 + at}", at, False, "validation") for at in range(9)]
    assert [one.value for one in figures(lines)] == pytest.approx([0.5 + at / 100 for at in range(9)])


def test_reports_and_matrices():
    metrics = pytest.importorskip("sklearn.metrics")
    true, predicted = [0, 0, 0, 0, 1, 1, 1, 2, 2, 2], [0, 0, 0, 1, 1, 1, 0, 2, 2, 2]
    text = metrics.classification_report(true, predicted, target_names=["a b", "c", "d"], digits=4)
    text += f"\n{metrics.confusion_matrix(true, predicted)}"
    lines = [Line(one, 3, True, "test") for one in text.splitlines() if any(c.isdigit() for c in one)]
    found = list(figures(lines))
    by_class = {(one.measure, one.of): one.value for one in found if one.of}
    assert by_class["precision", "0"] == by_class["recall", "0"] == 0.75
    assert by_class["recall", "1"] == pytest.approx(2 / 3, abs=1e-4)
    assert by_class["f1", "macro"] == pytest.approx(
        metrics.f1_score(true, predicted, average="macro"), abs=1e-4
    )
    assert ("recall", "weighted") in by_class
    assert [one.value for one in found if one.measure == "accuracy"] == [0.8, 0.8]
    assert found[-1].table == ((3, 1, 0), (1, 2, 0), (0, 0, 3))


@pytest.mark.parametrize(
    ("name", "measure"),
    [
        ("binary_accuracy", "accuracy"),
        ("f1_m", "f1"),
        ("get_f1", "f1"),
        ("recall_1", "recall"),
        ("auc", "auc"),
        ("my_metric", ""),
    ],
)
def test_names_of_metrics(name, measure):
    assert measure_in(name) == measure


@pytest.mark.parametrize(
    ("text", "role"), [("val_", "validation"), ("testing", "test"), ("contrast", ""), ("x", "")]
)
def test_names_of_parts(text, role):
    assert role_in(text) == role


def test_healthy_figures_are_all_found_and_right(runs):
    for recording in (runs["keras"]["healthy"], runs["torch"]["healthy"]):
        compared = compare(recording)
        assert len(compared) >= 8
        assert not [one for one in compared if one.differs]
    kinds = {(one.where, one.measure, one.part) for one in reported(runs["keras"]["healthy"])}
    assert {
        ("logs", "accuracy", "train"),
        ("logs", "accuracy", "validation"),
        ("logs", "loss", "validation"),
        ("evaluate", "accuracy", "validation"),
        ("printed", "accuracy", "predict"),
        ("printed", "recall", "predict"),
    } <= kinds
    # Its words say "test", but there is none: it is what was evaluated just before.
    printed = [one for one in reported(runs["keras"]["healthy"]) if one.text.startswith("Test accuracy")]
    assert [one.part for one in printed] == ["validation"]
    assert all(one.part == "validation" for one in reported(runs["torch"]["healthy"]))


def test_running_means_of_training_are_left_out_unless_asked_for(keras_runs):
    recording = keras_runs["healthy"]
    assert "train" not in {one.reported.part for one in compare(recording)}
    assert "train" in {one.reported.part for one in compare(recording, train=True)}


def test_wrong_figures_lie_outside_and_are_explained(torch_runs):
    for code in ("metric.batch_averaged", "metric.wrong_decision", "metric.class_order"):
        found = [one for one in compare(torch_runs[code]) if one.outside]
        assert code in {explanation.code for one in found for explanation in one.explanations}


def test_figure_of_training_mode_is_no_wrong_metric(torch_runs):
    recording = torch_runs["loop.missing_eval_mode"]
    explained = {e.code for one in compare(recording) for e in one.explanations}
    assert explained <= {"loop.missing_eval_mode"}
    codes = {one.code for one in look(recording).suspicions if one.certainty >= 0.5}
    assert not {one for one in codes if one.startswith("metric.")}


def test_figure_of_some_batches_is_no_wrong_metric(torch_runs):
    recording = torch_runs["metric.wrong_decision"]
    (training,) = recording.trainings
    part = training.parts["validation"]
    half = replace(part, passes=tuple(replace(one, pictures=20, distinct=20) for one in part.passes))
    changed = replace(recording, trainings=(replace(training, parts=training.parts | {"validation": half}),))
    assert {e.code for one in compare(changed) for e in one.explanations} == {"data.partial_epoch"}


def test_lines_in_the_midst_of_an_epoch_are_about_no_known_weights(torch_runs):
    recording = torch_runs["metric.wrong_decision"]
    (training,) = recording.trainings
    unknown = tuple(replace(one, epoch=None, after=False) for one in training.lines)
    changed = replace(recording, trainings=(replace(training, lines=unknown),))
    assert len(reported(changed)) == len(reported(recording))
    assert compare(changed) == ()
