"""Run somebody's script in a process of its own, in a copy of its folder, and record what really happens."""

from __future__ import annotations

import contextlib
import json
import os
import sys
import tempfile
import uuid
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path

from tellapart.errors import OptionError

from .gathering import gather
from .recording import Recording
from .sandbox.copying import copy_folder
from .sandbox.process import run_bounded

PLACE = "{pictures}"
KERAS_SETTINGS = Path.home() / ".keras" / "keras.json"
CLOSING_SHARE, CLOSING_LEAST, CLOSING_MOST = 0.2, 5.0, 60.0
"""After the script's time is over, the recorder has this share of it to score what was kept, in seconds from 5 to
60; then everything is killed."""
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
    advance: Callable[[float], None] | None = None,
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
    advance
        Called some ten times a second with the seconds that have passed.

    Raises
    ------
    OptionError
        There is no such script, or no such folder of pictures.
    """
    script = _checked(script, pictures, seconds)
    with tempfile.TemporaryDirectory(prefix="tellapart-") as made:
        work = Path(made).resolve()
        folder = work / "copy" / (script.parent.name or "script")
        folder.parent.mkdir()
        copy_folder(script.parent, folder)
        if text is not None:
            (folder / script.name).unlink()  # it may be a link to the user's own file
            (folder / script.name).write_text(text, encoding="utf-8")
        records, temporary = work / "records", work / "tmp"
        records.mkdir()
        temporary.mkdir()
        closing = min(max(CLOSING_SHARE * seconds, CLOSING_LEAST), CLOSING_MOST)
        order = {
            "script": str(folder / script.name),
            "arguments": arguments(args, pictures),
            "folder": str(folder),
            "original": str(script.parent),
            "work": str(work),
            "pictures": None if pictures is None else str(pictures.resolve()),
            "seed": seed,
            "seconds": seconds,
            "closing_seconds": closing,
            "records": str(records),
        }
        order_file = work / "order.json"
        order_file.write_text(json.dumps(order), encoding="utf-8")
        ended = run_bounded(
            [sys.executable, "-m", "tellapart.diagnose.recorder", str(order_file)],
            folder=folder,
            environment=environment(pictures, temporary),
            mark=uuid.uuid4().hex,
            seconds=seconds + closing + START_SECONDS,
            memory_bytes=memory_bytes,
            advance=advance,
        )
        return gather(records, ended, folder)


def arguments(args: Sequence[str], pictures: Path | None) -> list[str]:
    """Return what the script gets: the pictures first, or wherever ``{pictures}`` stands."""
    if pictures is None:
        return list(args)
    where = str(pictures.resolve())
    if any(PLACE in one for one in args):
        return [one.replace(PLACE, where) for one in args]
    return [where, *args]


def environment(pictures: Path | None, temporary: Path) -> dict[str, str]:
    """Return the environment: ours, with no display, no byte code left behind, and a folder for temporary files."""
    found = {key: value for key, value in os.environ.items() if key not in ("DISPLAY", "WAYLAND_DISPLAY")}
    found |= {
        "TMPDIR": str(temporary),
        "MPLBACKEND": "Agg",
        "PYTHONUNBUFFERED": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONIOENCODING": "utf-8",
        # The folder of the package, for a checkout that is not installed; the script's own comes first.
        "PYTHONPATH": os.pathsep.join(filter(None, [os.environ.get("PYTHONPATH", ""), _package_folder()])),
    }
    if "KERAS_BACKEND" not in found and _keras_lacks_its_backend():
        found["KERAS_BACKEND"] = "torch"
    if pictures is not None:
        found["PICTURES"] = str(pictures.resolve())
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
