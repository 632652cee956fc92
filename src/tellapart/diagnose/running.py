"""Run somebody's script in a process of its own, in a copy of its folder, and record what really happens."""

from __future__ import annotations

import contextlib
import json
import os
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from tellapart.errors import OptionError

from .fork_server import ColdStartError, ForkServer
from .gathering import gather
from .recording import Recording
from .sandbox.copying import copy_folder
from .sandbox.process import MARK, new_mark, run_bounded, start

PLACE = "{pictures}"
KERAS_SETTINGS = Path.home() / ".keras" / "keras.json"
CLOSING_SHARE, CLOSING_LEAST, CLOSING_MOST = 0.2, 5.0, 60.0
"""After the script's time is over, the recorder has this share of it to score what was kept, in seconds from 5 to
60; then everything is killed."""
BESIDE = 2
"""Runs stand two beside each other: each has its share of the cores, or their threads would wait for one another."""
KEEP_FREED_MEMORY = {"MALLOC_MMAP_THRESHOLD_": str(2**32), "MALLOC_TRIM_THRESHOLD_": "-1"}
"""glibc would give every large array back and fetch it anew, page by page: 5 to 9 % of a step at 128 px (measured)."""
START_SECONDS = 20.0
"""A process may take this long to start before the script's own time begins (a slow disk, a cold cache)."""
DECIDING = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "KERAS_BACKEND", "PYTHONHASHSEED")
"""Environment variables that numbers depend on: the same wherever a script runs."""


@dataclass(frozen=True)
class Site:
    """What a run stands on, where that is not the machine and the folder of the user.

    Attributes
    ----------
    original
        The script's folder on the user's machine; None: where it lies.
    variables
        Of the environment: set, or with None taken out.
    scratch
        An existing folder for all files of runs; None: the system's.
    mark
        Found in the environments of all runs, one of which goes on at a time; empty: each has its own.
    """

    original: str | None = None
    variables: Mapping[str, str | None] = field(default_factory=dict)
    scratch: Path | None = None
    mark: str = ""


HERE = Site()


def run_script(
    script: Path,
    *,
    text: str | None = None,
    pictures: Path | None = None,
    args: Sequence[str] = (),
    seconds: float = 600.0,
    memory_bytes: int = 8 * 2**30,
    seed: int | None = None,
    count_folders: bool = False,
    advance: Callable[[float], None] | None = None,
    server: ForkServer | None = None,
    site: Site = HERE,
) -> Recording:
    """Run a training script and return what was recorded; the user's own files are never touched.

    Parameters
    ----------
    script
        A Python file. Its folder is copied, it runs in the copy.
    text
        What to run in place of the file's own text: a version of it that was changed.
    pictures
        Real folder of pictures: the script's first argument, or wherever ``{pictures}`` stands in `args`; also the
        environment variable ``PICTURES``, and in place of a folder that the script names and that does not exist.
    args
        Further arguments.
    seconds
        What the script has. Then it is interrupted, what was kept is scored, and what still runs is killed.
    memory_bytes
        Of all its processes together.
    seed
        None: the script's own seeds. Otherwise every seed it sets is replaced by one that depends on both.
    count_folders
        Whether the labels of training pictures are held against the folders of their files: each is read once more.
    advance
        Called some ten times a second with the seconds that have passed.
    server
        Spares the imports, for a run with a seed: with the script's own, copies of one process would be alike.
    site
        Where the process is.

    Raises
    ------
    OptionError
        There is no such script, or no such folder of pictures.
    """
    script = _checked(script, pictures, seconds)
    order = {
        "arguments": arguments(args, pictures),
        "original": site.original or str(script.parent),
        "pictures": None if pictures is None else str(pictures.resolve()),
        "seed": seed,
        "count_folders": count_folders,
        "seconds": seconds,
        "closing_seconds": _closing(seconds),
    }
    bounds = {
        "seconds": most_seconds(seconds),
        "memory_bytes": memory_bytes,
        "advance": advance,
    }
    if server is not None and seed is not None:
        with contextlib.suppress(ColdStartError):
            return _run(script, text, order, bounds, server, site)
    return _run(script, text, order, bounds, None, site)


def most_seconds(seconds: float) -> float:
    """Return how long a run that has so many seconds may take with its start and its end."""
    return seconds + _closing(seconds) + START_SECONDS


def _closing(seconds: float) -> float:
    return min(max(CLOSING_SHARE * seconds, CLOSING_LEAST), CLOSING_MOST)


