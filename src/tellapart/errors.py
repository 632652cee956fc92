"""What can go wrong for a user, as a small tree.

::

    TellapartError                 every message meant for a user; the command line exits with 2
    ├── PicturesError              the pictures, tables, labels or groups cannot be used; also a ValueError
    │   └── BrokenPictureError     one file cannot be decoded; named, left out, never stops a run of many
    │       └── LargePictureError  it has more pixels than are decoded here
    ├── OptionError                an option or parameter has an impossible value; also a ValueError
    ├── WrongKindError             from Python: an argument is of a kind that is not read; also a TypeError
    ├── RunFolderError             the run folder is used, unwritable, damaged or of another schema
    ├── AddressError               an address (s3://…) cannot be reached, or its connection was lost
    ├── ClusterError               the machines that should run the work cannot be used, or were lost
    └── MissingExtraError          a package of an optional extra is not installed

Each says what was expected, what was found, where, and what to do. Some are Python's own kinds too, because code
written for scikit-learn catches those.
"""

from __future__ import annotations

from typing import Any

from tellapart.visible import visible


class TellapartError(Exception):
    """A message for the user: what was expected, what was found, where, what to do."""

    def __init__(self, expected: str, *, found: str = "", where: str = "", advice: str = "") -> None:
        self.expected, self.found, self.where, self.advice = expected, found, where, advice
        lines = [visible(expected)]
        for name, text in (("found", found), ("where", where), ("what to do", advice)):
            if text:
                lines.append(f"  {name}: {visible(text)}")
        super().__init__("\n".join(lines))

    def __reduce__(self) -> tuple[Any, ...]:
        """Come whole out of another process: `Exception` would make it anew from the finished text."""
        return _again, (type(self), self.expected, self.found, self.where, self.advice)


def _again(kind: type[TellapartError], expected: str, found: str, where: str, advice: str) -> TellapartError:
    return kind(expected, found=found, where=where, advice=advice)


class PicturesError(TellapartError, ValueError):
    """The pictures, tables, labels or groups cannot be used."""


class BrokenPictureError(PicturesError):
    """One file cannot be decoded as a picture."""


class LargePictureError(BrokenPictureError):
    """A picture has more pixels than are decoded here; none were."""


class OptionError(TellapartError, ValueError):
    """An option or parameter has an impossible value."""


class WrongKindError(TellapartError, TypeError):
    """An argument of a Python call is of a kind that is not read."""


class RunFolderError(TellapartError):
    """The run folder is used, unwritable, damaged or of another schema."""


class AddressError(TellapartError):
    """An address cannot be reached, or its connection was lost."""


class ClusterError(TellapartError):
    """The machines that should run the work cannot be used, or were lost."""


class MissingExtraError(TellapartError):
    """A package of an optional extra is not installed."""
