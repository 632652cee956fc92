"""Labels of pictures that were predicted one by one: those of their folders, where that can be told."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tellapart.diagnose.recorder.by_folder import label_by_folder
from tellapart.diagnose.recorder.preparing import preparations
from tellapart.diagnose.recorder.stream import Stream


@pytest.fixture
def pictures(tmp_path: Path) -> tuple[Path, np.ndarray]:
    """Write 20 pictures in two folders; return the folder and the pictures, those of the first folder first."""
    rng = np.random.default_rng(0)
    shown = rng.integers(0, 256, (20, 24, 24, 3), dtype=np.uint8)
    for at, one in enumerate(shown):
        folder = tmp_path / ("train" if at % 2 else "test") / ("ash" if at < 10 else "oak")
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(one).save(folder / f"{at}.png")
    return tmp_path, shown


def trained(pictures: np.ndarray, labels: list[int]) -> Stream:
    found = Stream(0, trained=True)
    found.show(pictures, np.array(labels), True)
    return found


def fed(pictures: np.ndarray) -> Stream:
    found = Stream(1)
    found.show(pictures, None, False)
    return found


def given(stream: Stream) -> list[int | None]:
    found = [stream.pool_labels.get(look) for look in stream.pool]
    return [None if one is None else int(one) for one in found]


def channels_first(pictures: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(pictures.transpose(0, 3, 1, 2))


@pytest.mark.parametrize("scale", [1.0, 1 / 255])
def test_single_pictures_get_the_label_of_their_folder_in_training(pictures, scale):
    folder, shown = pictures
    asked = fed(channels_first(shown[::2] * np.float32(scale)))
    label_by_folder([trained(shown[1::2], [1] * 5 + [0] * 5), asked], folder, time.monotonic() + 60)
    assert given(asked) == [1] * 5 + [0] * 5


def test_folders_whose_labels_disagree_stand_for_nothing(pictures):
    folder, shown = pictures
    asked = fed(shown[::2])
    label_by_folder([trained(shown[1::2], [0, 1, 0, 1, 0] * 2), asked], folder, time.monotonic() + 60)
    assert given(asked) == [None] * 10


def test_pictures_from_elsewhere_and_labels_that_are_known_stay(pictures):
    folder, shown = pictures
    strange = fed(np.random.default_rng(1).integers(0, 256, (4, 24, 24, 3), dtype=np.uint8))
    told = trained(shown[::2], [1] * 10)
    told.trained = False
    label_by_folder([trained(shown[1::2], [0] * 5 + [1] * 5), strange, told], folder, time.monotonic() + 60)
    assert given(strange) == [None] * 4
    assert given(told) == [1] * 10


def test_pictures_of_another_size_are_brought_to_that_of_training():
    rng = np.random.default_rng(0)
    small = rng.random((6, 3, 8, 8), dtype=np.float32)
    large = np.kron(small, np.ones((1, 1, 3, 3), np.float32)) * 255
    found = dict(preparations(fed(large), trained(small, [0] * 6)))
    resized = found["resized to 8 x 8, divided by 255"](large)
    assert resized == pytest.approx(small, abs=1e-5)


def test_pictures_of_one_size_and_range_are_asked_for_their_colours_alone():
    shown = np.random.default_rng(0).random((6, 3, 8, 8), dtype=np.float32)
    shown[:, 0] += 1  # a colour of their own
    ((words, turned),) = preparations(fed(shown[:3]), trained(shown[3:], [0] * 3))
    assert words == "channels reversed"
    assert (turned(shown) == shown[:, ::-1]).all()


def test_training_labels_are_counted_by_folder_where_that_is_asked(pictures):
    folder, shown = pictures
    one = trained(shown[1::2], [1] * 4 + [0] * 6)
    label_by_folder([one], folder, time.monotonic() + 60)
    assert one.folders == {}
    label_by_folder([one], folder, time.monotonic() + 60, count=True)
    assert one.folders == {"ash": {"1": 4, "0": 1}, "oak": {"0": 5}}
