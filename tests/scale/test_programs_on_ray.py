"""Programs of users on a cluster: the same answers as here, and nothing is left of a run that nobody waits for."""

from __future__ import annotations

import pickle
import time
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from PIL import Image

from tellapart.backbones.features import Backbone
from tellapart.diagnose import beside, diagnosing
from tellapart.diagnose.beside import Beside, StoppedError
from tellapart.diagnose.given import diagnose_given
from tellapart.diagnose.script import take
from tellapart.diagnose.workplace import Order, run_program
from tellapart.errors import ClusterError, OptionError
from tellapart.pictures.read import read_pictures
from tellapart.pictures.store import decode_all
from tellapart.scale.executor import Here, unseen
from tellapart.scale.opening import HERE, of_script
from tellapart.study import learners, nets
from tellapart.study.arm import Arm
from tellapart.study.learners import ProbeLearner
from tellapart.study.nets import DetailLearner
from tellapart.study.own_script.trained import Trainer, Way
from tellapart.study.rounds import run_rounds
from tests.study.simulated import bench

NO_STEP = """
import os, sys
from pathlib import Path
import numpy as np, torch
from PIL import Image
from torch import nn
torch.manual_seed(0)
def read(part):
    files = sorted(Path(sys.argv[1], part).rglob("*.png"))
    x = torch.stack([torch.tensor(np.asarray(Image.open(one))).permute(2, 0, 1) / 255 for one in files])
    return x, torch.tensor([int(one.parent.name == "b") for one in files])
(x, y), (vx, vy) = read("train"), read("validation")
net = nn.Sequential(nn.Flatten(), nn.Linear(192, 2))
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
criterion = nn.CrossEntropyLoss()
for epoch in range(60):
    net.train()
    for at in torch.randperm(len(x)).split(16):
        optimizer.zero_grad()
        criterion(net(x[at]), y[at]).backward()
    net.eval()
    with torch.no_grad():
        print(epoch, (net(vx).argmax(1) == vy).float().mean().item())
"""
ENDLESS = """
import os, subprocess, sys, time
print("sees", os.environ.get("OF_THE_TEST"), os.environ.get("OMP_NUM_THREADS"), flush=True)
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)", sys.argv[1]], start_new_session=True)
time.sleep(float(sys.argv[2]))
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A script that never steps, and pictures brighter in one class."""
    root, rng = tmp_path_factory.mktemp("project"), np.random.default_rng(0)
    for number in range(48):
        part, name = ("train", "validation")[number >= 32], "ab"[number % 2]
        file = root / "pictures" / part / name / f"{number:02d}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        pixels = rng.normal(90 + 60 * (name == "b"), 30, (8, 8, 3))
        Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).save(file)
    (root / "code").mkdir()
    (root / "code" / "train.py").write_text(NO_STEP)
    return root


@pytest.fixture
def connected(on_ray, monkeypatch):
    """Let `diagnose` use the connection there is."""

    @contextmanager
    def opened(place, _packages, _say, *, beside):
        yield Here(beside) if place == HERE else on_ray

    monkeypatch.setattr(diagnosing, "open_executor", opened)


def without_times(value):
    if isinstance(value, dict):
        return {key: without_times(one) for key, one in value.items() if "seconds" not in key}
    return [without_times(one) for one in value] if isinstance(value, list) else value


def test_a_diagnosis_is_the_same_here_and_there(project, place, connected, tmp_path):
    script, pictures = str(project / "code" / "train.py"), project / "pictures"
    here = diagnose_given(script, pictures=pictures, seconds=240)
    there = diagnose_given(script, pictures=pictures, seconds=240, on=place, out=tmp_path / "out")
    assert here.causes[0].code == "loop.missing_step"
    assert without_times(there.to_dict()) == without_times(here.to_dict())
    assert (tmp_path / "out" / "trials.log").read_text().count("=== run") >= 7


def test_a_script_that_is_studied_is_given_other_pictures_there(project, on_ray, tmp_path):
    """As they come, and fewer: a folder of links."""
    root, script = project / "pictures", take(str(project / "code" / "train.py"), tmp_path)
    ways = [Way(Arm(f"{share}", "", share=share), script.text) for share in (1.0, 0.5)]
    end = time.monotonic() + 240
    with Trainer(script, read_pictures(root), root, on_ray, deadline=end, seed=3) as trainer:
        whole, half = trainer.train(ways, 0)
    assert (whole.fitted, len(whole.known)) == (32, 32)
    assert (half.fitted, len(half.known)) == (16, 16)
    assert np.isin(half.known, whole.known).all()
    np.testing.assert_array_equal(np.sort(whole.judged.looks), np.sort(half.judged.looks))
    assert whole.seconds < 240


def alive(word: str) -> bool:
    def said(process: Path) -> bytes:
        try:
            return (process / "cmdline").read_bytes()
        except OSError:
            return b""

    return any(word.encode() in said(one) for one in Path("/proc").glob("[0-9]*"))


