"""Keras is imported late, on PyTorch unless told otherwise, and its absence is said clearly."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tellapart.errors import MissingExtraError, OptionError
from tellapart.recipes import backend


def run(code: str, **environment: str) -> str:
    kept = {name: value for name, value in os.environ.items() if name != "KERAS_BACKEND"}
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
        env=kept | environment,
    )
    return done.stdout.strip()


def test_importing_the_recipes_imports_nothing_heavy() -> None:
    heavy = "keras", "torch", "tensorflow", "jax", "matplotlib", "sklearn"
    code = f"import sys, tellapart.recipes; print([name for name in {heavy} if name in sys.modules])"
    assert run(code) == "[]"


@pytest.mark.parametrize("missing", ["keras", "jax"])
def test_a_missing_package_is_named_with_its_cure(monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    def import_module(name: str) -> None:
        raise ModuleNotFoundError(f"No module named {missing!r}", name=missing)

    monkeypatch.setattr(backend.importlib, "import_module", import_module)
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    with pytest.raises(MissingExtraError) as caught:
        backend.load_keras()
    cure = 'pip install "tellapart[keras]"' if missing == "keras" else "pip install jax"
    assert cure in str(caught.value)


def test_an_unknown_backend_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def import_module(name: str) -> None:
        raise ValueError("Unable to import backend : tf")

    monkeypatch.setattr(backend.importlib, "import_module", import_module)
    monkeypatch.setenv("KERAS_BACKEND", "tf")
    with pytest.raises(OptionError, match="KERAS_BACKEND"):
        backend.load_keras()


def test_an_old_keras_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    class Old:
        __version__ = "2.15.0"

    monkeypatch.setattr(backend.importlib, "import_module", lambda name: Old)
    with pytest.raises(OptionError, match="Keras 3"):
        backend.load_keras()
