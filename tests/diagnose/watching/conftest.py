"""Recordings of trainings with planted faults: all of one framework are made in one run of one script."""

from __future__ import annotations

import dataclasses
import os
import textwrap
from collections.abc import Callable, Mapping
from functools import cache

import pytest

from tellapart.diagnose.recording import Outcome, Recording
from tellapart.diagnose.running import run_script
from tellapart.diagnose.watching import look
from tellapart.diagnose.watching.look import Seen

from . import keras_cases, torch_cases

os.environ.setdefault("KERAS_BACKEND", "torch")


@pytest.fixture(scope="session")
def torch_runs(tmp_path_factory) -> dict[str, Recording]:
    """Return case -> recording, PyTorch."""
    return recorded(tmp_path_factory.mktemp("torch"), torch_cases.PRELUDE, torch_cases.CASES)


@pytest.fixture(scope="session")
def keras_runs(tmp_path_factory) -> dict[str, Recording]:
    """Return case -> recording, Keras."""
    pytest.importorskip("keras")
    return recorded(tmp_path_factory.mktemp("keras"), keras_cases.PRELUDE, keras_cases.CASES)


@pytest.fixture(scope="session")
def runs(torch_runs, keras_runs) -> dict[str, dict[str, Recording]]:
    """Return framework -> case -> recording."""
    return {"torch": torch_runs, "keras": keras_runs}


@pytest.fixture(scope="session")
def seen(runs) -> Callable[[str, str], Seen]:
    """Say what is seen in the run of a framework's case."""
    return cache(lambda framework, case: look(runs[framework][case]))


def recorded(folder, prelude: str, cases: Mapping[str, str]) -> dict[str, Recording]:
    """Run all cases as one script and return a recording of each, as if it had been run alone."""
    bodies = [
        f"def case_{at}():\n{textwrap.indent(textwrap.dedent(body), '    ')}"
        for at, body in enumerate(cases.values())
    ]
    calls = [f"seed(); case_{at}()" for at in range(len(cases))]
    script = folder / "train.py"
    script.write_text("\n".join([prelude, *bodies, *calls]))
    whole = run_script(script, seconds=200)
    assert whole.outcome is Outcome.finished, (whole.failure, whole.output[-2000:])
    assert len(whole.trainings) == len(cases)
    return {
        name: dataclasses.replace(whole, trainings=(training,))
        for name, training in zip(cases, whole.trainings, strict=True)
    }
