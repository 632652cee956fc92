"""Demo sets: what is drawn is what the truth says, nothing else tells, and writing is all or nothing."""

from __future__ import annotations

import csv
import dataclasses
import json
import signal
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy import ndimage
from scipy.stats import norm
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, balanced_accuracy_score, roc_auc_score
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from tellapart.errors import OptionError
from tellapart.pictures.demo import cues, draw_pellets, draw_quarter, observer, sets, write_demo
from tellapart.pictures.demo.visibility import visibility


def rows_of(folder: Path) -> list[dict[str, str]]:
    with (folder / "truth.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def everything_in(folder: Path) -> list[str]:
    return sorted(item.relative_to(folder).as_posix() for item in folder.rglob("*"))


@pytest.fixture(scope="module")
def pellets() -> list:
    return list(draw_pellets(80, seed=7))


@pytest.fixture(scope="module")
def pellets_set(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("pellets") / "deep" / "set"
    write_demo("pellets", out, per_class=2)
    return out


@pytest.fixture(scope="module")
def quarter_set(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("quarter") / "set"
    write_demo("quarter", out, seed=3, per_class=4)
    return out


@pytest.mark.parametrize("draw", [draw_pellets, draw_quarter])
def test_a_picture_depends_on_seed_and_part_and_its_own_place_alone(draw):
    few, more = list(draw(1, seed=5, part="a")), list(draw(2, seed=5, part="a"))
    for (image, label, _), (again, label_again, _) in zip(few, more, strict=False):
        assert label == label_again
        assert np.array_equal(image, again)
    others = [*draw(1, seed=6, part="a"), *draw(1, seed=5, part="b"), *more]
    assert len({image.tobytes() for image, _, _ in others}) == len(others)
    assert all(image.dtype == np.uint8 and image.shape[2] == 3 for image, _, _ in others)


def test_exactly_one_pair_touches_in_stuck_and_none_in_normal_by_the_truth(pellets):
    for _, label, truth in pellets:
        d = truth.discs
        gaps = np.array(
            [
                np.hypot(*(d[i, :2] - d[j, :2])) - d[i, 2] - d[j, 2]
                for i in range(len(d))
                for j in range(i + 1, len(d))
            ]
        )
        assert (gaps <= 0).sum() == (label == "stuck")
        assert not ((gaps > -0.2) & (gaps < 2)).any()
        assert gaps.min() == pytest.approx(truth.smallest_gap_px)
        assert ((gaps >= 2) & (gaps <= 5)).sum() == truth.near_misses >= 1


def test_exactly_one_pair_touches_in_stuck_and_none_in_normal_by_the_pixels(pellets):
    for image, label, truth in pellets:
        grey = image.mean(axis=2)
        white = grey > 0.42 * np.percentile(grey, 99.7)
        blobs, count = ndimage.label(white)
        assert len(truth.discs) - count == (label == "stuck")
        if truth.contact_xy is None:
            continue
        x, y = np.rint(truth.contact_xy).astype(int)
        assert white[y, x]
        # The blob at the contact is the large one: two pieces.
        sizes = np.bincount(blobs.ravel())[1:]
        assert sizes[blobs[y, x] - 1] > 1.4 * np.median(sizes)


def test_pieces_and_sizes_are_alike_in_both_classes(pellets):
    for measure in (
        lambda truth: len(truth.discs),
        lambda truth: truth.discs[:, 2].mean(),
        lambda truth: (truth.discs[:, 2] ** 2).sum(),
    ):
        normal, stuck = (
            np.array([measure(truth) for _, label, truth in pellets if label == name])
            for name in ("normal", "stuck")
        )
        error = np.hypot(normal.std(), stuck.std()) / np.sqrt(len(normal))
        assert abs(normal.mean() - stuck.mean()) < 3 * error


def test_brightness_and_area_do_not_tell_stuck_from_normal(pellets):
    greys = [image.mean(axis=2) for image, _, _ in pellets]
    stuck = np.array([label == "stuck" for _, label, _ in pellets])
    features = {
        "mean and spread": [[grey.mean(), grey.std()] for grey in greys],
        "histogram": [np.histogram(grey, 16, (0, 256))[0] for grey in greys],
        "white area": [[(grey > 100).mean()] for grey in greys],
        "colour": [image.mean(axis=(0, 1)) for image, _, _ in pellets],
    }
    chance = 0.5 + 3 * np.sqrt(0.25 / len(stuck))
    for name, values in features.items():
        model = make_pipeline(StandardScaler(), LogisticRegression())
        accuracy = cross_val_score(model, np.asarray(values, float), stuck, cv=5).mean()
        assert accuracy < chance, name


def test_pellets_lie_in_parts_and_classes_with_their_truth(pellets_set):
    rows = rows_of(pellets_set)
    counts = Counter(tuple(row["path"].split("/")[:2]) for row in rows)
    assert counts == {
        (part, label): count
        for part, count in (("train", 2), ("validation", 50), ("test", 30))
        for label in ("normal", "stuck")
    }
    assert {row["path"] for row in rows} == {
        item.relative_to(pellets_set).as_posix() for item in pellets_set.rglob("*.png")
    }
    for row in rows:
        assert row["path"].split("/")[1] == row["label"]
        assert (row["contact_x"] != "") == (float(row["smallest_gap_px"]) < 0) == (row["label"] == "stuck")
    assert {item.name for item in pellets_set.iterdir()} == {
        "train",
        "validation",
        "test",
        "truth.csv",
        "demo.json",
    }
    assert len({(pellets_set / row["path"]).read_bytes() for row in rows}) == len(rows)


def test_written_pictures_are_those_that_are_drawn(pellets_set):
    for (image, label, _), index in zip(draw_pellets(2, part="train"), (0, 0, 1, 1), strict=True):
        with Image.open(pellets_set / "train" / label / f"{label}_{index:04d}.png") as written:
            assert written.mode == "RGB"
            assert written.size == (256, 256)
            assert np.array_equal(np.asarray(written), image)


def test_quarter_lies_in_classes_one_in_four_rare(quarter_set):
    rows = rows_of(quarter_set)
    assert Counter(row["path"].split("/")[0] for row in rows) == {"rare": 4, "common": 12}
    for row in rows:
        assert 0 < float(row["probability_rare"]) < 1
        with Image.open(quarter_set / row["path"]) as image:
            assert (image.mode, image.size) == ("RGB", (400, 400))


def test_what_is_attainable_agrees_with_scikit_learn(quarter_set):
    rows = rows_of(quarter_set)
    rare = np.array([row["label"] == "rare" for row in rows])
    document = json.loads((quarter_set / "attainable.json").read_text())
    for size, column in (("400_px", "probability_rare"), ("100_px", "probability_rare_100_px")):
        probability = np.array([float(row[column]) for row in rows])
        written = document["written"][size]
        assert written["average_precision"]["value"] == pytest.approx(
            average_precision_score(rare, probability)
        )
        assert written["roc_auc"]["value"] == pytest.approx(roc_auc_score(rare, probability))
        decided = balanced_accuracy_score(rare, probability > document["prevalence"])
        assert written["balanced_accuracy"]["value"] == pytest.approx(decided)


def test_weighted_measures_agree_with_scikit_learn():
    rng = np.random.default_rng(0)
    rare = np.sort(rng.random(400) < 0.3)[::-1]
    score = np.sort(rng.normal(size=400))[::-1]
    rng.shuffle(rare)
    weights = rng.integers(0, 4, 400).astype(float)
    balanced, average, area = observer._weighted(weights, rare, score > 0)
    assert balanced == pytest.approx(balanced_accuracy_score(rare, score > 0, sample_weight=weights))
    assert average == pytest.approx(average_precision_score(rare, score, sample_weight=weights))
    assert area == pytest.approx(roc_auc_score(rare, score, sample_weight=weights))


def test_what_is_attainable_is_sane_and_agrees_with_theory(quarter_set):
    large = json.loads((quarter_set / "attainable.json").read_text())["large_sample"]
    for measure in observer.MEASURES:
        coarse, all_cues = large["100_px"][measure], large["400_px"][measure]
        assert 0.5 < coarse["high"] < all_cues["low"] <= all_cues["value"] <= all_cues["high"] < 1
        assert all_cues["n"] == 200_000
    assert 0.93 < large["400_px"]["average_precision"]["value"] < 0.975
    assert 0.80 < large["100_px"]["average_precision"]["value"] < 0.88
    # Two bell curves of width 1 at distance d: the area is Φ(d/√2), the balanced accuracy Φ(d/2).
    for size, kept in (("400_px", np.ones(len(cues.CUES), bool)), ("100_px", ~cues.FINE)):
        d = np.linalg.norm(cues.SEPARATIONS[kept])
        assert large[size]["roc_auc"]["value"] == pytest.approx(norm.cdf(d / np.sqrt(2)), abs=0.003)
        assert large[size]["balanced_accuracy"]["value"] == pytest.approx(norm.cdf(d / 2), abs=0.003)


def test_the_observers_probability_is_calibrated():
    rare = np.arange(40_000) % 4 == 0
    z = cues.draw_cues(np.random.default_rng(1), rare)
    for fine in (True, False):
        probability = observer.probability_rare(z, fine=fine)
        for low in (0.0, 0.2, 0.4, 0.6, 0.8):
            there = (probability >= low) & (probability < low + 0.2)
            error = np.sqrt(0.25 / there.sum())
            assert abs(rare[there].mean() - probability[there].mean()) < 4 * error


def test_fine_cues_are_seen_at_400_and_lost_at_100_px():
    full, small = visibility(400, pairs=1), visibility(100, pairs=1)
    for cue in cues.CUES:
        assert full[cue.name] > 0.5, cue.name
        if cue.fine:
            assert small[cue.name] < cues.LOST, cue.name
        else:
            assert small[cue.name] > 50 * cues.LOST, cue.name
    assert cues.FINE.sum() == 4


def test_a_second_call_finds_the_set_and_draws_nothing(quarter_set, monkeypatch):
    def never(*_):
        raise AssertionError("drawn again")

    monkeypatch.setitem(sets.KINDS, "quarter", dataclasses.replace(sets.KINDS["quarter"], draw=never))
    again = write_demo("quarter", quarter_set, seed=3, per_class=4)
    assert again.already_there
    assert again.counts == {"rare": 4, "common": 12}
    assert "already" in str(again)
    assert json.loads(json.dumps(again.to_dict()))["folder"] == str(quarter_set)


def test_another_set_is_not_written_over_this_one(quarter_set):
    before = everything_in(quarter_set)
    for options in ({"seed": 4, "per_class": 4}, {"seed": 3, "per_class": 5}):
        with pytest.raises(OptionError, match="another demo set"):
            write_demo("quarter", quarter_set, **options)
    with pytest.raises(OptionError, match="another demo set"):
        write_demo("pellets", quarter_set)
    assert everything_in(quarter_set) == before


def test_a_damaged_set_is_named(tmp_path):
    write_demo("quarter", tmp_path / "set", per_class=1)
    (tmp_path / "set/common/common_0001.png").unlink()
    with pytest.raises(OptionError, match="common_0001"):
        write_demo("quarter", tmp_path / "set", per_class=1)
    (tmp_path / "set/demo.json").write_text("{")
    with pytest.raises(OptionError, match="cannot be read"):
        write_demo("quarter", tmp_path / "set", per_class=1)


def test_an_empty_folder_is_filled_and_kept(tmp_path):
    inode = tmp_path.stat().st_ino
    assert not write_demo("quarter", tmp_path, per_class=1).already_there
    assert tmp_path.stat().st_ino == inode
    assert {item.name for item in tmp_path.iterdir()} == {
        "rare",
        "common",
        "truth.csv",
        "attainable.json",
        "demo.json",
    }


def test_somebody_elses_folder_or_file_is_refused(tmp_path):
    (tmp_path / "thesis.txt").write_text("mine")
    for out in (tmp_path, tmp_path / "thesis.txt", tmp_path / "thesis.txt" / "below"):
        with pytest.raises(OptionError) as refusal:
            write_demo("pellets", out)
        assert all(word in str(refusal.value) for word in ("expected", "found", "where", "what to do"))
    assert everything_in(tmp_path) == ["thesis.txt"]


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("pebbles", {}),
        ("pellets", {"per_class": 0}),
        ("pellets", {"per_class": 1.5}),
        ("pellets", {"per_class": True}),
        ("quarter", {"per_class": -3}),
        ("quarter", {"seed": -1}),
        ("quarter", {"seed": None}),
    ],
)
def test_impossible_options_are_refused(tmp_path, name, options):
    with pytest.raises(OptionError, match="expected"):
        write_demo(name, tmp_path / "set", **options)
    assert everything_in(tmp_path) == []


@pytest.mark.parametrize("out", ["set", "new/deep/set", "."])
@pytest.mark.parametrize(("stop", "seen"), [(KeyboardInterrupt, KeyboardInterrupt), (OSError, OptionError)])
def test_an_interrupted_writing_leaves_nothing(tmp_path, monkeypatch, out, stop, seen):
    kind = sets.KINDS["quarter"]
    blank = np.zeros((4, 4, 3), np.uint8)

    def draw(seed, entry):
        if entry.index == 7:
            raise stop
        return blank, {}

    monkeypatch.setitem(sets.KINDS, "quarter", dataclasses.replace(kind, draw=draw))
    with pytest.raises(seen):
        write_demo("quarter", tmp_path / out, per_class=5)
    assert everything_in(tmp_path) == []


def test_ctrl_c_leaves_nothing(tmp_path):
    # What a shell starts in the background is born deaf to Ctrl-C, and so are its children.
    code = (
        "import signal, sys, tellapart.pictures.demo as d; signal.signal(signal.SIGINT, signal.default_int_handler); "
        "d.write_demo('quarter', sys.argv[1])"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path / "set")], stderr=subprocess.PIPE, text=True
    )
    while not list(tmp_path.rglob("*.png")):
        assert process.poll() is None
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    assert "KeyboardInterrupt" in process.communicate(timeout=60)[1]
    assert everything_in(tmp_path) == []


