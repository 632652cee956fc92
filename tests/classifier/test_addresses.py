"""The main job on pictures at an address: the folds, figures and answers of the folder that holds the same ones."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

import fsspec
import numpy as np
import pytest

from tellapart import ImageClassifier
from tellapart.errors import PicturesError
from tellapart.pictures import remote
from tellapart.run_folder import RunFolder


@pytest.fixture(scope="module")
def address(drawn):
    memory, name = fsspec.filesystem("memory"), uuid4().hex
    for file in drawn.files:
        memory.pipe_file(f"/{name}/pictures/{file.relative_to(drawn.folder).as_posix()}", file.read_bytes())
    yield f"memory://{name}/pictures"
    memory.rm(f"/{name}", recursive=True)


@pytest.fixture(scope="module")
def from_address(address, tmp_path_factory):
    return ImageClassifier(members="probe", run=tmp_path_factory.mktemp("address") / "run").fit(address)


@pytest.mark.parametrize(
    "name", ["split.csv", "predictions.csv", "audit.json", "gallery.json", "history.csv"]
)
def test_the_run_is_that_of_the_folder(name, from_folder, from_address):
    assert (from_address.run_ / name).read_bytes() == (from_folder.run_ / name).read_bytes()


def test_figures_and_answers_are_those_of_the_folder(
    from_folder, from_address, address, drawn, answered, few
):
    folder, there = (one.report_.to_dict() for one in (from_folder, from_address))
    for key in ("decision", "name", "test", "out_of_fold", "threshold", "positive", "pictures"):
        assert folder[key] == there[key], key
    np.testing.assert_array_equal(from_address.predict_proba(few.X), answered)
    ours = from_folder.predict_proba(str(drawn.folder))
    np.testing.assert_array_equal(from_folder.predict_proba(address), ours)
    np.testing.assert_array_equal(from_folder.predict_proba([f"{address}/10/00.png"])[0], ours[0])
    assert from_folder.score(address) == from_folder.score(str(drawn.folder))
    assert RunFolder(from_address.run_).read_json("run.json")["command"]["pictures"] == address


def test_a_list_of_addresses_is_not_trained_on(address, refused):
    error = refused(ImageClassifier().fit, [f"{address}/10/00.png", f"{address}/2/00.png"], [0, 1])
    assert isinstance(error, PicturesError)


def test_a_lost_connection_leaves_a_run_that_the_same_call_goes_on_with(
    address, tmp_path, monkeypatch, refused, here
):
    from fsspec.implementations.memory import MemoryFileSystem

    read, seen = MemoryFileSystem.cat_file, []

    def cat_file(self, path, *given, **options):
        seen.append(path)
        if path.endswith("/2/11.png"):
            raise ConnectionResetError("reset by peer")
        return read(self, path, *given, **options)

    monkeypatch.setattr(remote, "WAITS_SECONDS", ())
    run = tmp_path / "run"
    with monkeypatch.context() as patched:
        patched.setattr(MemoryFileSystem, "cat_file", cat_file)
        done = here("train", address, "--out", run, "--members", "probe")
        assert done.returncode == 2
        assert "reset by peer" in done.stderr
        assert "Traceback" not in done.stderr
        assert (run / ".work" / "pictures.begun").exists()
        seen.clear()
        assert here("train", address, "--out", run, "--members", "probe").returncode == 2
        assert [path.rpartition("/")[2] for path in seen] == ["11.png"]


@pytest.mark.parametrize(
    "command", [["audit"], ["study", "size"], ["train", "--out", "run"], ["diagnose", "x.py", "--pictures"]]
)
def test_an_address_that_cannot_be_used_is_one_message(command, here, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "x.py").write_text("print(1)\n")
    done = here(*command, "memory://nobody-made-this/set")
    assert done.returncode == 2
    assert "memory://nobody-made-this/set" in done.stderr
    assert "what to do" in done.stderr
    assert [file.name for file in tmp_path.iterdir()] == ["x.py"]


def test_a_run_folder_at_an_address_is_refused_and_none_is_made(tmp_path, monkeypatch, refused):
    monkeypatch.chdir(tmp_path)
    error = refused(RunFolder(Path("s3://bucket/run")).claim({}).__enter__)
    assert (error.found, error.where) == ("an address", "s3:/bucket/run")
    assert not list(tmp_path.iterdir())
