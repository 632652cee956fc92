"""A run's own pictures that are worth another look: suspect labels, errors, and what the model was least sure of."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tellapart.cells import plain_label, plain_path
from tellapart.deploy.origin import may_be_read, pictures_root
from tellapart.errors import PicturesError, RunFolderError
from tellapart.pictures.address import Location
from tellapart.pictures.corrections import Correction
from tellapart.pictures.csv_rows import read_csv_rows
from tellapart.run_folder import RunFolder

MOST = 500
"""Pictures in one list: an hour's work, and no effort for a browser. What follows is less doubtful."""

LOOKED_FOR = 20
"""Pictures looked for, spread over the run, to know whether they are still where they were."""

_PROBABILITY = "probability_"


@dataclass(frozen=True)
class Entry:
    """One row of predictions.csv: K probabilities, in the order of the classes."""

    path: str
    label: str
    split: str
    predicted: str
    sure: bool
    probabilities: tuple[float, ...]


@dataclass(frozen=True)
class Gallery:
    """All scored pictures of a run, and which of them to show.

    Attributes
    ----------
    root
        Folder that the paths are relative to.
    classes
        K class names.
    entries
        In the order of predictions.csv: an entry's number is its name towards the browser.
    lists
        Name of a list -> numbers of entries, the most doubtful first.
    lengths
        How long each list is in full.
    suggested
        Number of an entry -> the class that its picture is taken for, where its label is suspect.
    readable
        Whether pictures are looked for at `root`; see `may_be_read`.
    """

    root: Location
    classes: tuple[str, ...]
    entries: tuple[Entry, ...]
    lists: Mapping[str, tuple[int, ...]]
    lengths: Mapping[str, int]
    suggested: Mapping[int, str]
    readable: bool = True

    def path(self, number: int) -> str:
        """Return the path of an entry as corrections have it."""
        return posixpath.normpath(self.entries[number].path)

    def file(self, number: int) -> Location | None:
        """Return the picture of an entry; None where its path, which a run of strangers may have made up, leads out."""
        path = self.path(number)
        if not self.readable:
            return None
        if posixpath.isabs(path) or path.split("/")[0] in ("..", ".") or "\0" in path:
            return None
        return self.root / path

    def pictures_are_there(self) -> bool:
        """Tell whether most of the pictures are where they should be."""
        every = max(1, len(self.entries) // LOOKED_FOR)
        files = [self.file(number) for number in range(0, len(self.entries), every)]
        return 2 * sum(file is not None and file.is_file() for file in files) > len(files)

    def to_dict(self, decided: Mapping[str, Correction]) -> dict[str, Any]:
        """Return what the page is sent: the lists, and each entry in them with what was decided about it."""
        wanted = sorted({number for numbers in self.lists.values() for number in numbers})
        return {
            "classes": list(self.classes),
            "lists": {name: list(numbers) for name, numbers in self.lists.items()},
            "lengths": dict(self.lengths),
            "entries": {number: self._shown(number, decided) for number in wanted},
        }

    def _shown(self, number: int, decided: Mapping[str, Correction]) -> dict[str, Any]:
        entry = self.entries[number]
        correction = decided.get(self.path(number))
        return {
            "path": entry.path,
            "label": entry.label,
            "split": entry.split,
            "predicted": entry.predicted,
            "sure": entry.sure,
            "probabilities": list(entry.probabilities),
            "suggested": self.suggested.get(number),
            "decision": correction and {"decision": correction.decision, "label": correction.label},
        }


def read_gallery(run: RunFolder, classes: Sequence[str], pictures: Location | None) -> Gallery:
    """Read what a run says of its own pictures.

    Parameters
    ----------
    run
        A run folder.
    classes
        K class names of its model.
    pictures
        Where PICTURES are now; None: where `train` read them, unless that is an address.

    Raises
    ------
    RunFolderError
        A file of the run is missing or damaged.
    """
    root = pictures_root(run.path, pictures)
    entries = _entries(run.path / "predictions.csv", classes)
    suggested = _suspects(run, entries)
    wrong = [n for n, entry in enumerate(entries) if entry.predicted != entry.label]
    wrong.sort(key=lambda n: _share(entries[n], entries[n].label, classes))
    unsure = [n for n, entry in enumerate(entries) if not entry.sure and entry.predicted == entry.label]
    unsure.sort(key=lambda n: _share(entries[n], entries[n].predicted, classes))
    lists = {"suspect": tuple(suggested), "errors": tuple(wrong), "unsure": tuple(unsure)}
    return Gallery(
        root,
        tuple(classes),
        entries,
        {name: numbers[:MOST] for name, numbers in lists.items()},
        {name: len(numbers) for name, numbers in lists.items()},
        {number: label for number, label in suggested.items() if label},
        may_be_read(root, pictures),
    )


def _entries(file: Path, classes: Sequence[str]) -> tuple[Entry, ...]:
    try:
        table = read_csv_rows(file)
        rows = (dict(zip(table.header, row, strict=True)) for row in table.rows)
        return tuple(
            Entry(
                plain_path(row["path"]),
                plain_label(row["label"]),
                row["split"],
                plain_label(row["predicted"]),
                row["sure"] == "yes",
                tuple(float(row[_PROBABILITY + name]) for name in classes),
            )
            for row in rows
        )
    except (PicturesError, KeyError, ValueError) as error:
        raise RunFolderError(
            "A finished run was expected, with what it said of its pictures.",
            found=f"no {file.name} that can be read",
            where=str(file),
            advice="train again: tellapart train PICTURES --out RUN",
        ) from error


def _suspects(run: RunFolder, entries: Iterable[Entry]) -> dict[int, str]:
    """Return the numbers of pictures with a suspect label, and what is suggested; nothing where it is not noted."""
    number = {entry.path: n for n, entry in enumerate(entries)}
    found = [one for one in run.read_json("audit.json")["findings"] if one["code"] == "labels.suspect"]
    ranked = {row["path"]: row["suggested"] for one in found for row in one["evidence"]["ranking"]}
    paths = [path for one in found for (path,) in one["files"]]
    return {number[path]: ranked.get(path, "") for path in paths if path in number}


def _share(entry: Entry, label: str, classes: Sequence[str]) -> float:
    return entry.probabilities[classes.index(label)] if label in classes else 0.0
