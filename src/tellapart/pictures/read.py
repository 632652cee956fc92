"""PICTURES -> `Pictures`: class folders, part folders, tables; nothing is decoded here.

The layouts are those of the interface: a folder per class; `train/` beside `validation/` and `test/`, each
with a folder per class; or a table. A `groups.csv` says what belongs together.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from tellapart.errors import PicturesError

from .collection import LeftOut, Pictures
from .groups import apply_groups
from .table import read_table

PART_FOLDERS = {
    "train": "train",
    "validation": "validation",
    "valid": "validation",
    "val": "validation",
    "test": "test",
}
LAYOUTS = "a folder with one folder per class, or with train/ (and validation/, test/) holding class folders, or a .csv or .parquet table"


def read_pictures(
    source: str | os.PathLike[str], *, groups_file: str | os.PathLike[str] | None = None
) -> Pictures:
    """Read what PICTURES stands for.

    Parameters
    ----------
    source
        Folder or table, see the interface.
    groups_file
        A table ``file,group``; without it a ``groups.csv`` in or beside the folder is used.

    Raises
    ------
    PicturesError
        Where the folder or table cannot be used.
    """
    path = Path(source)
    if not path.exists():
        raise PicturesError(
            f"PICTURES should be {LAYOUTS}.",
            found="nothing there",
            where=str(path),
            advice=_nearest(path),
        )
    pictures = read_table(path) if path.is_file() else _read_folder(path)
    pictures = apply_groups(pictures, None if groups_file is None else Path(groups_file))
    check_enough(pictures, str(path))
    return pictures


def check_enough(pictures: Pictures, where: str) -> None:
    """Refuse a collection that no classifier can be made of: under two classes, or a class of one picture."""
    if len(pictures.classes) < 2:
        raise PicturesError(
            "At least two classes are needed to tell apart.",
            found=f"{len(pictures.classes)} class"
            + (f": {pictures.classes[0]!r}" if pictures.classes else "es"),
            where=where,
            advice="put the pictures of each class into a folder named after the class",
        )
    if pictures.has_parts and not np.any(pictures.parts == "train"):
        raise PicturesError(
            "A training part is needed.", found="only other parts", where=where, advice="add a part `train`"
        )
    trained = np.isin(pictures.parts, ("", "train"))
    for number, name in enumerate(pictures.classes):
        count = int(np.sum(trained & (pictures.labels == number)))
        if count < 2:
            training = " in the training part" if pictures.has_parts else ""
            raise PicturesError(
                f"Every class needs at least two pictures that can be read{training}.",
                found=f"class {name!r} has {count}",
                where=where,
                advice="add pictures of this class, or take its folder away",
            )


def _nearest(path: Path) -> str:
    """Say what there is where `path` was expected."""
    parent = path.parent
    while not parent.exists() and parent != parent.parent:
        parent = parent.parent
    names = sorted(entry.name for entry in parent.iterdir() if entry.is_dir())[:8] if parent.is_dir() else []
    return f"check the path; {parent} has " + (", ".join(names) if names else "no folders")


def _read_folder(root: Path) -> Pictures:
    folders = _subfolders(root)
    parts = {folder: PART_FOLDERS.get(folder.name.lower()) for folder in folders}
    train = [folder for folder, part in parts.items() if part == "train" and _subfolders(folder)]
    if train:
        sources = [
            (class_folder, part)
            for folder, part in parts.items()
            if part is not None
            for class_folder in _subfolders(folder)
        ]
        others = [folder.name for folder, part in parts.items() if part is None]
        warnings = (f"not a part, left alone: {', '.join(others)}",) if others else ()
    else:
        sources = [(folder, "") for folder in folders]
        warnings = ()
    rows: list[tuple[str, str, str]] = []
    left_out: list[LeftOut] = []
    for folder, part in sources:
        for file in _files(folder, left_out, root):
            if looks_like_picture(file):
                rows.append((_relative(file, root), folder.name, part))
    if not rows:
        raise PicturesError(
            f"PICTURES should be {LAYOUTS}.",
            found="no pictures in class folders" + _hint(root, folders),
            where=str(root),
            advice="one folder per class, named after the class, with its pictures in it",
        )
    rows.sort()
    _warn_nested(root, folders, bool(train), rows)
    classes = tuple(sorted({label for _, label, _ in rows}))
    number = {name: i for i, name in enumerate(classes)}
    return Pictures(
        root=root,
        paths=tuple(path for path, _, _ in rows),
        labels=np.array([number[label] for _, label, _ in rows], dtype=np.int64),
        classes=classes,
        parts=np.array([part for _, _, part in rows], dtype="<U10"),
        groups=np.array([""] * len(rows), dtype=object),
        left_out=tuple(left_out),
        warnings=warnings,
    )


def _warn_nested(root: Path, folders: list[Path], has_parts: bool, rows: list[tuple[str, str, str]]) -> None:
    """One folder with folders in it is most likely one level too high."""
    labels = {label for _, label, _ in rows}
    if not has_parts and len(labels) == 1:
        inner = [f for folder in folders for f in _subfolders(folder)]
        if len(inner) >= 2:
            folder = next(folder for folder in folders if folder.name in labels)
            raise PicturesError(
                "At least two classes are needed to tell apart.",
                found=f"one folder, {folder.name!r}, with folders in it",
                where=str(root),
                advice=f"did you mean {folder}?",
            )


def _hint(root: Path, folders: list[Path]) -> str:
    loose = [e for e in root.iterdir() if e.is_file() and looks_like_picture(e)]
    if loose:
        return f" ({len(loose)} pictures lie loose in the folder itself, so nothing says what class they are)"
    if folders:
        kinds = Counter(
            f.suffix or "no suffix" for folder in folders for f in folder.iterdir() if f.is_file()
        )
        return f" (folders: {', '.join(f.name for f in folders[:6])}; files: {dict(kinds.most_common(4)) or 'none'})"
    return " (no folders at all)"


def _subfolders(folder: Path) -> list[Path]:
    return sorted(e for e in folder.iterdir() if e.is_dir() and not e.name.startswith((".", "__")))


def _files(folder: Path, left_out: list[LeftOut], root: Path) -> Iterator[Path]:
    """All files below `folder`; links to folders are followed once, folders that cannot be listed are named."""
    seen: set[str] = set()

    def cannot_list(error: OSError) -> None:
        left_out.append(
            LeftOut(_relative(Path(error.filename), root), f"the folder cannot be listed: {error.strerror}")
        )

    for here, folders, files in os.walk(folder, followlinks=True, onerror=cannot_list):
        real = os.path.realpath(here)
        if real in seen:
            folders.clear()
            continue
        seen.add(real)
        folders[:] = sorted(f for f in folders if not f.startswith("."))
        for name in sorted(files):
            if not name.startswith("."):
                yield Path(here) / name


def looks_like_picture(file: Path) -> bool:
    """Tell pictures by their suffix, else by their first bytes (a misnamed picture is still a picture)."""
    if not file.is_file():
        return False
    if file.suffix.lower() in _picture_suffixes():
        return True
    if file.suffix.lower() in (
        ".csv",
        ".json",
        ".txt",
        ".md",
        ".xml",
        ".db",
        ".ini",
        ".html",
        ".py",
        ".parquet",
    ):
        return False
    try:
        with Image.open(file):
            return True
    except Exception:
        return False


def _picture_suffixes() -> set[str]:
    # Pillow also registers formats that hold no raster picture or need an outside program.
    not_raster = {".pdf", ".ps", ".eps", ".mpg", ".mpeg", ".h5", ".hdf", ".grib", ".bufr", ".wmf", ".emf"}
    return set(Image.registered_extensions()) - not_raster


def _relative(file: Path, root: Path) -> str:
    return Path(os.path.relpath(file, root)).as_posix()
