"""PATH… -> the files to predict, one after the other, in an order that the same command repeats.

Nothing is held but the folder that is being listed, so that there may be any number of files.
"""

from __future__ import annotations

import csv
import glob
import io
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from tellapart.errors import MissingExtraError, PicturesError, TellapartError
from tellapart.pictures.address import Address, Location, is_address, shown
from tellapart.pictures.folder import looks_like_picture

PATHS = "PATH is a picture, a folder of pictures, a quoted pattern, a table with a column `path`, or - for a list."
STDIN = "-"
TABLES = (".csv", ".parquet")
NO_PATH = "no path in this row"
BLOCK = 1 << 16  # bytes read from standard input at a time, rows from a Parquet table


@dataclass(frozen=True)
class Listed:
    """One row to be.

    Attributes
    ----------
    name
        What the table calls it: relative to a folder argument, else as given.
    file
        Where it is.
    error
        Why it cannot even be looked at; empty where it may be.
    """

    name: str
    file: str | Address
    error: str = ""


def open_listing(paths: Sequence[str], stdin: BinaryIO | None = None) -> Iterator[Listed]:
    """List what PATH… stands for; what is wrong with an argument itself is said now, before anything is predicted.

    Parameters
    ----------
    paths
        Pictures, folders (pictures below them, by name), patterns (``*``, ``?``, ``[…]``, ``**``), CSV or Parquet
        tables with a column `path` relative to the table, and ``-``: a list of files, one a line or each ended by a
        zero byte (``find -print0``). Folders, pictures and tables may lie at an address (``s3://…``), and lists and
        tables may name addresses.
    stdin
        What ``-`` reads; None: standard input.

    Raises
    ------
    PicturesError
        An argument stands for nothing, or a table cannot be used.
    AddressError
        An address cannot be reached.
    """
    sources = [_source(given, stdin) for given in paths]
    if paths.count(STDIN) > 1:
        raise PicturesError("Standard input can be read once.", found="- more than once", where="PATH")
    return (listed for source in sources for listed in source())


def list_pictures(folder: Path) -> Iterator[Listed]:
    """List the pictures below a folder, sorted by name; a folder that cannot be listed is a row with its error."""
    refused: list[OSError] = []
    for here, folders, files in os.walk(folder, onerror=refused.append):
        folders.sort()
        for name in sorted(files):
            file = Path(here) / name
            if not name.startswith(".") and looks_like_picture(file):
                yield Listed(file.relative_to(folder).as_posix(), str(file))
        yield from _refused(refused, folder)
    yield from _refused(refused, folder)


def list_pictures_at(folder: Address) -> Iterator[Listed]:
    """List the pictures below a folder at an address, in the order of `list_pictures`."""
    waiting = [""]
    while waiting:
        inside = waiting.pop()
        try:
            entries = sorted((folder / inside).entries(), key=lambda one: one.name)
        except OSError as error:
            yield Listed(inside, "", f"the folder cannot be listed: {error.strerror}")
            continue
        for one in entries:
            if one.is_file() and not one.name.startswith(".") and looks_like_picture(one.path):
                yield Listed(_below(inside, one.name), one.path)
        folders = [one.name for one in entries if one.is_dir() and not one.is_symlink()]
        waiting.extend(_below(inside, name) for name in reversed(folders))


def _below(inside: str, name: str) -> str:
    return f"{inside}/{name}" if inside else name


def _refused(errors: list[OSError], folder: Path) -> Iterator[Listed]:
    while errors:
        error = errors.pop(0)
        where = Path(error.filename)
        reason = f"the folder cannot be listed: {error.strerror}"
        yield Listed(where.relative_to(folder).as_posix(), str(where), reason)


def _source(given: str, stdin: BinaryIO | None) -> Callable[[], Iterator[Listed]]:
    if is_address(given):
        return list_at(Address.of(given))
    path = Path(given)
    if given == STDIN:
        return lambda: _from_stream(sys.stdin.buffer if stdin is None else stdin)
    if os.path.isdir(path):  # noqa: PTH112 - unlike Path's it never raises
        return lambda: list_pictures(path)
    if os.path.lexists(path):
        if path.suffix.lower() in TABLES:
            return _table(path)
        return lambda: iter([Listed(given, given)])
    if glob.has_magic(given):
        if next(_matching(given), None) is None:
            raise PicturesError(
                PATHS, found="no picture that fits the pattern", where=given, advice="check it"
            )
        return lambda: _matching(given)
    raise PicturesError(PATHS, found="nothing there", where=given, advice="check the path")


def list_at(address: Address) -> Callable[[], Iterator[Listed]]:
    """Return what lists a picture, folder or table at an address; raises as `open_listing`."""
    try:
        kind = address.kind()
    except OSError as error:
        advice = "check bucket and path, and that the credentials in the environment may list and read there"
        if glob.has_magic(address.inner):
            advice = "patterns are read on this machine only: name the folder, or give a list with -"
        raise PicturesError(
            PATHS, found=error.strerror or str(error), where=str(address), advice=advice
        ) from None
    if kind == "folder":
        return lambda: list_pictures_at(address)
    if address.suffix.lower() in TABLES:
        return _table(address)
    return lambda: iter([Listed(str(address), address)])


