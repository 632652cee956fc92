"""The scripts of the diagnosis benchmark are whole, and its summary counts as it says."""

from __future__ import annotations

import ast
import json
import re
import sys
from pathlib import Path

import pytest

from benchmarks.diagnosis import run
from benchmarks.diagnosis.scripts import HALVES, scripts

FOLDER = Path(__file__).parents[2] / "benchmarks" / "diagnosis"
CASES = sorted(folder.name for folder in (FOLDER / "cases").iterdir())
GROUPS = "data|label|split|prep|arch|optimizer|metric|loop|output|loss|regularisation"


@pytest.mark.parametrize("name", CASES)
def test_pair_is_whole(name: str) -> None:
    case = json.loads((FOLDER / "cases" / name / "case.json").read_text())
    faulty, healthy = ((FOLDER / "cases" / name / f"{role}.py").read_text() for role in ("faulty", "healthy"))
    ast.parse(faulty)
    ast.parse(healthy)
    assert faulty != healthy
    assert case["codes"]
    assert all(re.fullmatch(rf"({GROUPS})\.[a-z_]+", code) for code in case["codes"])
    assert case["framework"] == name.split("_", maxsplit=1)[0]
    assert case["shows"] in {"score", "figure"}
    halves = sorted(file.stem for file in (FOLDER / "cases" / name).glob("*_mended.py"))
    assert halves == (sorted(HALVES) if case.get("together") else [])
    assert not halves or len(case["codes"]) == len(halves)


def test_each_half_of_a_pair_is_between_the_faulty_script_and_its_twin() -> None:
    pairs = [s for s in scripts(halves=True) if s.role == HALVES[0]]
    assert len(pairs) >= 2
    for pair in pairs:
        texts = {
            role: pair.file.with_name(f"{role}.py").read_text() for role in ("faulty", "healthy", *HALVES)
        }
        assert len(set(texts.values())) == len(texts)
        lines = {role: set(text.splitlines()) for role, text in texts.items()}
        for role in HALVES:
            assert lines[role] <= lines["faulty"] | lines["healthy"]


def test_only_the_judge_sees_the_halves() -> None:
    assert {script.role for script in scripts()} == {"faulty", "healthy", "trap"}
    assert all(script.must_fail for script in scripts(halves=True) if script.role in HALVES)


def test_traps_are_described() -> None:
    traps = json.loads((FOLDER / "traps" / "traps.json").read_text())
    assert set(traps) == {file.stem for file in (FOLDER / "traps").glob("*.py")}


def test_first_cause_counts_only_when_it_fails() -> None:
    script = next(s for s in run.scripts() if s.role == "faulty")
    wanted = script.case["codes"][0]
    other = {"code": "x.y", "proved": True, "together": ["z.z", wanted]}
    right = {"code": wanted, "proved": False, "together": []}
    assert run.Answer(script, "fails", [right], 1.0).right_first
    assert run.Answer(script, "fails", [other], 1.0).right_first
    assert not run.Answer(script, "healthy", [right], 1.0).right_first
    assert not run.Answer(script, "fails", [{**other, "together": []}, right], 1.0).right_first


def test_a_command_that_crashes_is_a_row(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(run, "TELLAPART", [sys.executable, "-c", "raise SystemExit('broken')"])
    monkeypatch.setattr(run, "picture_folder", lambda *_: tmp_path)
    row = run.diagnosed(run.scripts()[0], tmp_path)
    assert row["verdict"] == "crashed"
    assert "broken" in row["said"]
