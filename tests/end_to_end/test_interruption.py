"""A run that is interrupted goes on from where it was, with the same numbers, and never leaves a broken folder."""

from __future__ import annotations

import json
import random
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from shapes_set import write_set

KILLS = 2  # many more in benchmarks/interruption
COMMAND = [sys.executable, "-m", "tellapart", "train"]


def figures(metrics: dict[str, Any]) -> dict[str, Any]:
    """Everything but what the clock says."""
    timeless = {key: value for key, value in metrics.items() if key != "seconds"}
    timeless["members"] = [
        {key: value for key, value in one.items() if key != "seconds"} for one in metrics["members"]
    ]
    return timeless


def start(pictures: Path, run: Path, **options: Any) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*COMMAND, str(pictures), "--out", str(run), "--members", "probe", "--prevalence", ".01"],
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
        **options,
    )


def leave_room(bytes_: int) -> None:
    """Let no file grow beyond this: what a full disk does."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (bytes_, bytes_))


def wait_for(condition: Callable[[], bool], process: subprocess.Popen[str], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert process.poll() is None, process.stderr and process.stderr.read()
        assert time.monotonic() < end
        time.sleep(0.01)


def test_a_run_that_is_killed_and_meets_a_full_disk_goes_on_to_the_same_numbers(
    trained, shapes, here, tmp_path
):
    _, whole = trained
    draw, run = random.Random(0), tmp_path / "run"
    for room in (100_000, 1_000_000):  # bytes: for a few files, for all but the largest
        process = start(shapes, run, preexec_fn=partial(leave_room, room))
        _, said = process.communicate(timeout=120)
        assert process.returncode == 2, said
        assert "room" in said
        assert "Traceback" not in said
    for _ in range(KILLS):
        process = start(shapes, run)
        wait_for(run.exists, process)
        time.sleep(draw.uniform(0, 4))
        process.kill()
        process.communicate()
        for file in run.glob("*.json"):
            json.loads(file.read_text())
    done = here("train", shapes, "--out", run, "--members", "probe", "--json", "--prevalence", ".01")
    assert done.returncode == 0, done.stderr
    assert figures(json.loads(done.stdout)) == figures(whole)
    assert not list(run.glob("*.part"))
    assert not (run / ".work").exists()


def test_ctrl_c_says_how_to_go_on(shapes, tmp_path):
    run = tmp_path / "run"
    process = start(shapes, run)
    wait_for((run / ".work" / "pictures.json").exists, process)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "goes on from here" in said
    assert "Traceback" not in said


def test_two_processes_on_one_run_where_the_first_finds_the_same_numbers_as_before(
    trained, shapes, here, tmp_path
):
    _, whole = trained
    run = tmp_path / "run"
    process = start(shapes, run)
    wait_for((run / "run.json").exists, process)
    second = here("train", shapes, "--out", run, "--members", "probe", "--prevalence", ".01")
    process.communicate(timeout=120)
    assert second.returncode == 2
    assert "another process" in second.stderr
    assert process.returncode == 0
    assert json.loads((run / "run.json").read_text())["state"] == "finished"
    assert figures(json.loads((run / "metrics.json").read_text())) == figures(whole)


def test_changed_pictures_are_not_mixed_with_earlier_work(shapes, here, tmp_path):
    pictures, run = tmp_path / "pictures", tmp_path / "run"
    shutil.copytree(shapes, pictures)
    process = start(pictures, run)
    wait_for((run / "plan.json").exists, process)
    process.kill()
    process.communicate()
    write_set(tmp_path / "more", {"filled spot": 9, "ring <b>&": 9}, seed=5)
    for file in (tmp_path / "more").glob("*/*.png"):
        file.rename(pictures / file.parent.name / f"new {file.name}")
    done = here("train", pictures, "--out", run, "--members", "probe", "--json", "--prevalence", ".01")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["pictures"]["used"] == 128
    assert json.loads((run / "plan.json").read_text())["fingerprint"]["pictures"] == 128
