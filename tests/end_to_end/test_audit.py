"""`audit` through the real command, and what `train` makes of it."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest
from PIL import Image, ImageOps
from shapes_set import picture, write_set

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "reference" / "audit.schema.json").read_text())
PLANTED = 6


def write_leaky(root: Path, each: int) -> Path:
    """Write 2 x `each` to train and `each` to test, and some of train mirrored and recompressed to test, too."""
    write_set(root / "train", {"filled": 2 * each, "ring": 2 * each})
    write_set(root / "test", {"filled": each, "ring": each}, seed=1)
    for name in ("filled", "ring"):
        for number in range(PLANTED // 2):
            with Image.open(root / "train" / name / f"{number:03d}.png") as image:
                ImageOps.mirror(image).save(root / "test" / name / f"twin {number}.jpg", quality=90)
    return root


@pytest.fixture(scope="module")
def leaky(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_leaky(tmp_path_factory.mktemp("leaky"), each=20)


@pytest.fixture(scope="module")
def leaky_run(leaky, tellapart, tmp_path_factory) -> tuple[Path, str]:
    """RUN, and what was said meanwhile."""
    run = tmp_path_factory.mktemp("leaky-run") / "run"
    done = tellapart("train", leaky, "--out", run, "--members", "probe")
    assert done.returncode == 0, done.stderr
    return run, done.stderr


def codes(document: dict[str, Any]) -> dict[str, str]:
    return {one["code"]: one["severity"] for one in document["findings"]}


def test_a_clean_set_has_no_stop(here, shapes):
    done = here("audit", shapes, "--json", "--strict")
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    jsonschema.validate(document, SCHEMA)
    assert document["pictures"] == 110
    assert "stop" not in codes(document).values()


def test_copies_across_the_parts_stop_and_the_folder_shows_them(here, tmp_path):
    leaky = write_leaky(tmp_path / "set", each=5)
    done = here("audit", leaky, "--out", tmp_path / "a", "--strict")
    assert done.returncode == 3
    assert done.stdout == ""
    assert "STOP" in done.stderr
    assert "twin" in done.stderr
    document = json.loads((tmp_path / "a" / "audit.json").read_text())
    jsonschema.validate(document, SCHEMA)
    assert codes(document)["copies.across_splits"] == "stop"
    page = (tmp_path / "a" / "audit.html").read_text()
    assert page.count("data:image/jpeg") >= 2 * PLANTED
    again = here("audit", leaky, "--out", tmp_path / "a")
    assert again.returncode == 0, again.stderr


def test_a_folder_with_other_files_is_refused(here, shapes, tmp_path):
    (tmp_path / "mine.txt").write_text("keep")
    done = here("audit", shapes, "--out", tmp_path)
    assert done.returncode == 2
    assert "mine.txt" in done.stderr
    assert [entry.name for entry in tmp_path.iterdir()] == ["mine.txt"]


def test_train_drops_the_copies_and_gives_both_scores(leaky_run, leaky, here):
    run, _ = leaky_run
    done = here("train", leaky, "--out", run, "--members", "probe", "--json", "--strict")
    assert done.returncode == 3, done.stderr
    metrics = json.loads(done.stdout)
    assert metrics["decision"] == "leaking"
    assert metrics["pictures"]["dropped_as_copies"] == PLANTED
    assert metrics["test"]["n"] == metrics["test_with_copies"]["n"] == 40 + PLANTED
    with (run / "split.csv").open(newline="") as source:
        rows = list(csv.DictReader(source))
    assert len(rows) == 120 + PLANTED - PLANTED
    assert {row["split"] for row in rows} == {"train", "test"}
    assert not {row["path"] for row in rows} & {f"train/filled/{n:03d}.png" for n in range(PLANTED // 2)}
    assert codes(json.loads((run / "audit.json").read_text()))["copies.across_splits"] == "stop"
    assert "with copies" in (run / "report.html").read_text()


def test_stop_findings_are_printed_before_any_score(leaky_run):
    _, said = leaky_run
    assert 0 <= said.index("STOP") < said.index("accuracy")


def test_a_label_that_the_size_tells_is_called_a_shortcut(here, tmp_path):
    rng = np.random.default_rng(0)
    for name, side in (("a", 96), ("b", 40)):
        (tmp_path / "set" / name).mkdir(parents=True)
        for number in range(60):
            image = picture(rng, bright=bool(number % 2)).resize((side, side))
            image.save(tmp_path / "set" / name / f"{rng.integers(10**9)}.png")
    done = here("train", tmp_path / "set", "--out", tmp_path / "run", "--members", "probe", "--json")
    assert done.returncode == 0, done.stderr
    metrics = json.loads(done.stdout)
    assert metrics["decision"] == "shortcut"
    assert codes(json.loads((tmp_path / "run" / "audit.json").read_text()))["shortcut.size"] == "stop"


def series(root: Path, rng: np.random.Generator) -> Path:
    """Things shot six times in a row, each thing of one of two kinds that cannot be told apart."""
    for number in range(24):
        ground = rng.integers(0, 256, (6, 6, 3)).astype(np.uint8)
        thing = Image.fromarray(ground).resize((48, 48), Image.Resampling.BICUBIC)
        label = root / ("even" if number % 2 else "odd")
        label.mkdir(parents=True, exist_ok=True)
        for shot in range(6):
            noise = rng.normal(0, 6, (48, 48, 3))
            pixels = np.clip(np.roll(np.asarray(thing), shot, axis=0) + noise, 0, 255).astype(np.uint8)
            Image.fromarray(pixels).save(label / f"IMG_{20 * number + shot:05d}.png")
    return root


def test_series_that_inflate_the_score_are_kept_whole(here, tmp_path):
    pictures = series(tmp_path / "set", np.random.default_rng(0))
    done = here("audit", pictures, "--out", tmp_path / "a", "--json")
    assert done.returncode == 0, done.stderr
    one = next(one for one in json.loads(done.stdout)["findings"] if one["code"].startswith("groups"))
    assert one["severity"] == "stop"
    assert one["evidence"]["score_gap"]["low"] > 0.01
    with (tmp_path / "a" / "groups.csv").open(newline="") as source:
        groups = {row["path"]: row["group"] for row in csv.DictReader(source)}
    run = tmp_path / "run"
    trained = here("train", pictures, "--out", run, "--members", "probe", "--json")
    assert trained.returncode == 0, trained.stderr
    assert json.loads(trained.stdout)["decision"] != "trustworthy"
    with (run / "split.csv").open(newline="") as source:
        parts: dict[str, set[str]] = {}
        for row in csv.DictReader(source):
            parts.setdefault(groups[row["path"]], set()).add(row["split"])
    assert all(len(found) == 1 for found in parts.values())
