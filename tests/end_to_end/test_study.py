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
        ({"question": "size", "model": "train.py"}, "cannot be studied yet"),
        ({"question": "size", "model": "resnet"}, "probe, detail"),
    ],
)
def test_what_cannot_be_asked_is_refused_with_advice(refused, options, words):
    error = refused(StudyOptions, **options)
    assert isinstance(error, OptionError)
    assert words in str(error)


def test_pictures_that_are_not_there_leave_no_folder(refused, tmp_path):
    refused(package.study, "size", tmp_path / "nothing", out=tmp_path / "out")
    assert not (tmp_path / "out").exists()
