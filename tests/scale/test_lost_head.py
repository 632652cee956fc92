"""A cluster that goes away in the middle of a command."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.scale.conftest import ALONE, a_cluster

COPIES = 60  # of the list: some seconds of work


@pytest.fixture
def command(run, drawn, tmp_path):
    """The command line of a prediction for a list of pictures, each so many times."""

    def of(times: int) -> list[str]:
        files = sorted(str(one) for one in drawn.rglob("*.png"))
        listed = tmp_path / f"{times}.csv"
        listed.write_text("path\n" + "".join(f"{one}\n" for one in files * times))
        return [sys.executable, "-m", "tellapart", "predict", str(run), str(listed), "--out"]

    return of


def begun(out: Path, process: subprocess.Popen[str]) -> bool:
    """Wait until some rows are kept."""
    journal = out.with_name(f"{out.name}.part")
    while process.poll() is None:
        if journal.is_file() and journal.read_bytes().count(b"\n") > 10:
            return True
        time.sleep(0.05)
    return False


def test_a_lost_head_is_said_and_the_same_command_goes_on_here(command, tmp_path):
    out, once = tmp_path / "answers.csv", tmp_path / "once.csv"
    surroundings = os.environ | ALONE | {"RAY_CLIENT_RECONNECT_GRACE_PERIOD": "2"}
    with a_cluster(tmp_path / "stderr") as (address, cluster):
        process = subprocess.Popen(
            [*command(COPIES), str(out), "--on", address], stderr=subprocess.PIPE, text=True, env=surroundings
        )
        assert begun(out, process), process.communicate()[1]
        cluster.communicate("", timeout=60)
        _, said = process.communicate(timeout=120)
    assert process.returncode == 2, said
    assert "The cluster should stay until the work is done" in said
    assert "repeat the command" in said
    assert "Traceback" not in said
    assert not out.exists()
    going_on = subprocess.run([*command(COPIES), str(out)], check=True, capture_output=True, text=True)
    assert "pictures were done already; going on from there" in going_on.stderr
    subprocess.run([*command(1), str(once)], check=True, capture_output=True)
    head, *rows = once.read_text().splitlines()
    assert out.read_text().splitlines() == [head, *rows * COPIES]
