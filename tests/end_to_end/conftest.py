"""A small real set, a run on it through the real command, made once."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from shapes_set import write_set


@pytest.fixture(scope="session")
def tellapart() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run the real command."""

    def run(*arguments: object, **options: Any) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-W", "error", "-m", "tellapart", *map(str, arguments)]
        return subprocess.run(command, capture_output=True, text=True, timeout=240, check=False, **options)

    return run


@pytest.fixture(scope="session")
def shapes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_set(tmp_path_factory.mktemp("shapes") / "pictures", {"filled spot": 40, "ring <b>&": 70})


@pytest.fixture(scope="session")
def trained(
    shapes: Path,
    tellapart: Callable[..., subprocess.CompletedProcess[str]],
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[Path, dict[str, Any]]:
    """RUN and metrics.json as printed."""
    run = tmp_path_factory.mktemp("trained") / "run"
    done = tellapart("train", shapes, "--out", run, "--members", "probe", "--json", "--prevalence", ".01")
    assert done.returncode == 0, done.stderr
    return run, json.loads(done.stdout)
