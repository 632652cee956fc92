"""Training A: the network, its options, and how much of the pictures it looks at."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tellapart.errors import OptionError, PicturesError
from tellapart.recipes import plastic_pieces


def kinds(model: Any) -> list[str]:
    return [type(layer).__name__ for layer in model.layers]


def test_the_network_is_the_one_described(keras: Any) -> None:
    model = plastic_pieces.model()
    assert model.input_shape == (None, 256, 256, 3)
    assert kinds(model) == [
        *("Conv2D", "MaxPooling2D", "Dropout"),
        *("Conv2D", "MaxPooling2D", "Dropout"),
        *("Flatten", "Dense", "Dense"),
    ]
    first, second = model.layers[0], model.layers[3]
    assert (first.filters, first.kernel_size, first.padding) == (32, (7, 7), "same")
    assert (second.filters, second.kernel_size, second.padding) == (64, (5, 5), "same")
    assert [model.layers[i].pool_size for i in (1, 4)] == [(2, 2), (2, 2)]
    assert [model.layers[i].rate for i in (2, 5)] == [0.5, 0.5]
    assert [model.layers[i].units for i in (7, 8)] == [128, 1]
    names = [model.layers[i].activation.__name__ for i in (0, 3, 7, 8)]
    assert names == ["relu", "relu", "relu", "sigmoid"]
    convolutions = 32 * (7 * 7 * 3 + 1) + 64 * (5 * 5 * 32 + 1)
    assert model.count_params() == convolutions + 128 * (64 * 64 * 64 + 1) + (128 + 1) == 33_610_689


def test_it_is_compiled_as_described(keras: Any) -> None:
    model = plastic_pieces.model(32)
    assert isinstance(model.optimizer, keras.optimizers.Adam)
    expected = keras.optimizers.Adam(name=model.optimizer.name)
    assert model.optimizer.get_config() == expected.get_config()
    assert model.loss == "binary_crossentropy"
    assert model.get_compile_config()["metrics"] == ["accuracy"]
    assert all(layer.kernel_regularizer is None for layer in model.layers if hasattr(layer, "kernel"))


def test_global_max_pooling_replaces_flatten_alone(keras: Any) -> None:
    model = plastic_pieces.model(64, global_max_pooling=True)
    expected = kinds(plastic_pieces.model(64))
    expected[expected.index("Flatten")] = "GlobalMaxPooling2D"
    assert kinds(model) == expected
    assert model.count_params() == 4736 + 51264 + 128 * 65 + 129


def test_a_rate_of_nought_leaves_the_dropout_out(keras: Any) -> None:
    assert "Dropout" not in kinds(plastic_pieces.model(32, dropout=(0, 0)))
    model = plastic_pieces.model(32, dropout=(0.0, 0.2))
    assert [layer.rate for layer in model.layers if type(layer).__name__ == "Dropout"] == [0.2]


@pytest.mark.parametrize(
    ("penalise", "expected"),
    [
        ("both", [True, True, True, True]),
        ("convolutions", [True, True, False, False]),
        ("dense", [False, False, True, True]),
    ],
)
def test_penalties_act_on_the_layers_named(keras: Any, penalise: str, expected: list[bool]) -> None:
    model = plastic_pieces.model(32, l1=1e-3, l2=1e-2, penalise=penalise)  # type: ignore[arg-type]
    penalties = [layer.kernel_regularizer for layer in model.layers if hasattr(layer, "kernel")]
    assert [one is not None for one in penalties] == expected
    assert all((float(one.l1), float(one.l2)) == (1e-3, 1e-2) for one in penalties if one)


def test_two_classes_are_a_softmax_with_its_cross_entropy(keras: Any) -> None:
    model = plastic_pieces.model(32, two_classes=True)
    assert (model.layers[-1].units, model.layers[-1].activation.__name__) == (2, "softmax")
    assert model.loss == "categorical_crossentropy"


@pytest.mark.parametrize(
    "options",
    [
        {"size": 3},
        {"size": 0},
        {"dropout": (0.5,)},
        {"dropout": (0.5, 1.0)},
        {"l1": -1.0},
        {"l2": float("nan")},
        {"penalise": "all"},
    ],
)
def test_impossible_options_are_refused(refused: Callable[..., Any], options: dict[str, Any]) -> None:
    assert isinstance(refused(plastic_pieces.model, **options), OptionError)


def test_an_epoch_has_the_steps_of_one_class() -> None:
    assert plastic_pieces.steps_per_epoch(500, 10, False) == 250 // 10
    assert plastic_pieces.steps_per_epoch(100, 10, False) == 50 // 10
    assert plastic_pieces.steps_per_epoch(500, 10, True) == 50
    assert plastic_pieces.steps_per_epoch(501, 10, True) == 51
    assert plastic_pieces.steps_per_epoch(4, 10, False) == 1


def test_a_whole_training(keras: Any, parts_folder: Path, class_folders: Path, tmp_path: Path) -> None:
    told: list[str] = []
    fresh = parts_folder / "test"
    result = plastic_pieces.train(
        parts_folder,
        epochs=3,
        batch=5,
        size=16,
        two_classes=True,
        l2=1e-4,
        fresh=fresh,
        out=tmp_path,
        log=told.append,
    )
    assert result.classes == ("normal", "stuck")
    assert result.parts["train"] == {"normal": 15, "stuck": 15}
    assert result.pictures_per_epoch == {"train": 15, "validation": 10}
    assert [set(one.true) for one in result.epochs] == [{"validation", "fresh"}] * 3
    assert set(result.final) == {"validation", "test", "fresh"}
    # The same pictures under two names: what is measured does not depend on the name.
    assert result.final["test"] == result.final["fresh"]
    assert result.epochs[-1].true["validation"]["accuracy"] == result.final["validation"]["accuracy"].value
    assert result.final["validation"]["accuracy"].n == 20
    assert "contain the penalties" in result.summary
    assert any(line.startswith("epoch 3/3") for line in told)


def test_the_same_seed_gives_the_same_training(keras: Any, parts_folder: Path) -> None:
    def losses(seed: int) -> list[float]:
        result = plastic_pieces.train(parts_folder, epochs=2, size=8, seed=seed, whole_epochs=True)
        assert result.pictures_per_epoch == {"train": 30, "validation": 20}
        return [one.reported["loss"] for one in result.epochs]

    assert losses(1) == losses(1) != losses(2)


def test_two_half_epochs_are_one_whole_epoch(keras: Any, parts_folder: Path) -> None:
    """Half epochs change what is called an epoch and how often it is looked at, not what is learnt.

    Without dropout, to the last bit; with it, only its draws differ (PyTorch draws one number at each validation).
    """
    half = plastic_pieces.train(parts_folder, epochs=4, batch=5, size=16, dropout=(0, 0))
    whole = plastic_pieces.train(parts_folder, epochs=2, batch=5, size=16, dropout=(0, 0), whole_epochs=True)
    assert half.final == whole.final
    assert [one.true for one in half.epochs[1::2]] == [one.true for one in whole.epochs]


def test_it_stops_where_another_epoch_would_not_fit(keras: Any, parts_folder: Path) -> None:
    result = plastic_pieces.train(parts_folder, epochs=50, size=8, time_limit=1e-3)
    assert (len(result.epochs), result.stopped_by) == (1, "time")
    assert "time limit" in result.summary


def test_reported_and_true_agree_where_they_must(keras: Any, parts_folder: Path) -> None:
    """Over a whole validation part without penalties, Keras's figures are the true ones."""
    result = plastic_pieces.train(parts_folder, epochs=3, batch=3, size=16, whole_epochs=True)
    for one in result.epochs:
        assert one.reported["val_accuracy"] == pytest.approx(one.true["validation"]["accuracy"], abs=1e-6)
        assert one.reported["val_loss"] == pytest.approx(one.true["validation"]["log_loss"], abs=1e-4)


