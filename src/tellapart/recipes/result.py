"""What a training gives back: every epoch, reported and true, and the files it is kept in."""

from __future__ import annotations

import csv
import io
import json
import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tellapart.errors import OptionError
from tellapart.evaluate.estimate import Estimate
from tellapart.evaluate.measures import to_json

CURVES_CSV, CURVES_SVG, RESULT, SUMMARY = "curves.csv", "curves.svg", "result.json", "summary.txt"


@dataclass(frozen=True)
class Epoch:
    """One epoch.

    Attributes
    ----------
    number
        From 1.
    seconds
        By the clock, with validation and the true measures.
    reported
        What Keras reports, by its names (``loss``, ``accuracy``, ``val_loss``...).
    true
        Part -> measure -> value over the whole part at the end of this epoch; parts not measured are absent.
    """

    number: int
    seconds: float
    reported: Mapping[str, float]
    true: Mapping[str, Mapping[str, float]]


@dataclass(frozen=True)
class Result:
    """A whole training.

    Attributes
    ----------
    recipe, source
        Which training, on which pictures.
    classes
        The class labelled 0 and the class labelled 1.
    options
        Every option that describes the training.
    parts
        Part -> class -> number of pictures.
    pictures_per_epoch
        Training and validation pictures that Keras looks at in one epoch.
    left_out
        Files that could not be read, with the reason.
    epochs
        Every epoch, in order.
    final
        Part -> measure -> value with its 95 % interval over pictures, after the last epoch.
    stopped_by
        ``""``, or ``"time"`` where the time limit ended the training before the last epoch.
    seconds
        ``read`` and ``train``.
    """

    recipe: str
    source: str
    classes: tuple[str, str]
    options: Mapping[str, Any]
    parts: Mapping[str, Mapping[str, int]]
    pictures_per_epoch: Mapping[str, int]
    left_out: Sequence[tuple[str, str]]
    epochs: Sequence[Epoch]
    final: Mapping[str, Mapping[str, Estimate]]
    stopped_by: str
    seconds: Mapping[str, float]
    summary: str = ""
    versions: Mapping[str, str] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return the result as one JSON document; what is not defined becomes null."""
        document: dict[str, Any] = to_json(
            {
                "schema": 1,
                "recipe": self.recipe,
                "pictures": self.source,
                "classes": self.classes,
                "class_1": self.classes[1],
                "options": self.options,
                "parts": self.parts,
                "pictures_per_epoch": self.pictures_per_epoch,
                "left_out": [{"path": path, "reason": reason} for path, reason in self.left_out],
                "epochs": [
                    {
                        "epoch": one.number,
                        "seconds": round(one.seconds, 3),
                        "reported": one.reported,
                        "true": one.true,
                    }
                    for one in self.epochs
                ],
                "final": self.final,
                "stopped_by": self.stopped_by,
                "seconds": {name: round(value, 3) for name, value in self.seconds.items()},
                "summary": self.summary,
                "versions": self.versions,
            }
        )
        return document


def prepare_folder(out: str | os.PathLike[str] | None) -> Path | None:
    """Make the folder for the curves now: an hour of training should not end at a folder that cannot be written.

    Raises
    ------
    OptionError
        Where it cannot be made.
    """
    if out is None:
        return None
    folder = Path(out)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write(folder / CURVES_CSV, "")
    except OSError as error:
        raise OptionError(
            "--out should be a folder that can be written.",
            found=error.strerror or type(error).__name__,
            where=str(out),
            advice="name another folder",
        ) from error
    return folder


def curves_csv(epochs: Sequence[Epoch]) -> str:
    """Render one row per epoch: Keras's own column names as Keras's ``CSVLogger`` writes them, then the true ones.

    The true columns are named ``true_PART_MEASURE``; an empty cell was not measured or is not defined.
    """
    reported = list(dict.fromkeys(name for one in epochs for name in one.reported))
    true = list(
        dict.fromkeys((part, name) for one in epochs for part, found in one.true.items() for name in found)
    )
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(["epoch", "seconds", *reported, *(f"true_{part}_{name}" for part, name in true)])
    for one in epochs:
        values = [one.reported.get(name, math.nan) for name in reported]
        values += [one.true.get(part, {}).get(name, math.nan) for part, name in true]
        rows.writerow([one.number, f"{one.seconds:.2f}", *(_cell(value) for value in values)])
    return text.getvalue()


def _cell(value: float) -> str:
    return f"{value:.6g}" if math.isfinite(value) else ""


def save(out: Path, result: Result) -> None:
    """Write the curves (CSV, SVG), the result and its summary into a folder that exists."""
    from .curves import curves_svg

    write(out / CURVES_CSV, curves_csv(result.epochs))
    write(out / CURVES_SVG, curves_svg(result))
    write(out / RESULT, json.dumps(result.to_dict(), indent=1, allow_nan=False) + "\n")
    write(out / SUMMARY, result.summary + "\n")


def write(file: Path, text: str) -> None:
    """Write a text file as a whole or not at all."""
    temporary = file.with_name(file.name + ".part")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(file)
