"""What is recorded of Keras's own loop, against figures computed here."""

from __future__ import annotations

import math
import subprocess
import sys

import numpy as np
import pytest

from tellapart.diagnose.recording import Outcome
from tellapart.diagnose.scoring import kept_scores, preparations, score_again

from .conftest import bright_or_dark

pytest.importorskip("keras")

DATA = """
import keras, numpy as np
keras.utils.set_random_seed(3)

def net():
    model = keras.Sequential([
        keras.Input((12, 12, 3)),
        keras.layers.Conv2D(4, 3, activation="relu", name="look"),
        keras.layers.BatchNormalization(name="norm"),
        keras.layers.Flatten(),
        keras.layers.Dropout(.3),
        keras.layers.Dense(1, activation="sigmoid", name="decide"),
    ])
    model.compile(keras.optimizers.Adam(.02), "binary_crossentropy", metrics=["accuracy"])
    return model

drawn = np.load("PICTURES_FILE")
X, y, V, w = (drawn[name] for name in "XyVw")
"""


@pytest.fixture(scope="module")
def script(pictures_file):
    return DATA.replace("PICTURES_FILE", str(pictures_file))


def test_arrays(run, script):
    text = (
        script
        + """
history = net().fit(X, y, epochs=3, batch_size=16, validation_data=(V * 255, w), verbose=0).history
print(history["val_loss"])
"""
    )
    found = run(text)
    # The recorder does not change the course: without it the figures are the same.
    plain = subprocess.run(
        [sys.executable, "-c", text], capture_output=True, text=True, check=True, timeout=100
    )
    assert eval(found.output) == pytest.approx(eval(plain.stdout), rel=1e-6)
    assert (found.outcome, found.notes) == (Outcome.finished, ())
    (training,) = found.trainings
    X, y = bright_or_dark(60)
    V, w = bright_or_dark(21, seed=1)
    train, validation = training.parts["train"], training.parts["validation"]
    assert (train.pictures, train.known, train.copies, train.conflicting) == (60, 60, 0, 0)
    assert train.labels_kept == {"0": int((y == 0).sum()), "1": int((y == 1).sum())}
    assert train.inputs.kind == "float32"
    assert train.inputs.shape == (12, 12, 3)
    assert (train.inputs.low, train.inputs.high) == (X.min(), X.max())
    assert train.inputs.mean == pytest.approx(X.mean(), rel=1e-4)
    assert train.inputs.channel_stds == pytest.approx(X.std(axis=(0, 1, 2)), rel=1e-3)
    assert validation.inputs.high == pytest.approx((V * 255).max())
    assert validation.shared["train"] == 0
    assert [one.batch_sizes for one in train.passes] == [(16, 16, 16, 12)] * 3
    assert [one.coverage for one in train.passes] == [1, 1, 1]
    assert [one.training_mode for one in validation.passes] == [0, 0, 0]
    assert 0 <= validation.outputs.low <= validation.outputs.high <= 1
    assert training.expected_initial_loss == pytest.approx(math.log(2))
    assert training.n_steps == len(training.steps) == 12
    assert training.steps[0].learning_rates == pytest.approx((0.02,))
    assert set(training.steps[0].gradient_norms) == {
        "sequential/look",
        "sequential/norm",
        "sequential/decide",
    }
    assert all(0 < ratio < 1 for ratio in training.steps[0].update_ratios.values())
    assert training.losses[0].expects == "probabilities"
    assert training.metrics == ("accuracy",)
    assert training.arguments["batch_size"] == 16
    # The epoch's loss as Keras reports it weighs batches by their size.
    own = [step.loss for step in training.steps if step.epoch == 0]
    weighed = np.average(own, weights=[16, 16, 16, 12])
    assert training.epochs[0].reported["loss"] == pytest.approx(weighed, rel=1e-4)
    for epoch in training.epochs:
        true = epoch.true["validation"]
        assert true["n"] == 21
        assert true["accuracy"]["value"] == pytest.approx(epoch.reported["val_accuracy"])
        assert sum(map(sum, true["confusion"])) == len(w)


