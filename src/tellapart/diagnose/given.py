"""What was given to `diagnose`: a script, a history or a run folder, known by what it is."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from time import monotonic

from tellapart.errors import OptionError
from tellapart.options import parse_duration
from tellapart.pictures.address import for_script
from tellapart.result import Result
from tellapart.run_folder import RunFolder
from tellapart.scale.opening import HERE, Place

from .answer import Diagnosis
from .diagnosing import FILES, diagnose_script, write
from .page import render
from .spoken import in_words

HISTORIES = (".csv", ".tsv", ".json")


def diagnose_given(
    what: str,
    *,
    pictures: str | os.PathLike[str] | None = None,
    seconds: float = 600.0,
    args: Sequence[str] = (),
    out: Path | None = None,
    say: Callable[[str], None] = lambda _: None,
    on: Place = HERE,
) -> Diagnosis:
    """Diagnose a script by running it; a history or a run folder by reading it.

    Parameters
    ----------
    what
        A folder is a run of `tellapart train`; ``.csv``, ``.tsv`` and ``.json`` are histories; the rest is for
        `diagnose_script`, as are the other parameters. `pictures` is only named in the advice where nothing is run.

    Raises
    ------
    TellapartError
        It is none of these, or cannot be used.
    """
    folder_given = None if pictures is None else for_script(pictures)
    path = Path(what)
    is_run, is_history = path.is_dir(), path.suffix.lower() in HISTORIES
    if what == "-" or not (is_run or is_history):
        return diagnose_script(
            what, pictures=folder_given, seconds=seconds, args=args, out=out, say=say, on=on
        )
    if on != HERE:
        raise OptionError(
            "A history or a run is read here; only scripts are run elsewhere.",
            found=f"--on {on.kind}",
            where="the command",
            advice="leave --on out",
        )
    if args:
        raise OptionError(
            "A history or a run is diagnosed alone; only scripts take arguments.",
            found=" ".join([what, *args]),
            where="the command",
            advice="name one file or folder at a time",
        )
    began = monotonic()
    found = replace(_read(path, folder_given, is_run=is_run), seconds=monotonic() - began)
    if out is not None:
        folder = RunFolder(out)
        folder.open_for(FILES)
        write(found, folder, path.resolve().name)
    return found


def diagnose(
    what: str | os.PathLike[str],
    *,
    pictures: str | os.PathLike[str] | None = None,
    time: str = "10m",
    args: Sequence[str] = (),
    out: str | os.PathLike[str] | None = None,
) -> Result:
    """Say why a training fails: ``tellapart.diagnose("train.py", pictures="pictures")``.

    Parameters
    ----------
    what, pictures, args
        As for `diagnose_given`: a script, a history or a run folder.
    time
        A ceiling for everything: ``90s``, ``10m``.
    out
        A folder for the report, the mended program and the patch; None leaves nothing on disk.

    Returns
    -------
    Result
        Prints the answer; in a notebook it is the report; ``to_dict()`` is what ``--json`` prints.

    Raises
    ------
    TellapartError
        There is no such file or folder, or nothing in it can be told.
    """
    found = diagnose_given(
        os.fspath(what),
        pictures=pictures,
        seconds=parse_duration(time),
        args=args,
        out=None if out is None else Path(out),
    )
    return Result(in_words(found), render(found, Path(what).name, chance=found.chance), found.to_dict())


def _read(path: Path, pictures: Path | None, *, is_run: bool) -> Diagnosis:
    if is_run:
        from .finished_run import diagnose_run

        return diagnose_run(path)
    from .history import diagnose_history

    return diagnose_history(path, pictures)
