"""What the live doctors cost: `python -m benchmarks.doctor.run`.

A small network is trained in pairs, with the doctor and without it, in turns, on drawn pictures; what counts is the
processor time of the training, since a busy machine lengthens every second on the clock. Each pair also has to end with
the very same weights.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("KERAS_BACKEND", "torch")
os.environ.setdefault("OMP_NUM_THREADS", "1")  # before NumPy

import numpy as np
from scipy import stats

from benchmarks.rows import machine, today

HERE = Path(__file__).parent

PAIRS = 10
PICTURES, HELD_OUT, SIDE_PX, BATCH, EPOCHS = 640, 160, 64, 32, 6

Trained = tuple[float, np.ndarray]


def main() -> None:
    """Train in pairs, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=PAIRS)
    parser.add_argument("--out", type=Path, default=HERE / "README.md")
    options = parser.parse_args()
    lines = [
        "# What the live doctors cost",
        "",
        f"`python -m benchmarks.doctor.run`: {PICTURES} pictures of {SIDE_PX} px, {HELD_OUT} held out,",
        f"batches of {BATCH}, {EPOCHS} epochs; three convolutions (16, 32, 64) with batch normalisation, dropout and a",
        "linear head; one thread. Processor seconds of the training with the doctor over those without, runs in turns,",
        "after one pair that is not counted. Median over the pairs with the 95 % interval of Wilcoxon's signed ranks.",
        "",
        f"Written {today()} on {machine()}.",
        "",
        "| framework | pairs | without, s | with, s | more | same weights |",
        "|---|---|---|---|---|---|",
    ]
    for name, train in (("PyTorch", torch_training()), ("Keras on PyTorch", keras_training())):
        without, with_it, same = in_pairs(train, options.pairs)
        low, middle, high = interval(with_it / without - 1)
        lines.append(
            f"| {name} | {options.pairs} | {np.median(without):.2f} | {np.median(with_it):.2f} "
            f"| {middle:.1%} ({low:.1%} to {high:.1%}) | {'all' if all(same) else '**not all**'} |"
        )
        print(lines[-1], flush=True)
    options.out.write_text("\n".join([*lines, ""]))


def in_pairs(train: Callable[[bool], Trained], pairs: int) -> tuple[np.ndarray, np.ndarray, list[bool]]:
    """Return the processor seconds without and with the doctor, (pairs,), and whether the weights are the same."""
    seconds: dict[bool, list[float]] = {False: [], True: []}
    same = []
    for pair in range(pairs + 1):
        weights = {}
        for watched in (False, True) if pair % 2 else (True, False):
            took, weights[watched] = train(watched)
            if pair:
                seconds[watched].append(took)
        same.append(np.array_equal(weights[False], weights[True]))
    return np.array(seconds[False]), np.array(seconds[True]), same


def interval(values: np.ndarray) -> tuple[float, float, float]:
    """Return lower end, median and upper end: the means of all pairs of values, cut as the signed ranks say."""
    n = len(values)
    walsh = np.sort([(values[i] + values[j]) / 2 for i in range(n) for j in range(i, n)])
    mean, spread = n * (n + 1) / 4, (n * (n + 1) * (2 * n + 1) / 24) ** 0.5
    cut = max(int(mean - stats.norm.ppf(0.975) * spread), 0)
    return float(walsh[cut]), float(np.median(walsh)), float(walsh[-1 - cut])


def pictures(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw noise with a bright square in one of three channels, (N, H, W, 3) float32, and labels (N,)."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 3, n)
    found = rng.random((n, SIDE_PX, SIDE_PX, 3), dtype=np.float32)
    for at, label in enumerate(labels):
        found[at, 16:40, 16:40, label] += 0.1
    return np.clip(found, 0, 1), labels


def torch_training() -> Callable[[bool], Trained]:
    """Return a training in PyTorch that is told whether the doctor is there."""
    import contextlib

    import torch
    from torch import nn
    from torch.utils.data import DataLoader, TensorDataset

    from tellapart.torch import Doctor

    torch.set_num_threads(1)

    def loader(n: int, seed: int, shuffle: bool) -> Any:
        x, y = pictures(n, seed)
        return DataLoader(
            TensorDataset(torch.tensor(x).permute(0, 3, 1, 2).contiguous(), torch.tensor(y)), BATCH, shuffle
        )

    def train(watched: bool) -> Trained:
        torch.manual_seed(0)
        training, held_out = loader(PICTURES, 1, True), loader(HELD_OUT, 2, False)
        blocks: list[Any] = []
        for a, b in ((3, 16), (16, 32), (32, 64)):
            blocks += [nn.Conv2d(a, b, 3, padding=1), nn.BatchNorm2d(b), nn.ReLU(), nn.MaxPool2d(2)]
        model = nn.Sequential(
            *blocks, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(0.2), nn.Linear(64, 3)
        )
        optimizer, loss = torch.optim.Adam(model.parameters()), nn.CrossEntropyLoss()
        began = time.process_time()
        with Doctor(model, say=list[str]().append) if watched else contextlib.nullcontext():
            for _ in range(EPOCHS):
                model.train()
                for x, y in training:
                    optimizer.zero_grad()
                    loss(model(x), y).backward()
                    optimizer.step()
                model.eval()
                with torch.no_grad():
                    for x, _ in held_out:
                        model(x)
        took = time.process_time() - began
        return took, torch.cat([one.detach().reshape(-1) for one in model.parameters()]).numpy().copy()

    return train


def keras_training() -> Callable[[bool], Trained]:
    """Return a training in Keras that is told whether the doctor is there."""
    import keras
    from keras import layers

    from tellapart.keras import Doctor

    def train(watched: bool) -> Trained:
        keras.utils.set_random_seed(0)
        (x, y), held_out = pictures(PICTURES, 1), pictures(HELD_OUT, 2)
        model = keras.Sequential([layers.Input((SIDE_PX, SIDE_PX, 3))])
        for width in (16, 32, 64):
            model.add(layers.Conv2D(width, 3, padding="same"))
            model.add(layers.BatchNormalization())
            model.add(layers.ReLU())
            model.add(layers.MaxPooling2D())
        for layer in (layers.GlobalAveragePooling2D(), layers.Dropout(0.2), layers.Dense(3, "softmax")):
            model.add(layer)
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        callbacks = [Doctor(say=list[str]().append)] if watched else []
        began = time.process_time()
        model.fit(x, y, BATCH, EPOCHS, verbose=0, validation_data=held_out, callbacks=callbacks)
        took = time.process_time() - began
        return took, np.concatenate([one.reshape(-1) for one in model.get_weights()])

    return train


if __name__ == "__main__":
    main()
