"""A .csv or .parquet table with columns path, label and optionally split, group -> `Pictures`."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pandas as pd

from tellapart.errors import PicturesError

from .collection import Pictures

PART_NAMES = {
    "": "",
    "train": "train",
    "training": "train",
    "validation": "validation",
    "valid": "validation",
    "val": "validation",
    "test": "test",
}
KNOWN = ("path", "label", "split", "group")


def load_table(path: Path) -> pd.DataFrame:
    """Read a table as text columns, empty where a value is missing.

    Raises
    ------
    PicturesError
        Where the file is no table.
    """
    try:
        if path.suffix.lower() == ".parquet":
            frame = pd.read_parquet(path)
            return frame.astype(object).where(frame.notna(), "").astype(str)
        return pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    except Exception as error:
        raise PicturesError(
            "A .csv (UTF-8, comma separated) or .parquet table was expected.",
            found=str(error).splitlines()[0] if str(error) else type(error).__name__,
            where=str(path),
            advice="open it in a spreadsheet and save it as CSV UTF-8",
        ) from error


def read_table(path: Path) -> Pictures:
    """Read a table of pictures; paths are relative to the table's folder and may not leave it."""
    if path.suffix.lower() not in (".csv", ".parquet"):
        raise PicturesError(
            "PICTURES should be a folder or a .csv or .parquet table.",
            found=f"a file {path.suffix!r}",
            where=str(path),
        )
    return from_frame(load_table(path), root=path.parent, where=str(path))


def from_frame(frame: pd.DataFrame, *, root: Path, where: str) -> Pictures:
    """Turn a frame with columns path, label[, split, group] into `Pictures`.

    Raises
    ------
    PicturesError
        A column is missing, a path does not exist or leaves `root`, a label is empty, a picture has two labels,
        a split has an unknown name.
    """
    for column in ("path", "label"):
        if column not in frame.columns:
            raise PicturesError(
                f"The table needs a column `{column}`.",
                found="columns " + ", ".join(map(repr, frame.columns)),
                where=where,
                advice="columns are path, label and optionally split (train, validation, test) and group",
            )
    unknown = [str(c) for c in frame.columns if c not in KNOWN]
    warnings = (f"columns not used: {', '.join(unknown)}",) if unknown else ()
    rows = _rows(frame, root, where)
    classes = tuple(sorted({label for label, _, _ in rows.values()}))
    number = {name: i for i, name in enumerate(classes)}
    paths = sorted(rows)
    return Pictures(
        root=root,
        paths=tuple(paths),
        labels=np.array([number[rows[p][0]] for p in paths], dtype=np.int64),
        classes=classes,
        parts=np.array([rows[p][1] for p in paths], dtype="<U10"),
        groups=np.array([rows[p][2] for p in paths], dtype=object),
        warnings=warnings,
    )


def _rows(frame: pd.DataFrame, root: Path, where: str) -> dict[str, tuple[str, str, str]]:
    splits = frame["split"] if "split" in frame.columns else [""] * len(frame)
    groups = frame["group"] if "group" in frame.columns else [""] * len(frame)
    rows: dict[str, tuple[str, str, str]] = {}
    missing: list[str] = []
    for line, (given, label, split, group) in enumerate(
        zip(frame["path"], frame["label"], splits, groups, strict=True), start=2
    ):
        here = f"{where}, line {line}"
        path = inside(str(given), root, here)
        if not (root / path).is_file():
            missing.append(f"{given!r} (line {line})")
            continue
        if not str(label).strip():
            raise PicturesError("Every picture needs a label.", found="an empty label", where=here)
        part = PART_NAMES.get(str(split).strip().lower())
        if part is None:
            raise PicturesError("`split` is train, validation or test.", found=repr(split), where=here)
        row = (str(label).strip(), part, str(group).strip())
        if rows.setdefault(path, row) != row:
            raise PicturesError(
                "A picture is listed once, with one label, one split and one group.",
                found=f"{given!r} as {rows[path][0]!r} and as {row[0]!r}",
                where=here,
                advice="keep the right one of the two lines",
            )
    if missing:
        raise PicturesError(
            "Every path of the table should exist, relative to the table's folder.",
            found=f"{len(missing)} of {len(frame)} do not: {', '.join(missing[:3])}",
            where=where,
            advice=f"paths are looked up in {root}",
        )
    parts = {part for _, part, _ in rows.values()}
    if "" in parts and len(parts) > 1:
        raise PicturesError(
            "`split` is given for all pictures or for none.", found="some rows without it", where=where
        )
    return rows


def inside(given: str, root: Path, where: str) -> str:
    """Return `given` relative to `root` as POSIX; refuse what leads outside of it."""
    absolute = os.path.normpath(os.path.join(os.path.abspath(root), given))  # noqa: PTH118, PTH100 - no links resolved
    relative = os.path.relpath(absolute, os.path.abspath(root))  # noqa: PTH100
    if relative == ".." or relative.startswith(".." + os.sep) or "\0" in given or not given.strip():
        raise PicturesError(
            "Paths in a table stay inside the table's folder.",
            found=repr(given),
            where=where,
            advice="move the table to a folder above the pictures",
        )
    return Path(relative).as_posix()
