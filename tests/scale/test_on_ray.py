"""Tasks on a cluster of two nodes: the same numbers, whatever happens to a worker."""

from __future__ import annotations

import os
import time
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import onnx
import pytest
import torch
from PIL import Image

import tellapart
from tellapart.backbones.features import Backbone, lite0
from tellapart.deploy.bulk import predicting, spread
from tellapart.errors import ClusterError, PicturesError
from tellapart.members import detail, extraction, finetune
from tellapart.members.beside import workers_of
from tellapart.members.detail import fit_detail
from tellapart.members.finetune import fit_finetune
from tellapart.members.member import Job
from tellapart.members.probe import fit_probe
from tellapart.pictures.read import read_pictures
from tellapart.pictures.store import decode_all
from tellapart.plan import Plan, Setting
from tellapart.progress import Quiet
from tellapart.scale.nodes import ask
from tellapart.scale.opening import HERE
from tellapart.split import Split, cross_validate

COUNT, SIDE = 24, 64


@pytest.fixture(autouse=True, scope="module")
def threads_kept():
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def job(tmp_path_factory):
    """Noise with stripes, lying in one class and standing in the other: three folds and a validation part."""
    root, rng = tmp_path_factory.mktemp("striped"), np.random.default_rng(0)
    for number in range(COUNT):
        stripes = np.repeat(np.tile([80, 160], 4), 4)[:, None] + rng.normal(0, 20, (32, 32))
        file = root / "ab"[number % 2] / f"{number:02d}.png"
        file.parent.mkdir(exist_ok=True)
        pixels = np.clip(stripes if number % 2 else stripes.T, 0, 255).astype(np.uint8)
        Image.fromarray(pixels).convert("RGB").save(file)
    work = tmp_path_factory.mktemp("work")
    store, pictures = decode_all(read_pictures(root), work)
    parts = np.full(COUNT, "train", dtype="<U10")
    parts[[0, -1]], parts[[1, -2]] = "test", "validation"
    folds = cross_validate(pictures.labels, parts, np.arange(COUNT), folds=3, repeats=1, seed=0)
    settings = {
        "probe.area_px": SIDE * SIDE,
        "probe.looks": [],
        "members": [],
        "detail.sides_px": [SIDE],
        "detail.canvas_px": [[SIDE, SIDE]],
        "detail.steps": [16],
        "detail.policies": ["none"],
        "finetune.side_px": SIDE,
        "finetune.canvas_px": [SIDE, SIDE],
        "finetune.steps": 2,
    }
    quoted = {"finetune": 1.0}
    plan = Plan({"cores": 2}, tuple(Setting(k, v, "") for k, v in settings.items()), quoted)
    return Job(pictures, store, Split(parts, folds, "test"), plan, 0, work, time.monotonic() + 1e6, Quiet())


def features(job):
    rows = np.random.default_rng(1).normal(job.pictures.labels[:, None] * np.linspace(0, 1, 40), 1)
    return rows.astype(np.float32)


BACKBONE = Backbone("drawn", "", "", onnx.ModelProto(), SIDE * SIDE, 32, 10, 20)
FITS = {
    "probe": lambda job: fit_probe(job, features(job), BACKBONE),
    "detail": lambda job: fit_detail(job, ()),
    "finetune": lambda job: fit_finetune(job, ()),
}


def same(one, other):
    np.testing.assert_array_equal(one.logits, other.logits)
    assert one.history == other.history
    assert one.words == other.words


@pytest.mark.parametrize("name", FITS)
def test_folds_give_the_same_numbers_here_and_there(name, job, on_ray, tmp_path, monkeypatch, dying_once):
    """Also where a worker is killed in the middle of one."""
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir()
    there.mkdir()
    expected = FITS[name](replace(job, work=here))
    monkeypatch.setattr(detail, "train_round", dying_once(detail.train_round, 3))
    monkeypatch.setattr(finetune, "tune_round", dying_once(finetune.tune_round, 1))
    same(FITS[name](replace(job, work=there, executor=on_ray)), expected)
    assert (tmp_path / "died").exists() == (name != "probe")
    # What is done there is gone on from here.
    monkeypatch.undo()
    monkeypatch.setattr("tellapart.members.detail_round.train", lambda *_: pytest.fail("trained again"))
    monkeypatch.setattr("tellapart.members.tuned_round.tune", lambda *_: pytest.fail("tuned again"))
    same(FITS[name](replace(job, work=there)), expected)


def test_features_are_the_same_numbers_here_and_there(job, on_ray, tmp_path, monkeypatch, dying_once):
    """Also where a worker is killed in the middle; what is done there is not done again here."""
    backbone = lite0()
    monkeypatch.setattr(extraction, "CHUNK", 8)
    expected = extraction.extract(backbone, SIDE * SIDE, job.store, tmp_path / "here.npy")
    monkeypatch.setattr(extraction, "features_of", dying_once(extraction.features_of, 1))
    steps = []
    file = tmp_path / "there.npy"
    extraction.extract_on(on_ray, backbone, SIDE * SIDE, job.store, file, steps.append)
    assert (tmp_path / "died").exists()
    assert file.read_bytes() == (tmp_path / "here.npy").read_bytes()
    assert sum(steps) == COUNT
    monkeypatch.undo()
    again = extraction.extract_on(on_ray, None, 0, job.store, file)  # nothing is computed
    np.testing.assert_array_equal(again[np.arange(COUNT)], expected[np.arange(COUNT)])


