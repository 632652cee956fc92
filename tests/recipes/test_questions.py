"""The reproduction of the two questions: its plan, its sets, and what it makes of finished rows."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from scipy import stats

from benchmarks.questions import outcomes, run, sets, tables
from benchmarks.questions.rows import all_rows
from tellapart.errors import PicturesError


def outcome(row: Any, last: float) -> Any:
    """A training of as many epochs as the row has, whose accuracies end at `last`."""
    true = {"accuracy": last, "balanced_accuracy": last, "precision": None}
    true |= {"average_precision": 0.5, "log_loss": 0.7}
    metric = "accuracy" if row.recipe == "plastic_pieces" else "precision"
    reported = {"loss": 0.6, metric: last, "val_loss": 0.7, f"val_{metric}": last}
    one = {"value": last, "low": last - 0.1, "high": last + 0.1, "n": 400}
    part = {"fresh": true} if metric == "accuracy" else {}
    document = {
        "epochs": [{"reported": reported, "true": {"validation": true} | part}] * row.epochs,
        "final": dict.fromkeys(("validation", "fresh"), dict.fromkeys(true, one)),
        "parts": {"validation": {"a": 75, "b": 25}, "fresh": {"a": 200, "b": 200}},
        "class_1": "b",
        "stopped_by": "",
        "versions": {"keras": "3"},
    }
    about = {"command": "python", "clock_seconds": 60.0, "cpu_seconds": 60.0, "date": "2026-01-01"}
    return outcomes.from_document(row, document, about | {"machine": "two cores"})


def test_the_plan_holds_the_full_design() -> None:
    rows = list(all_rows())
    assert len({row.key for row in rows}) == len(rows)
    design = {
        (row.variant, row.size, row.whole, row.seed)
        for row in rows
        if row.group.startswith("A-") and row.group != "A-tried"
    }
    variants = "as described", "global max pooling", "no convolution dropouts", "both"
    seeds = 0, 1, 2
    flips = set(product((f"{one}, flips" for one in variants), (128, 256), (True,), seeds))
    described = set(product(("as described",), (128, 256), (False,), seeds))
    mended = set(product(("both",), (128,), (False,), seeds))
    whole = set(product(("as described",), (128,), (True,), seeds))
    assert design == flips | described | mended | whole
    assert all(60 < row.cpu_seconds() < 3 * 3600 for row in rows)


def test_every_row_is_a_command_that_the_recipes_take(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import typer

    from tellapart.recipes.command import app

    monkeypatch.setattr(sets, "prepare", lambda name, work, cats_dogs: work / name)
    options = run._options(["--work", str(tmp_path)])
    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    for row in all_rows(seeds=(0,)):
        recipe, *given = run.command_of(row, options, tmp_path)
        context = commands[recipe].make_context(recipe, given)
        assert (context.params["size"], context.params["epochs"]) == (row.size, row.epochs)


def test_the_plan_alone_runs_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folders = ["--work", str(tmp_path), "--results", str(tmp_path / "rows.jsonl"), "--docs", str(tmp_path)]
    assert run.main(["--plan-only", "--only", "A-128", "--epochs", "2", "--seeds", "0", *folders]) == 0
    printed = capsys.readouterr().out
    assert printed.count("plastic_pieces") == 2
    assert "2 half epochs" in printed
    assert list(tmp_path.iterdir()) == []


def test_thinning_leaves_a_quarter(draw_folders: Callable[..., Path], tmp_path: Path) -> None:
    counts = {"train/cats": 9, "train/dogs": 12, "test/cats": 6, "test/dogs": 9}
    source = draw_folders(tmp_path / "real", counts)
    for name, seed in (("one", 0), ("two", 0), ("three", 1)):
        sets.thin(source, tmp_path / name, "cats", "dogs", seed)
    kept = {
        name: sorted(file.name for file in (tmp_path / name / "cats").iterdir())
        for name in ("one", "two", "three")
    }
    assert len(kept["one"]) == 7
    assert len(list((tmp_path / "one" / "dogs").iterdir())) == 21
    assert kept["one"] == kept["two"] != kept["three"]
    assert all(file.read_bytes() for file in (tmp_path / "one" / "cats").iterdir())


def test_too_few_of_the_rare_class_are_refused(draw_folders: Callable[..., Path], tmp_path: Path) -> None:
    source = draw_folders(tmp_path / "real", {"cats": 1, "dogs": 9})
    with pytest.raises(PicturesError, match="1 cats, 9 dogs"):
        sets.thin(source, tmp_path / "thin", "cats", "dogs")


def test_finished_rows_are_read_back(tmp_path: Path) -> None:
    file = tmp_path / "results" / "rows.jsonl"
    rows = list(all_rows())[:3]
    for row in rows:
        outcomes.append(file, outcome(row, 0.5))
    outcomes.append(file, outcome(rows[0], 0.75))  # the later one counts
    with file.open("a") as lines:
        lines.write('{"row": {"cut off by a cra')
    found = outcomes.read(file)
    assert [one.row for one in found] == rows
    assert found[0].at("precision", 1) == 0.75
    assert math.isnan(found[0].at("true_validation_precision", 1))
    assert math.isnan(found[0].at("precision", 1000))


def test_the_interval_over_seeds_is_students() -> None:
    over_seeds = outcomes.over_seeds
    found = over_seeds([0.4, 0.5, 0.6, math.nan])
    half = 4.302653 * 0.1 / math.sqrt(3)  # t of 2 degrees of freedom, 97.5 %
    assert (found.value, found.n) == (pytest.approx(0.5), 3)
    assert (found.low, found.high) == (pytest.approx(0.5 - half), pytest.approx(0.5 + half))
    assert str(over_seeds([])) == "–"
    assert str(over_seeds([0.5])) == "0.500 (1 seed)"
    assert over_seeds([0.9, 1.0]).high == 1.0
    assert over_seeds([0.9, 1.5], share=False).high > 1


def test_tables_and_drawings_are_written(tmp_path: Path) -> None:
    rows = [row for row in all_rows() if row.group in ("A-128", "B-quarter")]
    # The described training is longer than the others that it stands beside.
    rows = [replace(row, epochs=32) if row.group == "A-128" and row.options else row for row in rows]
    found = [outcome(row, 0.5 + 0.1 * row.seed) for row in rows]
    page = tables.write(found, tmp_path)
    text = page.read_text()
    for title in ("After epoch 16", "After epoch 32", "After epoch 100", "What the metric says"):
        assert text.count(title) == 1
    assert "| both | 3 | 0.600 (0.352 to 0.848) |" in text
    # After their last epoch the recipe's own interval, before it the exact one of 200, 240 and 280 of 400.
    after = text.partition("After epoch 32")[2]
    described = next(line for line in after.splitlines() if line.startswith("| as described"))
    both = next(line for line in after.splitlines() if line.startswith("| both"))
    exact = [stats.binomtest(right, 400).proportion_ci(method="exact") for right in (200, 240, 280)]
    low, high = (sum(getattr(one, end) for one in exact) / 3 for end in ("low", "high"))
    assert described.endswith(f"| {low:.3f} to {high:.3f}, n = 400 |")
    assert both.endswith("| 0.500 to 0.700, n = 400 |")
    drawings = sorted(tmp_path.glob("*.svg"))
    assert len(drawings) == 2
    for file in drawings:
        assert f"({file.name})" in text
        assert ElementTree.parse(file).getroot().tag.endswith("svg")
