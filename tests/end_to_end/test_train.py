"""`train` through the real command: the run folder and what it says."""

from __future__ import annotations

import csv
import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from shapes_set import write_set

FILES = {
    "MODEL_CARD.md",
    "audit.json",
    "explanations.json",
    "gallery.json",
    "history.csv",
    "metrics.json",
    "model.onnx",
    "plan.json",
    "predictions.csv",
    "report.html",
    "run.json",
    "split.csv",
    "versions.json",
}
ESTIMATES = (
    "accuracy",
    "accuracy_at_half",
    "balanced_accuracy",
    "roc_auc",
    "macro_f1",
    "average_precision",
    "log_loss",
    "calibration_error",
)


def rows(file: Path) -> list[dict[str, str]]:
    with file.open(newline="") as source:
        return list(csv.DictReader(source))


def test_writes_exactly_the_run_folder(trained):
    run, metrics = trained
    assert {entry.name for entry in run.iterdir()} == FILES
    assert json.loads((run / "metrics.json").read_text()) == metrics


def test_metrics_have_the_fields_of_the_interface(trained):
    _, metrics = trained
    assert metrics["schema"] == 1
    assert metrics["classes"] == ["filled spot", "ring <b>&"]
    assert metrics["positive"] == "filled spot"
    assert metrics["positive_chosen_by"] == "rarer class"
    assert metrics["test_part"] == "held back"
    assert metrics["decision"] == "trustworthy"
    for part in ("test", "out_of_fold"):
        for name in ESTIMATES:
            figure = metrics[part][name]
            assert figure["n"] > 0
            assert figure["low"] <= figure["value"] <= figure["high"]
        assert np.sum(metrics[part]["confusion"]) == metrics[part]["n"]
    assert metrics["test"]["n"] + metrics["out_of_fold"]["n"] == metrics["pictures"]["used"] == 110
    assert 0 < metrics["threshold"]["value"] < 1
    assert metrics["per_thousand"]["words"]
    assert metrics["seconds"].keys() >= {"read", "train", "total"}


def test_split_holds_back_a_fifth_and_deals_the_rest_into_folds(trained):
    run, _ = trained
    table = rows(run / "split.csv")
    test = [row for row in table if row["split"] == "test"]
    assert len(test) == 22
    assert sum(row["label"] == "filled spot" for row in test) == 8
    assert all(row["fold"] == "" for row in test)
    assert {row["fold"] for row in table if row["split"] == "train"} == {"0", "1", "2", "3", "4"}


def test_predictions_agree_with_the_figures(trained):
    run, metrics = trained
    table = [row for row in rows(run / "predictions.csv") if row["split"] == "test"]
    right = np.mean([row["label"] == row["predicted"] for row in table])
    assert right == pytest.approx(metrics["test"]["accuracy"]["value"])
    for row in table:
        assert float(row["probability_filled spot"]) + float(row["probability_ring <b>&"]) == pytest.approx(
            1, abs=1e-5
        )


def test_every_setting_has_its_reason(trained):
    run, _ = trained
    plan = json.loads((run / "plan.json").read_text())
    assert all(setting["reason"] for setting in plan["settings"])
    assert plan["fingerprint"]["pictures"] == 110
    assert plan["quoted_seconds"]["probe"] > 0


def test_report_escapes_names_and_asks_for_nothing(trained):
    run, _ = trained
    page = (run / "report.html").read_text()
    assert "ring &lt;b&gt;&amp;" in page
    assert "<b>&" not in page
    assert not re.search(r"""(src|href)\s*=\s*["'](https?:)?//""", page)


def test_the_same_command_again_says_it_is_finished(trained, shapes, here):
    run, metrics = trained
    before = (run / "metrics.json").stat().st_mtime_ns
    again = here("train", shapes, "--out", run, "--members", "probe", "--json", "--prevalence", ".01")
    assert again.returncode == 0
    assert "finished" in again.stderr
    assert json.loads(again.stdout) == metrics
    assert (run / "metrics.json").stat().st_mtime_ns == before


def test_another_command_into_the_folder_is_refused(trained, shapes, here):
    run, _ = trained
    other = here("train", shapes, "--out", run, "--members", "probe", "--seed", "1")
    assert other.returncode == 2
    assert "seed" in other.stderr
    assert "Traceback" not in other.stderr