def test_a_long_training_is_shared_and_gives_the_same_but_for_rounding(
    job, on_ray, tmp_path, monkeypatch, dying_once
):
    """Also where one of those that share it is killed."""
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir()
    there.mkdir()
    # AdamW divides by the gradient, so that what is rounding in a few steps is .07 of a logit after sixteen.
    few = [Setting(one.name, [4], "") if one.name == "detail.steps" else one for one in job.plan.settings]
    job = replace(job, plan=replace(job.plan, settings=tuple(few)))
    expected = fit_detail(replace(job, work=here), ())
    monkeypatch.setattr(detail, "train_round", dying_once(detail.train_round, 3))
    monkeypatch.setattr(detail, "workers_of", lambda _, rounds, *__: 2 if rounds == 1 else 1)
    found = fit_detail(replace(job, work=there, executor=on_ray), ())
    assert (tmp_path / "died").exists()
    np.testing.assert_allclose(found.logits, expected.logits, atol=1e-3)
    assert [row["step"] for row in found.history] == [row["step"] for row in expected.history]


def test_workers_that_would_stand_idle_share_what_is_long(job):
    many = replace(job, executor=SimpleNamespace(slots=lambda threads: 12 // threads))
    rounds_and_threads = [(1, 2), (3, 2), (12, 1), (13, 1), (0, 1)]
    assert [workers_of(many, *one, 5000, 1000.0) for one in rounds_and_threads] == [4, 2, 1, 1, 1]
    assert workers_of(many, 1, 2, 50, 10.0) == 1  # soon done
    assert workers_of(many, 1, 2, 10_000, 1000.0) == 1  # steps so small that the talk takes longer
    assert workers_of(job, 1, 1, 5000, 1000.0) == 1


@pytest.fixture
def connected(on_ray, monkeypatch):
    """Let `predict` use the connection there is."""

    @contextmanager
    def opened(*_):
        yield on_ray

    monkeypatch.setattr(predicting, "open_executor", opened)


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_rows_are_the_same_here_and_there(
    ending, run, drawn, place, connected, tmp_path, monkeypatch, dying_once
):
    """Also where a worker is killed in the middle of a part, for files that cannot be read, and from an address."""
    monkeypatch.setattr("tellapart.deploy.bulk.rows.CHUNK", 8)
    (drawn / "a" / "broken.png").write_bytes(b"no picture")
    monkeypatch.chdir(drawn.parent)
    (drawn.parent / "list.csv").write_text("path\n" + "\n".join(["pictures/b/001.png", "gone.png"]) + "\n")
    paths = [drawn.name, "list.csv", f"file://{drawn / 'b'}", f"file://{drawn / 'a' / 'broken.png'}"]
    for name, on in (("here", HERE), ("there", place)):
        if name == "there":
            monkeypatch.setattr(spread, "answer_part", dying_once(spread.answer_part, 1))
        predicting.predict_to_table(run, paths, tmp_path / f"{name}.{ending}", Quiet(), on=on)
    assert (tmp_path / "died").exists()
    assert (tmp_path / f"there.{ending}").read_bytes() == (tmp_path / f"here.{ending}").read_bytes()


@pytest.mark.skipif(
    not Path("/proc/self/fd").is_dir(), reason="a file of one process alone is made by way of /proc"
)
def test_a_file_that_only_this_process_sees_is_named(run, drawn, place, connected, on_ray, tmp_path, refused):
    with (drawn / "a" / "000.png").open("rb") as picture:
        os.dup2(picture.fileno(), 900)
        try:
            alone = "/proc/self/fd/900"
            error = refused(
                predicting.predict_to_table, run, [alone], tmp_path / "out.csv", Quiet(), on=place
            )
            assert isinstance(error, ClusterError)
            assert alone in error.where
            refused(on_ray.check_files, [Path(alone)])
        finally:
            os.close(900)
    on_ray.check_files([drawn / "a" / "000.png"])


def test_a_node_with_another_version_is_named(on_ray, monkeypatch, refused):
    monkeypatch.setattr(tellapart, "__version__", "99.0")
    error = refused(ask, on_ray.on_every_node, ("torch",))
    assert "tellapart 99.0" in error.expected
    assert "127.0.0.1" in error.where


def test_what_a_task_raises_is_raised_here(on_ray, refused):
    def fails(*, advance):
        raise PicturesError("A picture was expected.", found="none", where="there", advice="look again")

    assert isinstance(refused(on_ray.submit(fails).result), PicturesError)


def test_no_room_in_the_object_store_is_said_plainly(on_ray, refused):
    def fills(*, advance):
        from ray.exceptions import ObjectStoreFullError

        raise ObjectStoreFullError("full")

    error = refused(on_ray.submit(fills).result)
    assert isinstance(error, ClusterError)
    assert "object-store-memory" in error.advice


def test_what_is_late_is_ended_and_leaves_its_place(on_ray):
    def sleeps(seconds, *, advance):
        time.sleep(seconds)
        advance(2)
        return seconds

    steps = []
    tasks = [on_ray.submit(sleeps, seconds, advance=steps.append) for seconds in (0.0, 600.0, 600.0)]
    assert [one.result() for one in on_ray.completed(tasks, seconds=4)] == [0.0]
    assert steps == [2]
    assert on_ray.submit(sleeps, 0.0).result() == 0.0  # both cores are free again
