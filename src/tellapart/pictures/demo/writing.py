"""Writing a drawn set: in parallel, all or nothing, and never over somebody's files."""

from __future__ import annotations

import csv
import json
import os
import shutil
import uuid
import zlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from tellapart.errors import OptionError

MARKER = "demo.json"
TRUTH = "truth.csv"
_STAGE = ".tellapart-demo-"
# Noise repeats nothing worth searching for: runs and Huffman codes alone take a quarter less time and space.
_COMPRESS_LEVEL, _COMPRESS_TYPE = 1, zlib.Z_RLE
# Beyond this the disk is what one waits for.
_MOST_WORKERS = 16


@dataclass(frozen=True)
class Entry:
    """One picture to be written.

    Attributes
    ----------
    folder
        Where, relative to the set, with ``/``.
    part, label, index
        Which one; see ``canvas.generator``.
    """

    folder: str
    part: str
    label: str
    index: int

    @property
    def path(self) -> str:
        """The file, relative to the set, with ``/``."""
        return f"{self.folder}/{self.label}_{self.index:04d}.png"


Draw = Callable[[Entry], tuple[np.ndarray, dict[str, Any]]]
Progress = Callable[[int, int], None]


@contextmanager
def stage(out: Path) -> Iterator[Path]:
    """Give a folder to write into; on success it becomes ``out``, on anything else it is gone.

    Parameters
    ----------
    out
        A path that does not exist, or an empty folder.

    Yields
    ------
    pathlib.Path
    """
    # An empty folder that is there may be a mount point or where the shell stands: it is kept and filled.
    # Otherwise no folder above is made before there is something to put there.
    home = next(folder for folder in (out, *out.parents) if folder.is_dir())
    staging = home / f"{_STAGE}{uuid.uuid4().hex[:12]}"
    try:
        staging.mkdir()
        yield staging
        if home == out:
            _move_in(staging, out)
        else:
            out.parent.mkdir(parents=True, exist_ok=True)
            staging.rename(out)
    except OSError as problem:
        raise OptionError(
            "expected a folder that can be written",
            found=str(problem),
            where=str(out),
            advice="name another folder",
        ) from problem
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _move_in(staging: Path, out: Path) -> None:
    """Move what is in a folder into the empty folder above it, or nothing."""
    moved: list[Path] = []
    try:
        for item in sorted(staging.iterdir()):
            moved.append(out / item.name)
            item.rename(out / item.name)
    except BaseException:
        for item in moved:
            if item.is_dir():
                shutil.rmtree(item, ignore_errors=True)
            else:
                item.unlink(missing_ok=True)
        raise


def draw_all(
    folder: Path, entries: Sequence[Entry], draw: Draw, progress: Progress | None
) -> list[dict[str, Any]]:
    """Draw pictures into a folder, in parallel.

    Parameters
    ----------
    folder
        The set's folder.
    entries
        What to draw.
    draw
        Gives the picture (uint8, (H, W, 3)) of an entry and its row of the truth.
    progress
        Called with how many are done and how many there are.

    Returns
    -------
    list of dict
        The rows, in the order of the entries.
    """
    for name in {entry.folder for entry in entries}:
        (folder / name).mkdir(parents=True)

    def one(entry: Entry) -> dict[str, Any]:
        image, row = draw(entry)
        Image.fromarray(image).save(
            folder / entry.path, compress_level=_COMPRESS_LEVEL, compress_type=_COMPRESS_TYPE
        )
        return {"path": entry.path, "label": entry.label} | row

    # Threads, not processes: NumPy and zlib let go of the interpreter, and nothing has to be imported again.
    workers = min(os.cpu_count() or 1, _MOST_WORKERS)
    with ThreadPoolExecutor(workers) as pool:
        try:
            futures = [pool.submit(one, entry) for entry in entries]
            pending = set(futures)
            while pending:
                done, pending = wait(pending, timeout=0.5, return_when=FIRST_EXCEPTION)
                for future in done:
                    future.result()
                if progress is not None:
                    progress(len(futures) - len(pending), len(futures))
        except BaseException:
            pool.shutdown(wait=True, cancel_futures=True)
            raise
    return [future.result() for future in futures]


def write_rows(path: Path, rows: Sequence[dict[str, Any]]) -> None:
    """Write rows as a CSV table; floats keep six digits behind the point, None is left empty."""
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(rows[0])
        for row in rows:
            table.writerow(f"{cell:.6f}" if isinstance(cell, float) else cell for cell in row.values())


def write_json(path: Path, document: dict[str, Any]) -> None:
    """Write a document a person can read."""
    path.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def is_there(out: Path, marker: dict[str, Any]) -> bool:
    """Say whether exactly this set is there; refuse a place where anything else is.

    Parameters
    ----------
    out
        Where the set shall be.
    marker
        The document that names the set.

    Returns
    -------
    bool
        True: there, with all its pictures. False: nothing there.

    Raises
    ------
    OptionError
        Where another set, a damaged one or anything else is found.
    """
    try:
        found = sorted(item.name for item in out.iterdir())
    except FileNotFoundError:
        return False
    except OSError as problem:
        raise _refused(out, f"{problem.strerror}: not a folder that can be read") from problem
    if not found:
        return False
    if MARKER not in found:
        more = ", …" if len(found) > 3 else ""
        raise _refused(out, f"a folder with {', '.join(found[:3])}{more}")
    try:
        there = json.loads((out / MARKER).read_text(encoding="utf-8"))
        with (out / TRUTH).open(newline="", encoding="utf-8") as file:
            missing = [row["path"] for row in csv.DictReader(file) if not (out / row["path"]).is_file()]
    except (OSError, ValueError, KeyError) as problem:
        raise _refused(out, f"a demo set that cannot be read ({problem})") from problem
    if there != marker:
        names = ("demo", "seed", "per_class", "generator")
        words = ", ".join(f"{name} {there.get(name)}" for name in names) if isinstance(there, dict) else "?"
        raise _refused(out, f"another demo set ({words})")
    if missing:
        raise _refused(out, f"this demo set, but {len(missing)} of its pictures are gone ({missing[0]}, …)")
    return True


def _refused(out: Path, found: str) -> OptionError:
    return OptionError(
        "expected a new or empty folder for the demo set, or the very same set",
        found=found,
        where=str(out),
        advice="name another folder, or empty this one first",
    )
