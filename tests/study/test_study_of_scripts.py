"""Questions asked of a user's script: the folders it is given, the ways it is changed, what its trainings answer."""

from __future__ import annotations

import dataclasses
import json
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import jsonschema
import numpy as np
import pytest

from tellapart.diagnose.reading import read_program
from tellapart.diagnose.recording import Outcome, Scores
from tellapart.diagnose.trials.judged import Judged
from tellapart.pictures.collection import Pictures
from tellapart.progress import Quiet
from tellapart.study.arm import Arm
from tellapart.study.own_script.answers import answer, errors_drawn
from tellapart.study.own_script.asking import Asked
from tellapart.study.own_script.laid_out import chosen_for, links_to
from tellapart.study.own_script.rounds import PLANNED, checked_first, run_rounds
from tellapart.study.own_script.trained import Trained, Way, with_the_line_moved
from tellapart.study.own_script.ways import amounts, augmentations, balances, sizes

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "reference" / "study.schema.json").read_text())
KERAS = """
import sys
import keras
from keras import layers
train = keras.utils.image_dataset_from_directory(sys.argv[1] + "/train", image_size=(32, 32))
valid = keras.utils.image_dataset_from_directory(sys.argv[1] + "/val", image_size=(32, 32))
model = keras.Sequential([
    keras.Input((32, 32, 3)),
    layers.RandomFlip(),
    layers.RandomRotation(0.1),
    layers.Flatten(),
    layers.Dense(1, activation="sigmoid"),
])
model.compile("adam", "binary_crossentropy")
model.fit(train, validation_data=valid, epochs=3)
"""


def pictures(root: Path, counts: tuple[int, ...], *, held: int = 0, each: int = 1) -> Pictures:
    """Name pictures of classes a, b…; with `held` in a folder train, and so many of each class in val."""
    names = [
        (part, c, f"{part}{'/' * bool(part)}{'abc'[c]}/{i}.png")
        for part, some in (("train" if held else "", counts), ("val", (held,) * len(counts)))
        for c, n in enumerate(some)
        for i in range(n)
    ]
    return Pictures(
        root=root,
        paths=tuple(name for _, _, name in names),
        labels=np.array([c for _, c, _ in names]),
        classes=tuple("abc"[: len(counts)]),
        parts=np.array([{"val": "validation"}.get(part, part) for part, _, _ in names], dtype="<U10"),
        groups=np.array([f"{c}{k // each}" for k, (_, c, _) in enumerate(names)], dtype=object),
    )


def test_a_script_is_given_fewer_training_pictures_and_all_that_judge(tmp_path):
    some = pictures(tmp_path / "set <b>", (40, 12), held=5, each=4)
    chosen = chosen_for(Arm("x", "x", share=0.25), some, 0)
    root = links_to(some, chosen).lay_out(tmp_path / "links")
    found = sorted(str(file.relative_to(root)) for file in root.rglob("*.png") if file.is_symlink())
    assert found == sorted(
        [some.paths[i] for i in chosen] + [name for name in some.paths if name[:3] == "val"]
    )
    assert root.name == some.root.name
    assert all(some.parts[chosen] == "train")
    assert len(np.unique(some.groups[chosen])) * 4 == len(chosen) < 20


def test_a_picture_drawn_again_is_there_under_another_name(tmp_path):
    some = pictures(tmp_path / "set", (9, 3), held=2)
    chosen = chosen_for(Arm("x", "x", balance="resampled"), some, 0)
    root = links_to(some, chosen).lay_out(tmp_path / "links")
    links = list((root / "train" / "b").iterdir())
    assert len(links) == 9
    assert {link.readlink().name for link in links} == {"0.png", "1.png", "2.png"}


def recorded(shape: tuple[int, ...] = (32, 32, 3), counts: tuple[int, int] = (30, 10)) -> Any:
    part = SimpleNamespace(
        inputs=SimpleNamespace(shape=shape),
        labels=SimpleNamespace(shape=()),
        labels_kept={str(c): n for c, n in enumerate(counts)},
    )
    return SimpleNamespace(trainings=(SimpleNamespace(n_steps=9, parts={"train": part}),))


def test_the_size_is_changed_wherever_the_script_writes_it():
    found = sizes(read_program(KERAS, "train.py"), recorded(), 100, "train.py")
    assert [way.arm.words for way in found] == ["32 px", "8 px", "16 px", "64 px"]
    assert found[0].text == KERAS
    for way in found[1:]:
        side = way.arm.look_px
        assert way.text.count(f"({side}, {side}") == 3
        assert "32" not in way.text
    assert [
        way.arm.look_px for way in sizes(read_program(KERAS, "train.py"), recorded(), 32, "train.py")
    ] == [
        32,
        8,
        16,
    ]


