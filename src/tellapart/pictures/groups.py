"""What belongs together: `groups.csv` (file or path, group), relative to its own folder."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np

from tellapart.errors import PicturesError
from tellapart.pictures.address import Address, Location
from tellapart.pictures.collection import Pictures
from tellapart.pictures.table import load_table

NAME = "groups.csv"


def apply_groups(pictures: Pictures, groups_file: Location | None) -> Pictures:
    """Add the groups of `groups_file`, else of a ``groups.csv`` in the root or its parent folder, if there is one.

    What the file says of a picture goes before the column `group` of a table. A file of this machine names pictures
    at an address as seen from PICTURES.

    Raises
    ------
    PicturesError
        The file is missing, has not the columns, names a picture twice, or none of the pictures. A
        ``groups.csv`` of the parent folder may be meant for others: it is then passed over with a warning.
    """
    root = pictures.root
    if groups_file is not None:
        return _apply(pictures, groups_file)
    if _is_file(root / NAME):
        return _apply(pictures, root / NAME)
    folders = (root.parent,) if isinstance(root, Address) else (root.absolute().parent, root.resolve().parent)
    for folder in folders:
        beside = folder / NAME
        if folder != root and _is_file(beside):
            try:
                return _apply(pictures, beside)
            except PicturesError as error:
                note = f"{str(beside)!r} was not used: {error.expected} Found: {error.found}."
                return replace(pictures, warnings=(*pictures.warnings, note))
    return pictures


def _is_file(file: Location) -> bool:
    if isinstance(file, Address):
        return file.is_file()
    return os.path.isfile(file)  # noqa: PTH113 - unlike Path's it never raises


def _apply(pictures: Pictures, groups_file: Location) -> Pictures:
    where_of = _locator()
    root, away = pictures.root, isinstance(groups_file, Address)
    home = root if isinstance(root, Address) and not away else groups_file.parent
    named = _read(groups_file, home, where_of)
    own = [where_of(pictures.root / path) for path in pictures.paths]
    hits = sum(path in named for path in own)
    if not hits:
        expected = _as_seen_from(home, pictures.file(0)) if len(pictures) else ""
        raise PicturesError(
            "A groups file should name the pictures, as seen from its own folder.",
            found=f"none of its {len(named)} rows names one of the {len(pictures)} pictures",
            where=str(groups_file),
            advice=f"the first picture would be written {expected!r}",
        )
    groups = np.empty(len(own), dtype=object)
    groups[:] = [named.get(path) or old for path, old in zip(own, pictures.groups, strict=True)]
    warnings = pictures.warnings
    if hits < len(own):
        warnings += (
            f"{str(groups_file)!r} names {hits} of {len(own)} pictures; each of the others belongs to no group "
            "unless a table says so.",
        )
    return replace(pictures, groups=groups, warnings=warnings)


def _as_seen_from(home: Location, file: Location) -> str:
    """Return how a groups file in `home` would write a picture; its whole address where they lie apart."""
    if isinstance(file, Path) and isinstance(home, Path):
        return Path(os.path.relpath(file, home)).as_posix()
    if isinstance(file, Address) and isinstance(home, Address) and home.base == file.base:
        return posixpath.relpath(f"/{file.inner}", f"/{home.inner}")
    return str(file)


def _read(groups_file: Location, home: Location, where_of: Callable[[Location], str]) -> dict[str, str]:
    """Return the group of each file that is named, as seen from `home`."""
    frame = load_table(groups_file)
    frame = frame.set_axis([str(column).strip() for column in frame.columns], axis="columns")
    columns = frame.columns.tolist()
    column = next((c for c in ("file", "path") if columns.count(c) == 1), None)
    if column is None or columns.count("group") != 1:
        raise PicturesError(
            "A groups file should have the columns file (or path) and group.",
            found="columns " + (", ".join(map(repr, columns)) or "none"),
            where=str(groups_file),
            advice="the first line is file,group; then one line per picture",
        )
    named: dict[str, str] = {}
    for position, file, group in zip(frame.index, frame[column], frame["group"], strict=True):
        if not file or "\0" in file:
            continue
        first = named.setdefault(where_of(home / file), group.strip())
        if first != group.strip():
            raise PicturesError(
                "A groups file should name a picture once, with one group.",
                found=f"{file!r} in {first!r} and in {group.strip()!r}",
                where=f"{groups_file}, {frame.index.name} {position}",
                advice="give both groups one name if all their pictures belong together",
            )
    return named


def _locator() -> Callable[[Location], str]:
    """Return a function that gives a file one name, whichever way (links, ..) its folder was reached."""
    real_folder = cache(os.path.realpath)

    def located(file: Location) -> str:
        if isinstance(file, Address):
            return posixpath.join(file.base, posixpath.normpath(file.inner))
        return os.path.join(real_folder(file.parent), file.name)  # noqa: PTH118 - fast: once a picture

    return located
