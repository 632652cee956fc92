"""`diagnose` on what is read and not run: histories that Keras wrote, run folders; page, words, refusals."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import jsonschema
import numpy as np
import pytest
from report import made_runs
from report.parsed_page import Page
from typer.testing import CliRunner

import tellapart
from tellapart.cli import app
from tellapart.diagnose.answer import Verdict
from tellapart.diagnose.given import diagnose_given
from tellapart.recipes.backend import load_keras

SCHEMA = json.loads((Path(__file__).parents[2] / "docs/reference/diagnosis.schema.json").read_text())


@pytest.fixture(scope="module")
def finished(tmp_path_factory) -> Path:
    folder = made_runs.binary(tmp_path_factory.mktemp("run") / "run")
    command = {"command": "train", "pictures": "/somewhere/my pictures", "time_seconds": 600.0}
    made_runs.write_json(folder / "run.json", {"schema": 1, "state": "finished", "command": command})
    made_runs.write_json(folder / "audit.json", {"schema": 1, "pictures": 440, "classes": {}, "findings": []})
    made_runs.change(folder, "plan.json", left_out=[])
    return folder


@pytest.fixture
def run(finished, tmp_path) -> Path:
    """A run that a test may change; nothing speaks against it."""
    return shutil.copytree(finished, tmp_path / "run")


def found_in(run: Path):
    found = diagnose_given(str(run))
    jsonschema.validate(json.loads(json.dumps(found.to_dict(), allow_nan=False)), SCHEMA)
    return found


def finding(code: str, severity: str = "warn") -> dict:
    return {
        "code": code,
        "severity": severity,
        "title": f"Title of {code}",
        "evidence": {"suspect": 12},
        "files": [],
        "advice": "Look at them.",
    }


def audited(run: Path, *findings: dict) -> None:
    made_runs.change(run, "audit.json", findings=list(findings))


def test_a_run_that_nothing_speaks_against_is_healthy(run):
    found = found_in(run)
    assert (found.verdict, found.causes, found.remarks, found.run.points) == (Verdict.healthy, (), (), ())
    assert found.summary.startswith("The run can be trusted.")
    assert found.level.n == 60
    assert {one["name"] for one in found.to_dict()["run"]["members"]} == {"detail", "probe"}
    assert any(one.startswith("tellapart evaluate ") for one in found.next_steps)


@pytest.mark.parametrize(
    ("decision", "verdict"),
    [
        ("no better than chance", Verdict.fails),
        ("leaking", Verdict.fails),
        ("shortcut", Verdict.unknown),
        ("too few to tell", Verdict.unknown),
    ],
)
def test_the_decision_of_the_run_is_the_verdict(run, decision, verdict):
    made_runs.change(run, "metrics.json", decision=decision)
    audited(
        run,
        finding("copies.across_splits", "stop"),
        finding("labels.suspect"),
        finding("shortcut.size", "stop"),
    )
    found = found_in(run)
    assert found.verdict is verdict
    named = [one.code for one in (*found.causes, *found.remarks)]
    assert {"split.leak", "label.noise"} <= set(named)
    assert ("split.validation_too_small" in named) == (decision == "too few to tell")
    assert [one.code for one in found.run.points] == ["shortcut.size"]
    assert found.next_steps[0] == "tellapart audit '/somewhere/my pictures' --out DIR"
    if decision == "leaking":
        assert [one.code for one in found.causes] == ["split.leak"]


def test_what_the_time_did_not_allow_is_said_with_the_command_for_more(run):
    made_runs.change(run, "plan.json", left_out=[{"what": "detail", "why": "it would have taken 14 min"}])
    found = found_in(run)
    (point,) = found.run.points
    assert (point.code, point.words) == ("run.left_out", "it would have taken 14 min")
    assert "tellapart train '/somewhere/my pictures' --out OTHER_RUN --time 1200s" in found.next_steps


def test_a_member_that_was_given_up_and_an_aim_that_is_not_met_are_said(run):
    metrics = json.loads((run / "metrics.json").read_text())
    metrics["members"][1] |= {"complete": False, "words": "The time was up after 2 of 5 rounds."}
    metrics["fit_for_use"] = {"aim": "recall", "met": False, "words": "A recall of .99 is not reached."}
    made_runs.write_json(run / "metrics.json", metrics)
    points = {one.code: one.words for one in found_in(run).run.points}
    assert points == {
        "run.aim_not_met": "A recall of .99 is not reached.",
        "run.member_not_used": "The time was up after 2 of 5 rounds.",
    }


@pytest.mark.parametrize(("test", "is_said"), [(0.70, True), (0.93, False)])
def test_a_test_part_that_is_harder_than_the_folds_is_said(run, test, is_said):
    metrics = json.loads((run / "metrics.json").read_text())
    metrics["test"]["balanced_accuracy"] = {"value": test, "low": test - 0.08, "high": test + 0.06, "n": 60}
    made_runs.write_json(run / "metrics.json", metrics)
    assert ("run.worse_on_test" in [one.code for one in found_in(run).run.points]) == is_said


def test_folders_that_are_no_finished_run_are_refused(run, tmp_path, refused):
    (tmp_path / "empty").mkdir()
    assert "empty" in refused(diagnose_given, str(tmp_path / "empty")).found
    pictures = tmp_path / "pictures"
    (pictures / "cats").mkdir(parents=True)
    assert "cats" in refused(diagnose_given, str(pictures)).found
    state = json.loads((run / "run.json").read_text())
    made_runs.write_json(run / "run.json", state | {"state": "begun"})
    advice = refused(diagnose_given, str(run)).advice
    assert "tellapart train '/somewhere/my pictures' --out" in advice
    (run / "run.json").write_text("{")
    assert "damaged" in refused(diagnose_given, str(run)).expected
    made_runs.write_json(run / "run.json", state)
    (run / "metrics.json").write_text("[]")
    assert "damaged" in refused(diagnose_given, str(run)).expected
    (run / "metrics.json").write_text('{"schema": 1}')
    assert "decision" in refused(diagnose_given, str(run)).expected


def test_the_command_prints_one_document_or_one_message(tmp_path):
    call = CliRunner()
    file = tmp_path / "history.csv"
    file.write_text("epoch,loss\n" + "\n".join(f"{k},nan" for k in range(8)))
    done = call.invoke(app, ["diagnose", str(file), "--json"])
    document = json.loads(done.stdout)
    jsonschema.validate(document, SCHEMA)
    assert (done.exit_code, document["verdict"]) == (0, "fails")
    assert document["history"]["series"][0]["values"] == [None] * 8
    done = call.invoke(app, ["diagnose", str(file)])
    assert "What this cannot know:" in done.stdout
    assert "tellapart diagnose train.py --pictures DIR" in done.stdout
    done = call.invoke(app, ["diagnose", str(file), str(file)])
    assert "one file or folder at a time" in str(done.exception)


def test_the_page_shows_the_curves_and_escapes_names(tmp_path):
    bad = "val_loss <script>alert(1)</script>"
    rows = "\n".join(f"{k},{1 / (k + 1)},{0.5 + k / 20},x" for k in range(12))
    (tmp_path / "history.csv").write_text(f"epoch,loss,{bad},<b>other</b>\n{rows}")
    found = tellapart.diagnose(tmp_path / "history.csv", out=tmp_path / "out")
    assert found.to_dict()["history"]["unread"] == ["<b>other</b>"]
    text = (tmp_path / "out" / "report.html").read_text()
    assert {one.name for one in (tmp_path / "out").iterdir()} == {"report.html", "diagnosis.json"}
    assert "<script" not in text
    assert "Loss by epoch" in text
    assert "regularisation.missing" in text
    assert Page(text)


def test_the_page_of_a_run_shows_what_holds_it_back(run, tmp_path):
    audited(run, finding("shortcut.size", "stop"), finding("labels.suspect"))
    diagnose_given(str(run), out=tmp_path / "out")
    text = (tmp_path / "out" / "report.html").read_text()
    for words in (
        "shortcut.size",
        "label.noise",
        "What was trained",
        "Loss of detail",
        "The run can be trusted.",
    ):
        assert words in text


def test_histories_that_keras_wrote(tmp_path):
    """Two small trainings for real: one that cannot learn, and one that learns by heart."""
    keras = load_keras()
    keras.utils.set_random_seed(0)
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(60, 12)).astype("float32"), rng.integers(0, 2, 60)

    def train(name: str, rate: float) -> str:
        layers = [keras.layers.Dense(64, activation="relu"), keras.layers.Dense(1, activation="sigmoid")]
        net = keras.Sequential([keras.Input((12,)), *layers])
        net.compile(optimizer=keras.optimizers.Adam(rate), loss="binary_crossentropy", metrics=["accuracy"])
        file = str(tmp_path / name)
        # On PyTorch, Keras 3 hands tensors on, and CSVLogger stumbles over them.
        plain = keras.callbacks.LambdaCallback(
            on_epoch_end=lambda _, logs: logs.update({name: float(value) for name, value in logs.items()})
        )
        logger = keras.callbacks.CSVLogger(file)
        held = (x[40:], y[40:])
        net.fit(
            x[:40],
            y[:40],
            validation_data=held,
            epochs=16,
            batch_size=40,
            verbose=0,
            callbacks=[plain, logger],
        )
        return file

    found = diagnose_given(train("no_step.csv", 0.0))
    assert found.verdict is Verdict.fails
    assert "optimizer.learning_rate_too_low" in [one.code for one in found.causes]
    found = diagnose_given(train("by_heart.csv", 0.05))
    assert found.verdict is Verdict.unknown
    assert found.remarks[0].code == "regularisation.missing"
