"""Edits made of planted faults, and programs run in this process: what they print, and what their names hold."""

from __future__ import annotations

import contextlib
import difflib
import io
import os
import warnings
from functools import cache
from types import SimpleNamespace
from typing import Any

import libcst as cst

from tellapart.diagnose.edits import Edit, propose
from tellapart.diagnose.reading import Program, Suspicion, read_program, suspect
from tests.diagnose.reading.cases import CASES, SCRIPTS, Case
from tests.diagnose.reading.test_suspicions import Renaming

os.environ.setdefault("KERAS_BACKEND", "torch")


@cache
def read(text: str) -> Program:
    return read_program(text)


@cache
def codes(text: str) -> set[str]:
    return {one.code for one in suspect(read(text))}


def edits(text: str, code: str, recording: Any = None) -> tuple[Edit, ...]:
    """Return the edits for a suspicion of this code; where reading has none, for one that a run would give."""
    found = [one for one in suspect(read(text)) if one.code == code]
    suspicion = found[0] if found else Suspicion(code, None, "Seen in a run.", 0.5, "")
    return propose(read(text), suspicion, recording)


def first(text: str, code: str, recording: Any = None) -> str:
    """Return the text after the best edit."""
    found = edits(text, code, recording)
    assert found, f"no edit for {code}"
    return found[0].text


def changed(before: str, after: str) -> tuple[list[str], list[str]]:
    """Return the lines that are gone and those that are new."""
    lines = list(difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=0))[2:]
    return [one[1:] for one in lines if one[0] == "-"], [one[1:] for one in lines if one[0] == "+"]


def run(text: str, **given: Any) -> dict[str, Any]:
    """Run a program, and return its names; what it printed is ``printed``."""
    names: dict[str, Any] = {"__name__": "__main__", **given}
    out = io.StringIO()
    with contextlib.redirect_stdout(out), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        exec(compile(text, "edited.py", "exec", dont_inherit=True), names)
    return {**names, "printed": out.getvalue()}


def seen(
    labels: tuple[float, ...], shape: tuple[int, ...] = (), counts: tuple[int, ...] = (), loss: Any = None
) -> Any:
    """Return as much of a recording as the edits look at."""
    kept = {f"{value:g}": count for value, count in zip(labels, counts or (1,) * len(labels), strict=True)}
    values = SimpleNamespace(shape=shape, low=min(labels), high=max(labels))
    train = SimpleNamespace(labels=values, labels_kept=kept)
    losses = () if loss is None else (loss,)
    return SimpleNamespace(
        trainings=(SimpleNamespace(parts={"train": train}, classes=labels, losses=losses),)
    )


def cases_of(*groups: str) -> list[Case]:
    return [one for one in CASES if one.code.partition(".")[0] in groups]


def check_case(case: Case, most_lines: int = 8, stays: tuple[str, ...] = ()) -> None:
    """Check that the best edit takes the suspicion away by few lines, and that all edits are Python and differ."""
    _, faulty = case.texts()
    found = edits(faulty, case.code)
    assert found, case.name
    assert len({one.text for one in found}) == len(found)
    assert case.code in stays or case.code not in codes(found[0].text)
    for one in found:
        assert one.code == case.code
        assert one.words.endswith(".")
        gone, new = changed(faulty, one.text)
        assert len(gone) <= most_lines
        assert not any("#" in line for line in gone)
    gone, new = changed(faulty, found[0].text)
    assert len(new) <= most_lines
    tree = cst.parse_module(faulty)
    renamed = tree.visit(Renaming(tree)).code
    assert [one.words for one in edits(renamed, case.code) if "f_measure" not in faulty] == [
        one.words for one in found if "f_measure" not in faulty
    ]


def check_healthy(group: str) -> None:
    """Check that no edit of the group stumbles over a healthy script, whatever a run may have made suspicious."""
    from tellapart.diagnose.edits import EDITS

    for script in sorted(SCRIPTS.glob("*.txt")):
        for code in EDITS:
            if code.startswith(f"{group}."):
                edits(script.read_text(encoding="utf-8"), code)
