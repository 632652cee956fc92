"""`study` through its public doors: from a folder to the answer, the page and the document."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
from shapes_set import write_set

import tellapart as package
from tellapart.errors import OptionError
from tellapart.study.learners import ProbeLearner
from tellapart.study.options import StudyOptions

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "reference" / "study.schema.json").read_text())


def test_a_folder_is_answered_once_and_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(ProbeLearner, "repeats", 1)
    monkeypatch.setattr(ProbeLearner, "folds", 3)
    pictures = write_set(tmp_path / "a <b> set", {"filled": 20, "ring <i>": 25})
    out = tmp_path / "out"
    found = package.study("size", pictures, out=out, model="probe", time="20m", positive="filled")
    document = found.to_dict()
    jsonschema.validate(document, SCHEMA)
    assert sum(document["classes"].values()) == document["studied_pictures"] == 36  # a fifth stays sealed
    assert [arm["words"] for arm in document["arms"]] == ["10 px", "14 px", "20 px", "28 px", "40 px"]
    assert sorted(file.name for file in out.iterdir()) == ["report.html", "run.json", "study.json"]
    assert json.loads((out / "study.json").read_text()) == document
    page = (out / "report.html").read_text()
    assert "<svg" in page
    assert "<b> set" not in page
    assert document["sentence"] in str(found)
    again = package.study("size", pictures, out=out, model="probe", time="20m", positive="filled")
    assert again.to_dict() == document


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"question": "colour"}, "size, amount, balance, augmentation"),
        ({"question": "size", "model": "resnet"}, "probe, detail, or a training script"),
    ],
)
def test_what_cannot_be_asked_is_refused_with_advice(refused, options, words):
    error = refused(StudyOptions, **options)
    assert isinstance(error, OptionError)
    assert words in str(error)


SCRIPT = """
import sys
from pathlib import Path
import numpy as np
import torch
from PIL import Image

def read(part):
    files = sorted((Path(sys.argv[1]) / part).glob("*/*.png"))
    x = [np.asarray(Image.open(file), dtype="float32").ravel() / 255 for file in files]
    names = sorted({file.parent.name for file in files})
    return torch.tensor(np.array(x)), torch.tensor([names.index(file.parent.name) for file in files])

x, y = read("train")
vx, vy = read("val")
model = torch.nn.Linear(x.shape[1], 2)
loss_fn = torch.nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
for epoch in range(3):
    for at in torch.randperm(len(x)).split(8):
        optimizer.zero_grad()
        loss_fn(model(x[at]), y[at]).backward()
        optimizer.step()
    with torch.no_grad():
        print((model(vx).argmax(1) == vy).float().mean().item())
"""


def test_a_script_of_the_users_own_is_asked(tmp_path, monkeypatch):
    monkeypatch.setattr("tellapart.study.own_script.rounds.PLANNED", 1)
    write_set(tmp_path / "set" / "train", {"filled": 10, "ring": 30})
    write_set(tmp_path / "set" / "val", {"filled": 10, "ring": 10}, seed=1)
    script = tmp_path / "code" / "train.py"
    script.parent.mkdir()
    script.write_text(SCRIPT)
    found = package.study("balance", tmp_path / "set", model=str(script), time="20m", out=tmp_path / "out")
    document = found.to_dict()
    jsonschema.validate(document, SCHEMA)
    fitted = {arm["key"]: arm["fitted_pictures"] for arm in document["arms"]}
    assert fitted == {"natural": 40, "threshold": 40, "weighted": 40, "resampled": 60, "thinned": 20}
    assert {arm["balanced_accuracy"]["n"] for arm in document["arms"]} == {20}
    assert document["model"]["name"] == "script"
    assert "your script train.py" in (tmp_path / "out" / "report.html").read_text()
    assert list(script.parent.iterdir()) == [script]


def test_a_script_is_given_a_folder(refused, tmp_path):
    table = tmp_path / "set.csv"
    table.write_text("path,label\n")
    assert "a table" in str(refused(package.study, "size", table, model="train.py"))


def test_pictures_that_are_not_there_leave_no_folder(refused, tmp_path):
    refused(package.study, "size", tmp_path / "nothing", out=tmp_path / "out")
    assert not (tmp_path / "out").exists()