def test_predict_gives_the_answers_of_the_run(trained, shapes, here):
    run, _ = trained
    known = {row["path"]: row for row in rows(run / "predictions.csv") if row["split"] == "test"}
    done = here("predict", run, shapes)
    assert done.returncode == 0, done.stderr
    found = {row["path"]: row for row in csv.DictReader(done.stdout.splitlines())}
    assert len(found) == 110
    for path, row in known.items():
        assert found[path]["predicted"] == row["predicted"]
        assert found[path]["sure"] == row["sure"]
        probability = float(row["probability_filled spot"])
        assert float(found[path]["probability_filled spot"]) == pytest.approx(probability, abs=2e-4)


def test_predict_names_broken_files_and_goes_on(trained, shapes, here, tmp_path):
    run, _ = trained
    folder = tmp_path / "new"
    folder.mkdir()
    shutil.copy(shapes / "filled spot" / "000.png", folder / "a.png")
    (folder / "b.png").write_bytes(b"not a picture")
    out = tmp_path / "predictions.csv"
    done = here("predict", run, folder, folder / "a.png", "--out", out)
    assert done.returncode == 0, done.stderr
    table = rows(out)
    assert [row["path"] for row in table] == ["a.png", "b.png", str(folder / "a.png")]
    assert table[0]["predicted"] == table[2]["predicted"] != ""
    assert table[1]["error"]
    assert table[1]["predicted"] == ""


def test_prediction_never_imports_torch(trained, shapes):
    import subprocess
    import sys

    run, _ = trained
    code = (
        "import sys; from tellapart.cli import app\n"
        f"app(['predict', {str(run)!r}, {str(shapes)!r}], standalone_mode=False)\n"
        "assert not {'torch', 'sklearn', 'scipy', 'onnx'} & set(sys.modules), sorted(sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr


def test_evaluate_measures_other_pictures(trained, here, tmp_path):
    run, metrics = trained
    fresh = write_set(tmp_path / "fresh", {"filled spot": 15, "ring <b>&": 15}, seed=5)
    done = here("evaluate", run, fresh, "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["test"]["n"] == 30
    assert found["threshold"] == metrics["threshold"]
    assert found["test"].keys() == metrics["test"].keys()


def test_report_is_rendered_again(trained, here, tmp_path):
    run, _ = trained
    target = tmp_path / "again.html"
    assert here("report", run, "--out", target).returncode == 0
    assert target.read_text() == (run / "report.html").read_text()


def test_given_parts_are_respected_and_the_detail_net_may_join(here, tmp_path):
    root = write_set(tmp_path / "set" / "train", {"a": 30, "b": 30}).parent
    write_set(root / "val", {"a": 12, "b": 12}, seed=1)
    for file in root.rglob("*.png"):  # narrow ones are trained sooner
        Image.open(file).resize((16, 40)).save(file)
    done = here("train", root, "--out", tmp_path / "run", "--members", "detail", "--time", "2m", "--json")
    assert done.returncode == 0, done.stderr
    metrics = json.loads(done.stdout)
    assert metrics["test_part"] == "validation"
    assert metrics["test"]["n"] == 24
    assert metrics["test"]["roc_auc"]["value"] > 0.8
    assert {row["split"] for row in rows(tmp_path / "run" / "split.csv")} == {"train", "test"}
    curves = rows(tmp_path / "run" / "history.csv")
    assert {row["member"] for row in curves} == {"detail"}


def test_shuffled_labels_are_called_chance_and_strict_exits_3(here, tmp_path):
    root = write_set(tmp_path / "set", {"a": 60})
    (root / "b").mkdir()
    for number, file in enumerate(sorted((root / "a").iterdir())):
        if number % 2:
            file.rename(root / "b" / file.name)
    done = here("train", root, "--out", tmp_path / "run", "--members", "probe", "--strict", "--json")
    assert done.returncode == 3, done.stderr
    assert json.loads(done.stdout)["decision"] in ("no better than chance", "too few to tell")


def test_plan_only_trains_nothing(shapes, here, tmp_path):
    done = here("train", shapes, "--out", tmp_path / "run", "--plan-only", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["settings"]
    assert not (tmp_path / "run").exists()
