"""Scripts written by the test, run as a user's would be."""

from __future__ import annotations

import hashlib
import os
import textwrap
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tellapart.diagnose.fork_server import ForkServer
from tellapart.diagnose.recording import Recording
from tellapart.diagnose.running import run_script

os.environ.setdefault("KERAS_BACKEND", "torch")

GIB = 2**30


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Write a script (and other files beside it) into a folder of its own; returns the script."""

    def write(text: str, **others: str) -> Path:
        folder = tmp_path / "project"
        folder.mkdir(exist_ok=True)
        for name, content in others.items():
            (folder / f"{name}.py").write_text(textwrap.dedent(content))
        script = folder / "train.py"
        script.write_text(textwrap.dedent(text))
        return script

    return write


@pytest.fixture
def run(write: Callable[..., Path]) -> Callable[..., Recording]:
    """Write a script, run it, and see that its folder is as it was."""

    def run(text: str, *, seconds: float = 60, memory_bytes: int = 4 * GIB, **options: Any) -> Recording:
        script = write(text, **options.pop("others", {}))
        before = hashes(script.parent)
        found = run_script(script, seconds=seconds, memory_bytes=memory_bytes, **options)
        assert hashes(script.parent) == before
        return found

    return run


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, ForkServer]]:
    """Framework -> a process that has imported it, begun with its first script."""
    made = defaultdict(lambda: ForkServer(tmp_path_factory.mktemp("server") / "train.py"))
    yield made
    for one in made.values():
        one.close()


@pytest.fixture
def fork(
    run: Callable[..., Recording], servers: dict[str, ForkServer], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Recording]:
    """Do as `run` in a copy of a process that has imported the framework, which takes longer than what is tested.

    Every seed that the script sets is replaced: what a test compares with lies in a file.
    """

    def fork(framework: str, text: str, **options: Any) -> Recording:
        with monkeypatch.context() as patched:
            patched.delenv("PYTEST_CURRENT_TEST", raising=False)  # a copy has the environment of its server
            return run(text, server=servers[framework], seed=1, **options)

    return fork


@pytest.fixture(scope="session")
def pictures_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a file of 60 pictures X with labels y, and 21 V with w; see `bright_or_dark`."""
    file = tmp_path_factory.mktemp("drawn") / "pictures.npz"
    (X, y), (V, w) = bright_or_dark(60), bright_or_dark(21, seed=1)
    np.savez(file, X=X, y=y, V=V, w=w)
    return file


def hashes(folder: Path) -> dict[str, str]:
    """Return file -> hash of everything in a folder."""
    return {
        str(file.relative_to(folder)): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }


def bright_or_dark(n: int, size: int = 12, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return pictures (N, H, W, 3) float32 in 0..1 and labels (N,): whether the picture is brightened."""
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.arange(n) % 2)
    return np.clip(rng.random((n, size, size, 3)) * 0.7 + 0.3 * labels[:, None, None, None], 0, 1).astype(
        np.float32
    ), labels
