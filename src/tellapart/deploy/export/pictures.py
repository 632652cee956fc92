"""The real pictures on which an exported model is held against its run."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from tellapart.deploy.export.certificate import Pair
from tellapart.deploy.origin import may_be_read, pictures_root
from tellapart.errors import BrokenPictureError, RunFolderError
from tellapart.pictures.address import Address, Location
from tellapart.pictures.decode import decode

MOST = 200
"""Pictures compared: a share of equal labels of 1 is then known to within .02, in half a minute."""


def drawn_files(run: Path, moved_to: str | os.PathLike[str] | Address | None = None) -> list[Location]:
    """Return up to `MOST` files of the run's pictures, spread evenly over its classes and parts.

    Parameters
    ----------
    run
        A finished run.
    moved_to
        Where PICTURES are now; None: where `train` read them.

    Raises
    ------
    RunFolderError
        The run is damaged, or most of its pictures are not there any more.
    """
    root = pictures_root(run, moved_to)
    rows = _rows(run / "split.csv")
    every = max(1, len(rows) / MOST)
    drawn = [root / rows[int(i * every)] for i in range(min(MOST, len(rows)))]
    there = [file for file in drawn if file.is_file()] if may_be_read(root, moved_to) else []
    if 2 * len(there) < len(drawn) or not there:
        raise RunFolderError(
            "The pictures of the run are needed, to see that the exported model answers as the run does.",
            found=f"{len(drawn) - len(there)} of {len(drawn)} are not there",
            where=str(root),
            advice="say where they are now: --pictures PICTURES; from Python: export(to, X)",
        )
    return there


def read_pairs(files: Iterable[Location | str]) -> Iterator[Pair]:
    """Read each file twice: all its pixels, and as `predict` does; broken ones are passed over."""
    for file in files:
        try:
            full, _ = decode(file, longest_side=None)
            read, _ = decode(file)
        except BrokenPictureError:
            continue
        yield Pair(full, read)


def _rows(split: Path) -> list[str]:
    """Return the paths of split.csv, by class and part, so that every so-manieth is a fair draw."""
    try:
        with split.open(encoding="utf-8", errors="surrogateescape", newline="") as text:
            rows = [(row["label"], row["split"], row["path"]) for row in csv.DictReader(text)]
    except (OSError, KeyError) as error:
        raise RunFolderError(
            "A finished run was expected.",
            found=f"no {split.name} that can be read",
            where=str(split.parent),
            advice="train first: tellapart train PICTURES --out RUN",
        ) from error
    return [path for _, _, path in sorted(rows)]
