"""Every wrong input is one clear message, exit status 2, nothing half-written."""

from __future__ import annotations

import os
import shutil

import pytest
from shapes_set import write_set


@pytest.fixture
def refuse(here, tmp_path):
    """Call train; see that it is refused with words and that RUN was not begun."""

    def refuse(pictures, *options, words=(), run=None):
        target = run or tmp_path / "run"
        before = sorted(target.iterdir()) if target.is_dir() else None
        done = here("train", pictures, "--out", target, *options)
        assert done.returncode == 2, done.stderr
        assert "Traceback" not in done.stderr
        assert done.stdout == ""
        for word in words:
            assert word in done.stderr
        assert (sorted(target.iterdir()) if target.is_dir() else None) == before
        return done.stderr

    return refuse


def test_missing_folder(refuse, tmp_path):
    refuse(tmp_path / "nothing here", words=("nothing here",))


def test_no_class_folders(refuse, tmp_path):
    (tmp_path / "empty").mkdir()
    refuse(tmp_path / "empty", words=("folder per class",))


def test_one_class(refuse, tmp_path):
    refuse(write_set(tmp_path / "set", {"only": 3}), words=("two classes", "only"))


def test_a_class_with_one_picture(refuse, tmp_path):
    refuse(write_set(tmp_path / "set", {"a": 5, "lonely": 1}), words=("lonely",))


def test_only_broken_files(refuse, tmp_path):
    for name in ("a", "b"):
        (tmp_path / "set" / name).mkdir(parents=True)
        for number in range(3):
            (tmp_path / "set" / name / f"{number}.png").write_bytes(b"no picture")
    refuse(tmp_path / "set")


def test_broken_files_among_good_ones_are_named_and_left_out(here, tmp_path):
    root = write_set(tmp_path / "set", {"a": 12, "b": 12})
    (root / "a" / "broken.png").write_bytes(b"no picture")
    (root / "b" / "empty.jpg").write_bytes(b"")
    done = here("train", root, "--out", tmp_path / "run", "--members", "probe", "--time", "60")
    assert done.returncode == 0, done.stderr
    assert "left out           2 files" in done.stderr
    page = (tmp_path / "run" / "report.html").read_text()
    assert "broken.png" in page
    assert "empty.jpg" in page


def test_a_used_folder(refuse, shapes, tmp_path):
    used = tmp_path / "used"
    used.mkdir()
    (used / "thesis.txt").write_text("mine")
    refuse(shapes, run=used, words=("other files",))
    assert (used / "thesis.txt").read_text() == "mine"


def test_run_is_a_file(here, shapes, tmp_path):
    (tmp_path / "run").write_text("mine")
    done = here("train", shapes, "--out", tmp_path / "run")
    assert done.returncode == 2
    assert (tmp_path / "run").read_text() == "mine"


@pytest.mark.skipif(os.geteuid() == 0 and not shutil.which("setpriv"), reason="root writes everywhere")
def test_an_unwritable_place(here, shapes):
    done = here("train", shapes, "--out", "/proc/run")
    assert done.returncode == 2
    assert "can be written" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("options", "word"),
    [
        (("--time", "-3m"), "--time"),
        (("--time", "soon"), "--time"),
        (("--time", "1s"), "--time"),
        (("--min-precision", "1.5"), "precision"),
        (("--min-recall", "0"), "recall"),
        (("--cost", "cheap"), "cost"),
        (("--prevalence", "2"), "prevalence"),
        (("--min-recall", ".9", "--min-precision", ".9"), "one"),
        (("--positive", "no such class"), "no such class"),
        (("--members", "oracle"), "oracle"),
        (("--members", ""), "--members"),
        (("--backbone", "no-such-net"), "no-such-net"),
        (("--groups", "no-such-file.csv"), "no-such-file.csv"),
        (("--seed", "x"), "--seed"),
        (("--seed", "-1"), "--seed"),
    ],
)
def test_impossible_options(refuse, shapes, options, word):
    refuse(shapes, *options, words=(word,))


@pytest.mark.parametrize("command", ["predict", "evaluate", "report"])
def test_a_folder_that_is_no_run(command, here, shapes, tmp_path):
    arguments = [] if command == "report" else [shapes]
    done = here(command, tmp_path, *arguments)
    assert done.returncode == 2
    assert "run" in done.stderr.lower()
    assert "Traceback" not in done.stderr


def test_a_damaged_model_is_refused(trained, here, shapes, tmp_path):
    run = tmp_path / "run"
    shutil.copytree(trained[0], run)
    model = (run / "model.onnx").read_bytes()
    (run / "model.onnx").write_bytes(model[: len(model) // 2])
    done = here("predict", run, shapes)
    assert done.returncode == 2
    assert "damaged" in done.stderr


def test_a_newer_schema_is_refused(trained, here, shapes, tmp_path):
    run = tmp_path / "run"
    shutil.copytree(trained[0], run)
    text = (run / "metrics.json").read_text()
    (run / "metrics.json").write_text(text.replace('"schema": 1', '"schema": 99', 1))
    done = here("evaluate", run, shapes)
    assert done.returncode == 2
    assert "99" in done.stderr


def test_classes_unknown_to_the_run(trained, here, tmp_path):
    other = write_set(tmp_path / "other", {"cat": 3, "dog": 3})
    done = here("evaluate", trained[0], other)
    assert done.returncode == 2
    assert "'cat'" in done.stderr
