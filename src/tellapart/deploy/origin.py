"""Where the pictures of a run are."""

from __future__ import annotations

import os
import re
from pathlib import Path

from tellapart.pictures.address import Address, Location, location_of
from tellapart.run_folder import COMMAND, RunFolder

TABLES = (".csv", ".parquet")
FROM_PYTHON = re.compile(r" \(sha256 [0-9a-f]{16}\)(, pixels [0-9a-f]{16})?$")
"""What the name of pictures that were handed over in Python ends with."""


def pictures_of(run: Path, moved_to: str | os.PathLike[str] | Address | None = None) -> Location:
    """Return PICTURES of a run, a folder or a table; nobody says that they are still there.

    Parameters
    ----------
    run
        A run folder.
    moved_to
        Where PICTURES are now; None: where `train` read them.

    Raises
    ------
    RunFolderError
        It is no run folder.
    """
    if moved_to is not None:
        return location_of(moved_to)
    return location_of(FROM_PYTHON.sub("", str(RunFolder(run).read_json(COMMAND)["command"]["pictures"])))


def pictures_root(run: Path, moved_to: str | os.PathLike[str] | Address | None = None) -> Location:
    """Return the folder that the paths of a run are relative to; see `pictures_of`."""
    given = pictures_of(run, moved_to)
    if isinstance(given, Address):
        return given.parent if given.suffix.lower() in TABLES else given
    return given.parent if given.is_file() else given


def may_be_read(root: Location, moved_to: str | os.PathLike[str] | Address | None) -> bool:
    """Tell whether pictures are looked for at `root`: at an address only if the user named it.

    A run may come from a stranger, whose address is not to be asked on the quiet.
    """
    return moved_to is not None or not isinstance(root, Address)
