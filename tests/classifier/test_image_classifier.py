"""`ImageClassifier`: what it answers, and that a copy answers the same."""

from __future__ import annotations

import copy
import gc
import io
import json
import pickle

import joblib
import numpy as np
import pytest
from PIL import Image
from sklearn.exceptions import NotFittedError

from tellapart import ImageClassifier
from tellapart.errors import TellapartError


def test_an_array_gives_the_figures_of_the_folder_with_the_same_pictures(from_folder, from_array):
    folder, array = (one.report_.to_dict() for one in (from_folder, from_array))
    for key in ("decision", "test", "out_of_fold", "threshold", "positive", "members"):
        if key == "members":
            folder[key], array[key] = (
                [{k: v for k, v in one.items() if k != "seconds"} for one in members]
                for members in (folder[key], array[key])
            )
        assert folder[key] == array[key], key


def test_labels_keep_their_type_and_order(from_folder, from_array, answered, drawn, few):
    assert from_array.classes_.dtype == drawn.y.dtype
    assert from_array.classes_.tolist() == [2, 10]
    assert from_folder.classes_.tolist() == ["10", "2"]
    np.testing.assert_array_equal(from_array.predict_proba(few.X), answered[:, ::-1])


def test_answers_have_a_row_per_picture(from_array, drawn):
    probabilities = from_array.predict_proba(drawn.X)
    assert probabilities.shape == (22, 2)
    np.testing.assert_allclose(probabilities.sum(1), 1)
    predicted, sure = from_array.predict(drawn.X), from_array.sure(drawn.X)
    assert predicted.shape == sure.shape == (22,)
    assert predicted.dtype == drawn.y.dtype
    assert sure.dtype == bool
    assert from_array.score(drawn.X, drawn.y) == np.mean(predicted == drawn.y) > 0.9
    weights = np.where(predicted[:4] == drawn.y[:4], 1.0, 3.0)
    other_way = np.where(drawn.y[:4] == 2, 10, 2)
    weighted = np.average(predicted[:4] == other_way, weights=weights)
    assert from_array.score(drawn.X[:4], other_way, sample_weight=weights) == pytest.approx(weighted)


def test_a_folder_is_scored_by_its_class_folders(from_array, from_folder, drawn):
    assert from_array.score(drawn.folder) == from_folder.score(drawn.folder) > 0.9


def test_the_report_shows_itself(from_array):
    report = from_array.report_
    metrics = report.to_dict()
    assert repr(report).startswith(metrics["decision"].capitalize())
    assert f"n = {metrics['test']['n']}" in repr(report)
    shown = report._repr_html_()
    assert shown.startswith("<iframe")
    assert "<html" not in shown  # escaped: its styles stay inside
    metrics["test"]["n"] = -1
    assert report.to_dict()["test"]["n"] > 0


@pytest.mark.parametrize("way", ["pickle", "deepcopy", "joblib"])
def test_a_copy_answers_the_same_without_the_run_folder(way, from_array, drawn):
    if way == "pickle":
        twin = pickle.loads(pickle.dumps(from_array))
    elif way == "deepcopy":
        twin = copy.deepcopy(from_array)
    else:
        file = io.BytesIO()
        joblib.dump(from_array, file)
        file.seek(0)
        twin = joblib.load(file)
    assert twin.run_ is None
    assert from_array.run_.is_dir()
    np.testing.assert_array_equal(twin.predict_proba(drawn.X[:3]), from_array.predict_proba(drawn.X[:3]))
    assert repr(twin.report_) == repr(from_array.report_)


def test_a_temporary_run_folder_goes_with_its_owner(read_only, drawn):
    _, _, classifier = read_only(drawn.X, drawn.y)
    run = classifier.run_
    assert (run / "model.onnx").exists()
    twin = pickle.loads(pickle.dumps(classifier))
    del classifier
    gc.collect()
    assert not run.parent.exists()
    assert len(twin.predict(drawn.X[:2])) == 2


def test_a_kept_run_is_loaded_again(from_folder, drawn, few, capfd):
    loaded = ImageClassifier.load(from_folder.run_)
    assert loaded.run_ == from_folder.run_
    assert loaded.predict(few.files).tolist() == from_folder.predict(few.files).tolist()
    assert loaded.report_.to_dict() == json.loads((from_folder.run_ / "metrics.json").read_text())
    again = ImageClassifier(members="probe", run=from_folder.run_).fit(drawn.folder)
    assert again.report_.to_dict() == from_folder.report_.to_dict()
    assert "finished" in capfd.readouterr().err


def test_labels_that_are_numbers_are_numbers_after_loading(from_array, few):
    loaded = ImageClassifier.load(from_array.run_)
    assert loaded.classes_.tolist() == [2, 10]
    assert loaded.predict(few.X).tolist() == from_array.predict(few.X).tolist()


def test_a_used_run_folder_is_refused_for_other_pictures(from_folder, drawn, refused):
    other = ImageClassifier(members="probe", run=from_folder.run_)
    error = refused(other.fit, drawn.X, drawn.y)
    assert "pictures" in error.found


def test_what_is_no_run_is_not_loaded(refused, tmp_path):
    refused(ImageClassifier.load, tmp_path)


def test_unfitted():
    for method in ("predict", "predict_proba", "sure", "score"):
        with pytest.raises(NotFittedError):
            getattr(ImageClassifier(), method)([Image.new("RGB", (8, 8))])
    assert not hasattr(ImageClassifier(), "run_")


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({"time": "soon"}, "time"),
        ({"time": 1}, "time"),
        ({"random_state": -1}, "random_state"),
        ({"random_state": "x"}, "random_state"),
        ({"min_precision": 2}, "min_precision"),
        ({"cost": "cheap"}, "cost"),
        ({"min_recall": 0.9, "min_precision": 0.9}, "min_recall"),
        ({"members": "oracle"}, "members"),
        ({"backbone": "no-such-net"}, "backbone"),
        ({"positive": "no such class"}, "no such class"),
    ],
)
def test_impossible_parameters_are_refused_by_their_own_names_in_fit(options, word, drawn):
    classifier = ImageClassifier(**options)
    with pytest.raises(ValueError, match=word) as caught:
        classifier.fit(drawn.files, drawn.y)
    assert isinstance(caught.value, TellapartError)
    assert "--" not in str(caught.value)
    assert not hasattr(classifier, "classes_")


def test_export_compares_on_the_pictures_of_the_run_or_on_those_given(
    from_folder, from_array, drawn, few, refused, tmp_path
):
    assert from_folder.export(tmp_path / "a.onnx")["n"] == 22
    certificate = from_array.export(tmp_path / "b.onnx", few.X)
    assert certificate["n"] == len(few.X)
    assert certificate["equal_labels"]["value"] == 1
    assert "export(to, X)" in refused(from_array.export, tmp_path / "c.onnx").advice
    assert "export(to, X)" in refused(copy.deepcopy(from_array).export, tmp_path / "c.onnx").advice
    assert not (tmp_path / "c.onnx").exists()
    error = refused(from_folder.export, tmp_path / "c.pt")
    assert "--" not in str(error)
