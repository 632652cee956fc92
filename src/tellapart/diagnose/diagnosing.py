"""A script -> why its training fails, and the files that say so."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from time import monotonic

from tellapart.run_folder import RunFolder
from tellapart.scale.opening import HERE, Place, of_script, open_executor

from .answer import Diagnosis
from .examine import examine
from .opening import modules_of
from .page import render
from .running import BESIDE
from .script import scratch_folder, take
from .trials.log import log
from .trials.runs import Runs, Setting

MEMORY_BYTES = 8 * 2**30
"""Of each run; more than a small set needs, and two at a time still fit a common machine."""
FILES = ("report.html", "diagnosis.json", "fixed.py", "fix.patch", "trials.log")


def diagnose_script(
    what: str,
    *,
    pictures: Path | None = None,
    seconds: float = 600.0,
    args: Sequence[str] = (),
    out: Path | None = None,
    say: Callable[[str], None] = lambda _: None,
    on: Place = HERE,
) -> Diagnosis:
    """Find out why a training script fails, proved by running it with and without the fault.

    Parameters
    ----------
    what
        A ``.py`` or ``.ipynb`` file, or ``-`` for standard input; a fragment is completed.
    pictures
        Given to the script as its first argument, or wherever ``{pictures}`` stands in `args`; and in place of pictures
        that a fragment does not define.
    seconds
        For everything.
    out
        A folder for ``report.html``, ``diagnosis.json``, ``fixed.py``, ``fix.patch`` and ``trials.log``; None: nothing
        is written.
    say
        Told what is found as it is found.
    on
        Where the runs of the script and of its edited versions go.

    Raises
    ------
    OptionError
        There is no such script, or no such folder.
    ProgramError
        It is not Python, or trains nothing that can be told.
    ClusterError
        The runs cannot go there, or what they were on was lost.
    """
    folder = None if out is None else RunFolder(out)
    if folder is not None:
        folder.open_for(FILES)
    deadline = monotonic() + seconds
    with scratch_folder() as scratch:
        script = take(what, Path(scratch), pictures)
        folder_given = None if pictures is None else pictures.resolve()
        setting = Setting(script.file, folder_given, tuple(args), MEMORY_BYTES)
        packages = of_script(on, modules_of(script.text))
        with (
            open_executor(on, packages, say, beside=BESIDE) as executor,
            Runs(setting, deadline=deadline, executor=executor) as runs,
        ):
            try:
                found = examine(script, runs, say)
            finally:  # also of a diagnosis that is stopped: what was tried stays known
                if folder is not None:
                    folder.write_text("trials.log", log(runs.done, script.text, script.name, runs.plan))
    if folder is not None:
        write(found, folder, script.name)
    return found


def write(found: Diagnosis, folder: RunFolder, name: str) -> None:
    """Write a diagnosis of a script, history or run of that name into a folder."""
    folder.write_json("diagnosis.json", found.to_dict())
    folder.write_text("report.html", render(found, name, chance=found.chance))
    if found.fixed:
        folder.write_text("fixed.py", found.fixed)
        folder.write_text("fix.patch", found.patch)
