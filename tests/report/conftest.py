"""Runs made once a session, copies of them to change, and a page taken apart."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import made_runs
import pytest
from parsed_page import Page

from tellapart.report import render_report


@pytest.fixture(scope="session")
def binary_run(tmp_path_factory) -> Path:
    """Two classes; not to be changed."""
    return made_runs.binary(tmp_path_factory.mktemp("runs") / "binary")


@pytest.fixture(scope="session")
def many_run(tmp_path_factory) -> Path:
    """Seven classes with hostile names; not to be changed."""
    return made_runs.many(tmp_path_factory.mktemp("runs") / "many")


@pytest.fixture
def own_run(binary_run, tmp_path) -> Path:
    """A copy of the binary run that a test may change."""
    return shutil.copytree(binary_run, tmp_path / "run")


@pytest.fixture(scope="session")
def page() -> Callable[[Path], Page]:
    """Render a run and take the page apart."""
    return lambda folder: Page(render_report(folder))
