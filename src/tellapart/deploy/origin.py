"""Where the pictures of a run are."""

from __future__ import annotations

import os
import re
from pathlib import Path

from tellapart.run_folder import COMMAND, RunFolder

FROM_PYTHON = re.compile(r" \(sha256 [0-9a-f]{16}\)(, pixels [0-9a-f]{16})?$")
"""What the name of pictures that were handed over in Python ends with."""


def pictures_of(run: Path, moved_to: str | os.PathLike[str] | None = None) -> Path:
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
        return Path(moved_to)
    return Path(FROM_PYTHON.sub("", str(RunFolder(run).read_json(COMMAND)["command"]["pictures"])))


def pictures_root(run: Path, moved_to: str | os.PathLike[str] | None = None) -> Path:
    """Return the folder that the paths of a run are relative to; see `pictures_of`."""
    given = pictures_of(run, moved_to)
    return given.parent if given.is_file() else given
