"""The whole command on a network that is not ours: trained, written, and used where only onnxruntime is needed."""

from __future__ import annotations

import csv
import json
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

WITHOUT = """
import sys
sys.modules.update(torch=None, transformers=None, onnx=None)
sys.argv = ["tellapart", *sys.argv[1:]]
from tellapart.cli import main
main()
"""


def predict_without_torch(*arguments):
    command = [sys.executable, "-W", "error", "-c", WITHOUT, "predict", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    """Grey noise, one class with a bright patch."""
    root, rng = tmp_path_factory.mktemp("drawn") / "pictures", np.random.default_rng(0)
    for name in ("plain", "spotted"):
        (root / name).mkdir(parents=True)
        for number in range(24):
            grey = rng.normal(80, 25, (40, 56))
            y, x = rng.integers(0, 24), rng.integers(0, 40)
            grey[y : y + 16, x : x + 16] += 120 * (name == "spotted")
            image = Image.fromarray(np.clip(grey, 0, 255).astype(np.uint8)).convert("RGB")
            image.save(root / name / f"{number}.png")
    return root


def test_train_and_predict_with_a_transformer(pictures, swin_folder, here, tmp_path):
    run = tmp_path / "run"
    # So short a time cuts the plan down to one deal of three folds.
    options = ("--out", run, "--backbone", swin_folder, "--members", "probe", "--time", "10s", "--json")
    done = here("train", pictures, *options)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    weights = json.loads(done.stdout)["weights"]
    assert [(one["name"], one["licence"]) for one in weights] == [("tiny-swin", "apache-2.0")]
    settings = {one["name"]: one for one in json.loads((run / "plan.json").read_text())["settings"]}
    assert "sha256" in settings["backbone"]["reason"]
    assert "64 x 64 px only" in settings["probe.area_px"]["reason"]
    assert "apache-2.0" in (run / "MODEL_CARD.md").read_text()

    done = predict_without_torch(run, pictures)
    assert done.returncode == 0, done.stderr
    found = {row["path"]: row for row in csv.DictReader(done.stdout.splitlines())}
    with (run / "predictions.csv").open() as stream:
        tested = [row for row in csv.DictReader(stream) if row["split"] == "test"]
    assert tested
    for row in tested:
        share = float(found[row["path"]]["probability_spotted"])
        assert share == pytest.approx(float(row["probability_spotted"]), abs=1e-5)


def test_unknown_names_exit_with_2(pictures, here, tmp_path):
    done = here("train", pictures, "--out", tmp_path / "run", "--backbone", "hub:no such/name")
    assert done.returncode == 2
    assert "hub:OWNER/NAME" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "run").exists()