def _matching(pattern: str) -> Iterator[Listed]:
    """List the pictures that fit a pattern, and those below folders that do, under their whole path."""
    for match in sorted(glob.iglob(pattern, recursive=True)):  # noqa: PTH207 - absolute ones too
        if os.path.isdir(match):  # noqa: PTH112
            # With ** the folders inside match by themselves.
            below = () if "**" in pattern else list_pictures(Path(match))
            yield from (Listed(os.path.join(match, one.name), one.file, one.error) for one in below)  # noqa: PTH118
        elif looks_like_picture(Path(match)):
            yield Listed(match, match)


def _from_stream(stream: BinaryIO) -> Iterator[Listed]:
    rest, end = b"", b""
    while block := stream.read(BLOCK):
        # No name holds a zero byte, and hardly one a line's end: where there is one, it ends the names.
        end = end or (b"\0" if b"\0" in block else b"\n")
        *names, rest = (rest + block).split(end)
        yield from _named(names, end)
    yield from _named([rest], end)


def _named(names: Sequence[bytes], end: bytes) -> Iterator[Listed]:
    for raw in names:
        name = os.fsdecode(raw if end == b"\0" else raw.removesuffix(b"\r"))
        if name:
            yield list_item(name)


def list_item(name: str) -> Listed:
    """Return what a list means by a name: a file, else an address."""
    if not is_address(name):
        return Listed(name, name)
    try:
        address = Address.in_list(name)
    except ValueError as error:
        return Listed(shown(name), "", str(error))
    return Listed(str(address), address)


def _table(path: Location) -> Callable[[], Iterator[Listed]]:
    read = _parquet_paths if path.suffix.lower() == ".parquet" else _csv_paths
    next(read(path), None)  # what is wrong with the columns is said now

    def rows() -> Iterator[Listed]:
        for given in read(path):
            if isinstance(path, Address):
                yield _row_at(path, given)
            elif is_address(given):
                yield list_item(given)
            else:
                # Absolute paths stay as they are.
                yield Listed(given, str(path.parent / given), "" if given.strip() else NO_PATH)

    return rows


def _row_at(table: Address, given: str) -> Listed:
    """Return what a table at an address means: it may have been written by others, so nothing of this machine."""
    if is_address(given):
        one = list_item(given)
        if isinstance(one.file, Address) and one.file.protocol == table.protocol:
            return one
        return Listed(
            one.name, "", one.error or f"an address that is not {table.protocol}://, as its table is"
        )
    path = table.parent.below(given)
    if path is None:
        return Listed(given, "", "a path that leads out of its table's folder" if given.strip() else NO_PATH)
    return Listed(given, table.parent / path)


def _csv_paths(path: Location) -> Iterator[str]:
    try:
        # Paths may be any bytes; what is not UTF-8 comes through to the file system as it is.
        with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as text:
            reader = csv.reader(text, strict=True)
            column = _path_column([name.strip() for name in next(reader, [])], path)
            for row in reader:
                if any(row):
                    yield row[column] if column < len(row) else ""
    except OSError as error:
        raise _unreadable(path, error.strerror or str(error)) from error
    except csv.Error as error:
        raise _unreadable(path, f"{error}, near line {reader.line_num}") from error


def _parquet_paths(path: Location) -> Iterator[str]:
    try:
        from pyarrow.parquet import ParquetFile
    except ImportError as error:
        raise MissingExtraError(
            "Parquet tables need the package pyarrow.",
            found=str(error),
            where="this Python environment",
            advice="pip install pyarrow, or use CSV",
        ) from error
    try:
        with ParquetFile(io.BytesIO(path.read_bytes()) if isinstance(path, Address) else path) as file:
            column = _path_column([name.strip() for name in file.schema_arrow.names], path)
            for batch in file.iter_batches(batch_size=BLOCK, columns=[file.schema_arrow.names[column]]):
                for value in batch.column(0):
                    yield str(value.as_py()) if value.is_valid else ""
    except (OSError, ValueError) as error:  # pyarrow's own errors are kinds of these two
        if isinstance(error, TellapartError):
            raise
        raise _unreadable(path, str(error).split("\n")[0]) from error


def _path_column(names: list[str], table: Location) -> int:
    if names.count("path") != 1:
        raise PicturesError(
            "A table of pictures has one column `path`, relative to the table's folder.",
            found="columns " + (", ".join(map(repr, names)) or "none"),
            where=str(table),
            advice="name the column that holds the files path; columns are separated by commas",
        )
    return names.index("path")


def _unreadable(table: Location, found: str) -> PicturesError:
    return PicturesError(
        f"A {table.suffix.lower()} table that can be read was expected.",
        found=found,
        where=str(table),
        advice="write it again from where it came",
    )
