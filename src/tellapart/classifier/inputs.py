"""What was handed over as X: files, or pictures in memory, one after the other."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from tellapart.classifier.images import CHANNELS, Whiteness, check_dtype, decode_any
from tellapart.deploy.bulk.listing import list_at, list_item, list_pictures
from tellapart.errors import BrokenPictureError, PicturesError, WrongKindError
from tellapart.pictures.address import Address, Location, is_address, location_of
from tellapart.pictures.decode import Facts
from tellapart.pictures.read import read_pictures
from tellapart.pictures.stream import decode_stream
from tellapart.pictures.table import load_table

if TYPE_CHECKING:
    import pandas as pd

KINDS = (
    "X is a folder, a table or its DataFrame, a list of paths, an array (N, H, W) or (N, H, W, 1, 3 or 4), a list of "
    "arrays or Pillow pictures, or a torch or Hugging Face dataset."
)


@dataclass(frozen=True, eq=False)
class Files:
    """Pictures in files.

    Attributes
    ----------
    paths
        N absolute paths or addresses, in the order of X; empty where X gives none.
    frame
        The table they come from, its other columns as they are; None without one.
    labels
        What the table or the folders say; None where they say nothing.
    """

    paths: list[str | Address]
    frame: pd.DataFrame | None = None
    labels: Sequence[Any] | None = None

    def __len__(self) -> int:
        return len(self.paths)

    def decoded(self, whiteness: Whiteness) -> Iterator[tuple[np.ndarray, Facts]]:  # noqa: ARG002 - see Loose
        """Yield (uint8 HWC, facts); a broken file is an error."""
        for result in decode_stream(self.paths):
            if isinstance(result, BrokenPictureError):
                raise result
            yield result


@dataclass(eq=False)
class Loose:
    """Pictures in memory, or in a dataset that fetches them one at a time.

    Attributes
    ----------
    count
        N.
    rows
        Begins anew: N (picture, label), the label None where X gives none.
    shown
        label -> what to call it in words.
    labels
        Those met by `decoded`, which is the one pass over a dataset.
    """

    count: int
    rows: Callable[[], Iterator[tuple[Any, Any]]]
    shown: Mapping[Any, str] = field(default_factory=dict)
    labels: list[Any] = field(default_factory=list)

    def __len__(self) -> int:
        return self.count

    def decoded(self, whiteness: Whiteness) -> Iterator[tuple[np.ndarray, Facts]]:
        """Yield (uint8 HWC, facts); a picture that is none is an error."""
        self.labels.clear()
        for position, (picture, label) in enumerate(self.rows()):
            self.labels.append(label)
            yield decode_any(picture, whiteness, f"X[{position}]")


def open_input(X: Any, whiteness: Whiteness, *, with_labels: bool = False) -> Files | Loose:
    """Say what X is; no picture is decoded yet.

    Parameters
    ----------
    X
        See `KINDS`.
    whiteness
        Learns from what lies in memory.
    with_labels
        A folder is read as class folders; else as any folder with pictures below it.

    Raises
    ------
    PicturesError
        X is empty, or an array of another shape or type.
    WrongKindError
        X is something else.
    """
    if isinstance(X, (str, os.PathLike)):
        return _from_place(location_of(X), with_labels)
    pandas = sys.modules.get("pandas")
    if pandas is not None and isinstance(X, pandas.DataFrame):
        return _from_frame(X, Path())
    if isinstance(X, (bytes, dict, set, Image.Image)) or hasattr(X, "toarray"):
        _refuse_kind(X)
    if hasattr(X, "features") and hasattr(X, "column_names"):
        return _from_hugging_face(X)
    if isinstance(X, np.ndarray) and (X.ndim != 1 or X.dtype.kind not in "OUT"):
        return _from_array(X, whiteness)
    if not (hasattr(X, "__len__") and hasattr(X, "__getitem__")):
        _refuse_kind(X)
    return _from_sequence(X, whiteness)


def _from_place(path: Location, with_labels: bool) -> Files:
    if path.suffix.lower() in (".csv", ".parquet") and path.is_file():
        return _from_frame(load_table(path), path.parent)
    if with_labels:
        pictures = read_pictures(path, for_training=False)
        names = [pictures.classes[label] for label in pictures.labels]
        return Files([_as_listed(pictures.file(i)) for i in range(len(pictures))], labels=names)
    return Files(_loose_files(path))


def _as_listed(file: Location) -> str | Address:
    return file if isinstance(file, Address) else str(file)


def _loose_files(path: Location) -> list[str | Address]:
    """Return a picture, or those below a folder sorted by path, whatever the folders are."""
    if isinstance(path, Address):
        found = {one.name: one.file for one in list_at(path)()}
    elif path.is_dir():
        found = {one.name: one.file for one in list_pictures(path)}
    elif path.exists():
        return [str(path)]
    else:
        raise PicturesError(KINDS, found="nothing there", where=str(path), advice="check the path")
    if not found:
        raise PicturesError(
            "At least one picture was expected.", found="none", where=str(path), advice="check the path"
        )
    return [found[name] for name in sorted(found)]


def _from_frame(frame: pd.DataFrame, home: Location) -> Files:
    """Take a table whose paths are relative to `home`."""
    columns = [str(column).strip() for column in frame.columns]
    if columns.count("path") != 1:
        raise PicturesError(
            "A DataFrame of pictures has one column `path`, and to train on `label`, if you like `split` and `group`.",
            found="columns " + (", ".join(map(repr, columns)) or "none"),
            where="X",
            advice="rename the column: X.rename(columns={'file': 'path'})",
        )
    _check_some(len(frame))
    frame = frame.set_axis(columns, axis="columns")
    labels = frame["label"] if columns.count("label") == 1 else None
    return Files([_absolute(path, home) for path in frame["path"]], frame, labels)


def _from_hugging_face(X: Any) -> Loose:
    columns = list(X.column_names)
    if "image" not in columns:
        raise PicturesError(
            "A Hugging Face dataset of pictures has the columns `image` and, to train on it, `label`.",
            found="columns " + ", ".join(map(repr, columns)),
            where="X",
            advice="X.rename_column(…), or one part of it: X['train']",
        )
    _check_some(len(X))
    names = getattr(X.features.get("label"), "names", None) or ()
    return Loose(len(X), lambda: (_row_of(X[i]) for i in range(len(X))), dict(enumerate(names)))


def _from_array(X: np.ndarray, whiteness: Whiteness) -> Loose:
    check_dtype(X, "X")
    colours = X.ndim == 4 and X.shape[3] in CHANNELS
    # (H, W, 3) is far more likely one picture than H pictures, three pixels wide.
    if not colours and (X.ndim != 3 or X.shape[2] in CHANNELS):
        raise PicturesError(
            "An array of pictures is (N, H, W) or (N, H, W, 1, 3 or 4).",
            found=f"shape {X.shape}",
            where="X",
            advice="one picture is handed over as [picture]; channels stand last: np.moveaxis(X, 1, -1)",
        )
    _check_some(len(X))
    whiteness.look([X])
    return Loose(len(X), lambda: ((picture, None) for picture in X))


def _from_sequence(X: Any, whiteness: Whiteness) -> Files | Loose:
    _check_some(len(X))
    if not hasattr(X, "__iter__"):  # a torch dataset: each look may decode a file, so there is one pass only
        names = getattr(X, "classes", None)
        shown = dict(enumerate(names)) if isinstance(names, list) else {}
        return Loose(len(X), lambda: (_row_of(X[i]) for i in range(len(X))), shown)
    elements = list(X)
    if all(isinstance(one, (str, os.PathLike)) for one in elements):
        return Files([_absolute(one, Path()) for one in elements])
    whiteness.look(elements)
    return Loose(len(elements), lambda: map(_row_of, elements))


def _row_of(item: Any) -> tuple[Any, Any]:
    """Return (picture, label) of what a dataset gives for one index."""
    if isinstance(item, dict):
        return item.get("image"), item.get("label")
    if isinstance(item, tuple):
        return item[0] if item else None, item[1] if len(item) > 1 else None
    return item, None


def _absolute(path: Any, home: Location) -> str | Address:
    """Return a path as the system sees it; an empty or missing one stays empty, to be refused by its row."""
    if not isinstance(path, (str, os.PathLike)) or not str(path).strip():
        return ""
    if isinstance(home, Address):
        inner = home.below(str(path))
        return "" if inner is None else home / inner
    if isinstance(path, str) and is_address(path):
        return list_item(path).file
    return os.path.abspath(home / path)  # noqa: PTH100 - links are not resolved: names count


def _check_some(count: int) -> None:
    if not count:
        raise PicturesError(
            "At least one picture was expected.", found="none: 0 sample(s)", where="X", advice="check X"
        )


def _refuse_kind(X: Any) -> None:
    raise WrongKindError(
        KINDS,
        found=("a sparse matrix, " if hasattr(X, "toarray") else "")
        + f"{type(X).__module__}.{type(X).__qualname__}",
        where="X",
        advice="one picture is handed over as [picture], one part of a dictionary of parts as parts['train']",
    )
