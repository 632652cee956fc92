"""What a file says: any name of a column that means it, any of the usual shapes, one message for what is none."""

from __future__ import annotations

import contextlib
import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tellapart.diagnose.history.naming import meaning
from tellapart.diagnose.history.reading import read_history
from tellapart.errors import OptionError

from .drawn import csv_text, good, write

PARTS = {
    "train": "training",
    "training": "training",
    "val": "validation",
    "valid": "validation",
    "test": "test",
}
MEASURES = {
    "loss": "loss",
    "acc": "accuracy",
    "accuracy": "accuracy",
    "precision": "precision",
    "recall": "recall",
    "auc": "auc",
}


@given(
    part=st.sampled_from(sorted(PARTS)),
    measure=st.sampled_from(sorted(MEASURES)),
    between=st.sampled_from(["_", "/", "-", " ", ".", ""]),
    first=st.booleans(),
    letters=st.sampled_from([str.lower, str.title, str.upper]),
)
def test_part_and_measure_are_read_in_any_order_and_spelling(part, measure, between, first, letters):
    if not between:  # written together, the part comes first: validLoss, valloss
        name = part + (measure.title() if letters is str.title else measure)
    else:
        name = letters(between.join([part, measure] if first else [measure, part]))
    found = meaning(name)
    assert found is not None
    assert (found.part, found.measure) == (PARTS[part], MEASURES[measure])


@pytest.mark.parametrize(
    ("name", "part", "measure"),
    [
        ("val_sparse_categorical_accuracy", "validation", "accuracy"),
        ("binary_accuracy", "", "accuracy"),
        ("auc_1", "", "auc"),
        ("val_precision_2", "validation", "precision"),
        ("lr-Adam", "", "learning rate"),
        ("learning_rate", "", "learning rate"),
        ("train_loss_epoch", "training", "loss"),
        ("Train Loss", "training", "loss"),
        ("held_out_log_loss", "validation", "loss"),
        ("metrics/balanced_accuracy(val)", "validation", "balanced accuracy"),
        ("val/f1_score", "validation", "f1"),
        ("eval_recall", "validation", "recall"),
        ("Epoch", "", "epoch"),
        ("global_step", "", "step"),
    ],
)
def test_names_that_people_give(name, part, measure):
    found = meaning(name)
    assert found is not None
    assert (found.part, found.measure) == (part, measure)


@pytest.mark.parametrize(
    "name", ["", "time", "path", "label", "top5_accuracy", "Unnamed: 0", "best_val_loss", "train"]
)
def test_names_that_say_nothing_are_left_alone(name):
    assert meaning(name) is None


def test_every_shape_of_a_file_gives_the_same_curves(tmp_path):
    columns = {name: [round(v, 6) for v in values] for name, values in good(8).items()}
    records = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    comma = csv_text(columns, delimiter=";").replace(".", ",")
    texts = {
        "keras.csv": csv_text(columns),
        "pandas.csv": csv_text(columns, index=""),
        "bare.csv": csv_text(columns, index=None),
        "bom.csv": "\ufeff" + csv_text(columns),
        "comma.csv": comma,
        "tabs.tsv": csv_text(columns, delimiter="\t"),
        "history.json": json.dumps(columns),
        "callback.json": json.dumps({"history": columns, "params": {"epochs": 8}}),
        "records.json": json.dumps(records),
        "pandas.json": json.dumps(
            {name: {str(k): v for k, v in enumerate(values)} for name, values in columns.items()}
        ),
    }
    read = {}
    for name, text in texts.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
        read[name] = read_history(tmp_path / name).curves
    first = read["keras.csv"]
    assert first.epochs == tuple(range(1, 9))
    assert [one.name for one in first.series] == [
        "training accuracy",
        "training loss",
        "validation accuracy",
        "validation loss",
    ]
    assert first.series[1].values == pytest.approx(columns["loss"])
    assert all((one.epochs, one.series) == (first.epochs, first.series) for one in read.values())


