"""`tellapart diagnose` through the command line: scripts that a user could have written, run for real."""

from __future__ import annotations

import hashlib
import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest
from PIL import Image

LOOP = """
import os, sys
import numpy as np, torch
from PIL import Image
from torch import nn

folder = sys.argv[1]
names, X, y = sorted(os.listdir(folder)), [], []
for label, name in enumerate(names):
    for file in sorted(os.listdir(os.path.join(folder, name))):
        X.append(np.asarray(Image.open(os.path.join(folder, name, file)), dtype=np.float32) / 255)
        y.append(label)
X, y = torch.tensor(np.stack(X)).permute(0, 3, 1, 2), torch.tensor(y)
order = torch.randperm(len(X))
X, y = X[order], y[order]
net = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 2))
optimizer = torch.optim.Adam(net.parameters(), lr=.02)
criterion = nn.CrossEntropyLoss()
for epoch in range(12):
    net.train()
    for at in range(0, 120, 20):
        optimizer.zero_grad()
        loss = criterion(net(X[at:at + 20]), y[at:at + 20])
        loss.backward()
        optimizer.step()
    net.eval()
    with torch.no_grad():
        right = (net(X[120:]).argmax(1) == y[120:]).float().mean().item()
    print(f"epoch {epoch} validation accuracy {right:.3f}")
"""

