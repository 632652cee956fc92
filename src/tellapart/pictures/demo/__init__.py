"""Drawn stand-in picture sets, for trying things out and for measuring them against a known truth.

``pellets``: do two of the white pieces stick together? ``quarter``: two kinds of animal heads, one picture in
four ``rare``, with a best attainable score that is known. The same seed gives the same pictures, whatever
their number; another seed or part shares none with it.
"""

from __future__ import annotations

import operator
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tellapart.errors import OptionError

from .pellets import PelletsTruth, draw_pellets
from .quarter import draw_quarter
from .sets import KINDS, Kind
from .writing import MARKER, TRUTH, Progress, draw_all, is_there, stage, write_json, write_rows

__all__ = ["DEMO_NAMES", "DemoSet", "PelletsTruth", "draw_pellets", "draw_quarter", "write_demo"]

DEMO_NAMES = tuple(KINDS)


@dataclass(frozen=True)
class DemoSet:
    """A demo set that lies in a folder.

    Attributes
    ----------
    name
        ``pellets`` or ``quarter``.
    folder
        Where it is: what every command accepts as PICTURES.
    seed, per_class
        What it was asked for with.
    counts
        Folder within the set to its number of pictures.
    already_there
        True where it was found complete and nothing was drawn.
    """

    name: str
    folder: Path
    seed: int
    per_class: int
    counts: dict[str, int]
    already_there: bool

    def to_dict(self) -> dict[str, Any]:
        """Return the summary as plain values."""
        return asdict(self) | {"folder": str(self.folder)}

    def __str__(self) -> str:
        verb = "is already in" if self.already_there else "written to"
        counts = ", ".join(f"{folder} {count}" for folder, count in self.counts.items())
        return f"{self.name} {verb} {self.folder}: {sum(self.counts.values())} pictures ({counts})"


def write_demo(
    name: str,
    out: str | Path,
    seed: int = 0,
    per_class: int | None = None,
    *,
    progress: Progress | None = None,
) -> DemoSet:
    """Write a demo set, or find that it is already there.

    Beside the class folders lie ``truth.csv`` (what each picture shows), ``demo.json`` (which set this is)
    and, for ``quarter``, ``attainable.json`` (what the best possible classifier reaches). Nothing is left
    behind when writing is interrupted.

    Parameters
    ----------
    name
        One of ``DEMO_NAMES``.
    out
        A folder that does not exist, is empty, or holds this very set.
    seed
        Not negative.
    per_class
        Training pictures per class of ``pellets`` (250; other parts unchanged), or ``rare`` pictures of
        ``quarter`` (300; three times as many are ``common``). At least 1.
    progress
        Called now and then with how many pictures are written and how many there are.

    Returns
    -------
    DemoSet

    Raises
    ------
    OptionError
        For an unknown name, an impossible number, or a folder that holds anything else.
    """
    kind = _kind(name)
    seed = _whole_number("seed", seed, 0)
    per_class = _whole_number("per_class", kind.per_class if per_class is None else per_class, 1)
    folder = Path(out).resolve()
    entries = kind.entries(per_class)
    counts = dict(Counter(entry.folder for entry in entries))
    marker = {
        "schema": 1,
        "demo": name,
        "seed": seed,
        "per_class": per_class,
        "generator": kind.generator,
        "pictures": counts,
    }
    already_there = is_there(folder, marker)
    if not already_there:
        with stage(folder) as staging:
            rows = draw_all(staging, entries, lambda entry: kind.draw(seed, entry), progress)
            write_rows(staging / TRUTH, rows)
            for file, document in kind.beside(rows).items():
                write_json(staging / file, document)
            write_json(staging / MARKER, marker)
    return DemoSet(name, Path(out), seed, per_class, counts, already_there)


def _kind(name: str) -> Kind:
    if name not in KINDS:
        raise OptionError(
            f"expected the name of a demo set: {' or '.join(KINDS)}",
            found=repr(name),
            where="NAME of the demo set",
            advice=f"for example: tellapart demo {DEMO_NAMES[0]} OUT",
        )
    return KINDS[name]


def _whole_number(name: str, value: int, least: int) -> int:
    try:
        number = operator.index(value)
    except TypeError:
        number = least - 1
    if isinstance(value, bool) or number < least:
        raise OptionError(
            f"expected a whole number, {least} or more",
            found=repr(value),
            where=f"--{name.replace('_', '-')}",
            advice=f"leave it out, or give {least} or more",
        )
    return number
