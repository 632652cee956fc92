"""``python -m tellapart.recipes``: the whole way, and what it refuses."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from tellapart.recipes.command import main


def test_training_a_from_the_shell_where_no_backend_is_named(parts_folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "curves"
    environment = {name: value for name, value in os.environ.items() if name != "KERAS_BACKEND"}
    command = [sys.executable, "-W", "error::UserWarning", "-m", "tellapart.recipes", "plastic_pieces"]
    options = ["--epochs", "2", "--size", "32", "--batch", "5", "--fresh", str(parts_folder / "test")]
    done = subprocess.run(
        [*command, str(parts_folder), *options, "--out", str(out), "--json"],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env=environment,
    )
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert document["versions"]["backend"].startswith("torch ")
    assert document["recipe"] == "plastic_pieces"
    assert document["options"]["dropout"] == [0.5, 0.5]
    assert document["pictures_per_epoch"] == {"train": 15, "validation": 10}
    assert [one["epoch"] for one in document["epochs"]] == [1, 2]
    assert set(document["final"]["test"]["accuracy"]) == {"value", "low", "high", "n"}
    assert "epoch 2/2" in done.stderr
    assert json.loads((out / "result.json").read_text()) == document
    assert (out / "summary.txt").read_text().strip() == document["summary"]
    check_curves(out, "accuracy", epochs=2)


def test_training_b_prints_its_summary(
    keras: Any, class_folders: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "curves"
    given = ["quarter_positive", str(class_folders), "--epochs", "2", "--size", "32", "--out", str(out)]
    assert main(given) == 0
    printed = capsys.readouterr()
    assert printed.out.startswith("quarter_positive: 2 epochs at 32 px")
    assert "The reported validation precision went from" in printed.out
    assert "read 20% of 60 pictures" in printed.err
    check_curves(out, "precision", epochs=2)


def check_curves(out: Path, metric: str, *, epochs: int) -> None:
    with (out / "curves.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["epoch"] for row in rows] == [str(number + 1) for number in range(epochs)]
    assert {metric, "loss", f"val_{metric}", "val_loss", f"true_validation_{metric}"} <= set(rows[0])
    assert all(float(row["val_loss"]) > 0 for row in rows)
    picture = ElementTree.parse(out / "curves.svg").getroot()
    assert picture.tag.endswith("svg")
    words = [text.text for text in picture.iter("{http://www.w3.org/2000/svg}text")]
    assert metric in words
    assert "validation, reported" in words
    assert not list(out.glob("*.part"))


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["{missing}"], "nothing there"),
        (["{classes}"], "a training and a validation part"),
        (["{parts}", "--dropout", "1", "0"], "dropout should be from 0 to below 1"),
        (["{parts}", "--time", "soon"], "--time should be a duration"),
        (["{parts}", "--epochs", "0"], "epochs should be a whole number"),
        (["{parts}", "--epochs", "many"], "--epochs"),
        (["{parts}", "--size", "8", "--out", "{file}"], "--out should be a folder"),
        (["{parts}", "--nonsense"], "--nonsense"),
    ],
)
def test_what_cannot_be_used_is_said_with_status_2(
    keras: Any,
    parts_folder: Path,
    class_folders: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    expected: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "file"
    file.write_text("taken")
    known = {"missing": tmp_path / "missing", "classes": class_folders, "parts": parts_folder, "file": file}
    assert main(["plastic_pieces", *(one.format_map(known) for one in arguments)]) == 2
    printed = capsys.readouterr()
    assert expected in printed.err
    assert "Traceback" not in printed.err
    assert printed.out == ""
    assert [one.name for one in tmp_path.iterdir()] == ["file"], "nothing half-written"


def test_help_names_both_trainings(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    printed = capsys.readouterr().out
    assert "plastic_pieces" in printed
    assert "quarter_positive" in printed