def test_layers_and_what_was_kept(fork, script):
    found = fork(
        "keras",
        script
        + """
model = net()
model.fit(X, y, epochs=2, batch_size=16, validation_data=(V * 255, w), verbose=0)
inside = model(V * 255, training=False)
np.savetxt("/elsewhere.txt", keras.ops.convert_to_numpy(model.predict(V, verbose=0)))
print(repr(open("/elsewhere.txt").read()))
""",
    )
    (training,) = found.trainings
    layers = {one.name: one for one in training.model.layers}
    assert [one.kind for one in training.model.layers] == [
        "Conv2D",
        "BatchNormalization",
        "Flatten",
        "Dropout",
        "Dense",
    ]
    assert (layers["look"].activation, layers["look"].output_shape) == ("relu", (10, 10, 4))
    assert layers["look"].parameters == 3 * 3 * 3 * 4 + 4
    assert (layers["norm"].parameters, layers["norm"].trainable) == (16, 8)
    assert training.model.first_dense_inputs == 10 * 10 * 4
    assert training.model.parameters == sum(one.parameters for one in training.model.layers)
    # What `predict` gave the script for pictures scaled as in training is what "divided by 255" gives here.
    printed = np.array([float(one) for one in eval(found.output).split()])
    again = kept_scores(training, "validation", preparation="divided by 255")
    assert again.outputs[:, 0] == pytest.approx(printed, abs=1e-5)
    assert again.labels.tolist() == bright_or_dark(21, seed=1)[1].tolist()
    assert "divided by 255" in preparations(training, "validation")
    own = score_again(training, "validation")
    assert own["accuracy"]["value"] == training.epochs[-1].true["validation"]["accuracy"]["value"]
    right = ((printed >= 0.5) == again.labels).mean()
    assert score_again(training, "validation", preparation="divided by 255")["accuracy"]["value"] == right
    by_mode = [kept_scores(training, "train", mode=mode).outputs for mode in ("eval", "train")]
    assert not np.allclose(*by_mode)


def test_generator_that_shows_half_of_the_pictures_in_class_order(fork, script):
    found = fork(
        "keras",
        script
        + """
order = np.argsort(y, kind="stable")
def batches(pictures, labels, size):
    while True:
        for start in range(0, len(pictures), size):
            yield pictures[start:start + size], labels[start:start + size, None]
net().fit(batches(X[order], y[order], 10), steps_per_epoch=3, epochs=4,
          validation_data=batches(V, w, 7), validation_steps=2, verbose=0)
""",
    )
    (training,) = found.trainings
    train, validation = training.parts["train"], training.parts["validation"]
    # At every validation Keras puts the two batches back that it looked at first: the third is never shown.
    assert (train.pictures, validation.pictures) == (60, 14)
    assert {one.pictures for one in train.passes} == {30}
    assert {one.coverage for one in train.passes} == {0.5}
    assert {one.distinct for one in validation.passes} == {14}
    assert np.mean([one.classes_per_batch for one in train.passes]) == 1
    assert train.labels.shape == (1,)
    assert training.epochs[-1].true["validation"]["n"] == 14


def test_dataset_of_batches_that_is_its_own_validation(fork, script):
    found = fork(
        "keras",
        script
        + """
class Batches(keras.utils.PyDataset):
    def __init__(self, pictures, labels):
        super().__init__()
        self.pictures, self.labels = pictures, labels
    def __len__(self):
        return 4
    def __getitem__(self, i):
        return self.pictures[i * 15:i * 15 + 15], self.labels[i * 15:i * 15 + 15]
same = Batches(X, y[:, None])
model = net()
model.fit(same, epochs=2, validation_data=same, verbose=0)
model.evaluate(V, w, verbose=0)
""",
    )
    (training,) = found.trainings
    assert training.parts["validation"].shared["train"] == 1
    assert training.parts["train"].labels.shape == (1,)
    assert training.classes == (0, 1)
    assert training.parts["train"].source["kind"] == "Batches"
    assert training.parts["test"].pictures == 21
    assert training.epochs[-1].true["validation"]["n"] == 60


def test_crash_in_the_third_epoch_keeps_the_first_two(fork, script):
    found = fork(
        "keras",
        script
        + """
class Fails(keras.callbacks.Callback):
    def on_epoch_begin(self, epoch, logs=None):
        if epoch == 2:
            raise ValueError("third")
net().fit(X, y, epochs=5, batch_size=16, validation_data=(V, w), callbacks=[Fails()], verbose=0)
""",
    )
    assert (found.outcome, found.failure.message, found.failure.kind) == (
        Outcome.crashed,
        "third",
        "ValueError",
    )
    (training,) = found.trainings
    assert [one.number for one in training.epochs] == [0, 1]
    assert all("val_loss" in one.reported for one in training.epochs)
    assert score_again(training, "validation")["n"] == 21
