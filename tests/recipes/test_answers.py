"""The answers to the founding questions: what rows allow to be said, and what is said where there are none."""

from __future__ import annotations

import json
import math
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from scipy import stats

from benchmarks.questions import (
    answers,
    batch_precision,
    fixed_program,
    gallery,
    outcomes,
    side_by_side,
    sides,
)
from benchmarks.questions import solar_cells as solar
from benchmarks.questions.judging import Difference, paired, sentence
from benchmarks.questions.rows import Row, all_rows
from tellapart.errors import PicturesError

LOWEST, LAST = 0.4, 1.4


def finished(row: Row, **curves: float | tuple[float, ...]) -> outcomes.Outcome:
    """A training whose curves are flat, but for those given as a few values to begin with."""
    names = ("loss", "accuracy", "val_accuracy", "true_validation_accuracy", "true_fresh_accuracy")
    names += ("true_validation_log_loss", "val_precision", "true_validation_precision")
    names += (
        "true_validation_average_precision",
        "true_validation_balanced_accuracy",
        "val_loss",
        "precision",
    )
    values = {}
    for name in names:
        given = curves.get(name, 0.5)
        given = given if isinstance(given, tuple) else (given,)
        values[name] = [*given, *([given[-1]] * (row.epochs - len(given)))]
    one = {"value": 0.5, "low": 0.4, "high": 0.6, "n": 240}
    measures = dict.fromkeys(("accuracy", "balanced_accuracy", "precision", "average_precision"), one)
    about = {"class_1": "rare", "clock_seconds": 60.0, "cpu_seconds": 60.0}
    parts = {"validation": {"rare": 60, "common": 180}}
    return outcomes.Outcome(row, values, {"validation": measures}, parts, about)


