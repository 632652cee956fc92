"""A .csv or .parquet table with columns path, label and optionally split, group -> `Pictures`."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tellapart.errors import PicturesError, TellapartError
from tellapart.pictures.address import Address, Location, Stamp, shown
from tellapart.pictures.collection import PART_NAMES, PARTS, Pictures, Row
from tellapart.pictures.csv_rows import read_csv_rows, unreadable

if TYPE_CHECKING:  # a second to import, and many a user has no table
    import pandas as pd

KNOWN = ("path", "label", "split", "group")
COLUMNS = "columns are path, label and optionally split (train, validation, test) and group"


def load_table(path: Location) -> pd.DataFrame:
    """Read a table as text columns, empty where a value is missing; the index tells the line, or the row.

    Raises
    ------
    PicturesError
        Where the file is no table.
    """
    if path.suffix.lower() != ".parquet":
        return _csv(path)
    try:
        return _parquet(path)
    except OSError as error:
        raise unreadable(path, error) from error
    except TellapartError:
        raise
    except Exception as error:  # pyarrow has its own kinds
        raise PicturesError(
            "A .parquet table was expected.",
            found=str(error).split("\n")[0] or type(error).__name__,
            where=str(path),
            advice="write it again from where it came",
        ) from error


def _csv(path: Location) -> pd.DataFrame:
    # Not pandas' reader: it takes a value too many for an index, and does not know the line.
    import pandas as pd

    table = read_csv_rows(path)
    index = pd.Index(table.lines, name="line")
    return pd.DataFrame(table.rows, columns=table.header, index=index, dtype=object)


def _parquet(path: Location) -> pd.DataFrame:
    # Not pandas' reader: it turns whole numbers with a gap into 1.0, and hides a column stored as an index.
    import pandas as pd
    from pyarrow.parquet import ParquetFile

    with ParquetFile(BytesIO(path.read_bytes()) if isinstance(path, Address) else path) as file:
        table = file.read()
    columns = [_texts(column.to_pylist()) for column in table.columns]
    index = pd.RangeIndex(1, table.num_rows + 1, name="row")
    frame = pd.DataFrame(dict(enumerate(columns)), index=index, dtype=object)
    frame.columns = pd.Index(table.column_names)
    return frame


def _texts(values: Sequence[Any]) -> list[str]:
    import pandas as pd

    missing = pd.isna(pd.Series(values, dtype=object))
    return ["" if gone else str(value) for value, gone in zip(values, missing, strict=True)]


def read_table(path: Location) -> Pictures:
    """Read a table of pictures; paths are relative to the table's folder and may not leave it."""
    if path.suffix.lower() not in (".csv", ".parquet"):
        raise PicturesError(
            "PICTURES should be a folder or a .csv or .parquet table.",
            found=f"a file {path.name!r}",
            where=str(path),
            advice="give the folder that holds the class folders, or save the table as CSV UTF-8",
        )
    return from_frame(load_table(path), root=path.parent, where=str(path))


def from_frame(frame: pd.DataFrame, *, root: Location, where: str) -> Pictures:
    """Turn a frame with columns path, label[, split, group] into `Pictures`.

    Parameters
    ----------
    frame
        One row per picture; its index says in messages which row is meant.
    root
        What paths are relative to.
    where
        What the table is called in messages.

    Raises
    ------
    PicturesError
        A column is missing, a path does not exist or leaves `root`, a label is empty, a picture has two labels,
        a split has an unknown name.
    """
    names = [str(column).strip() for column in frame.columns]
    for column in KNOWN:
        if names.count(column) > 1 or (column in ("path", "label") and column not in names):
            raise PicturesError(
                f"The table needs one column `{column}`."
                if column in ("path", "label")
                else f"The table may have one column `{column}`.",
                found="columns " + (", ".join(map(repr, names)) or "none"),
                where=where,
                advice=f"{COLUMNS}; the first line names them, separated by commas",
            )
    if not len(frame):
        raise PicturesError(
            "The table should have one row per picture.", found="no rows", where=where, advice=COLUMNS
        )
    unknown = [
        name for name in names if name and name not in KNOWN
    ]  # spreadsheets leave empty columns behind
    rows, stamps = _rows(frame.set_axis(names, axis="columns"), root, where)
    return Pictures.from_rows(
        root.knowing(stamps) if isinstance(root, Address) else root,
        rows,
        warnings=[f"Columns of {where} that are not used: {', '.join(map(repr, unknown))}."]
        if unknown
        else [],
    )


