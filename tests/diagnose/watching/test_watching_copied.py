"""Copies and changes of pictures: what is one picture in another guise, and what is not."""

from __future__ import annotations

import numpy as np
import pytest

from tellapart.diagnose.gathered.near import has_copy
from tellapart.diagnose.recorder.fingerprint import shifted_thumbnails, thumbnails
from tellapart.diagnose.watching import look
from tellapart.diagnose.watching.explaining import Case, explain
from tellapart.diagnose.watching.registry import LISTED
from tellapart.diagnose.watching.reported import Reported
from tellapart.diagnose.watching.split import FEW_NEAR, MANY_NEAR

from . import copied_cases, torch_cases
from .conftest import recorded


@pytest.fixture(scope="session")
def copied_runs(tmp_path_factory):
    """Return case -> recording."""
    prelude = torch_cases.PRELUDE + copied_cases.PRELUDE
    return recorded(tmp_path_factory.mktemp("copied"), prelude, copied_cases.CASES)


@pytest.fixture(scope="session")
def copied(copied_runs):
    """Return case -> what is seen in its run."""
    return {name: look(one) for name, one in copied_runs.items()}


def certainty(seen, code: str) -> float:
    return next((one.certainty for one in seen.suspicions if one.code == code), 0.0)


def words(seen, code: str) -> str:
    return next(one.words for one in seen.suspicions if one.code == code)


@pytest.mark.parametrize("case", ["changed anew", "mirrored at random"])
def test_pictures_changed_in_each_epoch_are_no_partial_epoch(copied, case):
    assert certainty(copied[case], "data.partial_epoch") == 0


def test_pictures_that_never_come_again_may_be_others_or_changed_beyond_recognition(copied):
    assert 0 < certainty(copied["changed beyond recognition"], "data.partial_epoch") < 0.5


def test_batches_made_by_hand_are_not_taken_for_those_of_a_loader_that_is_done(copied_runs):
    (training,) = copied_runs["made by hand"].trainings
    train = training.parts["train"]
    assert (train.source, train.known, train.pictures, train.conflicting) == ({}, None, 120, 0)
    assert training.parts["validation"].known == 60


def test_looks_that_repeat_tell_a_partial_epoch(copied):
    assert certainty(copied["half at random"], "data.partial_epoch") >= 0.6
    assert "shows 48 of 1" in words(copied["half at random"], "data.partial_epoch")


def test_near_copies_are_a_leak(copied):
    seen = copied["copied before the split"]
    assert certainty(seen, "split.leak") == 0.6
    assert "without them the accuracy is" in words(seen, "split.leak")
    assert "split.leak" not in {one.code for one in seen.ruled_out}


@pytest.mark.parametrize("case", [one for one in copied_cases.CASES if one != "copied before the split"])
def test_no_other_run_has_a_leak(copied, case):
    assert certainty(copied[case], "split.leak") == 0


def test_augmentation_that_leaves_nothing_is_suspected(copied):
    seen = copied["changed beyond recognition"]
    assert certainty(seen, "prep.destructive_augmentation") == 0.5
    assert "100% of them look otherwise" in words(seen, "prep.destructive_augmentation")


@pytest.mark.parametrize("case", ["changed anew", "mirrored at random", "names in order"])
def test_augmentation_that_does_no_harm_is_not(copied, case):
    assert certainty(copied[case], "prep.destructive_augmentation") < LISTED


def test_accuracy_worse_than_guessing(copied):
    assert certainty(copied["names mixed up"], "metric.class_order") == 0.6
    assert "on 60 pictures" in words(copied["names mixed up"], "metric.class_order")


@pytest.mark.parametrize("case", [one for one in copied_cases.CASES if one != "names mixed up"])
def test_accuracies_that_are_not(copied, case):
    assert certainty(copied[case], "metric.class_order") == 0


def test_validation_of_which_half_changes(copied):
    seen = copied["validation in part changed"]
    assert certainty(seen, "prep.augmented_validation") == 0.85
    share = int(words(seen, "prep.augmented_validation").partition("pass to pass ")[2].partition("%")[0])
    assert 30 <= share <= 70


def discs(n, rng):
    """White discs on black: place and size are all they differ in."""
    rows, columns = np.mgrid[:40, :40]
    drawn = zip(rng.uniform(10, 30, (n, 2)), rng.uniform(4, 9, n), strict=True)
    return np.stack([np.clip(r - np.hypot(rows - y, columns - x) + 0.5, 0, 1) for (y, x), r in drawn])


