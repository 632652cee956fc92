"""Training B, "Precision decreases with each epoch in CNN": a quarter of the pictures is class 1.

As described: pictures read one by one at 100 x 100 x 3 and divided by 255; a random 80/20 split, not stratified,
seed 0; four convolutions, a dense layer, dropout .5 twice; SGD with learning rate .0001; and one metric, a
precision computed batch by batch. The description names no batch size: 32, Keras's default.
As reported: the training does very badly, and the precision falls with each epoch.
"""

from __future__ import annotations

import os
import time
from dataclasses import replace
from typing import Any, Literal

import numpy as np

from tellapart.errors import OptionError, PicturesError
from tellapart.pictures.collection import Pictures

from . import reading, training
from .backend import load_keras
from .reading import Labelled, Log, Resize
from .result import Result, prepare_folder, save
from .summary import summarise

NAME = "quarter_positive"
SIZE_PX = 100
ACTIVATION = "relu"
"""The description leaves the activation open (a parameter); ReLU is the usual one."""

LEARNING_RATE = 1e-4
BATCH = 32
EPOCHS = 30
"""The description names no number of epochs; with these, what it reports had time to show beforehand."""

SPLIT_SEED = 0
Precision = Literal["batch", "whole"]


def precision_per_batch(true: Any, predicted: Any) -> Any:
    """Return the precision of one batch: hits over calls of class 1, plus epsilon; 0 where there is no call.

    Keras shows the plain mean of these figures over the batches, which is not the precision of the whole.

    Parameters
    ----------
    true
        (N, 1) or (N,): 0 or 1, of any number type.
    predicted
        (N, 1) probabilities.
    """
    keras = load_keras()
    ops = keras.ops
    # As the Keras of the time did before a metric: (N,) times (N, 1) would silently be (N, N).
    true = ops.reshape(ops.cast(true, "float32"), (-1, 1))
    hits = ops.sum(ops.round(ops.clip(true * predicted, 0, 1)))
    calls = ops.sum(ops.round(ops.clip(predicted, 0, 1)))
    return hits / (calls + keras.config.epsilon())


def model(
    size: int = SIZE_PX,
    *,
    activation: str = ACTIVATION,
    learning_rate: float = LEARNING_RATE,
    precision: Precision = "batch",
) -> Any:
    """Build and compile the network of training B; the defaults are the description.

    Parameters
    ----------
    size
        Height and width of the pictures, px.
    activation
        Of every hidden layer: a name that Keras knows.
    learning_rate
        Of SGD.
    precision
        ``batch``: `precision_per_batch`; ``whole``: Keras's own, over all pictures of an epoch.

    Returns
    -------
    keras.Sequential
        Compiled; takes float32 (N, size, size, 3) in 0..1.

    Raises
    ------
    OptionError, MissingExtraError
    """
    training.check_counts(size=size)
    training.check_range("size", size, 16, 2048)  # four poolings need 16 px
    training.check_range("learning_rate", learning_rate, 1e-12, 1e3)
    keras = load_keras()
    _check_activation(keras, activation)
    layers = keras.layers
    network = keras.Sequential(name=NAME)
    network.add(keras.Input((size, size, 3)))
    network.add(layers.Conv2D(16, 3, padding="same"))
    network.add(layers.BatchNormalization())
    network.add(layers.Activation(activation))
    network.add(layers.MaxPooling2D(2))
    for filters in (32, 64, 128):
        network.add(layers.Conv2D(filters, 3, padding="same", activation=activation))
        network.add(layers.MaxPooling2D(2))
    network.add(layers.Dropout(0.5))
    network.add(layers.Flatten())
    network.add(layers.Dense(150, activation=activation))
    network.add(layers.Dropout(0.5))
    network.add(layers.BatchNormalization())
    network.add(layers.Dense(1, activation="sigmoid"))
    network.compile(
        optimizer=keras.optimizers.SGD(learning_rate=learning_rate),
        loss="binary_crossentropy",
        metrics=[_metric(keras, precision)],
    )
    return network


def _metric(keras: Any, precision: str) -> Any:
    if precision == "batch":
        # What Keras makes of a bare function itself, but under the name "precision".
        return keras.metrics.MeanMetricWrapper(precision_per_batch, name="precision")
    if precision == "whole":
        return keras.metrics.Precision(name="precision")
    raise OptionError(
        "precision should be batch or whole.",
        found=repr(precision),
        where="option --precision",
        advice="batch is what the author computed",
    )


def _check_activation(keras: Any, name: str) -> None:
    try:
        known = callable(keras.activations.get(name)) and isinstance(name, str)
    except (ValueError, TypeError):
        known = False
    if not known:
        raise OptionError(
            "activation should be one that Keras knows, such as relu, leaky_relu, elu, selu, tanh or sigmoid.",
            found=repr(name),
            where="option --activation",
            advice="see https://keras.io/api/layers/activations",
        )


