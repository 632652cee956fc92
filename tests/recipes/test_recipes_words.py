"""A finished training in words, in a table and as a drawing."""

from __future__ import annotations

import csv
import io
import math
import re
from dataclasses import replace
from pathlib import Path

import pytest

from tellapart.evaluate.estimate import Estimate
from tellapart.recipes import curves
from tellapart.recipes.result import Epoch, Result, curves_csv, save
from tellapart.recipes.summary import summarise


def part(value: float, low: float, high: float, precision: float = 0.5) -> dict[str, Estimate]:
    one = Estimate(value, low, high, 100)
    return {
        "accuracy": one,
        "balanced_accuracy": one,
        "precision": Estimate(precision, precision, precision, 40),
        "average_precision": one,
        "log_loss": Estimate(0.7, 0.6, 0.8, 100),
    }


def overfitted() -> Result:
    true = {"accuracy": 0.5, "balanced_accuracy": 0.5, "precision": 0.5}
    true |= {"average_precision": 0.5, "log_loss": 0.7}
    epochs = [
        Epoch(1, 1.0, {"accuracy": 0.5, "loss": 0.7, "val_accuracy": 0.5, "val_loss": 0.7}, {}),
        Epoch(2, 1.0, {"accuracy": 0.97, "loss": 0.1, "val_accuracy": 0.5, "val_loss": 1.45}, {}),
    ]
    return Result(
        recipe="plastic_pieces",
        source="pellets",
        classes=("normal", "stuck"),
        options={"size": 256, "l1": 0.0, "l2": 0.0},
        parts={"train": {"normal": 250, "stuck": 250}, "validation": {"normal": 50, "stuck": 50}},
        pictures_per_epoch={"train": 250, "validation": 50},
        left_out=(),
        epochs=[replace(one, true={"validation": true}) for one in epochs],
        final={"validation": part(0.5, 0.4, 0.6)},
        stopped_by="",
        seconds={"read": 1.0, "train": 2.0},
    )


def test_overfitting_is_told_in_words() -> None:
    words = summarise(overfitted())
    assert "250 of the 500 training pictures in each" in words
    assert "validation on 50 of 100 pictures" in words
    assert "no better than a coin" in words
    assert "It overfits: 0.970" in words
    assert "grew from 0.700 (epoch 1) to 1.450" in words


def test_a_good_training_is_not_scolded() -> None:
    good = overfitted()
    last = Epoch(2, 1.0, {"accuracy": 1.0, "loss": 0.1, "val_accuracy": 1.0, "val_loss": 0.1}, {})
    words = summarise(
        replace(good, epochs=[good.epochs[0], last], final={"validation": part(1.0, 0.96, 1.0)})
    )
    assert "better than a coin" in words
    assert "no better" not in words
    assert "overfits" not in words
    assert "grew" not in words


@pytest.mark.parametrize(
    ("shown", "true", "expected"),
    [(0.2, 0.3, "mean over batches"), (0.0, math.nan, "precision is undefined"), (0.3, 0.3, None)],
)
def test_a_precision_by_batches_is_set_beside_the_true_one(
    shown: float, true: float, expected: str | None
) -> None:
    result = overfitted()
    reported = {"loss": 0.7, "precision": 0.3, "val_loss": 0.7, "val_precision": shown}
    epochs = [replace(one, reported=reported) for one in result.epochs]
    final = {"validation": part(0.5, 0.4, 0.6, precision=true)}
    words = summarise(
        replace(result, epochs=epochs, final=final, options=dict(result.options) | {"precision": "batch"})
    )
    explained = [hint for hint in ("mean over batches", "precision is undefined") if hint in words]
    assert explained == ([expected] if expected else [])


def test_the_table_leaves_empty_what_was_not_measured() -> None:
    first, second = overfitted().epochs
    second = replace(second, true={**second.true, "fresh": {"accuracy": math.nan, "log_loss": 0.5}})
    rows = list(csv.DictReader(io.StringIO(curves_csv([first, second]))))
    assert rows[0]["val_loss"] == "0.7"
    assert rows[0]["true_fresh_log_loss"] == rows[1]["true_fresh_accuracy"] == ""
    assert rows[1]["true_fresh_log_loss"] == "0.5"


def test_the_drawing_reads_on_white_and_on_near_black() -> None:
    def luminance(colour: str) -> float:
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    def contrast(one: str, other: str) -> float:
        low, high = sorted((luminance(one), luminance(other)))
        return (high + 0.05) / (low + 0.05)

    # WCAG 2.2, 1.4.11: graphics need 3 to 1. #0d1117 is the ground of GitHub's dark pages.
    for colour in (curves.GREY, curves.TRAIN, curves.REPORTED, curves.TRUE, curves.FRESH):
        assert contrast(colour, "#ffffff") >= 3
        assert contrast(colour, "#0d1117") >= 3
    drawn = curves.curves_svg(overfitted())
    used = set(re.findall(r"(?:fill|stroke): (#[0-9a-f]{6})", drawn))
    assert used <= {curves.GREY, curves.TRAIN, curves.REPORTED, curves.TRUE, curves.FRESH}


def test_the_same_result_gives_the_same_files(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        save(tmp_path / name, overfitted())
    for file in (tmp_path / "one").iterdir():
        assert file.read_bytes() == (tmp_path / "two" / file.name).read_bytes()