@pytest.mark.parametrize(
    ("text", "shape", "words"),
    [
        (KERAS, (40, 40, 3), "40 x 40"),
        (KERAS.replace("layers.RandomFlip()", "layers.CenterCrop(32, 32)"), (32, 32, 3), "CenterCrop"),
        (KERAS, (7,), "height and width"),
    ],
)
def test_a_size_that_cannot_be_changed_is_refused(refused, text, shape, words):
    error = refused(sizes, read_program(text, "train.py"), recorded(shape), 100, "train.py")
    assert words in str(error)
    assert "image_size" in str(error)


def test_classes_are_evened_out_by_weights_and_by_pictures(tmp_path):
    program = read_program(KERAS, "train.py")
    ways, notes = balances(pictures(tmp_path, (30, 10), held=9), program, recorded())
    texts = {way.arm.key: way.text for way in ways}
    assert list(texts) == ["natural", "weighted", "resampled", "thinned"]
    assert "class_weight={0: 0.6667, 1: 2}" in texts.pop("weighted")
    assert set(texts.values()) == {KERAS}
    assert not notes
    ways, notes = balances(pictures(tmp_path, (30, 10)), program, recorded())
    assert [way.arm.key for way in ways] == ["natural", "weighted", "thinned"]
    assert "both sides" in notes[0]


def test_random_changes_are_left_out_together_and_one_at_a_time():
    ways = augmentations(read_program(KERAS, "train.py"), recorded())
    texts = {way.arm.key: way.text for way in ways}
    assert list(texts) == ["all", "none", "without-RandomFlip", "without-RandomRotation"]
    assert "Random" not in texts["none"]
    assert "RandomFlip" not in texts["without-RandomFlip"]
    assert "RandomRotation" in texts["without-RandomFlip"]
    plain = KERAS.replace("    layers.RandomFlip(),\n    layers.RandomRotation(0.1),\n", "")
    assert len(augmentations(read_program(plain, "train.py"), recorded())) == 1


# what trainings answer

N = 400  # pictures that judge


def judged(skill: float, seed: int, n: int = N, first: int = 0) -> Judged:
    """Judge n pictures of two classes, of which a share is right; what is hard is so for every way."""
    hard = np.random.default_rng(n).random(n) + 0.02 * np.random.default_rng(seed).normal(size=n)
    return Judged(
        "validation", True, 2, np.arange(first, first + n), np.arange(n) % 2, (hard < skill).astype(float)
    )


class Trainer:
    """Trainings whose skill is known, each of so many seconds."""

    at_once = 2

    def __init__(self, skills: dict[str, float | None], *, rounds: int = PLANNED, reads: bool = True) -> None:
        self.skills, self.rounds, self.reads = skills, rounds, reads
        self.numbers: list[int] = []

    def seconds_left(self) -> float:
        return 1000.0

    def train(self, ways: list[Way], number: int) -> list[Trained | None]:
        self.numbers.append(number)
        cut = number >= self.rounds
        return [self.one(way, number, cut=cut and at == 1) for at, way in enumerate(ways)]

    def one(self, way: Way, number: int = 0, *, cut: bool = False) -> Trained:
        skill = self.skills[way.arm.key]
        outcome = Outcome.time_up if cut else Outcome.finished if skill is not None else Outcome.crashed
        failure = SimpleNamespace(kind="ValueError", message="no <b>", line=3) if skill is None else None
        fitted = round(800 * way.arm.share)
        seen = fitted if self.reads else 800
        found = None if skill is None or cut else judged(skill, number)
        moved = None if found is None or way.arm.key != "natural" else judged(0.8, number)
        recording: Any = SimpleNamespace(outcome=outcome, failure=failure)
        return Trained(recording, found, moved, np.arange(seen) + 10_000, seen, fitted, 2.0)


def ask(question: str, skills: dict[str, float | None], **options: Any) -> Any:
    ways = [Way(Arm(key, key, share=float(key) if question == "amount" else 1.0), "text") for key in skills]
    if question == "size":
        ways = [Way(Arm(way.arm.key, f"{way.arm.key} px", look_px=int(way.arm.key)), "text") for way in ways]
    trainer: Any = Trainer(skills, **options)
    first = trainer.one(ways[0])
    found = run_rounds(trainer, ways, first, Quiet(), "train.py", line=question == "balance")
    now = time.monotonic()
    asked = Asked(np.arange(800) % 2, now - 1, now + 600)
    made = answer(question, asked, found, 2, 0)
    document = json.loads(json.dumps(made.to_dict(), allow_nan=False))
    jsonschema.validate(document, {"$ref": "#/$defs/answer", "$defs": SCHEMA["$defs"]})
    return made


