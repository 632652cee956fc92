"""One run of a mended program, judged as `benchmarks.diagnosis.judge` judges scripts: nothing it prints is believed.

The program runs in a process of its own, its seeds replaced; its network is taken from its globals and scored by us on
pictures that it did not train on, and after every epoch on all of its validation pictures at once.

Legend: S px, the side the network takes; x float32 NHWC in 0..1, as the founding programs read pictures.
"""

from __future__ import annotations

import json
import math
import multiprocessing
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
from PIL import Image

from benchmarks.diagnosis import judge
from benchmarks.diagnosis.scripts import Script
from tellapart.errors import TellapartError
from tellapart.evaluate.measures import to_json
from tellapart.recipes import truth

MODEL = "model"
"""The global that holds the network, in the founding programs as in the scripts of the benchmark."""


def run(
    program: Path,
    pictures: Path,
    seed: int,
    parts: Mapping[str, Path],
    class_1: str,
    *,
    answer: Path,
    threads: int,
    limit_seconds: float,
) -> dict[str, Any]:
    """Run the program once and return its figures.

    Parameters
    ----------
    program, pictures
        The program, and the folder that is its first argument.
    seed
        Of everything; seeds that the program sets itself do nothing.
    parts
        Name -> folder with class folders: what the final network is scored on.
    class_1
        The class that the program labels 1.
    answer
        A file for what comes out; what the program prints lies beside it.

    Returns
    -------
    dict
        ``parts``: name -> measure -> value, low, high, n, with ``validation`` as the program itself split it;
        ``epochs``: measure -> values by epoch over the whole validation part; ``size``; seconds.

    Raises
    ------
    TellapartError
        The program failed, ran too long, or shows its network pictures in another way than they are scored in.
    """
    judge.load()
    answer.parent.mkdir(parents=True, exist_ok=True)
    answer.unlink(missing_ok=True)
    script = Script(program.stem, program.resolve(), "mended", {})
    job = (script, seed, pictures, parts, class_1, answer.resolve(), threads)
    process = multiprocessing.get_context("fork").Process(target=_in_fork, args=job)
    process.start()
    process.join(limit_seconds)
    if process.is_alive():
        process.kill()
        process.join()
    found = json.loads(answer.read_text()) if answer.exists() else {"error": "no answer in time"}
    if "error" in found:
        raise TellapartError(
            "The mended program should run to its end and be scored.",
            found=found["error"].strip().splitlines()[-1],
            where=str(program),
            advice=f"see {answer.with_suffix('.txt')}",
        )
    return dict(found)


def _in_fork(
    script: Script,
    seed: int,
    pictures: Path,
    parts: Mapping[str, Path],
    class_1: str,
    answer: Path,
    threads: int,
) -> None:
    import keras
    import torch

    torch.set_num_threads(threads)
    parts = {name: folder.resolve() for name, folder in parts.items()}
    pictures = pictures.resolve()
    watch = Validation()

    def score(_: Script, names: dict[str, Any], __: str) -> dict[str, Any]:
        return scored(names[MODEL], watch, pictures, parts, class_1)

    with mock.patch.object(keras.Model, "fit", watch.watching(keras.Model.fit)):
        judge.child(script, seed, str(pictures), answer, score)


class Validation:
    """The validation pictures that a program gave to `fit`, and what the network says of them after each epoch."""

    def __init__(self) -> None:
        self.images: np.ndarray | None = None
        self.labels = np.zeros(0, int)
        self.epochs: list[dict[str, float]] = []
        self.seconds = 0.0

    def watching(self, fit: Any) -> Any:
        """Return `fit` with a callback more."""
        import keras

        def watched(model: Any, *arguments: Any, **options: Any) -> Any:
            self.images, self.labels = whole(options.get("validation_data"))
            after = keras.callbacks.LambdaCallback(on_epoch_end=lambda *_: self.look(model))
            options["callbacks"] = [*(options.get("callbacks") or []), after]
            return fit(model, *arguments, **options)

        return watched

    def look(self, model: Any) -> None:
        """Measure the whole part at once."""
        began = time.perf_counter()
        self.epochs.append(truth.true_measures(self.labels, scores_of(model, self.images)))
        self.seconds += time.perf_counter() - began


