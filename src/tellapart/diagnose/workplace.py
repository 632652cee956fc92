"""Where a program and its edited versions run: beside the user's own file, or in a copy on another machine.

`run_program` is the task; it is handed a `Workplace` or, where it may be run elsewhere, what one is made of.
"""

from __future__ import annotations

import hashlib
import io
import os
import re
import tarfile
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from tellapart.scale.executor import Advance

from .fork_server import ForkServer
from .links import Links
from .recording import Recording
from .running import HERE, Site, deciding, run_script
from .sandbox.copying import copy_folder
from .sandbox.process import new_mark
from .sandbox.reaper import start_reaper

TEXTS = (".py", ".ipynb", ".json", ".yaml", ".yml", ".toml", ".ini", ".cfg")


@dataclass(frozen=True)
class Order:
    """One run.

    Attributes
    ----------
    pictures
        A folder, or links of which one is made.
    text, args, seconds, memory_bytes, seed, count_folders
        As `tellapart.diagnose.running.run_script`.
    """

    text: str
    pictures: Path | Links | None
    args: tuple[str, ...]
    seconds: float
    memory_bytes: int
    seed: int
    count_folders: bool = False


class Workplace:
    """A script in its folder, and a server that spares its runs the imports."""

    def __init__(self, script: Path, site: Site = HERE, held: IO[bytes] | None = None) -> None:
        self.script, self.site, self._held = script, site, held
        self.server = ForkServer(script, site.scratch)

    def opened(self) -> Workplace:
        """Return itself."""
        return self

    def close(self) -> None:
        """End the server, and what was held for the runs."""
        self.server.close()
        if self._held is not None:
            self._held.close()


@dataclass(frozen=True)
class Packed:
    """A script in its folder, to be sent.

    Attributes
    ----------
    digest
        Of the archive.
    script
        Where it lies in the archive.
    original
        Its folder on the user's machine.
    deciding, named
        Environment variables there: those that numbers depend on, and those that the folder's texts name.
    archive
        The folder, as `copy_folder` copies it.
    """

    digest: str
    script: str
    original: str
    deciding: tuple[tuple[str, str | None], ...]
    named: tuple[tuple[str, str], ...]
    archive: bytes = field(compare=False, repr=False)

    def opened(self) -> Workplace:
        """Return the workplace that this process keeps from run to run."""
        if self not in _kept:
            for old in list(_kept):
                _kept.pop(old).close()
            _kept[self] = self._unpacked()
        return _kept[self]

    def _unpacked(self) -> Workplace:
        """Unpack into a folder that goes when this process does, as do all that run in it."""
        home, mark = Path(tempfile.mkdtemp(prefix="tellapart-")).resolve(), new_mark()
        held = start_reaper(mark, home)
        given, scratch = home / "given", home / "runs"
        scratch.mkdir()
        with tarfile.open(fileobj=io.BytesIO(self.archive)) as archive:
            archive.extractall(given, filter="tar")  # it may hold links to other folders
        # The machine's own variables stand, but for those that numbers depend on.
        named = {name: os.environ.get(name, value) for name, value in self.named}
        return Workplace(
            given / self.script, Site(self.original, named | dict(self.deciding), scratch, mark), held
        )


_kept: dict[Packed, Workplace] = {}


def pack(script: Path) -> tuple[Packed, list[Path]]:
    """Pack a script with its folder.

    Returns
    -------
    packed, linked
        What is too large to be sent is a link: these files and folders have to be seen wherever it is unpacked.
    """
    script = script.resolve()
    with tempfile.TemporaryDirectory(prefix="tellapart-") as made:
        copy = Path(made) / (script.parent.name or "script")
        copy_folder(script.parent, copy)
        linked = [Path(os.path.realpath(one)) for one in copy.rglob("*") if one.is_symlink()]
        stream = io.BytesIO()
        with tarfile.open(fileobj=stream, mode="w") as archive:
            archive.add(copy, copy.name, filter=_timeless)
        words = {word for file in copy.rglob("*") for word in _words(file)}
    data = stream.getvalue()
    named = tuple((name, value) for name, value in sorted(os.environ.items()) if name in words)
    digest = hashlib.sha256(data).hexdigest()
    inside = f"{script.parent.name or 'script'}/{script.name}"
    return Packed(digest, inside, str(script.parent), tuple(deciding().items()), named, data), linked


def _timeless(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    """Forget when a folder was copied: what is the same is kept on a node from run to run."""
    if entry.isdir():
        entry.mtime = 0
    return entry


def _words(file: Path) -> set[str]:
    if file.suffix not in TEXTS or file.is_symlink() or not file.is_file():
        return set()
    return set(re.findall(r"\w+", file.read_text(encoding="utf-8", errors="replace")))


def run_program(where: Workplace | Packed, order: Order, *, advance: Advance) -> tuple[Recording, float]:
    """Run a program; return what was recorded, and the seconds that took."""
    place = where.opened()
    began = time.monotonic()
    with _laid_out(order.pictures, place.site.scratch) as pictures:
        found = run_script(
            place.script,
            text=order.text,
            pictures=pictures,
            args=order.args,
            seconds=order.seconds,
            memory_bytes=order.memory_bytes,
            seed=order.seed,
            count_folders=order.count_folders,
            advance=lambda _seconds: advance(0),
            server=place.server,
            site=place.site,
        )
    return found, time.monotonic() - began


@contextmanager
def _laid_out(pictures: Path | Links | None, scratch: Path | None) -> Iterator[Path | None]:
    if not isinstance(pictures, Links):
        yield pictures
        return
    with tempfile.TemporaryDirectory(prefix="tellapart-", dir=scratch) as made:
        yield pictures.lay_out(Path(made))
