"""Where a path of the script really leads.

Three rules, in this order. What the script wishes to write outside of its copy is written to a shadow inside of it,
and read back from there. A path that does not exist is looked for beside the original script. A folder that still
does not exist, whose name the script's texts hold, and that it lists or reads, is the pictures that were given.

The lookups of the standard library are patched and not the script's source: a folder's name may be put together
from pieces, come from a default of ``argparse`` or from another module, and a text that looks like a folder may be
anything. Whether it is one shows when the script lists it or opens a file in it.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from pathlib import Path

# The parts a folder of pictures may have, with the names taken for the same; the last two also for each other.
PART_NAMES = (
    ("train", "training"),
    ("validation", "valid", "val", "dev", "eval"),
    ("test", "testing"),
)
WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+")
WRITABLE_DEVICES = ("/dev/", "/proc/self/", "/proc/thread-self/")


@dataclass
class Paths:
    """The paths of one run.

    Attributes
    ----------
    copy, original
        The script's folder, copied, and where it came from.
    work
        All that may be written to: holds `copy`, the shadow and the folder for temporary files.
    pictures
        What stands in for a folder that does not exist, or None.
    words
        The texts of the script's folder and its arguments: a replaced folder's name occurs in them.
    replaced
        Asked -> given, for the folders that were replaced.
    kept_inside
        Paths outside that were written to in the shadow.
    """

    copy: str
    original: str
    work: str
    pictures: str | None
    words: str = ""
    replaced: dict[str, str] = field(default_factory=dict)
    kept_inside: dict[str, str] = field(default_factory=dict)

    def to_read(self, path: str, *, listed: bool = False, commit: bool = True) -> str:
        """Return the path to read instead of `path`.

        Parameters
        ----------
        listed
            Whether it is listed as a folder: then it is the pictures even if nothing below it says so.
        commit
            Whether it is read or listed, and so settles what is replaced; False where the script only asks
            whether it is there: an absolute folder whose parent is missing too is then taken to be.
        """
        if not path:
            return path
        full = self._absolute(path)
        if full in self.kept_inside:
            return self.kept_inside[full]
        if os.path.lexists(full):
            return path
        shadow = self._shadow(full)
        if os.path.lexists(shadow):
            return shadow
        beside = self._beside(full)
        if beside and os.path.lexists(beside):
            return beside
        return self._in_pictures(full, listed, commit) or path

    def to_write(self, path: str) -> str:
        """Return the path to write instead of `path`; its folder exists wherever the wished one does."""
        full = self._absolute(path)
        if self.may_write(full):
            return path
        shadow = self._shadow(full)
        parent = os.path.dirname(full)
        if os.path.isdir(self.to_read(parent, commit=False)):
            Path(shadow).parent.mkdir(parents=True, exist_ok=True)
        self.kept_inside[full] = shadow
        return shadow

    def may_write(self, path: str) -> bool:
        """Whether `path` leads into the work folder, links followed, or to a device."""
        real = os.path.realpath(path)
        return self._within(real, os.path.realpath(self.work)) or path.startswith(WRITABLE_DEVICES)

    def _absolute(self, path: str) -> str:
        return os.path.normpath(os.path.join(os.getcwd(), path))

    @staticmethod
    def _within(path: str, folder: str) -> bool:
        return path == folder or path.startswith(folder + os.sep)

    def _shadow(self, full: str) -> str:
        return os.path.join(self.work, "outside", full.lstrip(os.sep))

    def _beside(self, full: str) -> str:
        """Return where a path relative to the script leads from the original folder ("../data" leaves the copy)."""
        return os.path.normpath(os.path.join(self.original, os.path.relpath(full, self.copy)))

    def _in_pictures(self, full: str, listed: bool, commit: bool) -> str | None:
        if self.pictures is None or self._within(full, self.pictures):
            return None
        for asked in sorted(self.replaced, key=len, reverse=True):
            if self._within(full, asked):
                wished = [piece for piece in full[len(asked) :].split(os.sep) if piece]
                if self.replaced[asked] != self.pictures or not wished:
                    return os.path.join(self.replaced[asked], *wished)
                return self._replace(asked, self._tail(wished) or wished, wished, commit)
        pieces = full.split(os.sep)
        missing = next(n for n in range(2, len(pieces) + 1) if not os.path.lexists(os.sep.join(pieces[:n])))
        if not any(piece in self.words for piece in pieces[missing - 1 :]):
            return None  # a library looks for something of its own
        for cut in range(missing, len(pieces)):
            tail = self._tail(pieces[cut:])
            if tail:
                return self._replace(os.sep.join(pieces[:cut]), tail, pieces[cut:], commit)
        tail = self._tail(pieces[missing - 1 :])
        if tail and _part_names(pieces[missing - 1]):
            # A part by itself, "train": what holds it is there, and is not the pictures.
            return self._note(os.sep.join(pieces[:missing]), tail, commit)
        elsewhere = missing < len(pieces) and not os.path.splitext(full)[1]
        return self._replace(full, [], [], commit) if listed or (elsewhere and not commit) else None

    def _replace(self, asked: str, tail: list[str], wished: list[str], commit: bool) -> str:
        """Return what `asked` and `tail` become; note the folder, or the one of its parts that is named otherwise."""
        given = str(self.pictures)
        if tail and tail[0] != wished[0]:
            return self._note(f"{asked}{os.sep}{wished[0]}", tail, commit)
        if commit:
            self.replaced[asked] = given
        return os.path.join(given, *tail)

    def _note(self, part: str, tail: list[str], commit: bool) -> str:
        """Return what a part that was asked for and the `tail` below it become; note the part."""
        given = os.path.join(str(self.pictures), tail[0])
        if commit:
            self.replaced[part] = given
        return os.path.join(given, *tail[1:])

    def _tail(self, pieces: list[str]) -> list[str] | None:
        """Return `pieces` as they are called in the pictures, or None where they are not there."""
        for name in (pieces[0], *_part_names(pieces[0])):
            if os.path.lexists(os.path.join(str(self.pictures), name, *pieces[1:])):
                return [name, *pieces[1:]]
        return None


def _part_names(piece: str) -> tuple[str, ...]:
    """Return what the part may be called that a folder's name speaks of, likeliest first: ``test_set``, ``TestData``.

    Nothing for a name with an ending: a list of the training pictures is no folder of them.
    """
    words = () if "." in piece else [word.lower() for word in WORD.findall(piece)]
    at = next((number for number, names in enumerate(PART_NAMES) if not set(names).isdisjoint(words)), None)
    if at is None:
        return ()
    others = {1: PART_NAMES[2], 2: PART_NAMES[1]}.get(at, ())
    return (*PART_NAMES[at], *others)