KERAS = """
import os, sys
import numpy as np
import keras
from keras import layers, ops
from PIL import Image

folder = sys.argv[1]
names, x, y = sorted(os.listdir(folder)), [], []
for label, name in enumerate(names):
    for file in sorted(os.listdir(os.path.join(folder, name))):
        x.append(np.asarray(Image.open(os.path.join(folder, name, file)), dtype="float32") / 255)
        y.append(label)
order = np.random.permutation(len(x))
x, y = np.stack(x)[order], np.array(y, dtype="float32")[order][:, None]

def precision(y_true, y_pred):
    hits = ops.sum(ops.round(ops.clip(y_true * y_pred, 0, 1)))
    return hits / (ops.sum(ops.round(ops.clip(y_pred, 0, 1))) + keras.backend.epsilon())

model = keras.Sequential([
    layers.Input((16, 16, 3)),
    layers.Conv2D(8, 3, activation="relu"),
    layers.GlobalAveragePooling2D(),
    layers.Dense(1, activation="sigmoid"),
])
model.compile(keras.optimizers.Adam(1e-8), "binary_crossentropy", metrics=[precision])
model.fit(x[:120], y[:120], batch_size=20, epochs=30, validation_data=(x[120:], y[120:]), verbose=2)
"""


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two classes that differ in colour."""
    folder, rng = tmp_path_factory.mktemp("pictures"), np.random.default_rng(0)
    for label, name in enumerate(["blueish", "reddish"]):
        (folder / name).mkdir()
        for number in range(90):
            picture = rng.integers(0, 160, (16, 16, 3))
            picture[..., 0 if label else 2] += 60
            Image.fromarray(picture.astype(np.uint8)).save(folder / name / f"{number}.png")
    return folder


@pytest.fixture
def diagnose(tmp_path: Path, here: Callable[..., Any]) -> Callable[..., Any]:
    """Write a script, diagnose it, see that its folder is as it was."""

    def diagnose(
        text: str, *options: str | Path, name: str = "train.py", call: Callable[..., Any] = here
    ) -> subprocess.CompletedProcess[str]:
        folder = tmp_path / "project"
        folder.mkdir()
        (folder / name).write_text(text)
        before = hashlib.sha256((folder / name).read_bytes()).hexdigest()
        found = call("diagnose", folder / name, *options)
        assert [file.name for file in folder.iterdir()] == [name]
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == before
        return found

    return diagnose


def document(found: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    assert found.returncode == 0, found.stderr
    one = json.loads(found.stdout)
    schema = json.loads((Path(__file__).parents[2] / "docs/reference/diagnosis.schema.json").read_text())
    jsonschema.validate(one, schema)
    return one


def test_a_loop_without_a_step_is_named_proved_and_mended(diagnose, tellapart, pictures, tmp_path):
    text = LOOP.replace("        optimizer.step()\n", "")
    out = tmp_path / "out"
    found = diagnose(text, "--pictures", pictures, "--time", "3m", "--out", out, "--json", call=tellapart)
    one = document(found)
    assert one["verdict"] == "fails"
    cause = one["causes"][0]
    assert (cause["code"], cause["proved"]) == ("loop.missing_step", True)
    experiment, _order = cause["experiments"]
    assert experiment["before"]["value"] < 0.65 < 0.9 < experiment["after"]["value"]
    assert experiment["effect"]["low"] >= 0.05
    assert len(experiment["before"]["seeds"]) >= 3
    assert "optimizer.step()" in (out / "fixed.py").read_text()
    (tmp_path / "train.py").write_text(text)
    subprocess.run(["git", "apply", str(out / "fix.patch")], cwd=tmp_path, check=True)
    assert (tmp_path / "train.py").read_text() == (out / "fixed.py").read_text()
    assert "loop.missing_step" in (out / "report.html").read_text()
    told = (out / "trials.log").read_text()
    assert told.count("=== run") >= 6
    assert told.count("+        optimizer.step()") == told.count("The program as it is.") == 3
    assert "epoch 11 validation accuracy" in told


def test_two_faults_that_hide_each_other_are_named_together(diagnose, pictures, tmp_path):
    text = LOOP.replace("        optimizer.step()\n", "").replace("lr=.02", "lr=1e-8").replace("(12)", "(30)")
    one = document(
        diagnose(text, "--pictures", pictures, "--time", "5m", "--out", tmp_path / "out", "--json")
    )
    (cause,) = one["causes"]
    assert cause["proved"]
    assert set(cause["together"]) == {"loop.missing_step", "optimizer.learning_rate_too_low"}
    both, *alone, more = cause["experiments"]
    assert both["effect"]["low"] >= 0.05
    assert [each["effect"]["value"] < 0.05 for each in alone] == [True, True]
    assert more["effect"]["low"] > 0
    assert "It takes this together with another fault" in one["summary"]


def test_a_figure_computed_by_batches_is_remarked_beside_the_cause(diagnose, pictures):
    """The second founding question: nothing is learnt, and the figure that is looked at is not that of the set."""
    one = document(diagnose(KERAS, "--pictures", pictures, "--time", "3m", "--json"))
    assert [(cause["code"], cause["proved"]) for cause in one["causes"]] == [
        ("optimizer.learning_rate_too_low", True)
    ]
    assert [remark["code"] for remark in one["remarks"]] == ["metric.batch_averaged"]
    assert "not the measure of the whole set" in one["remarks"][0]["words"]


def test_a_training_that_works_is_healthy(diagnose, pictures):
    one = document(diagnose(LOOP, "--pictures", pictures, "--time", "2m", "--json"))
    assert (one["verdict"], one["causes"]) == ("healthy", [])
    assert one["balanced_accuracy"]["low"] > 0.5


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("import missing_package_of_mine\n" + LOOP, "missing_package_of_mine"),
        (LOOP.replace("folder = sys.argv[1]", "folder = input('folder? ')"), "type something"),
        (LOOP.replace("folder = sys.argv[1]", "folder = int('no luck today')"), "no luck today"),
    ],
)
def test_what_cannot_be_run_is_said_in_words(diagnose, pictures, text, words):
    one = document(diagnose(text, "--pictures", pictures, "--time", "1m", "--json"))
    assert one["verdict"] == "unknown"
    assert words in one["summary"]


def test_a_training_that_breaks_off_is_judged_as_far_as_it_came(diagnose, pictures):
    works = document(
        diagnose(
            LOOP + "    assert epoch < 10, 'disk full'\n", "--pictures", pictures, "--time", "1m", "--json"
        )
    )
    assert works["verdict"] == "healthy"
    assert "But the script ends with AssertionError in train.py, line 30: disk full." in works["summary"]


def test_a_training_that_breaks_off_too_early_to_tell_is_unknown(diagnose, pictures):
    text = LOOP.replace("lr=.02", "lr=1e-6") + "    assert epoch < 1, 'disk full'\n"
    early = document(diagnose(text, "--pictures", pictures, "--time", "1m", "--json"))
    assert (early["verdict"], early["causes"]) == ("unknown", [])
    assert "line 30: disk full. By then it is no better than chance" in early["summary"]


@pytest.mark.parametrize(
    ("text", "name", "words"),
    [
        ("x = 1\ny = 2 3 4 5 6 7\n", "train.py", "line 2"),
        ("print('hello')\n", "train.py", "network"),
        ("", "train.py", "empty"),
        ("x = 1", "train.txt", ".txt"),
    ],
)
def test_what_is_no_training_program_is_one_message(diagnose, text, name, words):
    found = diagnose(text, name=name)
    assert (found.returncode, found.stdout) == (2, "")
    assert words in found.stderr
    assert "Traceback" not in found.stderr