def _run(
    script: Path,
    text: str | None,
    order: Mapping[str, Any],
    bounds: Mapping[str, Any],
    server: ForkServer | None,
    site: Site,
) -> Recording:
    """Run an order in a copy of the script's folder, within what `run_bounded` takes as bounds."""
    with tempfile.TemporaryDirectory(prefix="tellapart-", dir=site.scratch) as made:
        work = Path(made).resolve()
        folder = work / "copy" / (script.parent.name or "script")
        folder.parent.mkdir()
        copy_folder(script.parent, folder)
        copy = folder / script.name
        if text is not None:
            copy.unlink()  # it may be a link to the user's own file
            copy.write_text(text, encoding="utf-8")
        records, temporary = work / "records", work / "tmp"
        records.mkdir()
        temporary.mkdir()
        where = {"script": str(copy), "folder": str(folder), "work": str(work), "records": str(records)}
        order_file, mark = work / "order.json", site.mark or new_mark()
        order_file.write_text(json.dumps({**order, **where}), encoding="utf-8")
        variables = environment(order["pictures"], temporary, site.variables) | {MARK: mark}
        if server is None:
            command = [sys.executable, "-m", "tellapart.diagnose.recorder", str(order_file)]
            ended = run_bounded(start(command, folder=folder, environment=variables), mark=mark, **bounds)
        else:
            process = server.start(copy, order_file, variables, bounds["advance"])
            ended = run_bounded(process, mark=mark, **bounds)
            server.check(process)
        return gather(records, ended, folder)


def arguments(args: Sequence[str], pictures: Path | None) -> list[str]:
    """Return what the script gets: the pictures first, or wherever ``{pictures}`` stands."""
    if pictures is None:
        return list(args)
    where = str(pictures.resolve())
    if any(PLACE in one for one in args):
        return [one.replace(PLACE, where) for one in args]
    return [where, *args]


def deciding() -> dict[str, str | None]:
    """Return the variables of a run here that numbers depend on, for a `Site`."""
    found = environment(None, Path())
    return {name: found.get(name) for name in DECIDING}


def threads() -> int:
    """Return on how many cores a run computes."""
    said = deciding()["OMP_NUM_THREADS"] or ""
    return int(said) if said.isdecimal() and int(said) else 1


def environment(
    pictures: str | None, temporary: Path, given: Mapping[str, str | None] = HERE.variables
) -> dict[str, str]:
    """Return the environment: ours, no display, no byte code left behind, a folder for temporary files, few threads."""
    left_out = {"DISPLAY", "WAYLAND_DISPLAY"} | {key for key, value in given.items() if value is None}
    ours = {key: value for key, value in os.environ.items() if key not in left_out}
    ours |= {key: value for key, value in given.items() if value is not None}
    found = KEEP_FREED_MEMORY | ours
    found |= {
        "TMPDIR": str(temporary),
        "MPLBACKEND": "Agg",
        "PYTHONUNBUFFERED": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONIOENCODING": "utf-8",
        # The folder of the package, for a checkout that is not installed; the script's own comes first.
        "PYTHONPATH": os.pathsep.join(filter(None, [os.environ.get("PYTHONPATH", ""), _package_folder()])),
    }
    found.setdefault("OMP_NUM_THREADS", str(max(1, (os.cpu_count() or 1) // BESIDE)))
    if "KERAS_BACKEND" not in {*found, *given} and _keras_lacks_its_backend():
        found["KERAS_BACKEND"] = "torch"
    if pictures is not None:
        found["PICTURES"] = pictures
    return found


def _keras_lacks_its_backend() -> bool:
    """Say whether Keras would compute with TensorFlow, its default, which is not there."""
    backend = "tensorflow"
    with contextlib.suppress(OSError, ValueError, AttributeError):
        backend = json.loads(KERAS_SETTINGS.read_text(encoding="utf-8")).get("backend", backend)
    return backend == "tensorflow" and find_spec("tensorflow") is None


def _package_folder() -> str:
    return str(Path(__file__).resolve().parents[2])


def _checked(script: Path, pictures: Path | None, seconds: float) -> Path:
    if not script.is_file():
        raise OptionError(
            "WHAT should be a Python script.",
            found="a folder" if script.is_dir() else "nothing",
            where=str(script),
            advice="name the .py file that trains",
        )
    if pictures is not None and not pictures.exists():
        raise OptionError(
            "--pictures should be a folder of pictures.",
            found="nothing",
            where=str(pictures),
            advice="name the folder that holds the class folders",
        )
    if not seconds > 0:
        raise OptionError(
            "The time should be above zero.",
            found=f"{seconds} s",
            where="run_script",
            advice="give some seconds",
        )
    return script.resolve()
