"""What belongs together: `groups.csv` (file or path, group), relative to its own folder."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import numpy as np

from tellapart.errors import PicturesError

from .collection import Pictures
from .table import load_table


def apply_groups(pictures: Pictures, groups_file: Path | None) -> Pictures:
    """Add the groups of `groups_file`, else of a ``groups.csv`` in the root or its parent folder, if there is one.

    Raises
    ------
    PicturesError
        The file is missing, has not the columns, or names none of the pictures.
    """
    asked = groups_file is not None
    if groups_file is None:
        found = [
            f
            for f in (pictures.root / "groups.csv", pictures.root.absolute().parent / "groups.csv")
            if f.is_file()
        ]
        if not found:
            return pictures
        groups_file = found[0]
    elif not groups_file.is_file():
        raise PicturesError(
            "--groups should be a table with columns file (or path) and group.",
            found="no file",
            where=str(groups_file),
        )
    named = _read(groups_file)
    own = [_absolute(pictures.root / path) for path in pictures.paths]
    groups = np.array(
        [named.get(path, "") or old for path, old in zip(own, pictures.groups, strict=True)], dtype=object
    )
    hits = sum(path in named for path in own)
    if not hits:
        if asked:
            raise PicturesError(
                "The groups file should name the pictures, relative to its own folder.",
                found=f"none of its {len(named)} rows names one of the {len(pictures)} pictures",
                where=str(groups_file),
                advice=f"a path such as {os.path.relpath(pictures.file(0), groups_file.parent)!r} was expected",
            )
        return replace(
            pictures, warnings=(*pictures.warnings, f"{groups_file} names none of the pictures; not used")
        )
    note = (
        ()
        if hits == len(own)
        else (
            f"{groups_file.name} names {hits} of {len(own)} pictures; each other one counts as a group of its own",
        )
    )
    return replace(pictures, groups=groups, warnings=(*pictures.warnings, *note))


def _read(groups_file: Path) -> dict[str, str]:
    frame = load_table(groups_file)
    column = next((c for c in ("file", "path") if c in frame.columns), None)
    if column is None or "group" not in frame.columns:
        raise PicturesError(
            "A groups file has the columns file (or path) and group.",
            found="columns " + ", ".join(map(repr, frame.columns)),
            where=str(groups_file),
        )
    return {
        _absolute(groups_file.parent / str(f)): str(g).strip()
        for f, g in zip(frame[column], frame["group"], strict=True)
    }


def _absolute(path: Path) -> str:
    return os.path.normpath(os.path.abspath(path))  # noqa: PTH100 - links are not resolved: names count