def test_ctrl_c_while_pictures_are_handed_out_does_not_wait_for_them(tmp_path, monkeypatch):
    submit, handed, drawn = ThreadPoolExecutor.submit, [], []

    def stopped(self, draw, entry):
        if len(handed) == 200:
            raise KeyboardInterrupt
        handed.append(entry)
        return submit(self, lambda: (draw(entry), drawn.append(entry)))

    monkeypatch.setattr(ThreadPoolExecutor, "submit", stopped)
    with pytest.raises(KeyboardInterrupt):
        write_demo("quarter", tmp_path / "set")
    assert len(drawn) < len(handed)
    assert everything_in(tmp_path) == []


@pytest.mark.parametrize("out", ["set", "."])
def test_an_interruption_while_moving_into_place_leaves_nothing(tmp_path, monkeypatch, out):
    rename = Path.rename

    def stopped(self, target):
        if self.name == "rare" or Path(target).name == "set":
            raise KeyboardInterrupt
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", stopped)
    with pytest.raises(KeyboardInterrupt):
        write_demo("quarter", tmp_path / out, per_class=1)
    assert everything_in(tmp_path) == []


def test_progress_ends_with_all_pictures(tmp_path):
    seen: list[tuple[int, int]] = []
    write_demo(
        "quarter", tmp_path / "set", per_class=1, progress=lambda done, all_: seen.append((done, all_))
    )
    assert seen[-1] == (4, 4)


def test_drawing_needs_neither_torch_nor_scikit_learn():
    code = (
        "import sys, tellapart.pictures.demo; sys.exit(any(m in sys.modules for m in ('torch', 'sklearn')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
