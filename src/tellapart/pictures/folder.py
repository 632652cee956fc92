"""A folder of class folders, or of part folders with class folders -> `Pictures`; nothing is decoded here."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from tellapart.errors import PicturesError
from tellapart.pictures.address import Address, Entry, Location, Stamp
from tellapart.pictures.collection import PART_NAMES, LeftOut, Pictures, Row
from tellapart.pictures.decode import picture_suffixes, recognised

LAYOUTS = (
    "a folder with one folder per class, or with train/ (and validation/, test/) holding class folders, "
    "or a .csv or .parquet table"
)
NO_CLASSES = ("__MACOSX", "__pycache__", "@eaDir", "$RECYCLE.BIN", "System Volume Information")
"""Folders that programs leave behind; folders and files whose name begins with a dot are passed over too."""

SIDE_SUFFIXES = frozenset(
    {".csv", ".db", ".htm", ".html", ".ini", ".ipynb", ".json", ".jsonl", ".log", ".md", ".parquet", ".py"}
    | {".rst", ".toml", ".tsv", ".txt", ".xls", ".xlsx", ".xml", ".yaml", ".yml"}
)
"""What is expected to lie beside pictures: passed over without a word, unless it is a misnamed picture."""

_Entry = os.DirEntry[str] | Entry


def read_folder(root: Location) -> Pictures:
    """Read class folders, or part folders with class folders, below `root`.

    Raises
    ------
    PicturesError
        The folder cannot be listed, or is laid out in a way that does not say what the classes are.
    """
    found = _Found(root)
    for folder in _sources(found):
        found.take(folder)
    labels = {row.label for row in found.rows.values()}
    if not labels:
        raise PicturesError(
            f"PICTURES should be {LAYOUTS}.",
            found="no pictures in class folders" + _hint(found),
            where=str(root),
            advice="make one folder per class, named after the class, and put its pictures in it",
        )
    if len(labels) == 1 and "" in found.parts_met:
        _refuse_one_class(found, next(iter(labels)))
    left_out = [LeftOut(path, reason) for path, reason in found.left_out.items()]
    warnings = (*found.warnings, *_remarks(found, labels))
    known = (
        root.knowing({path: found.stamps[path] for path in found.rows}) if isinstance(root, Address) else root
    )
    return Pictures.from_rows(known, found.rows, left_out=left_out, warnings=warnings)


def looks_like_picture(file: Location) -> bool:
    """Tell pictures by their suffix, else by their first bytes (a misnamed picture is still a picture).

    What lies at an address is known to be a file.
    """
    there = isinstance(file, Address) or os.path.isfile(file)  # noqa: PTH113 - unlike Path's it never raises
    return there and (file.suffix.lower() in picture_suffixes() or recognised(file))


@dataclass(frozen=True)
class _ClassFolder:
    inside: str  # relative to the root, POSIX
    label: str
    part: str


@dataclass
class _Found:
    """What the walk has met so far; paths are relative to the root, POSIX."""

    root: Location
    rows: dict[str, Row] = field(default_factory=dict)
    stamps: dict[str, Stamp] = field(default_factory=dict)  # at an address, as listed
    left_out: dict[str, str] = field(default_factory=dict)  # path -> reason
    warnings: list[str] = field(default_factory=list)
    loose: list[str] = field(default_factory=list)
    no_pictures: Counter[str] = field(default_factory=Counter)
    classes_met: set[str] = field(default_factory=set)
    parts_met: set[str] = field(default_factory=set)

    def entries(self, inside: str) -> list[_Entry]:
        """List a folder by name; what cannot be listed or named is left out, and said."""
        try:
            listed = _listed(self.root / inside)
            entries = sorted((e for e in listed if not e.name.startswith(".")), key=lambda e: e.name)
        except OSError as error:
            reason = error.strerror or type(error).__name__
            if not inside:
                raise PicturesError(
                    "PICTURES should be a folder that can be listed.",
                    found=reason,
                    where=str(self.root),
                    advice="check that you may read it",
                ) from error
            self.left_out[inside] = f"the folder cannot be listed: {reason}"
            return []
        for entry in entries:
            if not _is_text(entry.name):
                readable = os.fsencode(entry.name).decode("utf-8", "backslashreplace")
                self.left_out[_join(inside, readable)] = "its name is not UTF-8; rename it"
        return [e for e in entries if _is_text(e.name)]

    def folders(self, inside: str) -> list[str]:
        """Return the folders in a folder that can stand for classes or parts."""
        return [
            _join(inside, e.name)
            for e in self.entries(inside)
            if _kind(e) == "folder" and e.name not in NO_CLASSES
        ]

    def take(self, folder: _ClassFolder) -> None:
        """Take every picture below a class folder; links are followed, but never twice and never upwards."""
        self.classes_met.add(folder.label)
        self.parts_met.add(folder.part)
        row = Row(folder.label, folder.part)
        top = self.root / folder.inside
        home = folder.inside if isinstance(top, Address) else os.path.realpath(top)
        seen: set[str] = set()
        waiting, links = [(folder.inside, home)], list[tuple[str, str]]()
        while waiting or links:
            # Links wait until all real folders are through: a picture goes by its real name if it has one here.
            inside, real = waiting.pop() if waiting else links.pop(0)
            if real in seen:
                continue
            seen.add(real)
            for entry in self.entries(inside):
                path = _join(inside, entry.name)
                if isinstance(entry, Entry):
                    self.stamps[path] = entry.stamp
                if _kind(entry) != "folder":
                    self._take_file(entry, path, row)
                elif entry.name in NO_CLASSES:
                    continue
                elif not entry.is_symlink():
                    waiting.append((path, _join(real, entry.name)))
                elif isinstance(entry, Entry):
                    self.left_out[path] = "a link to a folder; not followed at an address"
                elif os.path.commonpath([home, target := os.path.realpath(entry.path)]) == target:
                    self.left_out[path] = "a link to a folder above it; not followed"
                else:
                    links.append((path, target))

    def note_loose(self, inside: str) -> None:
        """Leave out the pictures that lie in no class folder."""
        for entry in self.entries(inside):
            if _kind(entry) == "file" and looks_like_picture(
                entry.path if isinstance(entry, Entry) else Path(entry.path)
            ):
                path = _join(inside, entry.name)
                self.loose.append(path)
                self.left_out[path] = "in no class folder, so nothing says what it shows"

    def _take_file(self, entry: _Entry, path: str, row: Row) -> None:
        suffix = Path(entry.name).suffix.lower()
        if suffix in picture_suffixes():
            if _kind(entry) == "file":
                self.rows[path] = row
            else:
                self.left_out[path] = "not a file that can be read, or a link to nothing"
        elif _kind(entry) == "file" and recognised(entry.path):
            self.rows[path] = row
        elif suffix not in SIDE_SUFFIXES:
            self.no_pictures[suffix or "no suffix"] += 1


def _sources(found: _Found) -> list[_ClassFolder]:
    """Decide which layout it is; what could be read in two ways is refused rather than guessed."""
    folders = found.folders("")
    found.note_loose("")
    parts = {name: PART_NAMES[name.lower()] for name in folders if name.lower() in PART_NAMES}
    others = [name for name in folders if name not in parts]
    inner = {name: found.folders(name) for name in parts}
    if not any(inner[name] for name, part in parts.items() if part == "train"):
        _refuse_odd_parts(found, inner, others)
        return [_ClassFolder(name, name, "") for name in folders]
    for name in parts:
        found.note_loose(name)
    if others:
        found.warnings.append(
            f"These folders beside train/ are no parts and were not read: {', '.join(map(repr, others))}."
        )
    return [
        _ClassFolder(path, path.rpartition("/")[2], part)
        for name, part in parts.items()
        for path in inner[name]
    ]


def _refuse_odd_parts(found: _Found, inner: dict[str, list[str]], others: list[str]) -> None:
    """Refuse folders named like parts that are not used as parts."""
    misplaced = [name for name in inner if inner[name] or not others]
    if not misplaced:
        return
    names = ", ".join(f"{name}/" for name in misplaced)
    raise PicturesError(
        f"PICTURES should be {LAYOUTS}.",
        found=f"{names} beside class folders"
        if others
        else f"{names} but no train/ with class folders in it",
        where=str(found.root),
        advice="put the class folders to learn from into train/; if these are classes and not parts, rename them",
    )


def _refuse_one_class(found: _Found, label: str) -> None:
    """Say why there may be one class only: the folder is one level too high, or something is no folder."""
    inner = found.folders(label)
    if len(inner) >= 2:
        raise PicturesError(
            "At least two classes are needed to tell apart.",
            found=f"one folder, {label!r}, with folders in it",
            where=str(found.root),
            advice=f"did you mean {str(found.root / label)!r}?",
        )
    others = [e.name for e in found.entries("") if e.name != label and e.name not in NO_CLASSES]
    raise PicturesError(
        "At least two classes are needed to tell apart.",
        found=f"one folder with pictures, {label!r}"
        + (f", and beside it without: {', '.join(map(repr, others[:6]))}" if others else ""),
        where=str(found.root),
        advice="make one folder per class, named after the class, and put its pictures in it",
    )


def _remarks(found: _Found, labels: set[str]) -> list[str]:
    remarks = []
    if empty := sorted(found.classes_met - labels):
        remarks.append(f"No pictures in the folders {', '.join(map(repr, empty))}: they are no classes.")
    if found.no_pictures:
        kinds = ", ".join(f"{suffix}: {n}" for suffix, n in sorted(found.no_pictures.items()))
        remarks.append(f"{found.no_pictures.total()} files are no pictures and were passed over ({kinds}).")
    return remarks


def _hint(found: _Found) -> str:
    if found.loose:
        return f" ({len(found.loose)} lie loose outside of any, so nothing says what they show)"
    if found.no_pictures:
        kinds = ", ".join(f"{suffix}: {n}" for suffix, n in found.no_pictures.most_common(4))
        return f" (only other files: {kinds})"
    if found.left_out:
        path, reason = next(iter(found.left_out.items()))
        return f" ({path!r}: {reason})"
    names = found.folders("")
    return f" (empty folders: {', '.join(map(repr, names[:6]))})" if names else " (no folders at all)"


def _listed(folder: Location) -> list[_Entry]:
    if isinstance(folder, Address):
        return list(folder.entries())
    with os.scandir(folder) as listed:
        return list(listed)


def _kind(entry: _Entry) -> str:
    """Return ``folder``, ``file``, or nothing for what is neither or cannot be looked at."""
    try:
        return "folder" if entry.is_dir() else "file" if entry.is_file() else ""
    except OSError:
        return ""


def _is_text(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _join(inside: str, name: str) -> str:
    return f"{inside}/{name}" if inside else name