def rough(n, rng):
    """Independent pixels: many degrees of freedom, all equally far."""
    return rng.random((n, 32, 32))


def soft(n, rng):
    """Cloudy pictures: few coarse shapes, smooth."""
    waves = np.cos(np.arange(5)[:, None] * (np.arange(40) + 0.5) * np.pi / 40)
    return np.einsum("nij,ih,jw->nhw", rng.standard_normal((n, 5, 5)), waves, waves)


def templates(n, rng):
    """Ten motives, each picture one of them with noise."""
    motives = np.random.default_rng(5).random((10, 24, 24))
    return motives[rng.integers(0, 10, n)] + 0.2 * rng.standard_normal((n, 24, 24))


KINDS = {one.__name__: one for one in (discs, rough, soft, templates)}
COPIES = {
    "noise": lambda x, rng: x + 0.02 * np.ptp(x) * rng.standard_normal(x.shape),
    "flip": lambda x, rng: x[:, :, ::-1],
    "shift": lambda x, rng: np.stack([np.roll(one, rng.integers(-1, 2, 2), (0, 1)) for one in x]),
    "brightness": lambda x, rng: 1.3 * x + 0.2,
}


def share_with_copies(pictures, rng, train=0.75) -> float:
    mixed = rng.permutation(pictures)[..., None].astype(np.float32)
    cut = int(train * len(mixed))
    own, known = mixed[cut:], mixed[:cut]
    found = has_copy(thumbnails(own), thumbnails(known), shifted=shifted_thumbnails(own))
    assert found is not None
    return float(found.mean())


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("n", [100, 400])
@pytest.mark.parametrize("seed", range(3))
def test_honest_sets_have_no_copies(kind, n, seed):
    rng = np.random.default_rng(seed)
    assert share_with_copies(KINDS[kind](n, rng), rng) <= FEW_NEAR


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        *((kind, change) for kind in ("rough", "soft", "templates") for change in COPIES),
    ],
)
def test_copies_made_before_the_split_are_found(kind, change):
    rng = np.random.default_rng(1)
    pictures = KINDS[kind](200, rng)
    assert share_with_copies(np.concatenate([pictures, COPIES[change](pictures, rng)]), rng) >= MANY_NEAR


def test_few_pictures_tell_nothing():
    small = thumbnails(np.random.default_rng(0).random((40, 16, 16)))
    assert has_copy(small, small, itself=True) is None
    assert has_copy(small[:0], np.concatenate([small] * 3)) is None


@pytest.mark.parametrize(
    "shape", [(12, 12, 3), (3, 40, 40), (28, 28), (784,), (432,), (7,), (1000,), (5, 5, 1)], ids=str
)
def test_thumbnails_do_not_depend_on_scaling(shape):
    batch = np.random.default_rng(0).random((6, *shape)).astype(np.float32)
    small = thumbnails(batch)
    assert small.shape == (6, 16, 16)
    assert small.dtype == np.int8
    assert np.abs(small.astype(int) - thumbnails(batch * 255)).max() <= 1
    assert not thumbnails(np.ones_like(batch)).any()


def test_mirrored_picture_has_the_mirrored_thumbnail():
    batch = np.random.default_rng(0).random((4, 45, 21, 3)).astype(np.float32)
    difference = thumbnails(batch[:, :, ::-1]).astype(int) - thumbnails(batch)[:, :, ::-1]
    assert np.abs(difference).max() <= 1


def three_classes(order, shown=None):
    """Return what explains the accuracy of answers that are right but for their names."""
    labels = np.arange(60) % 3
    predicted = np.where(np.arange(60) % 10 == 9, (labels + 1) % 3, labels)
    value = float((np.array(order)[predicted] == labels).mean()) if shown is None else shown
    reported = Reported("validation", "accuracy", value, 0, "printed", "")
    return {one.code for one in explain(Case(reported, np.eye(3)[predicted], predicted, labels, 3, 20, ""))}


def test_classes_under_each_others_names():
    assert "metric.class_order" in three_classes([1, 2, 0])
    assert "metric.class_order" not in three_classes([0, 1, 2], shown=0.05)
    assert "metric.class_order" not in three_classes([0, 1, 2], shown=1 / 3)