@pytest.fixture(autouse=True)
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The variants of every drawing that was made; what it looks like is tested beside the tables."""
    found: list[list[str]] = []

    def drawing(variants: dict[str, list[outcomes.Outcome]]) -> str:
        found.append(list(variants))
        return "<svg/>"

    monkeypatch.setattr(answers, "drawing", drawing)
    return found


def written(folder: Path, *groups: str, **curves: Callable[[Row], Any]) -> dict[str, str]:
    """The pages from rows of `groups`, whose curves are functions of the row; file -> text."""
    for row in all_rows():
        if row.group in groups:
            outcomes.append(
                folder / "rows.jsonl", finished(row, **{name: of(row) for name, of in curves.items()})
            )
    pages = answers.write(folder, folder / "none.jsonl", folder / "docs")
    return {page.name: page.read_text() for page in pages}


def section(text: str, title: str) -> str:
    """The part of a page below the title that begins so."""
    return text.partition(f"## {title}")[2].partition("\n")[2].partition("\n## ")[0]


@pytest.mark.parametrize(
    ("low", "high", "n", "words"),
    [
        (0.01, 0.5, 3, "X helped: "),
        (0.01, 0.03, 3, "X helped, by less than 0.05: "),
        (-0.3, -0.1, 3, "X made it worse: "),
        (-0.04, 0.04, 3, "X made no difference that counts: "),
        (-0.3, 0.04, 3, "X did not help: "),
        (-0.3, 0.3, 3, "X: whether it helped cannot be told with 3 seeds: "),
        (math.nan, math.nan, 1, "X: whether it helped cannot be told (one seed shows nothing): "),
    ],
)
def test_the_interval_chooses_the_words(low: float, high: float, n: int, words: str) -> None:
    found = Difference((low + high) / 2 if n > 1 else 0.4, low, high, n, 0.5, 0.6)
    assert sentence("X", "accuracy", found).startswith(words)


def test_seeds_are_paired() -> None:
    before, after = {0: 0.5, 1: 0.6, 2: 0.7, 3: math.nan}, {2: 0.9, 1: 0.7, 0: 0.6, 4: 0.1, 3: 0.2}
    found = paired(before, after)
    expected = stats.ttest_rel([0.6, 0.7, 0.9], [0.5, 0.6, 0.7]).confidence_interval()
    assert (found.low, found.high) == (pytest.approx(expected.low), pytest.approx(expected.high))
    assert (found.n, found.before, found.after) == (3, pytest.approx(0.6), pytest.approx(2.2 / 3))


def test_without_rows_every_section_says_so(tmp_path: Path) -> None:
    pages = written(tmp_path)
    assert set(pages) == {"improving-validation-loss.md", "precision-decreases.md", "README.md"}
    for name in ("improving-validation-loss.md", "precision-decreases.md"):
        text = pages[name]
        assert "**The answer.** not measured yet" in text
        sections = [part for part in text.split("\n## ")[1:] if "home-made" not in part.splitlines()[0]]
        assert len(sections) > 6
        assert all("\nnot measured yet: `" in part for part in sections)
    assert "solar" not in pages["README.md"]
    assert not list((tmp_path / "docs").glob("*.svg"))


def accuracy_of(**good: float) -> Callable[[Row], float]:
    """Fresh accuracy near a half, but for variants that are named; seeds differ a little."""
    names = {"both": "both", "pooling": "global max pooling", "described": "as described"}
    known = {names.get(name, name): value for name, value in good.items()}
    return lambda row: (
        known.get(row.variant.removesuffix(", flips"), 0.5) + 0.01 * ((7 * row.seed + len(row.variant)) % 3)
    )


def test_two_causes_that_matter_only_together(tmp_path: Path, drawn: list[list[str]]) -> None:
    fresh = accuracy_of(both=0.95)
    pages = written(tmp_path, "A-flips-128", "A-128", true_fresh_accuracy=fresh)
    text = pages["improving-validation-loss.md"]
    answer = text.partition("**The answer.**")[2].partition("\n##")[0]
    assert answer.startswith(" Yes, with the same pictures:")
    assert "Neither change alone was seen to help" in answer
    improve = section(text, "Can validation improve")
    assert "- Both (128 px, epoch 16) helped: " in improve
    assert "- Both, with the pictures zoomed as described (128 px, 100 half epochs) helped: " in improve
    assert "- Global max pooling (128 px, epoch 16) made no difference that counts" in improve
    assert "`tellapart train`: not measured yet: `python -m benchmarks.questions.side_by_side`" in improve
    assert "But it does not suit these pictures" in section(text, "Is the model correct?")
    tried = section(text, "Why did dropout")
    assert (
        tried.strip() == "not measured yet: `python -m benchmarks.questions.run --only A-tried --only A-128`"
    )
    assert "(improving-validation-loss.svg)" in text
    assert (tmp_path / "docs" / "improving-validation-loss.svg").is_file()
    assert drawn == [
        ["as described", "global max pooling", "no convolution dropouts", "both"],
        ["as described"],
    ]


def test_one_cause_that_matters_alone(tmp_path: Path) -> None:
    fresh = accuracy_of(both=0.95, pooling=0.9)
    text = written(tmp_path, "A-flips-128", true_fresh_accuracy=fresh)["improving-validation-loss.md"]
    assert "Of the two, global max pooling helped alone as well." in text
    assert "Neither" not in text
    assert "Dropout after a convolution" not in text
    assert "Each alone" not in text


def test_what_helped_nobody_is_not_praised(tmp_path: Path) -> None:
    pages = written(tmp_path, "A-flips-128", "A-128", "A-tried", true_fresh_accuracy=accuracy_of())
    text = pages["improving-validation-loss.md"]
    assert "**The answer.** Not by the two changes" in text
    assert "these rows do not show" in section(text, "Is the model correct?")
    tried = section(text, "Why did dropout")
    assert tried.count("made no difference that counts") == 4
    assert "With each of them the network still tosses a coin: it gets 0.510" in tried
    assert "Two things stand in the way" not in tried
    assert "In these rows it does not grow" in section(text, "Why does the validation loss grow?")


def test_a_loss_that_grows_over_pictures_learnt_by_heart(tmp_path: Path) -> None:
    curves = {"accuracy": lambda _: 1.0, "true_validation_log_loss": lambda _: (0.7, LOWEST, LAST)}
    text = written(tmp_path, "A-128", **curves)["improving-validation-loss.md"]
    growth = section(text, "Why does the validation loss grow?")
    assert "by heart" in growth
    assert f"lowest ({LOWEST:.2f}) in epoch 2 and {LAST:.2f} at the end (epoch 100)" in growth


def test_networks_that_died_at_once_are_counted_apart(tmp_path: Path) -> None:
    def loss(row: Row) -> tuple[float, ...]:
        return (8.06, 8.06, 8.06) if row.size == 256 and row.seed == 0 else (0.7, LOWEST, LAST)

    curves = {"accuracy": lambda _: 1.0, "true_validation_log_loss": loss}
    assert "died" not in written(tmp_path, "A-128", **curves)["improving-validation-loss.md"]
    text = written(tmp_path, "A-128", "A-256", **curves)["improving-validation-loss.md"]
    growth = section(text, "Why does the validation loss grow?")
    assert f"At 128 px the loss over all validation pictures is lowest ({LOWEST:.2f})" in growth
    assert "1 of 3 seeds had died in the first" in growth
    assert f"a loss that is lowest ({LOWEST:.2f}) in epoch 2 and {LAST:.2f} at the end." in growth


def test_a_softmax_that_died_with_one_seed_is_judged_by_the_others(tmp_path: Path) -> None:
    def loss(row: Row) -> tuple[float, ...]:
        return (8.06, 8.06, 8.06) if row.variant == "softmax" and row.seed == 1 else (0.7, LOWEST, LAST)

    fresh = accuracy_of(**{"dropout .25": 0.9})
    curves = {"true_validation_log_loss": loss, "true_fresh_accuracy": fresh}
    text = written(tmp_path, "A-128", "A-tried", **curves)["improving-validation-loss.md"]
    softmax = section(text, "Did switching")
    assert "- 1 of 3 seeds died in the first epoch" in softmax
    assert f"the loss of the others is lowest in epoch 2 ({LOWEST:.2f}), {LAST:.2f} at the end" in softmax
    assert "tosses a coin" not in section(text, "Why did dropout")


def test_precision_of_a_training_that_is_too_slow(tmp_path: Path) -> None:
    learnt = accuracy_of(**{"learning rate .01": 0.8, "described": 0.25})
    pages = written(tmp_path, "B-quarter", true_validation_average_precision=learnt)
    text = pages["precision-decreases.md"]
    answer = text.partition("**The answer.**")[2].partition("\n##")[0]
    assert "Its learning rate is too low" in answer
    assert "neither rises nor falls" in answer
    assert "a mean over batches" not in answer  # shown and true are the same in these rows
    assert section(text, "Is the bias").strip().startswith("Not of its failure to learn on quarter.")
    assert "not measured yet" in section(text, "How much does picture size")
    assert "cats_dogs" not in section(text, "What would the right")


@pytest.mark.parametrize(("better", "learnt"), [(0.8, True), (0.25, False)])
def test_what_size_is_worth_is_asked_of_a_network_that_learns_too(
    tmp_path: Path, better: float, learnt: bool
) -> None:
    def precision(row: Row) -> float:
        return (better if row.variant == "learning rate .01" and row.size == 400 else 0.25) + 0.01 * row.seed

    text = written(tmp_path, "B-quarter", "B-sizes", true_validation_average_precision=precision)
    sizes = section(text["precision-decreases.md"], "How much does picture size")
    for size in (50, 200):
        assert f"- {size} px instead of 100 (learning rate .01, epoch " in sizes
    assert ("400 px instead of 100 (learning rate .01, epoch 10) helped" in sizes) is learnt
    assert ("these rows do not show" in sizes) is not learnt


def test_precision_that_a_learning_rate_does_not_mend(tmp_path: Path) -> None:
    curves = {
        "true_validation_precision": lambda row: (*np.linspace(0.9 + 0.01 * row.seed, 0.3, 30),),
        "val_precision": lambda _: 0.1,
    }
    text = written(tmp_path, "B-quarter", **curves)["precision-decreases.md"]
    answer = text.partition("**The answer.**")[2].partition("\n##")[0]
    assert "too low" not in answer
    assert "its true precision falls" in answer
    assert "in its worst epoch 0.81 away" in answer
    assert section(text, "Is the bias").strip().startswith("The rows cannot tell.")


def test_the_worked_example_counts_right() -> None:
    truth, called = (np.concatenate(column) for column in zip(*batch_precision.BATCHES, strict=True))
    found = batch_precision.counted()
    assert batch_precision.true(found) == pytest.approx(truth[called == 1].mean())
    assert batch_precision.shown(found) == pytest.approx((1 + 2 / 3 + 0 + 0) / 4)
    assert "**0.60**" in "\n".join(batch_precision.example())


def row_of(way: str, seed: int, pictures: str = "quarter", value: float = 0.8) -> dict[str, Any]:
    one = {"value": value, "low": value - 0.05, "high": value + 0.05, "n": 400}
    measures = dict.fromkeys(("accuracy", "balanced_accuracy", "average_precision"), one)
    epochs = {"precision": [None, *([0.5] * 5), *([0.9 + 0.01 * seed] * 5)]} if way == "fixed" else {}
    return {
        "set": pictures, "way": way, "seed": seed, "epochs": epochs, "size_px": 100 if epochs else 0,
        "parts": dict.fromkeys(("test", "validation", "fresh"), measures), "seconds": 90.0, "core_seconds": 60.0,
    }  # fmt: skip


def test_three_ways_stand_side_by_side(tmp_path: Path) -> None:
    rows = [row_of("fixed", seed) | {"key": f"f{seed}"} for seed in (0, 1)]
    rows.append(row_of("tellapart", 0, value=0.7) | {"key": "t"})
    high, higher = ({"value": value, "low": value, "high": value, "n": 9} for value in (0.82, 0.95))
    best = {key: {"balanced_accuracy": high, "average_precision": higher} for key in ("400_px", "100_px")}
    elsewhere = {key: dict.fromkeys(known, higher | {"value": 0.99}) for key, known in best.items()}
    rows.append({"key": sides.ATTAINABLE, "large_sample": elsewhere, "fresh": best})
    (tmp_path / "side_by_side.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    text = section(written(tmp_path, "B-quarter")["precision-decreases.md"], "What does better")
    assert "| as described (100 px, 30 epochs) | 3 | 0.500 (0.500 to 0.500); pictures 0.400 to 0.600" in text
    assert "(100 px, 11 epochs) | 2 | 0.800 (0.800 to 0.800); pictures 0.750 to 0.850, n = 400" in text
    assert "0.500 (0.500 to 0.500) → 0.905 (0.841 to 0.969) | 1.5 min | 1.0 min |" in text
    assert "the precision over the whole validation part rises (0.500" in text
    assert (
        "comes within its interval of the best possible balanced accuracy on the same fresh pictures, 0.820 (0.800"
        in text
    )
    assert (
        "`tellapart train` stays below the best possible balanced accuracy on the same fresh pictures, 0.820"
        in text
    )
    assert "### cats_dogs" not in text
    assert "(precision-decreases-ways.svg)" in text
    lines = (tmp_path / "docs" / "precision-decreases-ways.svg").read_text()
    assert "quarter: precision over the validation part" in lines
    assert "cats_dogs" not in lines


@pytest.mark.parametrize(("value", "words"), [(0.98, "reaches"), (0.9, "does not reach")])
def test_the_aim_is_held_against_the_rows(tmp_path: Path, value: float, words: str) -> None:
    rows = [row_of("tellapart", seed, "pellets", value) | {"key": str(seed)} for seed in (0, 1, 2)]
    (tmp_path / "side_by_side.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    improve = section(written(tmp_path)["improving-validation-loss.md"], "Can validation improve")
    assert (
        f"- `tellapart train` {words} the 0.97 that was aimed at: {value:.3f} of 400 test pictures" in improve
    )
    assert "as described, `fixed.py`: not measured yet: " in improve


def test_studies_and_diagnoses_are_quoted_as_they_are(tmp_path: Path) -> None:
    arm = {
        "words": "half | of it",
        "fitted_pictures": 250,
        "balanced_accuracy": {"value": 0.5, "low": 0.4, "high": 0.6, "n": 100},
    }
    study = {
        "sentence": "Cannot tell: <b>nothing</b> was learnt.", "arms": [arm], "notes": ["a note"], "seconds": 120.0,
        "trainings_of_each": 3, "model": {"words": "your script"},
    }  # fmt: skip
    (tmp_path / "study-amount-described.json").write_text(json.dumps(study))
    row = {
        "key": "1",
        "file": "plastic_pieces.py",
        "time": "45m",
        "seconds": 1800.0,
        "summary": "The training fails.",
    }
    (tmp_path / "none.jsonl").write_text(json.dumps(row) + "\n")
    text = written(tmp_path, "A-flips-128")["improving-validation-loss.md"]
    amount = section(text, "Is the set too small? Asked of the training as described")
    assert "> Cannot tell: &lt;b>nothing&lt;/b> was learnt." in amount
    assert "| half \\| of it | 250 | 0.500 (0.400 to 0.600, n = 100) |" in amount
    assert "not measured yet" in section(text, "Is the set too small? Asked of `tellapart train`")
    assert "with --time 45m, after 30 min: *The training fails.*" in section(text, "Is the model correct?")


def test_rows_wait_for_what_they_lack(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    program = tmp_path / "fixed.py"
    program.write_text("model = None\n")
    folders = [
        "--work",
        str(tmp_path / "work"),
        "--results",
        str(tmp_path / "rows.jsonl"),
        "--docs",
        str(tmp_path),
    ]
    folders += ["--described", str(tmp_path / "none.jsonl"), "--fixed-b", str(tmp_path / "missing.py")]
    assert side_by_side.main(["--plan-only", "--fixed-a", str(program), "--seeds", "0", *folders]) == 0
    said = dict(line.split(": ", 1) for line in capsys.readouterr().out.splitlines())
    assert said["pellets/described/seed 0"].startswith("missing: python -m benchmarks.questions.run")
    assert (
        next(words for key, words in said.items() if key.startswith("pellets/fixed/seed 0/")) == "to be run"
    )
    assert said["quarter/fixed/seed 0"].endswith("--fixed-b FILE")
    assert said["cats_dogs/tellapart/seed 0"] == "waits for --cats-dogs DIR"
    assert said["quarter/tellapart/seed 0"] == "to be run"
    assert sorted(file.name for file in tmp_path.iterdir()) == ["fixed.py"]


class Brightness:
    """Stands for a trained network: the brighter, the more class 1."""

    input_shape = (None, 4, 4, 3)

    def predict(self, x: np.ndarray, **_: Any) -> np.ndarray:
        return x.mean(axis=(1, 2, 3))[:, None]


def test_a_mended_program_is_scored_on_our_pictures(tmp_path: Path) -> None:
    files = {"validation": {"a": (10, 20), "b": (200, 90)}, "fresh": {"a": (10,), "b": (250,)}}
    for part, classes in files.items():
        for name, levels in classes.items():
            (tmp_path / part / name).mkdir(parents=True)
            for level in levels:
                Image.new("RGB", (8, 8), (level,) * 3).save(tmp_path / part / name / f"{level}.png")
    watch = fixed_program.Validation()
    watch.images = fixed_program.read(sorted((tmp_path / "validation").glob("*/*")), 4)
    watch.labels = np.array([0, 0, 1, 1])
    watch.look(Brightness())
    found = fixed_program.scored(Brightness(), watch, tmp_path, {"fresh": tmp_path / "fresh"}, "b")
    assert found["parts"]["validation"]["accuracy"]["value"] == 0.75
    assert found["parts"]["fresh"]["balanced_accuracy"]["value"] == 1.0
    assert found["epochs"]["precision"] == [1.0]
    assert found["size"] == 4
    watch.images = watch.images * 0.9
    with pytest.raises(ValueError, match="4 of 4 validation pictures are not prepared as ours"):
        fixed_program.scored(Brightness(), watch, tmp_path, {}, "b")


def test_the_pictures_of_a_generator_are_gathered_and_known(tmp_path: Path) -> None:
    from keras.src.legacy.preprocessing.image import ImageDataGenerator

    draw = np.random.default_rng(0)
    for name in ("a", "b"):
        (tmp_path / "validation" / name).mkdir(parents=True)
        for number in range(3):
            noise = draw.integers(0, 256, (8, 8, 3), dtype=np.uint8)
            Image.fromarray(noise).save(tmp_path / "validation" / name / f"{number}.png")
    batches = ImageDataGenerator(rescale=1.0 / 255).flow_from_directory(
        tmp_path / "validation", target_size=(4, 4), batch_size=4, class_mode="binary"
    )
    watch = fixed_program.Validation()
    watch.images, watch.labels = fixed_program.whole(batches)
    assert watch.images.shape == (6, 4, 4, 3)
    assert watch.labels.tolist().count(1) == 3
    watch.look(Brightness())
    found = fixed_program.scored(Brightness(), watch, tmp_path, {"same": tmp_path / "validation"}, "b")
    same, validation = (found["parts"][part]["log_loss"]["value"] for part in ("same", "validation"))
    assert same == pytest.approx(validation, abs=1e-6)
    with pytest.raises(TypeError, match="arrays or batches"):
        fixed_program.whole(None)


def test_cells_are_laid_out_from_the_package(tmp_path: Path) -> None:
    labels = "".join(f"images/cell000{i}.png  {p}  mono\n" for i, p in enumerate((1.0, 0.0, 0.6667, 0.3333)))
    with zipfile.ZipFile(tmp_path / "elpv_dataset-1.whl", "w") as package:
        package.writestr(gallery.LABELS, labels)
        for number in range(4):
            package.writestr(f"elpv_dataset/data/images/cell000{number}.png", b"picture")
    folder, cells = gallery.prepare(tmp_path, None)
    found = {f"{file.parent.name}/{file.name}" for file in folder.glob("*/*")}
    assert {name for name in found if name.startswith("defective")} == {
        "defective/cell0000.png",
        "defective/cell0002.png",
    }
    assert len(found) == 4
    assert len(gallery.chosen(cells, 1)) == 2
    with pytest.raises(PicturesError, match=r"\.\./cell"):
        gallery.read_labels("images/../cell0001.png 1.0 mono")
    table = tmp_path / "predictions.csv"
    table.write_text(
        "path,label,split,predicted\ndefective/cell0000.png,defective,test,functional\n"
        "functional/cell0003.png,functional,test,functional\nfunctional/cell0001.png,functional,train,defective\n"
    )
    assert gallery.by_probability(table, cells) == {
        "0.33": {"pictures": 1, "errors": 0},
        "1.00": {"pictures": 1, "errors": 1},
    }


@pytest.mark.parametrize(
    ("decision", "unsure", "words"),
    [
        (
            "trustworthy",
            30,
            ("Yes, balanced accuracy 0.900 (0.850 to 0.950)", "It errs more where people were not sure"),
        ),
        ("no better than chance", 2, ("No: the test does not tell", "Whether it errs more")),
    ],
)
def test_the_page_of_the_cells_says_what_the_run_found(
    decision: str, unsure: int, words: tuple[str, ...]
) -> None:
    one = {"value": 0.9, "low": 0.85, "high": 0.95, "n": 500}
    kept = {
        "date": "2026-01-01", "machine": "two cores", "package": "p==1", "time": "10m", "decision": decision,
        "classes": {"defective": 821, "functional": 1803}, "members": [{"name": "probe", "weight": 1.0}],
        "test": {"n": 500, "balanced_accuracy": one, "per_class": {"defective": {"precision": one, "recall": one}}},
        "findings": [], "seconds": 300.0, "peak_MiB": 900,
        "by_probability": {"0.00": {"pictures": 200, "errors": 10}, "0.67": {"pictures": 50, "errors": unsure}},
    }  # fmt: skip
    text = solar.page(kept)
    assert all(part in text for part in words)
