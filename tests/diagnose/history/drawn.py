"""Curves as trainings draw them, and files that hold them."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

Columns = Mapping[str, Sequence[float]]


def noisy(values, noise: float = 0.004, seed: int = 0) -> list[float]:
    values = np.asarray(values, dtype=float)
    return [float(v) for v in values + noise * np.random.default_rng(seed).normal(size=len(values))]


def good(n: int = 24) -> dict[str, list[float]]:
    """Both parts learn, validation a little less well, until nothing more is to be had."""
    t = np.arange(n)
    return {
        "accuracy": noisy(0.95 - 0.4 * np.exp(-t / 3), 0.004, 1),
        "loss": noisy(0.15 + 0.55 * np.exp(-t / 3), 0.004, 2),
        "val_accuracy": noisy(0.93 - 0.38 * np.exp(-t / 3), 0.008, 3),
        "val_loss": noisy(0.19 + 0.5 * np.exp(-t / 3), 0.008, 4),
    }


def csv_text(columns: Columns, *, index: str | None = "epoch", delimiter: str = ",") -> str:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, lineterminator="\n")
    writer.writerow([*([] if index is None else [index]), *columns])
    for k, row in enumerate(zip(*columns.values(), strict=True)):
        writer.writerow([*([] if index is None else [k]), *row])
    return out.getvalue()


def write(folder: Path, columns: Columns, name: str = "history.csv") -> Path:
    file = folder / name
    file.write_text(
        csv_text(columns) if name.endswith(".csv") else json.dumps(dict(columns)), encoding="utf-8"
    )
    return file
