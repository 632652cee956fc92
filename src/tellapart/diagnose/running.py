"""Run somebody's script in a process of its own, in a copy of its folder, and record what really happens."""

from __future__ import annotations

import contextlib
import json
import os
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
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

    Raises
    ------
    OptionError
        There is no such script, or no such folder of pictures.
    """
    script = _checked(script, pictures, seconds)
    closing_seconds = min(max(CLOSING_SHARE * seconds, CLOSING_LEAST), CLOSING_MOST)
    order = {
        "arguments": arguments(args, pictures),
        "original": str(script.parent),
        "pictures": None if pictures is None else str(pictures.resolve()),
        "seed": seed,
        "count_folders": count_folders,
        "seconds": seconds,
        "closing_seconds": closing_seconds,
    }
    bounds = {
        "seconds": seconds + closing_seconds + START_SECONDS,
        "memory_bytes": memory_bytes,
        "advance": advance,
    }
    if server is not None and seed is not None:
        with contextlib.suppress(ColdStartError):
            return _run(script, text, order, bounds, server)
    return _run(script, text, order, bounds, None)


def _run(
    script: Path,
    text: str | None,
    order: Mapping[str, Any],
    bounds: Mapping[str, Any],
    server: ForkServer | None,
) -> Recording:
    """Run an order in a copy of the script's folder, within what `run_bounded` takes as bounds."""
    with tempfile.TemporaryDirectory(prefix="tellapart-") as made:
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
        order_file, mark = work / "order.json", new_mark()
        order_file.write_text(json.dumps({**order, **where}), encoding="utf-8")
        variables = environment(order["pictures"], temporary) | {MARK: mark}
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


def environment(pictures: str | None, temporary: Path) -> dict[str, str]:
    """Return the environment: ours, no display, no byte code left behind, a folder for temporary files, few threads."""
    ours = {key: value for key, value in os.environ.items() if key not in ("DISPLAY", "WAYLAND_DISPLAY")}
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
    if "KERAS_BACKEND" not in found and _keras_lacks_its_backend():
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
