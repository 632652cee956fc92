"""X, y and groups of `fit` -> `Pictures` for the main job, and the labels as the user knows them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tellapart.classifier.images import Whiteness
from tellapart.classifier.inputs import Files, Loose, open_input
from tellapart.classifier.labels import Labels, check_labels, is_missing
from tellapart.errors import PicturesError, WrongKindError
from tellapart.pictures.address import Address
from tellapart.pictures.collection import Pictures, Row
from tellapart.pictures.groups import apply_groups
from tellapart.pictures.store import StoredPictures, fill_store
from tellapart.pictures.table import from_frame

IN_MEMORY = Path("pictures in memory")


@dataclass(frozen=True, eq=False)
class Gathered:
    """What `fit` was given.

    Attributes
    ----------
    source
        What the main job takes: pictures, or the path as it was given.
    labels
        The classes; None for a path, whose names are the labels.
    groups_file
        Where groups were given as a file.
    """

    source: str | os.PathLike[str] | Pictures
    labels: Labels | None
    groups_file: str | None = None


def gather(X: Any, y: Any, groups: Any, whiteness: Whiteness, scratch: Path) -> Gathered:
    """Collect what `fit` was given; pictures in memory are written to `scratch`, reduced as files would be.

    Raises
    ------
    PicturesError, WrongKindError
        X, y or groups cannot be used.
    """
    if isinstance(X, (str, os.PathLike)):
        return _path(X, y, groups)
    handed = open_input(X, whiteness)
    named = None if groups is None else group_names(groups, len(handed))
    if y is not None:
        y = check_labels(y, len(handed))
    if isinstance(handed, Files):
        values = _known(y, handed.labels)
        labels = Labels.of(values)
        return Gathered(_files(handed, labels.name_of(values), named), labels)
    return _memory(handed, y, named, whiteness, scratch)


def group_names(groups: Any, count: int) -> list[str]:
    """Return the group of each of `count` pictures as text; a missing one is empty: the picture stands alone.

    Raises
    ------
    PicturesError
        There are too many or too few.
    """
    if isinstance(groups, (str, os.PathLike)):
        raise WrongKindError(
            "Groups are one name or number per picture; a file of groups goes with a folder or table.",
            found=repr(groups),
            where="groups",
            advice="hand over a list or an array",
        )
    values = list(groups)
    if len(values) != count:
        raise PicturesError(
            "Groups are one name or number per picture.",
            found=f"inconsistent numbers of samples: {len(values)} groups for {count} pictures",
            where="groups",
            advice="None stands for a picture that belongs to no other",
        )
    return ["" if is_missing(value) else str(value).strip() for value in values]


def _path(X: str | os.PathLike[str], y: Any, groups: Any) -> Gathered:
    if y is not None:
        raise WrongKindError(
            "A folder or table says itself what its pictures are.",
            found="y beside a path",
            where="y",
            advice="leave y out, or hand over a list of paths with y",
        )
    if groups is not None and not isinstance(groups, (str, os.PathLike)):
        raise WrongKindError(
            "For a folder or table, groups are a file with the columns file and group.",
            found=type(groups).__name__,
            where="groups",
            advice="groups='groups.csv'; or hand over a list of paths with y and groups",
        )
    return Gathered(X, None, None if groups is None else os.fspath(groups))


def _known(y: np.ndarray | None, own: Sequence[Any] | None) -> np.ndarray:
    """Return the labels: y, else those of X itself."""
    if y is not None:
        return y
    if own is None or all(label is None for label in own):
        raise PicturesError(
            "Every picture needs a label: this classifier requires y to be passed, but the target y is None.",
            found="none",
            where="y",
            advice="fit(X, y), or a DataFrame with a column `label`",
        )
    return check_labels(own)


def _files(files: Files, names: list[str], groups: list[str] | None) -> Pictures:
    import pandas as pd

    if away := next((path for path in files.paths if isinstance(path, Address)), None):
        raise PicturesError(
            "Pictures at an address are trained on as a folder or table.",
            found="a list of addresses",
            where=str(away),
            advice="fit('s3://bucket/folder'), or of a table that lies beside the pictures",
        )
    frame = pd.DataFrame(index=range(len(files))) if files.frame is None else files.frame
    frame = frame.assign(path=files.paths, label=names)
    if groups is not None:
        frame = frame.assign(group=groups)
    folders = [os.path.dirname(str(path)) for path in files.paths if path]  # noqa: PTH120 - texts, fast
    root = Path(os.path.commonpath(folders)) if folders else Path.cwd()
    pictures = from_frame(frame, root=root, where="X")
    # A groups.csv that lies with the pictures holds, unless the caller says what belongs together.
    return pictures if "group" in frame.columns else apply_groups(pictures, None)


def _memory(
    loose: Loose, y: np.ndarray | None, groups: list[str] | None, whiteness: Whiteness, scratch: Path
) -> Gathered:
    store = fill_store(loose.decoded(whiteness), scratch)
    values = _known(y, loose.labels)
    labels = Labels.of(values, loose.shown)
    width = len(str(len(loose)))  # so that the names sort as the pictures came
    rows = {
        f"{position:0{width}d}": Row(name, group=group)
        for position, (name, group) in enumerate(
            zip(labels.name_of(values), groups or [""] * len(loose), strict=True)
        )
    }
    return Gathered(StoredPictures.of(Pictures.from_rows(IN_MEMORY, rows), store), labels)