def in_time(true, seconds=60.0):
    end = time.monotonic() + seconds
    while not true() and time.monotonic() < end:
        time.sleep(0.1)
    return true()


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="processes are found in /proc")
def test_no_run_outlives_its_time_its_worker_or_whoever_waits(on_ray, tmp_path, monkeypatch, dying_once):
    monkeypatch.setenv("OF_THE_TEST", "here too")
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    script, word = tmp_path / "code" / "train.py", f"word-{tmp_path.name}-{time.time_ns()}"
    script.parent.mkdir()
    script.write_text(ENDLESS)
    (script.parent / "gone").symlink_to(tmp_path / "nowhere")
    programs = Beside(script, on_ray)
    try:
        order = Order(ENDLESS, None, (word, "0"), 60.0, 2**33, 0)
        found, seconds = programs.begin(lambda one: one.run(order)).result()
        assert "sees here too 3" in found.output
        assert not alive(word)
        assert seconds < 60
        lasting = replace(order, args=(word, "600"), seconds=600.0)
        begun = programs.begin(lambda one: one.run(lasting))
        assert in_time(lambda: alive(word))
        begun.give_up()
        with pytest.raises(StoppedError):
            begun.result()
        assert in_time(lambda: not alive(word))
        # The node itself ends what is too long; where its worker is lost, what that left, and it is run again.
        monkeypatch.setattr(beside, "run_program", dying_once(run_program, 3))
        late, seconds = programs.begin(lambda one: one.run(replace(lasting, seconds=1.5))).result()
        assert (tmp_path / "died").exists()
        assert (late.outcome, late.output) == ("time up", found.output)
        assert seconds < 60
        assert in_time(lambda: not alive(word))
    finally:
        programs.close()


@pytest.mark.skipif(
    not Path("/proc/self/fd").is_dir(), reason="a file of one process alone is made by way of it"
)
def test_what_a_node_does_not_see_is_named(project, on_ray, refused):
    with (project / "pictures" / "train" / "a" / "00.png").open("rb") as picture:
        error = refused(
            Beside, project / "code" / "train.py", on_ray, [Path(f"/proc/self/fd/{picture.fileno()}")]
        )
    assert isinstance(error, ClusterError)
    assert "/proc/self/fd" in error.where


def test_what_is_only_read_is_not_sent(refused, place, tmp_path):
    (tmp_path / "history.csv").write_text("epoch,loss\n0,1\n1,0.5\n")
    error = refused(diagnose_given, str(tmp_path / "history.csv"), on=place)
    assert isinstance(error, OptionError)


def test_packages_of_a_script_are_asked_of_the_nodes(place):
    assert of_script(HERE, ["torch"]) == ()
    found = of_script(place, ["typer", "nothing_that_exists"])
    assert {"keras", "torch", "typer"} <= set(found)
    assert "nothing_that_exists" not in found


class Pickling(Here):
    """As if tasks were sent: what is shared cannot be written to there."""

    def submit(self, function, *arguments, threads=1, advance=unseen):
        buffers = []
        sent = pickle.dumps(arguments, protocol=5, buffer_callback=buffers.append)
        there = pickle.loads(sent, buffers=[bytes(one.raw()) for one in buffers])
        return super().submit(function, *there, threads=threads, advance=advance)


@pytest.mark.parametrize("member", [ProbeLearner, DetailLearner])
def test_a_study_gives_the_same_numbers_here_and_there(member, on_ray, tmp_path, monkeypatch):
    monkeypatch.setattr(learners, "time_backbone", lambda *_: 0.001)
    monkeypatch.setattr(nets, "detail_steps", lambda *_: 3)
    monkeypatch.setattr(nets, "time_detail", lambda _: 0.001)
    monkeypatch.setattr(member, "repeats", 1)
    monkeypatch.setattr(member, "folds", 2)
    monkeypatch.setattr(nets.os, "cpu_count", lambda: 1)
    rng, found = np.random.default_rng(0), []
    source = tmp_path / "pictures"
    for number in range(24):
        file = source / "ab"[number % 2] / f"{number:02d}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(rng.integers(0, 255, (32, 32, 3)).astype(np.uint8)).save(file)
    # A worker that imports PyTorch is dear; the nets of `train` go to the cluster in the same way.
    other = on_ray if member is ProbeLearner else Pickling(beside=2)
    for name, executor in (("here", Here()), ("there", other)):
        (tmp_path / name).mkdir()
        store, pictures = decode_all(read_pictures(source), tmp_path / name)
        drawn = np.random.default_rng(1).normal(pictures.labels[:, None] * np.linspace(0, 1, 40), 1)
        where = replace(
            bench(tmp_path / name, (12, 12)),
            pictures=pictures,
            store=store,
            features_nD=drawn.astype(np.float32),
            backbone=Backbone("drawn", "", "", onnx.ModelProto(), 64 * 64, 32, 10, 20),
            executor=executor,
        )
        arms = (Arm("all", "all"), Arm("half", "half", share=0.5))
        found.append(run_rounds(where, member(where), arms))
    here, there = found
    assert here.done == there.done == here.planned > 1
    for key in ("all", "half"):
        assert not np.isnan(here.logits[key]).any()
        np.testing.assert_array_equal(here.logits[key], there.logits[key])
    assert here.fitted == there.fitted
