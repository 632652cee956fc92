"""Orders that the file names suggest: by name as people sort, and by each running number in them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

import numpy as np

MOST_FIELDS = 4  # numbers in a name that are tried; names with more are hashes or sentences
FEW_VALUES = 10
"""A number with fewer different values than this counts conditions (camera 1 to 6), not shots."""


@dataclass(frozen=True, eq=False)
class Order:
    """N pictures in an order that their names suggest.

    Attributes
    ----------
    words
        How they are ordered, for people.
    indices
        (M,) the pictures that the order covers, in order.
    values
        (M,) float, the running number of each; None where names are sorted as text.
    """

    words: str
    indices: np.ndarray
    values: np.ndarray | None = None


def stem(path: str) -> str:
    """Return the file name without folders and suffix."""
    return PurePosixPath(path).stem


def natural(name: str) -> tuple[tuple[int, int, str], ...]:
    """Return a key that sorts 2 before 10: numbers by value, other text as text."""
    pieces = re.findall(r"\d+|\D+", name.lower())
    return tuple((0, int(p), "") if p.isdecimal() else (1, 0, p) for p in pieces)


def numbers(name: str) -> tuple[int, ...]:
    """Return the whole numbers in a name, in order."""
    return tuple(int(digits) for digits in re.findall(r"\d+", name))


def orders(paths: tuple[str, ...]) -> Iterator[Order]:
    """Yield the orders worth trying, the folders left aside (a class folder says nothing of when a shot was taken)."""
    names = [stem(path) for path in paths]
    keys = [natural(name) for name in names]
    yield Order("their names", np.array(sorted(range(len(names)), key=lambda i: keys[i]), dtype=np.int64))
    found = [numbers(name) for name in names]
    counts = np.array([len(fields) for fields in found])
    usual = int(np.bincount(counts).argmax()) if len(counts) else 0
    has = np.flatnonzero(counts == usual)
    if not 1 <= usual <= MOST_FIELDS or len(has) < len(names) / 2:
        return
    for field in range(usual):
        values = np.array([float(found[i][field]) for i in has])
        if len(np.unique(values)) >= FEW_VALUES:
            order = np.array(sorted(range(len(has)), key=lambda k: (values[k], keys[has[k]])), dtype=np.int64)
            yield Order(f"number {field + 1} in their names", has[order], values[order])
