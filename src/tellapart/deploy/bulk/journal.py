"""What an unfinished prediction has done so far: a file of rows that a killed command goes on from.

One line of JSON per row, written in blocks, so that a kill at any moment leaves whole lines but for the last. The same
command lists its files again in the same order; rows are kept as long as name, size and time of change are those of the
list. What follows the first that is not, or is cut short, is done anew: no row is lost, none is there twice.
"""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO

from tellapart.deploy.bulk.listing import Listed
from tellapart.deploy.bulk.rows import Row
from tellapart.errors import OptionError
from tellapart.pictures.collection import stamp_of

SCHEMA = 1
SUFFIX = ".part"


class Journal:
    """The rows of one command; use `open_journal`."""

    def __init__(self, file: Path, stream: BinaryIO, begin: int) -> None:
        self.file = file
        self.kept = 0
        self._stream = stream
        self._begin = begin

    def resume(self, listed: Iterable[Listed]) -> Iterator[Listed]:
        """Return what is still to be done of `listed`; rows that do not belong to it are taken away."""
        rest = iter(listed)
        end = self._stream.seek(self._begin)
        following: list[Listed] = []
        for line in self._stream:
            entry = _parsed(line)
            if entry is None:
                break
            following = [one for one in (next(rest, None),) if one is not None]
            if not following or entry[:2] != [following[0].name, stamp_of(following[0].file)]:
                break
            following = []
            end += len(line)
            self.kept += 1
        self._stream.seek(end)
        self._stream.truncate()
        return chain(following, rest)

    def append(self, rows: Sequence[Row], stamps: Sequence[list[int | str] | None]) -> None:
        """Write a block of rows; it is with the system when this returns, whatever happens to the process."""
        entries = (
            [row.name, size_and_time, row.label, row.sure, list(row.probabilities), row.error]
            for row, size_and_time in zip(rows, stamps, strict=True)
        )
        self._stream.write(b"".join(_line(entry) for entry in entries))
        self._stream.flush()

    def rows(self) -> Iterator[Row]:
        """Read all rows back, one at a time."""
        self._stream.seek(self._begin)
        for line in self._stream:
            name, _, label, sure, probabilities, error = json.loads(line)
            yield Row(name, label, sure, tuple(probabilities), error)


@contextmanager
def open_journal(out: Path, command: dict[str, Any]) -> Iterator[Journal]:
    """Open the journal beside `out` for this command alone; it stays until `out` is written.

    Parameters
    ----------
    out
        The table that is to be.
    command
        What must be the same for its rows to be used again: the model and the paths.

    Raises
    ------
    OptionError
        It belongs to another command or to a process that is at work, or cannot be written.
    """
    import fcntl

    file = out.with_name(out.name + SUFFIX)
    header = _line({"schema": SCHEMA, **command})
    with _writing(out), file.open("a+b") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise OptionError(
                "--out should be written by one process at a time.",
                found="another one is writing it",
                where=str(out),
                advice="wait for it, or name another file",
            ) from None
        stream.seek(0)
        first = stream.readline()
        if not first.endswith(b"\n"):  # new, or killed before the first line was whole
            stream.truncate(0)
            stream.write(header)
            stream.flush()
        elif first != header:
            raise OptionError(
                "--out is a new table, or one that the same command left unfinished.",
                found="rows of another model or of other paths",
                where=str(file),
                advice="repeat the command that began it, delete this file, or name another table",
            )
        try:
            yield Journal(file, stream, len(header))
        except BaseException:
            if stream.seek(0, os.SEEK_END) == len(header):  # nothing to go on from
                file.unlink(missing_ok=True)
            raise
        file.unlink(missing_ok=True)


@contextmanager
def _writing(out: Path) -> Iterator[None]:
    """Say it plainly where the system refuses to write."""
    try:
        yield
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
        raise OptionError(
            "--out is a file that can be written.",
            found=error.strerror or str(error),
            where=str(out),
            advice="make room and repeat the command: it goes on from here" if full else "name another file",
        ) from error


def _line(entry: object) -> bytes:
    # ASCII: names of any bytes come back as they went in, and a line's end in a name ends no line.
    return json.dumps(entry, separators=(",", ":")).encode("ascii") + b"\n"


def _parsed(line: bytes) -> list[Any] | None:
    """Return a row's entry; None where it was cut short."""
    try:
        entry = json.loads(line) if line.endswith(b"\n") else None
    except ValueError:
        return None
    return entry if isinstance(entry, list) and len(entry) == 6 else None
