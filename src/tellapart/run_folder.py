"""The run folder: its files, atomic writes, who may use it, and what a killed run left to go on from."""

from __future__ import annotations

import contextlib
import errno
import io
import json
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from tellapart.cells import CsvRows
from tellapart.errors import AddressError, ClusterError, RunFolderError, TellapartError

SCHEMA = 1
NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
PLAN, KEY = "plan.json", "pictures.key"
COMMAND, WORK, LOCK = "run.json", ".work", ".lock"


class RunFolder:
    """One run's files. Each is written whole or not at all."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.work = path / WORK

    @contextlib.contextmanager
    def claim(self, command: Mapping[str, Any]) -> Iterator[bool]:
        """Take the folder for `command` until the block ends; yields whether it is finished already.

        A fresh folder is made, one that the same command left unfinished is resumed.

        Raises
        ------
        RunFolderError
            The folder is used by something else, by another process, or cannot be written.
        """
        self._refuse_address()
        wanted = json.loads(json.dumps(dict(command)))
        found, existed = self._found(wanted), self.path.exists()
        with self._writing():
            self.work.mkdir(parents=True, exist_ok=True)
        with self._lock():
            if found is None:
                self.write_json(COMMAND, {"schema": SCHEMA, "state": "begun", "command": wanted})
            finished = found is not None and found["state"] == "finished"
            try:
                with self._room():
                    yield finished
            except RunFolderError:
                raise  # what is done stays: the same command goes on when there is room again
            except TellapartError as error:
                lost = isinstance(error, AddressError) or (
                    isinstance(error, ClusterError) and (self.path / PLAN).exists()
                )
                if found is None and not lost:  # the input cannot be used: as if nothing had been asked
                    self._remove(existed)
                raise
        if finished:
            shutil.rmtree(self.work, ignore_errors=True)

    def _refuse_address(self) -> None:
        """Refuse ``s3://bucket/run``: as a path it would be a folder here of the name ``s3:``."""
        first = next(iter(self.path.parts), "")
        if len(first) > len("C:") and first.endswith(":") and not Path(first).exists():
            raise RunFolderError(
                "A run folder should be on this machine.",
                found="an address",
                where=str(self.path),
                advice="name a folder here, and copy it when it is done",
            )

    def _remove(self, existed: bool) -> None:
        """Take away everything that a refused command has begun."""
        if existed:
            for entry in self.path.iterdir():
                shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
        else:
            shutil.rmtree(self.path, ignore_errors=True)

    def start_over_unless(self, key: str, keep: Sequence[str]) -> None:
        """Forget what was done on other pictures than those of `key`; the files `keep` of the work folder stay."""
        file = self.work / KEY
        if file.exists() and file.read_text(encoding="ascii") == key:
            return
        (self.path / PLAN).unlink(missing_ok=True)
        for entry in self.work.iterdir():
            if entry.name not in (LOCK, *keep):
                entry.unlink()
        with self._writing():
            file.write_text(key, encoding="ascii")

    def finish(self, command: Mapping[str, Any]) -> None:
        """Mark the run as finished and remove what only a resumed run would need."""
        self.write_json(COMMAND, {"schema": SCHEMA, "state": "finished", "command": dict(command)})
        shutil.rmtree(self.work, ignore_errors=True)

    def _found(self, wanted: dict[str, Any]) -> dict[str, Any] | None:
        if self.path.is_file():
            raise RunFolderError("RUN should be a folder.", found="a file", where=str(self.path))
        if not self.path.exists() or not any(self.path.iterdir()):
            return None
        if not (self.path / COMMAND).exists():
            if all(
                entry.name in (WORK, LOCK) or entry.name.endswith(".part") for entry in self.path.iterdir()
            ):
                return None  # killed before the first file was written
            raise RunFolderError(
                "RUN should be a new folder, or one that this command left unfinished.",
                found="a folder with other files in it",
                where=str(self.path),
                advice="name another folder",
            )
        found = self.read_json(COMMAND)
        if found["command"] != wanted:
            keys = sorted({*found["command"], *wanted})
            other = [k for k in keys if found["command"].get(k) != wanted.get(k)]
            raise RunFolderError(
                "RUN should be a new folder, or belong to the same command.",
                found="a run with other " + ", ".join(f"{k} ({found['command'].get(k)!r})" for k in other),
                where=str(self.path),
                advice="name another folder, or repeat the command that made it",
            )
        return found

    @contextlib.contextmanager
    def _lock(self) -> Iterator[None]:
        """Hold the folder; the system lets go of it when the process ends, however it ends."""
        import fcntl

        with self._writing():
            lock = (self.path / WORK / LOCK).open("a")
        with lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise RunFolderError(
                    "RUN should be used by one process at a time.",
                    found="another process is working in it",
                    where=str(self.path),
                    advice="wait for it, or name another folder",
                ) from None
            yield

    @contextlib.contextmanager
    def _room(self) -> Iterator[None]:
        """Say it plainly when the disk is full, wherever in the block that is."""
        try:
            yield
        except OSError as error:
            if error.errno not in NO_ROOM:
                raise
            raise RunFolderError(
                "RUN should be on a disk with room for the work.",
                found=error.strerror or str(error),
                where=str(self.path),
                advice="free some space and repeat the command: it goes on from here",
            ) from error

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise RunFolderError(
                "RUN should be a folder that can be written.",
                found=error.strerror or str(error),
                where=str(error.filename or self.path),
                advice="free some space, or name another folder",
            ) from error

    def open_for(self, names: Sequence[str]) -> None:
        """Make the folder for files of these names; files of these names are replaced.

        Raises
        ------
        RunFolderError
            It holds anything else, or cannot be written.
        """
        with self._writing():
            if self.path.is_dir():
                other = sorted(entry.name for entry in self.path.iterdir() if entry.name not in names)
                if other:
                    raise RunFolderError(
                        "DIR should be a new folder, or one that the same command wrote.",
                        found=f"a folder with {other[0]!r} in it",
                        where=str(self.path),
                        advice="name another folder",
                    )
            self.path.mkdir(parents=True, exist_ok=True)
            if not os.access(self.path, os.W_OK | os.X_OK):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(self.path))

    def write_bytes(self, name: str, content: bytes) -> None:
        """Write a file whole or not at all."""
        target = self.path / name
        temporary = target.with_name(target.name + ".part")
        with self._writing():
            with temporary.open("wb") as out:
                out.write(content)
                out.flush()
                os.fsync(out.fileno())
            temporary.replace(target)

    def write_text(self, name: str, content: str) -> None:
        """Write UTF-8 text whole or not at all."""
        self.write_bytes(name, content.encode("utf-8", errors="surrogateescape"))

    def write_json(self, name: str, content: Any) -> None:
        """Write JSON; not-a-number is refused, the writer says None."""
        self.write_text(name, json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n")

    def write_table(self, name: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
        """Write a CSV table."""
        self.write_text(name, table_text(columns, rows))

    def read_json(self, name: str) -> Any:
        """Read one of our JSON files.

        Raises
        ------
        RunFolderError
            It is missing, damaged or of another schema.
        """
        file = self.path / name
        try:
            found = json.loads(file.read_text(encoding="utf-8"))
        except OSError:
            raise RunFolderError(
                "A run folder was expected.",
                found=f"no {name}",
                where=str(self.path),
                advice="train first: tellapart train PICTURES --out RUN",
            ) from None
        except ValueError as error:
            raise RunFolderError(
                f"{name} should be JSON.",
                found=str(error),
                where=str(file),
                advice="the file is damaged; train again",
            ) from error
        if isinstance(found, dict) and found.get("schema", SCHEMA) != SCHEMA:
            raise RunFolderError(
                f"A run of schema {SCHEMA} was expected.",
                found=f"schema {found['schema']}",
                where=str(file),
                advice="use the version of tellapart that wrote it",
            )
        return found


def table_text(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a CSV table as text."""
    out = io.StringIO()
    writer = CsvRows(out)
    for row in (columns, *rows):
        writer.write(row)
    return out.getvalue()