def whole(given: Any) -> tuple[np.ndarray, np.ndarray]:
    """Return all validation pictures, float32 (N, S, S, 3), and labels, int (N,), of arrays or of Keras batches.

    Raises
    ------
    TypeError
        They are neither.
    """
    import keras

    if isinstance(given, keras.utils.PyDataset):
        batches = [given[place] for place in range(len(given))]
        given = tuple(np.concatenate([batch[part] for batch in batches]) for part in (0, 1))
    if not isinstance(given, (tuple, list)):
        raise TypeError(
            "fit() should be given validation_data, arrays or batches, as in the founding programs"
        )
    return np.asarray(given[0]), np.asarray(given[1]).reshape(-1).astype(int)


def scores_of(model: Any, x: np.ndarray | None) -> np.ndarray:
    """Return the probability of class 1, (N,)."""
    outputs = np.asarray(model.predict(x, batch_size=truth.SCORED_AT_ONCE, verbose=0), dtype=np.float64)
    scores = outputs.reshape(len(outputs), -1)[:, -1]  # one sigmoid, or the second of two softmax outputs
    if not (np.all(scores >= 0) and np.all(scores <= 1)):
        raise ValueError(f"outputs should be probabilities, found {scores.min():.3g} to {scores.max():.3g}")
    return scores


def scored(
    model: Any, watch: Validation, pictures: Path, parts: Mapping[str, Path], class_1: str
) -> dict[str, Any]:
    """Return the figures of a trained network, see `run`.

    Raises
    ------
    ValueError
        It was validated on pictures prepared otherwise than ours, on none, or its outputs are no probabilities.
    """
    if watch.images is None:
        raise ValueError("the program never called fit()")
    side = int(model.input_shape[1])
    resample = _reading(watch.images, pictures, side)
    found = {"validation": truth.true_estimates(watch.labels, scores_of(model, watch.images))}
    for name, folder in parts.items():
        files = sorted(folder.glob("*/*"))
        labels = np.array([file.parent.name == class_1 for file in files], int)
        found[name] = truth.true_estimates(labels, scores_of(model, read(files, side, resample)))
    names = list(watch.epochs[0])
    curves = {
        name: [one[name] if math.isfinite(one[name]) else None for one in watch.epochs] for name in names
    }
    return {
        "parts": to_json(found),
        "epochs": curves,
        "size": side,
        "watching_seconds": round(watch.seconds, 1),
    }


def read(files: list[Path], side: int, resample: Image.Resampling = Image.Resampling.BICUBIC) -> np.ndarray:
    """Read pictures as the founding programs do: RGB, brought to `side`, divided by 255."""
    x = np.empty((len(files), side, side, 3), np.float32)
    for place, file in enumerate(files):
        with Image.open(file) as image:
            x[place] = np.asarray(image.convert("RGB").resize((side, side), resample), np.float32) / 255
    return x


READINGS = (Image.Resampling.BICUBIC, Image.Resampling.NEAREST)
"""How the two founding programs bring pictures to their size: Pillow's default, and that of Keras's generator."""


def _reading(given: np.ndarray, pictures: Path, side: int) -> Image.Resampling:
    """Return how the pictures it was validated on were read; refuse to score it on pictures prepared otherwise."""
    files = sorted(file for file in pictures.rglob("*.*") if file.is_file() and file.parent != pictures)
    strange = {}
    for resample in READINGS:
        known = {_levels(read([file], side, resample)[0]) for file in files}
        strange[resample] = sum(_levels(one) not in known for one in given)
    best = min(READINGS, key=lambda resample: strange[resample])
    if strange[best]:
        raise ValueError(f"{strange[best]} of {len(given)} validation pictures are not prepared as ours are")
    return best


def _levels(image: np.ndarray) -> bytes:
    """Return a picture of 0..1 in steps of 1/2550: multiplying by 1/255 and dividing by 255 round differently."""
    return np.rint(np.asarray(image, np.float64) * 2550).astype(np.int32).tobytes()