def train(
    pictures: str | os.PathLike[str],
    *,
    epochs: int = EPOCHS,
    batch: int = BATCH,
    seed: int = 0,
    size: int = SIZE_PX,
    resize: Resize = "nearest",
    positive: str | None = None,
    activation: str = ACTIVATION,
    learning_rate: float = LEARNING_RATE,
    precision: Precision = "batch",
    out: str | os.PathLike[str] | None = None,
    time_limit: float | None = None,
    log: Log = lambda _: None,
) -> Result:
    """Run training B; the defaults are the description.

    Parameters
    ----------
    pictures
        A folder with two class folders, or a table; given parts are put together, as the training splits itself.
    epochs, batch
        How many epochs, and pictures in a batch.
    seed
        Of the weights, the order and the dropout; the split has its own, 0, as described.
    resize
        How pictures of another size are brought to `size`.
    positive
        The class that is class 1; the rarer one where not given.
    size, activation, learning_rate, precision
        As in `model`.
    out
        Folder for curves.csv, curves.svg, result.json and summary.txt; None: nothing is written.
    time_limit
        Seconds; the training ends with the epoch after which another would not fit.
    log
        Takes the progress, line by line.

    Returns
    -------
    Result

    Raises
    ------
    TellapartError
        Pictures or options that cannot be used, or Keras is missing.
    """
    training.check_counts(epochs=epochs, batch=batch)
    training.check_seed(seed)
    keras = load_keras()
    keras.utils.set_random_seed(seed)
    network = model(size, activation=activation, learning_rate=learning_rate, precision=precision)
    begun = time.monotonic()
    found = reading.find(pictures)
    classes = _ordered_classes(found, positive)
    everything, kept = reading.load(found, size, class_1=classes[1], resize=resize, log=log)
    parts = split(everything)
    folder = prepare_folder(out)
    network.summary(print_fn=log)
    schedule = training.Schedule(
        epochs=epochs,
        batch=batch,
        steps=-(-len(parts["train"]) // batch),
        validation_steps=-(-len(parts["validation"]) // batch),
        augmentation="none",
        two_classes=False,
        shuffled_validation=False,
        seed=seed,
        time_limit=time_limit,
    )
    read_seconds = time.monotonic() - begun
    trained = training.fit(network, parts, schedule, log=log, out=folder)
    result = Result(
        recipe=NAME,
        source=os.fspath(pictures),
        classes=classes,
        options={
            "size": size,
            "epochs": epochs,
            "batch": batch,
            "seed": seed,
            "resize": resize,
            "activation": activation,
            "learning_rate": learning_rate,
            "precision": precision,
        },
        parts={name: part.counts(classes) for name, part in parts.items()},
        pictures_per_epoch=schedule.pictures_per_epoch(len(parts["train"]), len(parts["validation"])),
        left_out=[(one.path, one.reason) for one in kept.left_out],
        epochs=trained.epochs,
        final=trained.final,
        stopped_by=trained.stopped_by,
        seconds={"read": read_seconds, "train": trained.seconds},
        versions=training.versions(keras),
    )
    result = replace(result, summary=summarise(result))
    if folder is not None:
        save(folder, result)
    return result


def split(everything: Labelled) -> dict[str, Labelled]:
    """Split 80 to 20 at random, not stratified, with seed 0: scikit-learn's, as described.

    Raises
    ------
    PicturesError
        There are too few pictures for a training part with both classes.
    """
    from sklearn.model_selection import train_test_split

    train, validation = train_test_split(np.arange(len(everything)), test_size=0.2, random_state=SPLIT_SEED)
    parts = {"train": everything.select(train), "validation": everything.select(validation)}
    if len(set(parts["train"].labels)) < 2:
        raise PicturesError(
            "The random split should leave both classes in the training part.",
            found=f"{len(train)} training pictures of one class",
            where="the 80 % drawn for training",
            advice="give more pictures: a hundred or more",
        )
    return parts


def _ordered_classes(found: Pictures, positive: str | None) -> tuple[str, str]:
    """Return class 0 and class 1."""
    if positive is None:
        counts = found.counts()
        positive = min(
            reversed(found.classes), key=counts.__getitem__
        )  # the second by name where they are even
    if positive not in found.classes:
        raise OptionError(
            f"--positive should be {' or '.join(found.classes)}.",
            found=repr(positive),
            where="option --positive",
            advice="name one of the two class folders",
        )
    other = next(name for name in found.classes if name != positive)
    return other, positive
