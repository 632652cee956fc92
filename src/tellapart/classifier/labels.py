"""The user's labels (text, whole numbers, yes and no) beside the names that the model and the report use."""

from __future__ import annotations

import math
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tellapart.errors import PicturesError

LABELS = "Labels are all text, all whole numbers, or all True and False; one for each picture."


@dataclass(frozen=True, eq=False)
class Labels:
    """K classes.

    Attributes
    ----------
    classes
        (K,) the labels as the user wrote them, sorted.
    names
        K texts, what the model calls them.
    """

    classes: np.ndarray
    names: tuple[str, ...]

    @classmethod
    def of(cls, values: np.ndarray, shown: Mapping[Any, str] | None = None) -> Labels:
        """Collect the classes of checked labels (N,); `shown`: what to call them in words.

        Raises
        ------
        PicturesError
            Two labels would have one name, or a name cannot be written.
        """
        classes = np.unique(values)
        names = tuple(class_name((shown or {}).get(label, label)) for label in classes.tolist())
        twice = [name for name, count in Counter(names).items() if count > 1 or not _writable(name)]
        if twice:
            raise PicturesError(
                "Labels differ in more than spaces around them, and are text that can be written.",
                found=repr(twice[0]),
                where="y",
                advice="rename the classes",
            )
        return cls(classes, names)

    @classmethod
    def named(cls, names: Sequence[str]) -> Labels:
        """Return classes that are called by their names."""
        return cls(np.array(names), tuple(names))

    def name_of(self, values: np.ndarray) -> list[str]:
        """Return the names of labels (N,)."""
        return [self.names[i] for i in np.searchsorted(self.classes, values)]

    def numbers(self, values: Iterable[Any]) -> np.ndarray:
        """Return (N,) indices into `classes` of labels, or of names; -1 where there is no such class."""
        known = {name: i for i, name in enumerate(self.names)}
        known |= {label: i for i, label in enumerate(self.classes.tolist())}
        return np.array([known.get(value, -1) for value in values], dtype=np.int64)

    @property
    def speaks_names(self) -> bool:
        """Whether the labels are their own names."""
        return self.classes.tolist() == list(self.names)


def class_name(label: Any) -> str:
    """Return the one spelling of a label that folders and tables use too."""
    return unicodedata.normalize("NFC", str(label)).strip()


def check_labels(values: Any, count: int | None = None) -> np.ndarray:
    """Return labels as an (N,) array of one type.

    Parameters
    ----------
    values
        A list, array, series or tensor.
    count
        How many there should be; None: any number.

    Raises
    ------
    PicturesError
        They are too many or too few, missing, of mixed or other types, or not in one column.
    """
    if hasattr(values, "detach"):
        values = values.detach().cpu().numpy()
    array = values if isinstance(values, np.ndarray) else _array(values)
    if array.ndim != 1:
        raise _refused(
            f"an array of shape {array.shape}", "hand over one column, y.ravel() if there is only one"
        )
    if count is not None and len(array) != count:
        raise _refused(
            f"inconsistent numbers of samples: {len(array)} labels for {count} pictures",
            "hand over one label per picture",
        )
    found = [_kind(label) for label in array.tolist()]
    kinds = Counter(found)
    for kind, advice in (
        ("nothing", "leave pictures without a label out"),
        ("continuous", "this is a classifier: name classes, not quantities"),
        ("other", "use texts or whole numbers"),
    ):
        if kind in kinds:
            at = found.index(kind)
            raise _refused(
                f"Unknown label type: {kind} ({kinds[kind]} of them), such as {array[at]!r} at {at}", advice
            )
    if len(kinds) > 1:
        raise _refused(
            "mixed types: " + ", ".join(f"{n} of {kind}" for kind, n in kinds.items()), "write all one way"
        )
    return array


def _array(values: Any) -> np.ndarray:
    """Return labels as numpy would, but without turning numbers among texts into texts."""
    plain = [value.item() if hasattr(value, "item") and np.ndim(value) == 0 else value for value in values]
    kinds = {_kind(label) for label in plain}
    return np.asarray(plain) if len(kinds) == 1 and "other" not in kinds else _objects(plain)


def _objects(values: Sequence[Any]) -> np.ndarray:
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array


def is_missing(value: Any) -> bool:
    """Tell what stands for no value: None, not-a-number, pandas' NA, blank text."""
    return _kind(value) == "nothing"


def _kind(label: Any) -> str:
    if isinstance(label, (bool, np.bool_)):
        return "True and False"
    if isinstance(label, (int, np.integer)):
        return "whole numbers"
    if isinstance(label, str):
        return "text" if label.strip() else "nothing"
    if label is None or type(label).__name__ in ("NAType", "NaTType"):
        return "nothing"
    if isinstance(label, (float, np.floating)):
        if math.isnan(label):
            return "nothing"
        return "floats that are whole" if float(label).is_integer() else "continuous"
    return "other"


def _writable(name: str) -> bool:
    return not any("\ud800" <= sign <= "\udfff" for sign in name)


def _refused(found: str, advice: str) -> PicturesError:
    return PicturesError(LABELS, found=found, where="y", advice=advice)