def test_lightning_writes_rows_of_steps_and_of_epochs(tmp_path):
    rows = ["epoch,step,train_loss_step,train_loss_epoch,val_acc,lr-Adam"]
    for epoch in range(3):
        rows += [
            f"{epoch},{epoch * 4 + 1},{9 - epoch},,,0.1",
            f"{epoch},{epoch * 4 + 3},,,{0.5 + epoch / 10},",
        ]
        rows.append(f"{epoch},{epoch * 4 + 3},,{3 - epoch},,")
    (tmp_path / "metrics.csv").write_text("\n".join(rows))
    curves = read_history(tmp_path / "metrics.csv").curves
    assert curves.epochs == (1, 2, 3)
    assert curves.get("training", "loss").values == (3.0, 2.0, 1.0)
    assert curves.get("validation", "accuracy").values == (0.5, 0.6, 0.7)
    assert curves.get("", "learning rate").values == (0.1, 0.1, 0.1)


def test_what_is_taken_for_granted_is_said(tmp_path):
    n = 7
    text = csv_text({"train_loss": [1.0] * n, "accuracy": [50.0 + k for k in range(n)], "seconds": [3.0] * n})
    again = text.splitlines()
    (tmp_path / "h.csv").write_text("\n".join([*again, *again[1:5]]))
    found = read_history(tmp_path / "h.csv")
    assert found.curves.epochs == (1, 2, 3, 4)
    assert found.curves.get("validation", "accuracy").values == (0.5, 0.51, 0.52, 0.53)
    assert found.curves.unread == ("seconds",)
    said = " ".join(found.assumptions)
    assert "names no part" in said
    assert "percent" in said
    assert "2 trainings" in said


def test_a_loss_that_pandas_left_blank_is_nan_and_tensors_are_numbers(tmp_path):
    rows = [
        "epoch,loss,accuracy",
        "0,tensor(0.7012),.5",
        "1,\"tensor(0.9, device='cuda:0')\",.5",
        "2,,.5",
        "3,,.5",
    ]
    (tmp_path / "h.csv").write_text("\n".join(rows))
    values = read_history(tmp_path / "h.csv").curves.get("training", "loss").values
    assert values[:2] == (0.7012, 0.9)
    assert all(math.isnan(v) for v in values[2:])


@settings(max_examples=30)
@given(content=st.text(max_size=200), suffix=st.sampled_from([".csv", ".json"]))
def test_any_text_is_read_or_refused_in_words(tmp_path_factory, content, suffix):
    file = tmp_path_factory.mktemp("any") / f"h{suffix}"
    file.write_text(content, encoding="utf-8", errors="replace")
    with contextlib.suppress(OptionError):
        assert len(read_history(file).curves.epochs) > 1


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("h.csv", b"", "empty"),
        ("h.csv", b"\xff\xfe\x00", "UTF-8"),
        ("h.csv", b"path,label\na.png,cat\nb.png,dog\n", "path, label"),
        ("h.csv", b"epoch,loss\n0,.7\n", "1 epoch"),
        ("h.csv", b"epoch,loss\n", "columns"),
        ("h.json", b"{", "no JSON"),
        ("h.json", b'{"decision": "trustworthy"}', "decision"),
        ("h.json", b"3", "int"),
    ],
)
def test_what_is_no_history_is_one_message(tmp_path, refused, name, content, words):
    (tmp_path / name).write_bytes(content)
    assert words in refused(read_history, tmp_path / name).found


def test_a_file_that_is_not_there_is_named(tmp_path, refused):
    assert "missing.csv" in refused(read_history, tmp_path / "missing.csv").where


def test_long_tables_are_read_and_looked_at_quickly(tmp_path):
    from tellapart.diagnose.history import diagnose_history

    file = write(tmp_path, {"loss": list(np.linspace(1, 0.1, 5_000))})
    assert diagnose_history(file).remarks
