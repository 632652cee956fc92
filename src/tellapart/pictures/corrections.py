"""`corrections.csv`: labels somebody looked at again (path, label, decision), and what they change.

Paths are those of `predictions.csv`: relative to PICTURES, wherever the file itself lies. One row per picture; where a
path stands twice, the last row holds.
"""

from __future__ import annotations

import hashlib
import os
import posixpath
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tellapart.cells import plain_label, safe_label, safe_path
from tellapart.errors import PicturesError
from tellapart.pictures.collection import Pictures
from tellapart.pictures.csv_rows import read_csv_rows
from tellapart.run_folder import table_text

NAME = "corrections.csv"
KEEP, CHANGE, SKIP = DECISIONS = ("keep", "change", "skip")
"""The label is right; it is the one in the row instead; nobody could tell."""
COLUMNS = ("path", "label", "decision")


@dataclass(frozen=True)
class Correction:
    """What was decided about one picture: `label` is the class it belongs to, empty with ``skip``."""

    decision: str
    label: str = ""


def read_corrections(file: Path) -> dict[str, Correction]:
    """Read a corrections file: path -> the last thing that was decided about it.

    Without a column `decision`, or where it is empty, the label of the row counts.

    Raises
    ------
    PicturesError
        The file is missing or no table, a column is missing, a decision is none, or a label that should count is
        empty.
    """
    table = read_csv_rows(file)
    columns = [name.strip() for name in table.header]
    if columns.count("path") != 1 or columns.count("label") != 1 or columns.count("decision") > 1:
        raise PicturesError(
            "A corrections file should have the columns path, label and optionally decision.",
            found="columns " + (", ".join(map(repr, columns)) or "none"),
            where=str(file),
            advice=f"the first line is {','.join(COLUMNS)}; then one line per picture",
        )
    found: dict[str, Correction] = {}
    for row, line in zip(table.rows, table.lines, strict=True):
        cells = dict(zip(columns, row, strict=True))
        path = posixpath.normpath(cells["path"])  # ./=a.png is =a.png; see `tellapart.cells`
        decision = cells.get("decision", "").strip().lower() or CHANGE
        found.pop(path, None)  # the last row holds, and stands last
        found[path] = _correction(decision, plain_label(cells["label"]), f"{file}, line {line}")
    return found


def _correction(decision: str, label: str, here: str) -> Correction:
    if decision not in DECISIONS:
        raise PicturesError(
            f"A decision should be one of {', '.join(DECISIONS)}.",
            found=repr(decision),
            where=here,
            advice="write one of these, or leave it empty: then the label of the row counts",
        )
    if decision == SKIP:
        return Correction(SKIP)
    if not label.strip():
        raise PicturesError(
            "A correction should say which class the picture belongs to.",
            found="an empty label",
            where=here,
            advice=f"write the class there, or {SKIP} as its decision",
        )
    return Correction(decision, label)


def corrections_text(corrections: Mapping[str, Correction]) -> str:
    """Return the text of a corrections file; no spreadsheet takes a name in it for a formula."""
    rows = [(safe_path(path), safe_label(one.label), one.decision) for path, one in corrections.items()]
    return table_text(COLUMNS, rows)


def apply_corrections(pictures: Pictures, file: Path) -> Pictures:
    """Give pictures the labels that `file` says; `Pictures.corrected` names those whose label is another one now.

    Rows of pictures that are not there are counted in a warning: they may have been thrown away since.

    Raises
    ------
    PicturesError
        As `read_corrections`; or a label is none of the classes, or no row names one of the pictures.
    """
    corrections = read_corrections(file)
    number = {path: n for n, path in enumerate(pictures.paths)}
    here = {number[path]: one for path, one in corrections.items() if path in number}
    if corrections and not here:
        raise PicturesError(
            "A corrections file should name the pictures, as seen from PICTURES.",
            found=f"none of its {len(corrections)} rows names one of the {len(pictures)} pictures",
            where=str(file),
            advice=f"the first picture would be written {pictures.paths[0]!r}",
        )
    labels = pictures.labels.copy()
    for n, one in here.items():
        if one.decision != SKIP:
            labels[n] = _class_number(one.label, pictures.classes, pictures.paths[n], file)
    warnings = pictures.warnings
    if missing := len(corrections) - len(here):
        warnings += (f"{missing} of {len(corrections)} rows of {str(file)!r} name no picture that is there.",)
    changed = frozenset(pictures.paths[n] for n in here if labels[n] != pictures.labels[n])
    return replace(pictures, labels=labels, warnings=warnings, corrected=changed)


def _class_number(label: str, classes: Sequence[str], path: str, file: Path) -> int:
    # As it stands, else as `Pictures` has it: one spelling of é, and no spaces that a spreadsheet left.
    names = (label, unicodedata.normalize("NFC", label), unicodedata.normalize("NFC", label.strip()))
    for name in names:
        if name in classes:
            return classes.index(name)
    raise PicturesError(
        "A corrected label should be one of the classes.",
        found=f"{label!r} for {path!r}",
        where=str(file),
        advice=f"the classes are {', '.join(map(repr, classes))}; a new class needs a folder, or rows of a table",
    )


def identity_of(file: str | os.PathLike[str]) -> str:
    """Return what tells this corrections file from others: where it is, and a digest of what stands in it."""
    path = Path(file).absolute()
    return f"{path} (sha256 {hashlib.sha256(path.read_bytes()).hexdigest()[:16]})"