@pytest.mark.parametrize(
    ("question", "skills", "verdict", "words"),
    [
        ("size", {"32": 0.7, "16": 0.6, "64": 0.9}, "yes", "larger pictures help"),
        ("size", {"32": 0.8, "16": 0.6}, "no", "no other size"),
        ("balance", {"natural": 0.6, "thinned": 0.6}, "no", "where the line is drawn"),
        ("balance", {"natural": 0.6, "weighted": 0.95, "thinned": 0.6}, "yes", "weighted"),
        ("augmentation", {"all": 0.9, "none": 0.6, "without-x": 0.89}, "yes", "They help"),
        ("augmentation", {"all": 0.45, "none": 0.46}, "cannot tell", "chance"),
        ("amount", {"1": 0.87, "0.5": 0.82, "0.25": 0.75, "0.125": 0.65}, "yes", "twice the pictures"),
        ("amount", {"1": 0.8, "0.5": 0.8, "0.25": 0.8, "0.125": 0.8}, "no", "four times the pictures"),
    ],
)
def test_what_is_known_of_a_script_is_found(question, skills, verdict, words):
    found = ask(question, skills)
    assert (found.verdict, words in found.sentence) == (verdict, True), found.sentence
    assert found.trainings == PLANNED
    assert {row.key for row in found.rows} >= set(skills)


def test_a_way_that_fails_is_left_out_and_said_to_be():
    found = ask("size", {"32": 0.7, "16": None, "64": 0.9})
    assert [row.key for row in found.rows] == ["32", "64"]
    assert any("16 px" in note and "ValueError: no <b>" in note for note in found.notes)
    assert ask("size", {"32": 0.7, "16": None}).verdict == "cannot tell"


def test_rounds_that_the_clock_cuts_do_not_count():
    found = ask("size", {"32": 0.7, "64": 0.9}, rounds=2)
    assert found.trainings == 2
    assert found.verdict == "cannot tell"
    assert "--time" in found.sentence
    assert found.enough_seconds
    assert ask("size", {"32": 0.7, "64": 0.9}, rounds=3).verdict == "yes"


def test_a_script_that_reads_other_pictures_is_refused(refused):
    error = refused(ask, "amount", {"1": 0.8, "0.5": 0.8, "0.25": 0.8, "0.125": 0.8}, reads=False)
    assert "sys.argv[1]" in str(error)


def test_a_script_that_fails_or_judges_nothing_is_refused(refused):
    trainer = Trainer({"a": None})
    way = Way(Arm("a", "a"), "text")
    assert "ValueError: no <b>" in str(refused(checked_first, trainer.one(way), "train.py"))
    trainer.skills["a"] = 0.5
    unjudged = trainer.one(way)
    object.__setattr__(unjudged, "judged", None)
    assert "validation_data" in str(refused(checked_first, unjudged, "train.py"))
    assert checked_first(trainer.one(way, cut=True), "train.py") is None


def test_pictures_that_another_way_was_trained_on_do_not_judge():
    ways = [Way(Arm(key, key), "text") for key in ("all", "none")]
    trainer: Any = Trainer({"all": 0.9, "none": 0.9})
    whole = trainer.train

    def with_a_copy(some: list[Way], number: int) -> list[Any]:
        found = whole(some, number)
        object.__setattr__(found[1], "known", np.arange(10))
        return found

    trainer.train = with_a_copy
    found = run_rounds(trainer, ways, trainer.one(ways[0]), Quiet(), "train.py", line=False)
    assert all(len(one.looks) == N - 10 for some in found.judged.values() for one in some)
    assert found.same_pictures


def test_the_line_is_moved_to_where_both_classes_are_told():
    """Both classes are told apart, but an uneven training has the rare one called hardly ever."""
    labels = np.arange(300) % 2
    logits = np.random.default_rng(0).normal(size=300) + 4 * labels - 5
    outputs = np.stack([np.zeros(300), logits], axis=1)
    scores = Scores("validation", "eval", "", outputs, labels, np.arange(300), 32)
    training: Any = SimpleNamespace(
        scores=(scores,), losses=(SimpleNamespace(expects="logits", name="cross_entropy"),)
    )
    plain = Judged("validation", True, 2, np.arange(300), labels, (outputs.argmax(1) == labels).astype(float))
    moved = with_the_line_moved(training, plain)
    assert plain.balanced_accuracy < 0.65
    assert moved is not None
    assert moved.balanced_accuracy > 0.95
    few = dataclasses.replace(plain, looks=plain.looks[:8], labels=labels[:8], right=plain.right[:8])
    assert with_the_line_moved(training, few) is None


@pytest.mark.parametrize("paired", [True, False])
def test_drawing_again_spreads_about_what_was_measured(paired):
    runs = [[judged(skill, seed) for seed in range(3)] for skill in (0.6, 0.8)]
    errors = errors_drawn(runs, np.random.default_rng(0), paired=paired, replicates=400)
    own = [np.mean([1 - one.balanced_accuracy for one in some]) for some in runs]
    assert errors.mean(0) == pytest.approx(own, abs=0.01)
    apart = (errors[:, 0] - errors[:, 1]).std()
    assert (apart < errors.std(0).max()) == paired


def test_fewer_pictures_than_can_be_divided_are_no_amounts(tmp_path):
    assert [way.arm.share for way in amounts(pictures(tmp_path, (200, 40)), "x")] == [1.0, 0.5, 0.25, 0.125]
    assert [way.arm.share for way in amounts(pictures(tmp_path, (20, 9)), "x")] == [1.0, 0.5]
