"""PICTURES -> `Pictures`: class folders, part folders, tables; nothing is decoded here.

The layouts are those of the interface: a folder per class; `train/` beside `validation/` and `test/`, each
with a folder per class; or a table. A `groups.csv` says what belongs together.
"""

from __future__ import annotations

import difflib
import os
import stat
from pathlib import Path

import numpy as np

from tellapart.errors import PicturesError
from tellapart.pictures.address import Address, Location, location_of
from tellapart.pictures.collection import Pictures
from tellapart.pictures.corrections import apply_corrections
from tellapart.pictures.folder import LAYOUTS, looks_like_picture, read_folder
from tellapart.pictures.groups import apply_groups
from tellapart.pictures.table import read_table

__all__ = ["check_enough", "looks_like_picture", "read_pictures"]


def read_pictures(
    source: str | os.PathLike[str] | Address,
    *,
    groups_file: str | os.PathLike[str] | None = None,
    corrections_file: str | os.PathLike[str] | None = None,
    for_training: bool = True,
) -> Pictures:
    """Read what PICTURES stands for.

    Parameters
    ----------
    source
        Folder or table, here or at an address (``s3://…``), see the interface.
    groups_file
        A table ``file,group``; without it a ``groups.csv`` in or beside the folder is used.
    corrections_file
        A table ``path,label,decision`` of labels to be replaced; see `tellapart.pictures.corrections`.
    for_training
        Refuse what no classifier can be made of; else one class, or one picture, is enough.

    Returns
    -------
    Pictures
        Sorted by path, whatever the order of the file system.

    Raises
    ------
    PicturesError
        Where the folder or table cannot be used.
    AddressError
        An address cannot be reached.
    """
    path = location_of(source)
    pictures = read_folder(path) if _is_folder(path) else read_table(path)
    pictures = apply_groups(pictures, None if groups_file is None else location_of(groups_file))
    if corrections_file is not None:
        pictures = apply_corrections(pictures, Path(corrections_file))
    if for_training:
        check_enough(pictures, str(path))
    return pictures


def check_enough(pictures: Pictures, where: str) -> None:
    """Refuse a collection that no classifier can be made of: under two classes, or a class hardly there.

    Raises
    ------
    PicturesError
        Fewer than two classes, no training part, or a class with fewer than two pictures to learn from.
    """
    if len(pictures.classes) < 2:
        raise PicturesError(
            "At least two classes are needed to tell apart.",
            found=f"one class, {pictures.classes[0]!r}" if pictures.classes else "no pictures",
            where=where,
            advice="put the pictures of each class into a folder named after the class, or name each "
            "picture's class in the column `label` of a table",
        )
    if pictures.has_parts and not np.any(pictures.parts == "train"):
        given = ", ".join(sorted(set(pictures.parts.tolist())))
        raise PicturesError(
            "A part `train` is needed to learn from.",
            found=f"no picture in it, only in {given}",
            where=where,
            advice="name the part that is to be learnt from `train`",
        )
    trained = np.isin(pictures.parts, ("", "train"))
    for number, name in enumerate(pictures.classes):
        count = int(np.sum(trained & (pictures.labels == number)))
        if count < 2:
            _refuse_small_class(pictures, number, name, count, where)


def _refuse_small_class(pictures: Pictures, number: int, name: str, count: int, where: str) -> None:
    elsewhere = sorted(set(pictures.parts[pictures.labels == number].tolist()) - {"", "train"})
    if count == 0 and elsewhere:
        parts = " and ".join(elsewhere)
        raise PicturesError(
            "Every class needs pictures in the part `train`: nothing can be learnt of a class without.",
            found=f"class {name!r} only in {parts}",
            where=where,
            advice=f"add pictures of {name!r} to `train`, or take them out of {parts} (is the name spelt "
            f"the same in every part? `train` has {_some(_trained_classes(pictures))})",
        )
    raise PicturesError(
        "Every class needs at least two pictures that can be read"
        + (" in the part `train`." if pictures.has_parts else "."),
        found=f"class {name!r} has {count}",
        where=where,
        advice="add pictures of this class, or take the class away",
    )


def _trained_classes(pictures: Pictures) -> list[str]:
    return [pictures.classes[i] for i in np.unique(pictures.labels[pictures.parts == "train"])]


def _is_folder(path: Location) -> bool:
    """Tell a folder from a file; whatever is neither is refused."""
    if isinstance(path, Address):
        return _is_folder_at(path)
    try:
        mode = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        raise PicturesError(
            f"PICTURES should be {LAYOUTS}.", found="nothing there", where=str(path), advice=_nearest(path)
        ) from None
    except (OSError, ValueError) as error:
        raise PicturesError(
            f"PICTURES should be {LAYOUTS}.",
            found=getattr(error, "strerror", None) or str(error),
            where=str(path),
            advice="check the path, and that you may read it",
        ) from error
    if not stat.S_ISDIR(mode) and not stat.S_ISREG(mode):
        raise PicturesError(
            f"PICTURES should be {LAYOUTS}.",
            found="neither a folder nor a file",
            where=str(path),
            advice="check the path",
        )
    return stat.S_ISDIR(mode)


def _is_folder_at(address: Address) -> bool:
    found = "neither a folder nor a file"
    try:
        if kind := address.kind():
            return kind == "folder"
    except OSError as error:
        found = error.strerror or str(error)
    raise PicturesError(
        f"PICTURES should be {LAYOUTS}.",
        found=found,
        where=str(address),
        advice="check bucket and path, and that the credentials in the environment may list and read there",
    )


def _nearest(path: Path) -> str:
    """Say what there is where `path` was expected."""
    missing = next(p for p in (path, *path.absolute().parents) if os.path.lexists(p.absolute().parent))
    parent = missing.absolute().parent
    try:
        names = sorted(e.name for e in parent.iterdir() if not e.name.startswith("."))
    except OSError:
        return "check the path"
    if close := difflib.get_close_matches(missing.name, names, n=1):
        return f"check the path; did you mean {str(parent / close[0])!r}?"
    return f"check the path; {str(parent)!r} has " + (_some(names) if names else "nothing in it")


def _some(names: list[str], most: int = 8) -> str:
    return ", ".join(map(repr, names[:most])) + (
        f" and {len(names) - most} more" if len(names) > most else ""
    )
