"""Training B: the network, its metric computed by hand, the split, and which class is class 1."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tellapart.errors import OptionError, PicturesError
from tellapart.recipes import quarter_positive
from tellapart.recipes.reading import Labelled


def test_the_network_is_the_one_described(keras: Any) -> None:
    model = quarter_positive.model()
    assert model.input_shape == (None, 100, 100, 3)
    assert [type(layer).__name__ for layer in model.layers] == [
        *("Conv2D", "BatchNormalization", "Activation", "MaxPooling2D"),
        *("Conv2D", "MaxPooling2D") * 3,
        *("Dropout", "Flatten", "Dense", "Dropout", "BatchNormalization", "Dense"),
    ]
    convolutions = [layer for layer in model.layers if type(layer).__name__ == "Conv2D"]
    assert [one.filters for one in convolutions] == [16, 32, 64, 128]
    assert {one.kernel_size for one in convolutions} == {(3, 3)}
    assert {one.padding for one in convolutions} == {"same"}
    assert [one.activation.__name__ for one in convolutions] == ["linear", "relu", "relu", "relu"]
    assert model.layers[2].activation.__name__ == "relu"
    assert [model.layers[i].rate for i in (10, 13)] == [0.5, 0.5]
    assert [model.layers[i].units for i in (12, 15)] == [150, 1]
    assert [model.layers[i].activation.__name__ for i in (12, 15)] == ["relu", "sigmoid"]
    convolution_weights = 448 + 4_640 + 18_496 + 73_856
    assert model.count_params() == convolution_weights + 64 + 150 * (6 * 6 * 128 + 1) + 600 + 151 == 789_605


def test_it_is_compiled_as_described(keras: Any) -> None:
    model = quarter_positive.model(32)
    assert isinstance(model.optimizer, keras.optimizers.SGD)
    assert float(model.optimizer.learning_rate) == pytest.approx(1e-4)
    assert float(model.optimizer.momentum) == 0
    assert model.loss == "binary_crossentropy"
    (metric,) = model.get_compile_config()["metrics"]
    assert metric["config"]["name"] == "precision"


def test_the_options_do_what_they_say(keras: Any) -> None:
    model = quarter_positive.model(400, activation="tanh", learning_rate=0.01)
    assert model.input_shape == (None, 400, 400, 3)
    names = [layer.activation.__name__ for layer in model.layers if hasattr(layer, "activation")]
    assert names == ["linear", "tanh", "tanh", "tanh", "tanh", "tanh", "sigmoid"]
    assert float(model.optimizer.learning_rate) == pytest.approx(0.01)
    assert quarter_positive.model(50).count_params() < model.count_params()


def test_the_precision_of_a_batch_is_the_one_described(keras: Any) -> None:
    rng = np.random.default_rng(0)
    for _ in range(20):
        true = rng.integers(0, 2, (32, 1)).astype(np.float32)
        predicted = rng.random((32, 1)).astype(np.float32)
        hits = float(np.sum((predicted > 0.5) & (true == 1)))
        calls = float(np.sum(predicted > 0.5))
        found = quarter_positive.precision_per_batch(
            keras.ops.convert_to_tensor(true), keras.ops.convert_to_tensor(predicted)
        )
        assert float(found) == pytest.approx(hits / (calls + 1e-7), rel=1e-6)
        flat = quarter_positive.precision_per_batch(
            true[:, 0].astype(int), keras.ops.convert_to_tensor(predicted)
        )
        assert float(flat) == float(found), "targets of shape (N,) must not become (N, N)"
    none = keras.ops.zeros((4, 1))
    assert float(quarter_positive.precision_per_batch(none, none)) == 0


@pytest.mark.parametrize(("precision", "expected"), [("batch", (1 + 1 / 3) / 2), ("whole", 2 / 4)])
def test_what_is_reported_is_a_mean_over_batches_or_the_whole(
    keras: Any, precision: str, expected: float
) -> None:
    """One batch with 1 hit in 1 call, one with 1 hit in 3: 2/3 by batches, 2/4 in truth."""
    true = np.array([1, 0, 0, 0, 1, 0, 0, 1], dtype=np.float32)[:, None]
    predicted = np.array([0.9, 0.1, 0.1, 0.1, 0.9, 0.8, 0.7, 0.2], dtype=np.float32)[:, None]
    metric = quarter_positive._metric(keras, precision)
    for start in (0, 4):
        metric.update_state(
            keras.ops.convert_to_tensor(true[start : start + 4]),
            keras.ops.convert_to_tensor(predicted[start : start + 4]),
        )
    assert float(metric.result()) == pytest.approx(expected, abs=1e-6)


def test_the_split_is_scikit_learns_with_seed_nought() -> None:
    from sklearn.model_selection import train_test_split

    images = np.arange(60, dtype=np.uint8).reshape(60, 1, 1, 1)
    everything = Labelled(images, np.arange(60) % 2)
    parts = quarter_positive.split(everything)
    train, validation = train_test_split(np.arange(60), test_size=0.2, random_state=0)
    assert parts["train"].images.ravel().tolist() == train.tolist()
    assert parts["validation"].images.ravel().tolist() == validation.tolist()


def test_a_whole_training(keras: Any, class_folders: Path, tmp_path: Path) -> None:
    told: list[str] = []
    result = quarter_positive.train(class_folders, epochs=2, size=16, out=tmp_path, log=told.append)
    assert result.classes == ("common", "rare")
    assert sum(result.parts["train"].values()) == 48
    assert sum(result.parts["validation"].values()) == 12
    assert sum(part["rare"] for part in result.parts.values()) == 15
    assert [set(one.reported) for one in result.epochs] == [
        {"loss", "precision", "val_loss", "val_precision"}
    ] * 2
    assert [line for line in told if line.startswith("read ")] == [
        f"read {share}% of 60 pictures" for share in (20, 50, 80)
    ]
    assert any("Total params" in line for line in told)


@pytest.mark.parametrize("given", [False, True])
def test_parts_are_put_together_since_it_splits_itself(keras: Any, parts_folder: Path, given: bool) -> None:
    result = quarter_positive.train(
        parts_folder, epochs=1, size=16, positive="normal" if given else None, precision="whole"
    )
    assert result.classes == (("stuck", "normal") if given else ("normal", "stuck"))
    assert sum(sum(part.values()) for part in result.parts.values()) == 60
    true = result.final["validation"]["precision"].value
    # Over the whole set, what Keras reports is true (0 where nothing is called class 1).
    assert result.epochs[-1].reported["val_precision"] == pytest.approx(np.nan_to_num(true), abs=1e-6)


@pytest.mark.parametrize(
    "options", [{"size": 15}, {"activation": "rleu"}, {"learning_rate": 0.0}, {"precision": "epoch"}]
)
def test_impossible_options_are_refused(
    keras: Any, refused: Callable[..., Any], options: dict[str, Any]
) -> None:
    assert isinstance(refused(quarter_positive.model, **options), OptionError)


@pytest.mark.parametrize("options", [{"epochs": 0}, {"batch": -1}, {"seed": -1}, {"positive": "dogs"}])
def test_impossible_trainings_are_refused(
    keras: Any, class_folders: Path, refused: Callable[..., Any], options: dict[str, Any]
) -> None:
    assert isinstance(refused(quarter_positive.train, class_folders, size=16, **options), OptionError)


def test_a_broken_picture_is_named_left_out_and_counted(
    keras: Any, draw_folders: Callable[..., Path], tmp_path: Path
) -> None:
    folder = draw_folders(tmp_path, {"common": 24, "rare": 8})
    (folder / "rare" / "3.png").write_bytes(b"\x89PNG\r\n\x1a\n broken")
    told: list[str] = []
    result = quarter_positive.train(folder, epochs=1, size=16, log=told.append)
    assert [path for path, _ in result.left_out] == ["rare/3.png"]
    assert any("rare/3.png" in line for line in told)
    assert sum(part["rare"] for part in result.parts.values()) == 7
    assert "1 broken" in result.summary


def test_a_class_of_broken_pictures_is_refused(
    keras: Any, draw_folders: Callable[..., Path], tmp_path: Path, refused: Callable[..., Any]
) -> None:
    folder = draw_folders(tmp_path, {"common": 6, "rare": 2})
    for file in (folder / "rare").iterdir():
        file.write_bytes(b"\x89PNG\r\n\x1a\n broken")
    error = refused(quarter_positive.train, folder, epochs=1, size=16)
    assert isinstance(error, PicturesError)
    assert "rare/0.png" in str(error)


def test_three_classes_are_refused(
    keras: Any, draw_folders: Callable[..., Path], tmp_path: Path, refused: Callable[..., Any]
) -> None:
    folder = draw_folders(tmp_path, {"a": 3, "b": 3, "c": 3})
    assert "3 classes" in str(refused(quarter_positive.train, folder, epochs=1, size=16))
