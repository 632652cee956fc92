"""The audit's tests run with fewer trees: what they ask for does not hang on the last hundredth."""

from __future__ import annotations

import pytest

from tellapart.audit import blind


@pytest.fixture(autouse=True)
def _few_trees(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blind, "TREES", 10)
