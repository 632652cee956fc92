"""The files of a run folder as plain values; what is optional may be missing."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tellapart.cells import plain_label, plain_path
from tellapart.errors import RunFolderError
from tellapart.report.text import clean, visible

SCHEMA = 1

Document = dict[str, Any]
Row = Mapping[str, str]


@dataclass(frozen=True)
class RunFiles:
    """What the files hold; empty where a file is missing."""

    metrics: Document
    plan: Document
    audit: Document | None
    gallery: Document
    explanations: Document
    versions: Document
    history: Sequence[Row]
    predictions: Sequence[Row]
    split: Sequence[Row]


def read_files(folder: Path) -> RunFiles:
    """Read a run folder.

    Raises
    ------
    RunFolderError
        When ``metrics.json`` is missing or of another schema, or any file cannot be parsed.
    """
    metrics = _read_json(folder / "metrics.json")
    if metrics is None:
        raise RunFolderError(
            "A report needs a finished run folder, with metrics.json in it.",
            found="no metrics.json" if folder.is_dir() else "no such folder",
            where=str(folder),
            advice="finish the training first: the same `tellapart train` command resumes it",
        )
    if metrics.get("schema") != SCHEMA:
        raise RunFolderError(
            f"metrics.json of schema {SCHEMA} was expected.",
            found=f"schema {metrics.get('schema')!r}",
            where=str(folder / "metrics.json"),
            advice="render the report with the version of tellapart that made the run (versions.json)",
        )
    return RunFiles(
        metrics=metrics,
        plan=_read_json(folder / "plan.json") or {},
        audit=_read_json(folder / "audit.json"),
        gallery=_read_json(folder / "gallery.json") or {},
        explanations=_read_json(folder / "explanations.json") or {},
        versions=_read_json(folder / "versions.json") or {},
        history=_read_csv(folder / "history.csv"),
        predictions=_read_csv(folder / "predictions.csv"),
        split=_read_csv(folder / "split.csv"),
    )


def _read_text(path: Path) -> str | None:
    try:
        # file names that are not UTF-8 may have been written as they are; `visible` spells them out
        return path.read_text(encoding="utf-8", errors="surrogateescape")
    except FileNotFoundError:
        return None
    except OSError as error:
        raise RunFolderError(
            f"{path.name} cannot be read.",
            found=str(error.strerror),
            where=str(path),
            advice="check the permissions of the run folder",
        ) from error


def _read_json(path: Path) -> Document | None:
    text = _read_text(path)
    if text is None:
        return None
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _damaged(path, str(error)) from error
    if not isinstance(document, dict):
        raise _damaged(path, f"a {type(document).__name__} instead of an object")
    cleaned: Document = clean(document)
    return cleaned


def _read_csv(path: Path) -> list[Row]:
    text = _read_text(path)
    try:
        lines = [line for line in csv.reader(io.StringIO(text or "", newline="")) if line]
    except csv.Error as error:
        raise _damaged(path, str(error)) from error
    named = [list(zip(lines[0], line, strict=False)) for line in lines[1:]]
    return [{visible(column): visible(_plain(column, cell)) for column, cell in row} for row in named]


def _plain(column: str, cell: str) -> str:
    return plain_path(cell) if column == "path" else plain_label(cell)


def _damaged(path: Path, found: str) -> RunFolderError:
    return RunFolderError(
        f"{path.name} is damaged.",
        found=found,
        where=str(path),
        advice="delete the run folder and train again, or restore the file from a copy",
    )
