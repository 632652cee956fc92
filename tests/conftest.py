"""Fixtures every room may use: they draw pictures into folders, and look at refusals."""

from __future__ import annotations

import contextlib
import io
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tellapart.cli import main
from tellapart.errors import TellapartError

os.environ.setdefault("GOMP_SPINCOUNT", "1000")  # before torch is loaded; see tellapart.scale.processor
os.environ.setdefault("KERAS_BACKEND", "torch")  # before Keras is loaded, whichever file does it first


@pytest.fixture(scope="session")
def draw() -> Callable[..., Path]:
    """Write a picture of random pixels; its seed is its name, so that no two are alike."""

    def draw(file: Path, width: int = 8, height: int = 6, mode: str = "RGB", **options: Any) -> Path:
        seed = np.frombuffer(file.name.encode() + file.parent.name.encode(), dtype=np.uint8)
        pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).convert(mode).save(file, **options)
        return file

    return draw


@pytest.fixture(scope="session")
def draw_folders(draw: Callable[..., Path]) -> Callable[..., Path]:
    """Write `counts[folder]` pictures into each folder below a root, as ``folder/0.png``, ``folder/1.png``…"""

    def draw_folders(root: Path, counts: Mapping[str, int], **options: Any) -> Path:
        for folder, count in counts.items():
            for number in range(count):
                draw(root / folder / f"{number}.png", **options)
        return root

    return draw_folders


@pytest.fixture(scope="session")
def refused() -> Callable[..., Any]:
    """Call a function that should refuse, and see that the refusal says all four things; returns it."""

    def refused(function: Callable[..., Any], *arguments: Any, **options: Any) -> TellapartError:
        with pytest.raises(TellapartError) as caught:
            function(*arguments, **options)
        error = caught.value
        assert error.expected
        assert error.found
        assert error.where
        assert error.advice
        return error

    return refused


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., subprocess.CompletedProcess[str]]]:
    """Run the command in this process: what it refuses takes less time than importing it."""

    def run(*arguments: object) -> subprocess.CompletedProcess[str]:
        monkeypatch.setattr(sys, "argv", ["tellapart", *map(str, arguments)])
        out, said = io.StringIO(), io.StringIO()
        with (
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(said),
            pytest.raises(SystemExit) as ended,
        ):
            main()
        return subprocess.CompletedProcess(sys.argv, ended.value.code or 0, out.getvalue(), said.getvalue())

    before = signal.getsignal(signal.SIGINT)
    yield run
    signal.signal(signal.SIGINT, before)


@pytest.fixture(scope="session")
def memory_growth_mb() -> Callable[..., float]:
    """Run `before`, then `code` in a process of its own; returns by how much its peak memory grew, in MB."""

    def memory_growth_mb(before: str, code: str, *arguments: str) -> float:
        if not Path("/proc/self/status").exists():
            pytest.skip("peak memory is read from /proc")
        # Not getrusage: its peak is inherited from the process that started this one.
        peak = "int(re.search(r'VmHWM:\\s+(\\d+) kB', open('/proc/self/status').read())[1]) / 1000"
        program = "\n".join(
            [
                "import re, sys",
                textwrap.dedent(before),
                f"low = {peak}",
                textwrap.dedent(code),
                f"print({peak} - low)",
            ]
        )
        done = subprocess.run(
            [sys.executable, "-c", program, *arguments],
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert not done.stderr, done.stderr
        return float(done.stdout)

    return memory_growth_mb


DEAR = ("tests/end_to_end", "tests/diagnose/watching", "tests/diagnose/recorder", "tests/diagnose/trials")
"""Rooms that take minutes: begun first, so that no core waits for the other at the end."""
SHARED = (
    *DEAR,
    "tests/classifier",
    "tests/deploy",
    "tests/recipes",
    "tests/backbones",
    "tests/report",
    "tests/scale",
)
"""Rooms whose tests share what is dear to make: trained runs, recordings."""


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Keep a room that shares dear fixtures, else a module, on one worker: what it needs is then made once."""
    from xdist.scheduler import LoadScopeScheduling

    class ByRoom(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            module = nodeid.partition("::")[0]
            return next((room for room in SHARED if module.startswith(f"{room}/")), module)

        def _assign_work_unit(self, node: Any) -> None:
            for room in reversed(DEAR):
                if room in self.workqueue:
                    self.workqueue.move_to_end(room, last=False)
            super()._assign_work_unit(node)

    return ByRoom(config, log)
