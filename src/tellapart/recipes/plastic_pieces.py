"""Training A, "Improving Validation Loss and Accuracy for CNN": telling stuck plastic pieces from single ones.

As described: 250 training, 50 validation and 30 test pictures per class, 256 x 256 x 3; two convolutions with
dropout .5 after each pooling, Flatten, a dense layer; Adam; shear .2, zoom .2 and flips; batches of 10, 100
epochs, and ``250 // 10`` steps an epoch - which, the counts being per class, is half of the pictures.
As reported: it overfits; the validation loss grows, and the validation accuracy is no better than a coin toss.
"""

from __future__ import annotations

import os
import time
from dataclasses import replace
from typing import Any, Literal

import numpy as np

from tellapart.errors import OptionError, PicturesError
from tellapart.pictures.collection import PARTS, Pictures

from . import reading, training
from .augment import Augment
from .backend import load_keras
from .reading import Labelled, Log, Resize
from .result import Result, prepare_folder, save
from .summary import summarise

NAME = "plastic_pieces"
SIZE_PX = 256
EPOCHS = 100
BATCH = 10
DROPOUT = (0.5, 0.5)
Penalised = Literal["both", "convolutions", "dense"]


def model(
    size: int = SIZE_PX,
    *,
    dropout: tuple[float, float] = DROPOUT,
    l1: float = 0.0,
    l2: float = 0.0,
    penalise: Penalised = "both",
    two_classes: bool = False,
    global_max_pooling: bool = False,
) -> Any:
    """Build and compile the network of training A; the defaults are the description.

    Parameters
    ----------
    size
        Height and width of the pictures, px.
    dropout
        The rates after the first and the second pooling; 0 leaves the layer out.
    l1, l2
        Penalties on the weights of the layers that `penalise` names (added to the loss that Keras reports).
    penalise
        Whether the penalties act on the convolutions, the dense layers or both.
    two_classes
        Two softmax outputs and categorical cross-entropy instead of one sigmoid and binary cross-entropy.
    global_max_pooling
        The largest value of each of the 64 maps instead of Flatten.

    Returns
    -------
    keras.Sequential
        Compiled with Adam at its defaults; takes float32 (N, size, size, 3) in 0..1.

    Raises
    ------
    OptionError, MissingExtraError
    """
    _check_architecture(size, dropout, l1, l2, penalise)
    keras = load_keras()
    layers = keras.layers

    def penalty(kind: str) -> Any:
        wanted = penalise in ("both", kind) and (l1 > 0 or l2 > 0)
        return keras.regularizers.L1L2(l1=l1, l2=l2) if wanted else None

    network = keras.Sequential(name=NAME)
    network.add(keras.Input((size, size, 3)))
    for filters, side, rate in ((32, 7, dropout[0]), (64, 5, dropout[1])):
        network.add(
            layers.Conv2D(
                filters,
                side,
                padding="same",
                activation="relu",
                kernel_regularizer=penalty("convolutions"),
            )
        )
        network.add(layers.MaxPooling2D(2))
        if rate > 0:
            network.add(layers.Dropout(rate))
    network.add(layers.GlobalMaxPooling2D() if global_max_pooling else layers.Flatten())
    network.add(layers.Dense(128, activation="relu", kernel_regularizer=penalty("dense")))
    outputs, activation = (2, "softmax") if two_classes else (1, "sigmoid")
    network.add(layers.Dense(outputs, activation=activation, kernel_regularizer=penalty("dense")))
    loss = "categorical_crossentropy" if two_classes else "binary_crossentropy"
    network.compile(optimizer="adam", loss=loss, metrics=["accuracy"])
    return network


def _check_architecture(size: int, dropout: tuple[float, float], l1: float, l2: float, penalise: str) -> None:
    training.check_counts(size=size)
    training.check_range("size", size, 4, 2048)  # two poolings need 4 px
    if len(dropout) != 2:
        raise OptionError(
            "dropout should be two rates.",
            found=repr(dropout),
            where="option --dropout",
            advice="give one for each of the two poolings",
        )
    for rate in dropout:
        training.check_range("dropout", rate, 0, 1, below=True)
    for name, value in (("l1", l1), ("l2", l2)):
        training.check_range(name, value, 0, 1e3)
    if penalise not in ("both", "convolutions", "dense"):
        raise OptionError(
            "penalise should be both, convolutions or dense.",
            found=repr(penalise),
            where="option --penalise",
            advice="name the kind of layers whose weights are penalised",
        )