def test_pictures_without_parts_are_refused(
    keras: Any, class_folders: Path, refused: Callable[..., Any]
) -> None:
    error = refused(plastic_pieces.train, class_folders, epochs=1)
    assert isinstance(error, PicturesError)
    assert "validation" in str(error)


def test_fresh_pictures_of_other_classes_are_refused(
    keras: Any, parts_folder: Path, class_folders: Path, refused: Callable[..., Any]
) -> None:
    assert "fresh" in str(refused(plastic_pieces.train, parts_folder, epochs=1, size=8, fresh=class_folders))


@pytest.mark.parametrize(("step", "pictures", "half"), [("train_step", 30, 15), ("test_step", 20, 10)])
def test_every_epoch_goes_on_where_the_last_one_stood(
    keras: Any,
    parts_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    step: str,
    pictures: int,
    half: int,
) -> None:
    """Two half epochs show every picture once: counted in what Keras really hands to the network."""
    shown: list[bytes] = []
    original = getattr(keras.Sequential, step)

    def counted(self: Any, data: Any) -> Any:
        shown.extend(picture.detach().cpu().numpy().tobytes() for picture in data[0])
        return original(self, data)

    monkeypatch.setattr(keras.Sequential, step, counted)
    monkeypatch.setattr("tellapart.recipes.augment.apply", lambda image, how: image)
    plastic_pieces.train(parts_folder, epochs=4, batch=5, size=16)
    halves = [set(shown[start : start + half]) for start in range(0, 4 * half, half)]
    assert len(shown) == 4 * half
    assert [len(one) for one in halves] == [half] * 4
    assert len(halves[0] | halves[1]) == len(halves[2] | halves[3]) == pictures
    assert halves[0] != halves[2]
