"""The live doctor of Keras: what it says of planted faults, its silence, and that it changes nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

os.environ.setdefault("KERAS_BACKEND", "torch")

import numpy as np
import pytest

from .pictures import pictures

keras = pytest.importorskip("keras")
from keras import layers  # noqa: E402 - after it is known that there is one

from tellapart.integrations.attending import Attending  # noqa: E402
from tellapart.integrations.keras_logs import KerasLogs  # noqa: E402
from tellapart.keras import Doctor  # noqa: E402

pytestmark = [
    # Keras's own, with NumPy 2.4 and for what one of the faults is.
    pytest.mark.filterwarnings(
        "ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning"
    ),
    pytest.mark.filterwarnings("ignore:You are using a softmax over axis -1:UserWarning"),
    pytest.mark.filterwarnings("ignore:The model does not have any trainable weights:UserWarning"),
]

X, Y = pictures(96, 1)
V, W = pictures(48, 2)
X3, Y3 = pictures(96, 3, classes=3)
SPARSE = "sparse_categorical_crossentropy"


def model(
    units: int = 2, activation: str | None = "softmax", loss: Any = SPARSE, rate: float = 0.02, **options: Any
) -> Any:
    keras.utils.set_random_seed(0)
    found = keras.Sequential(
        [
            layers.Input((12, 12, 3)),
            layers.Conv2D(8, 3, activation="relu"),
            layers.GlobalAveragePooling2D(),
            layers.Dropout(0.3),
            layers.Dense(units, activation),
        ]
    )
    found.compile(keras.optimizers.Adam(rate), loss, **{"metrics": ["accuracy"]} | options)
    return found


def watched(fitted: Any, x: np.ndarray = X, y: np.ndarray = Y, **options: Any) -> list[str]:
    doctor = Doctor(say=lambda words: None)
    given = {"validation_data": (V, W), "epochs": 4, "batch_size": 16, "verbose": 0} | options
    fitted.fit(x, y, callbacks=[doctor], **given)
    return [one.code for one in doctor.findings]


def endless(y: Any, given: Any) -> Any:
    return keras.losses.sparse_categorical_crossentropy(y, given) * np.inf


def recall(y: Any, given: Any) -> Any:
    """Return the recall of one batch, as many programs have it: Keras shows the mean over the batches."""
    found = keras.ops.round(given[:, 0])
    y = keras.ops.cast(y, "float32")
    return keras.ops.sum(y * found) / (keras.ops.sum(y) + 1e-7)


def frozen(trainable: bool) -> Any:
    found = model()
    for one in found.layers:
        one.trainable = trainable
    found.compile("adam", SPARSE)
    return found


LOGITS = keras.losses.BinaryCrossentropy(from_logits=True)
RARE = np.concatenate([np.flatnonzero(W == 0), np.flatnonzero(W == 1)[:8]])
ORDER = np.argsort(Y, kind="stable")
FAULTS: dict[str, Callable[[], list[str]]] = {
    "output.softmax_one_unit": lambda: watched(model(1, loss="binary_crossentropy")),
    "output.logits_as_probabilities": lambda: watched(model(1, None, "binary_crossentropy")),
    "prep.unscaled": lambda: watched(model(), X * 255, validation_data=(V * 255, W)),
    "prep.train_validation_mismatch": lambda: watched(model(), validation_data=(V * 255, W)),
    "data.unshuffled_training": lambda: watched(model(), X[ORDER], Y[ORDER], shuffle=False),
    "split.validation_is_training": lambda: watched(model(), validation_data=(X, Y)),
    "optimizer.learning_rate_too_low": lambda: watched(model(rate=1e-9)),
    "metric.binary_accuracy_for_many_classes": lambda: watched(
        model(3, loss="categorical_crossentropy", rate=1e-3, metrics=["binary_accuracy"]),
        X3,
        np.eye(3)[Y3],
        validation_data=(X3[:48] / 2, np.eye(3)[Y3[:48]]),
        epochs=2,
    ),
    "arch.frozen": lambda: watched(frozen(trainable=False), epochs=1),
    "metric.batch_averaged": lambda: watched(
        model(1, "sigmoid", "binary_crossentropy", metrics=[recall]),
        validation_data=(V[RARE], W[RARE]),
        batch_size=4,
        epochs=6,
    ),
    "metric.wrong_decision": lambda: watched(model(1, None, LOGITS, rate=3e-3), epochs=3),
    "live.reported_figure": lambda: watched(model(1, None, LOGITS, rate=3e-3), epochs=3),
    "live.not_finite": lambda: watched(model(loss=endless)),
    "live.nothing_moves": lambda: watched(model(rate=0.0)),
}


@pytest.mark.parametrize("code", FAULTS)
def test_a_planted_fault_is_said(code):
    assert code in FAULTS[code]()


@pytest.mark.parametrize(
    "fit",
    [
        lambda: watched(model(), epochs=6),
        lambda: watched(model(1, "sigmoid", "binary_crossentropy"), epochs=6),
        lambda: watched(frozen(trainable=True), epochs=1),
        lambda: watched(
            model(1, "sigmoid", "binary_crossentropy", metrics=[keras.metrics.Recall()]),
            validation_data=(V[RARE], W[RARE]),
            batch_size=4,
            epochs=6,
        ),
        lambda: watched(model(1, None, LOGITS, metrics=[keras.metrics.BinaryAccuracy(threshold=0.0)])),
        lambda: watched(model(3), X3, Y3, validation_data=pictures(48, 4, classes=3), epochs=6),
        lambda: watched(model(1, None, "mse", metrics=[]), y=np.linspace(0, 5, 96), validation_data=None),
    ],
    ids=["usual", "one output", "all trainable", "recall", "raw scores", "three classes", "amounts"],
)
def test_nothing_is_said_of_a_sound_training(fit):
    assert fit() == []


def test_training_is_the_same_with_and_without():
    found = []
    for callbacks in ([], [Doctor(say=lambda words: None)]):
        keras.utils.set_random_seed(0)
        one = keras.Sequential(
            [
                layers.Input((12, 12, 3)),
                layers.RandomFlip(),
                layers.Conv2D(8, 3),
                layers.BatchNormalization(),
                layers.ReLU(),
                layers.GlobalAveragePooling2D(),
                layers.Dropout(0.3),
                layers.Dense(2, "softmax"),
            ]
        )
        one.compile("adam", SPARSE, metrics=["accuracy"])
        history = one.fit(
            X, Y, epochs=3, batch_size=16, verbose=0, validation_data=(V, W), callbacks=callbacks
        )
        found.append([*one.get_weights(), *history.history.values(), np.random.random(3)])  # noqa: NPY002
        assert "train_step" not in vars(one)  # and the model's own steps are in their places
    for one, other in zip(*found, strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_step_that_fails_is_explained_and_still_fails():
    doctor, fitted = Doctor(say=lambda words: None), model()
    with pytest.raises(IndexError):
        fitted.fit(X, Y + 1, verbose=0, callbacks=[doctor])
    assert [one.code for one in doctor.findings] == ["label.wrong_encoding"]
    assert watched(fitted) == []


def test_an_evaluation_in_the_midst_of_training_is_not_taken_for_it():
    class Evaluating(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            self.model.evaluate(X * 255, 1 - Y, verbose=0)

    doctor = Doctor(say=lambda words: None)
    model().fit(X, Y, epochs=4, verbose=0, validation_data=(V, W), callbacks=[Evaluating(), doctor])
    assert doctor.findings == ()


def test_where_steps_are_compiled_losses_weights_and_layers_are_seen():
    said: list[str] = []
    attending = Attending(said.append)
    fitted = model(1, loss="binary_crossentropy")
    logs = KerasLogs(attending, fitted, {"epochs": 3})
    for _ in range(3):
        for mean in (8.0, 8.0, float("nan"), float("nan")):
            logs.step({"loss": mean})
        logs.epoch({"loss": float("nan")})
    attending.end()
    codes = [one.code for one in attending.findings]
    assert codes == ["output.softmax_one_unit", "live.not_finite"]
    assert attending.findings[1].step == 3
    assert not any("not everything" in one for one in said)


def test_without_keras_the_refusal_says_what_to_install():
    program = "import sys; sys.modules['keras'] = None\nimport tellapart.keras"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert "MissingExtraError" in done.stderr
    assert "tellapart[keras]" in done.stderr