def train(
    pictures: str | os.PathLike[str],
    *,
    epochs: int = EPOCHS,
    batch: int = BATCH,
    whole_epochs: bool = False,
    seed: int = 0,
    size: int = SIZE_PX,
    resize: Resize = "nearest",
    augment: Augment = "described",
    dropout: tuple[float, float] = DROPOUT,
    l1: float = 0.0,
    l2: float = 0.0,
    penalise: Penalised = "both",
    two_classes: bool = False,
    global_max_pooling: bool = False,
    fresh: str | os.PathLike[str] | None = None,
    out: str | os.PathLike[str] | None = None,
    time_limit: float | None = None,
    log: Log = lambda _: None,
) -> Result:
    """Run training A; the defaults are the description.

    Parameters
    ----------
    pictures
        A folder with ``train/`` and ``validation/`` (and ``test/``), each with two class folders, or a table with
        a column ``split``. Class 1 is the second by name, as Keras's folder generator counts.
    epochs, batch
        How many epochs, and pictures in a batch.
    whole_epochs
        Every picture in every epoch, instead of as many steps as *one* class fills.
    seed
        Of the weights, the order, the dropout and the augmentation.
    resize
        How pictures of another size are brought to `size`.
    augment
        Whether training pictures are sheared, zoomed and mirrored as described, mirrored alone, or left as they are.
    size, dropout, l1, l2, penalise, two_classes, global_max_pooling
        As in `model`.
    fresh
        Further pictures of the same two classes, measured after epochs 1, 2, 4, 8... and the last.
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
    architecture: dict[str, Any] = {
        "dropout": dropout,
        "l1": l1,
        "l2": l2,
        "penalise": penalise,
        "two_classes": two_classes,
        "global_max_pooling": global_max_pooling,
    }
    _check_architecture(size, dropout, l1, l2, penalise)
    keras = load_keras()
    begun = time.monotonic()
    found = reading.find(pictures)
    parts, kept = _read(found, fresh, size, resize, log)
    folder = prepare_folder(out)
    schedule = training.Schedule(
        epochs=epochs,
        batch=batch,
        steps=steps_per_epoch(len(parts["train"]), batch, whole_epochs),
        validation_steps=steps_per_epoch(len(parts["validation"]), batch, whole_epochs),
        augmentation=augment,
        two_classes=two_classes,
        shuffled_validation=True,
        seed=seed,
        time_limit=time_limit,
    )
    keras.utils.set_random_seed(seed)
    network = model(size, **architecture)
    read_seconds = time.monotonic() - begun
    trained = training.fit(
        network,
        parts,
        schedule,
        now_and_then=("fresh",),
        log=log,
        out=folder,
    )
    options = {"size": size, "epochs": epochs, "batch": batch, "whole_epochs": whole_epochs, "seed": seed}
    result = Result(
        recipe=NAME,
        source=os.fspath(pictures),
        classes=(found.classes[0], found.classes[1]),
        options=options | {"resize": resize, "augment": augment} | architecture,
        parts={name: part.counts(found.classes) for name, part in parts.items()},
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


def steps_per_epoch(pictures: int, batch: int, whole_epochs: bool) -> int:
    """Return the batches of an epoch: those that one of the two classes fills, or enough for every picture.

    The author wrote ``250 // 10`` for 500 pictures, 250 of each class.
    """
    return -(-pictures // batch) if whole_epochs else max(1, pictures // 2 // batch)


def _read(
    found: Pictures, fresh: str | os.PathLike[str] | None, size: int, resize: Resize, log: Log
) -> tuple[dict[str, Labelled], Pictures]:
    """Read every part: ``train`` first, then ``validation``, then ``test`` and ``fresh`` where there are any."""
    for part in ("train", "validation"):
        if not np.any(found.parts == part):
            raise PicturesError(
                "Training A needs a training and a validation part.",
                found=f"no part {part!r}" if found.has_parts else "class folders without parts",
                where=str(found.root),
                advice=f"put pictures of both classes into {found.root / part}/, or try quarter_positive, which splits",
            )
    other = None if fresh is None else reading.find(fresh)
    if other is not None and other.classes != found.classes:
        raise PicturesError(
            f"The fresh pictures should have the classes {' and '.join(found.classes)}.",
            found=" and ".join(other.classes),
            where=str(fresh),
            advice="name its class folders as those of the training part",
        )
    class_1 = found.classes[1]
    everything, kept = reading.load(found, size, class_1=class_1, resize=resize, log=log)
    parts = {name: everything.select(np.flatnonzero(kept.parts == name)) for name in PARTS}
    parts = {name: part for name, part in parts.items() if len(part)}
    for name in ("train", "validation"):
        if name not in parts or len(set(parts[name].labels)) < 2:
            raise PicturesError(
                f"The part {name!r} needs pictures of both classes that can be read.",
                found=f"{len(parts.get(name, ()))}, not of both",
                where=str(found.root),
                advice=f"add pictures to {found.root / name}/",
            )
    if other is not None:
        parts["fresh"], _ = reading.load(other, size, class_1=class_1, resize=resize, log=log)
    return parts, kept
