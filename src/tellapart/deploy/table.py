"""Predictions of files and folders as a table; a file that cannot be read is a row with its error."""

from __future__ import annotations

import csv
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np

from tellapart.deploy.predictor import BATCH, Predictor
from tellapart.errors import BrokenPictureError, PicturesError
from tellapart.pictures.folder import looks_like_picture
from tellapart.pictures.store import decode_stream


def columns(predictor: Predictor) -> list[str]:
    """Return the columns of the table."""
    return ["path", "predicted", "sure", *(f"probability_{name}" for name in predictor.classes), "error"]


def list_files(paths: Sequence[str]) -> list[tuple[str, Path]]:
    """Return (name to show, file): relative to a folder argument, as given for a file.

    Raises
    ------
    PicturesError
        A path does not exist, or there is no picture at all.
    """
    found: list[tuple[str, Path]] = []
    for given in paths:
        path = Path(given)
        if path.is_dir():
            found += [(file.relative_to(path).as_posix(), file) for file in _pictures_below(path)]
        elif path.exists():
            found.append((given, path))
        else:
            raise PicturesError(
                "PATH is a picture or a folder of pictures.", found="nothing there", where=given
            )
    if not found:
        raise PicturesError("At least one picture was expected.", found="none", where=", ".join(paths))
    return found


def _pictures_below(folder: Path) -> Iterator[Path]:
    for here, folders, files in os.walk(folder):
        folders.sort()
        for name in sorted(files):
            file = Path(here) / name
            if not name.startswith(".") and looks_like_picture(file):
                yield file


def predict_rows(predictor: Predictor, files: Sequence[tuple[str, Path]]) -> Iterator[list[str]]:
    """Yield one row per file, in order, a few batches at a time in memory."""
    names: list[str] = []
    results: list[np.ndarray | BrokenPictureError] = []
    for (name, _), result in zip(files, decode_stream([file for _, file in files]), strict=True):
        names.append(name)
        results.append(result if isinstance(result, BrokenPictureError) else result[0])
        if len(names) == 4 * BATCH:
            yield from _rows(predictor, names, results)
            names, results = [], []
    yield from _rows(predictor, names, results)


def _rows(
    predictor: Predictor, names: Sequence[str], results: Sequence[np.ndarray | BrokenPictureError]
) -> Iterator[list[str]]:
    answers = predictor.stream(image for image in results if isinstance(image, np.ndarray))
    for name, result in zip(names, results, strict=True):
        if isinstance(result, BrokenPictureError):
            yield [name, "", "", *([""] * len(predictor.classes)), result.found]
        else:
            answer = next(answers)
            shares = [f"{share:.6f}" for share in answer.probabilities]
            yield [name, answer.label, "yes" if answer.sure else "no", *shares, ""]


def write_table(out: Path | None, names: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Write the table to `out`, whole or not at all, or to standard output row by row.

    Raises
    ------
    PicturesError
        `out` cannot be written.
    """
    if out is None:
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(names)
        writer.writerows(rows)
        return
    temporary = out.with_name(out.name + ".part")
    try:
        with temporary.open("w", newline="", encoding="utf-8", errors="surrogateescape") as target:
            writer = csv.writer(target, lineterminator="\n")
            writer.writerow(names)
            writer.writerows(rows)
        temporary.replace(out)
    except OSError as error:
        raise PicturesError(
            "--out is a file that can be written.", found=error.strerror or "", where=str(out)
        ) from error