def _rows(frame: pd.DataFrame, root: Location, where: str) -> tuple[dict[str, Row], dict[str, Stamp]]:
    given = [
        _texts(frame[column].tolist()) if column in frame.columns else [""] * len(frame) for column in KNOWN
    ]
    unit = frame.index.name or "row"
    rows: dict[str, Row] = {}
    stamps: dict[str, Stamp] = {}
    look = _look_at(root, stamps) if isinstance(root, Address) else _look_here(root)
    missing: list[str] = []
    for position, path, label, split, group in zip(frame.index, *given, strict=True):
        here = f"{where}, {unit} {position}"
        inner = inside(path, root, here)
        if not look(inner):
            missing.append(f"{shown(path)!r} ({unit} {position})")
            continue
        row = _row(label, split, group, here)
        first = rows.setdefault(inner, row)
        if first != row:
            _refuse_two_rows(path, first, row, here)
    if missing:
        _refuse_missing(missing, len(frame), root, where)
    without = [path for path, row in rows.items() if not row.part]
    if without and len(without) < len(rows):
        raise PicturesError(
            "`split` should be given for all pictures or for none.",
            found=f"{len(without)} of {len(rows)} without it, such as {without[0]!r}",
            where=where,
            advice="write train, validation or test into each row, or take the column away",
        )
    return rows, stamps


def _look_here(root: Path) -> Callable[[str], bool]:
    return lambda inner: os.path.isfile(root / inner)  # noqa: PTH113 - unlike Path's it never raises


def _look_at(root: Address, stamps: dict[str, Stamp]) -> Callable[[str], bool]:
    """Return what tells whether a file is there, and notes its stamp: each folder is listed once."""

    @cache
    def files(folder: str) -> dict[str, Stamp]:
        try:
            return {one.name: one.stamp for one in (root / folder).entries() if one.is_file()}
        except OSError:
            return {}

    def look(inner: str) -> bool:
        folder, _, name = inner.rpartition("/")
        found = files(folder).get(name)
        if found is not None:
            stamps[inner] = found
        return found is not None

    return look


def _row(label: str, split: str, group: str, here: str) -> Row:
    if not label.strip():
        raise PicturesError(
            "Every picture needs a label.",
            found="an empty label",
            where=here,
            advice="write the picture's class there, or take the row away",
        )
    part = PART_NAMES.get(split.strip().lower(), "")
    if split.strip() and not part:
        raise PicturesError(
            f"`split` should be {', '.join(PARTS[:-1])} or {PARTS[-1]}.",
            found=repr(split),
            where=here,
            advice="write one of these, or leave `split` empty in all rows",
        )
    return Row(label.strip(), part, group.strip())


def _refuse_two_rows(path: str, first: Row, second: Row, here: str) -> None:
    columns = ("label", "split", "group")
    column, one, other = next(c for c in zip(columns, first, second, strict=True) if c[1] != c[2])
    raise PicturesError(
        "A picture should have one label, one split and one group.",
        found=f"{path!r} with {column} {one!r} and again with {other!r}",
        where=here,
        advice="keep the right one of the two rows",
    )


def _refuse_missing(missing: list[str], total: int, root: Location, where: str) -> None:
    slashes = "; write / instead of \\" if "\\\\" in missing[0] else ""
    raise PicturesError(
        "Every path in the table should be a file, seen from the table's folder.",
        found=f"{len(missing)} of {total} are not: {', '.join(missing[:3])}{', …' if len(missing) > 3 else ''}",
        where=where,
        advice=f"they were looked for in {str(root.absolute())!r}{slashes}",
    )


def inside(given: str, root: Location, where: str) -> str:
    """Return `given` relative to `root` as POSIX; refuse what leads outside of it.

    Raises
    ------
    PicturesError
        The path is empty, is none, or leads out of `root`; `where` says who gave it.
    """
    relative = (root.below(given) or "") if isinstance(root, Address) else _inside_here(given, root)
    if not relative or Path(relative).parts[:1] == ("..",):
        raise PicturesError(
            "A path in the table should name a file in the table's folder or below.",
            found="an empty path" if not given.strip() else repr(shown(given)),
            where=where,
            advice="put the table into a folder above all pictures, and write the paths as seen from there",
        )
    return Path(relative).as_posix()


def _inside_here(given: str, root: Path) -> str:
    if not given.strip() or "\0" in given:
        return ""
    home = os.path.abspath(root)  # noqa: PTH100 - links are not resolved: names count
    return os.path.relpath(os.path.join(home, given), home)  # noqa: PTH118
