"""Pictures at an address that fsspec can open (``s3://bucket/folder``): what lies there, and the bytes of it.

Nothing is copied to this machine. Names at an address are those of strangers: they are joined to the address and never
read as one, and a folder is what a listing says lies directly in it.
"""

from __future__ import annotations

import io
import os
import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tellapart.errors import PicturesError
from tellapart.pictures.remote import ask, masked

_LINK = r"[a-z][a-z0-9_+.-]+"
_ADDRESS = re.compile(rf"(?s)((?:{_LINK}::)*)({_LINK})://(.*)", re.IGNORECASE)
_NEXT_LINK = re.compile(rf"::(?=(?:{_LINK}::)*{_LINK}://)", re.IGNORECASE)
LOCAL = ("file", "local")
MARKS = (
    "ETag",
    "etag",
    "md5Hash",
    "generation",
    "mtime",
    "LastModified",
    "last_modified",
    "updated",
    "modified",
    "created",
)
"""What file systems of fsspec call that which changes with a file's content; the first that is there counts."""

Stamp = tuple[int, str]
"""Size in bytes (-1: unknown) and the mark, by which a file is known again."""


def is_address(text: object) -> bool:
    """Tell an address from a path: ``protocol://…``, also behind others (``zip://a::s3://b/c.zip``)."""
    return isinstance(text, Address) or (isinstance(text, str) and _ADDRESS.match(text) is not None)


@dataclass(frozen=True)
class Address:
    """A file or folder at an address; much like a `Path`, but never one that the system could open.

    Attributes
    ----------
    base
        What fsspec reads: protocol and bucket or host, as the user gave them. It may hold a password: `str` masks it.
    inner
        POSIX path below `base`.
    stamp
        By which the file is known again, if a listing told.
    known
        Path below this folder -> stamp, as far as a listing told.
    """

    base: str
    inner: str = ""
    stamp: Stamp | None = field(default=None, compare=False)
    known: Mapping[str, Stamp] = field(default_factory=dict, compare=False)

    @classmethod
    def of(cls, text: str) -> Address:
        """Read the address that a user gave; ``::`` in it may stand for a file system within another."""
        found = _ADDRESS.match(text)
        if found is None:
            raise ValueError("no address")
        before, protocol, rest = found.groups()
        own, *links = _NEXT_LINK.split(rest, maxsplit=1)
        behind = f"::{links[0]}" if links else ""
        if behind:  # an archive: all of `own` is a path in it
            return cls(f"{before}{protocol}://{behind}", own.strip("/"))
        top, inner = _split(protocol.lower(), own)
        return cls(f"{before}{protocol}://{top}", inner)

    @classmethod
    def in_list(cls, text: str) -> Address:
        """Read an address from a list or table: one file system, whatever its name looks like.

        Raises
        ------
        ValueError
            It is an address behind another one.
        """
        found = _ADDRESS.match(text)
        top, inner = _split(found[2].lower(), found[3]) if found else ("", "")
        if found is None or found[1] or "::" in top:
            raise ValueError("an address of one file system was expected")
        return cls(f"{found[2]}://{top}", inner)

    def __str__(self) -> str:
        head, top, tail = self._links()
        between = "/" if self.inner and top.strip("/") else ""
        return masked(f"{head}{top}{between}{self.inner}{tail}")

    def __repr__(self) -> str:
        return f"Address({str(self)!r})"

    def __truediv__(self, path: str) -> Address:
        """Return what lies at a relative path below; it is taken as it is, and never read as an address."""
        if not path:
            return self
        inner = f"{self.inner}/{path}" if self.inner else path
        return Address(self.base, inner, self.known.get(path))

    def _links(self) -> tuple[str, str, str]:
        """Return what stands before bucket or host, these (empty in an archive), and what the archive lies in."""
        found = _ADDRESS.fullmatch(self.base)
        before, protocol, rest = found.groups() if found else ("", "", self.base)
        top, *behind = _NEXT_LINK.split(rest, maxsplit=1)
        return f"{before}{protocol}://", top, "".join(f"::{link}" for link in behind)

    @property
    def protocol(self) -> str:
        """What stands before ``://``."""
        found = _ADDRESS.match(self.base)
        return found[2].lower() if found else ""

    @property
    def name(self) -> str:
        """The last part, as far as it may be shown."""
        head, top, _ = self._links()
        return masked(f"{head}{top}/{self.inner}").rstrip("/").rpartition("/")[2]

    @property
    def suffix(self) -> str:
        """As a `Path` has it; a query is none of the name."""
        path = self.inner.partition("?")[0] if self.protocol in ("http", "https") else self.inner
        return posixpath.splitext(path)[1]

    @property
    def parent(self) -> Address:
        """The folder it lies in; that of a bucket is the bucket."""
        return Address(self.base, posixpath.dirname(self.inner))

    def absolute(self) -> Address:
        """Return the address: it does not depend on where a process stands."""
        return self

    def knowing(self, stamps: Mapping[str, Stamp]) -> Address:
        """Return the folder with the stamps of what a listing found below it."""
        return replace(self, known=stamps)

    def below(self, given: str, whole: bool = True) -> str | None:
        """Return the path below this folder that a table means by `given`; None where it leads out.

        `whole`: an address of something below this folder is taken too.
        """
        if whole and is_address(given):
            try:
                other = Address.in_list(given)
            except ValueError:
                return None
            start = f"{self.inner}/" if self.inner else ""
            if other.base != self.base or not other.inner.startswith(start):
                return None
            given = other.inner[len(start) :]
        path = posixpath.normpath(given) if given.strip() else ""
        out = path in ("", ".", "..") or path.startswith(("../", "/")) or "\0" in path
        return None if out else path

    def kind(self) -> str:
        """Return ``folder``, ``file``, or nothing for what is neither.

        Raises
        ------
        FileNotFoundError, PermissionError
            Nothing is there, or it may not be looked at.
        AddressError
            It cannot be reached.
        """
        return _kind(ask(self.base, self.inner, lambda system, path: system.info(path)))

    def is_file(self) -> bool:
        """Tell whether a file is there, and may be looked at."""
        try:
            return self.kind() == "file"
        except OSError:
            return False

    def entries(self) -> list[Entry]:
        """List this folder, in no order; what is named as no file can be is not there.

        Raises
        ------
        FileNotFoundError, PermissionError
            Nothing is there, or it may not be listed.
        AddressError
            It cannot be reached.
        """
        return ask(self.base, self.inner, self._listed)

    def _listed(self, system: Any, path: str) -> list[Entry]:
        start = f"{path.strip('/')}/" if path.strip("/") else ""
        found = []
        try:
            for info in system.ls(path, detail=True):
                whole = str(info["name"]).strip("/")
                name = whole[len(start) :]
                # Else it is the folder itself, which some list too, or a key of a bucket that is no path.
                if not whole.startswith(start) or name in ("", ".", "..") or "/" in name or "\0" in name:
                    continue
                if info.get("islink") or info["type"] == "link":
                    found.append(Entry(name, _kind(_followed(system, info)), _stamp(info), self, linked=True))
                else:
                    found.append(Entry(name, _kind(info), _stamp(info), self))
        finally:
            system.invalidate_cache(
                path
            )  # some keep every listing: of millions of pictures, and of yesterday
        return found

    def read_bytes(self) -> bytes:
        """Return the content.

        Raises
        ------
        FileNotFoundError, PermissionError
            Nothing is there, or it may not be read.
        AddressError
            It cannot be reached, or the connection was lost and stayed lost.
        """
        content: bytes = ask(self.base, self.inner, lambda system, path: system.cat_file(path))
        return content

    def head(self, count: int) -> bytes:
        """Return the first bytes; raises as `read_bytes`."""
        if self.stamp is not None and 0 <= self.stamp[0] <= count:
            return self.read_bytes() if self.stamp[0] else b""
        content: bytes = ask(
            self.base, self.inner, lambda system, path: system.cat_file(path, start=0, end=count)
        )
        return content

    def open(
        self, encoding: str = "utf-8", errors: str | None = None, newline: str | None = None
    ) -> io.TextIOWrapper:
        """Open a table as text; it is held in memory."""
        return io.TextIOWrapper(io.BytesIO(self.read_bytes()), encoding, errors, newline)


Location = Path | Address
"""Where pictures lie: on this machine, or at an address."""


@dataclass(frozen=True)
class Entry:
    """What a listing says of one name; has what is asked of an `os.DirEntry`."""

    name: str
    kind: str
    stamp: Stamp
    folder: Address
    linked: bool = False

    @property
    def path(self) -> Address:
        """Where it is."""
        return replace(self.folder / self.name, stamp=self.stamp)

    def is_dir(self) -> bool:
        """Tell whether it is a folder."""
        return self.kind == "folder"

    def is_file(self) -> bool:
        """Tell whether it is a file."""
        return self.kind == "file"

    def is_symlink(self) -> bool:
        """Tell whether it is a link, where there are any (``file://``, ``sftp://``)."""
        return self.linked


def location_of(source: str | os.PathLike[str] | Address) -> Location:
    """Return where `source` is: an address, else a path of this machine."""
    if isinstance(source, Address):
        return source
    return Address.of(source) if isinstance(source, str) and is_address(source) else Path(source)


def for_script(source: str | os.PathLike[str] | Address) -> Path:
    """Return `source` as a path that a user's script can open by itself.

    Raises
    ------
    PicturesError
        It is an address.
    """
    place = location_of(source)
    if isinstance(place, Address):
        raise PicturesError(
            "A folder of this machine was expected.",
            found="an address, and a script opens its pictures by itself",
            where=str(place),
            advice="copy the pictures into a folder first",
        )
    return place


def shown(given: str) -> str:
    """Return a path or address as it may be shown and written: without what opens it."""
    return str(Address.of(given)) if is_address(given) else given


def _split(protocol: str, rest: str) -> tuple[str, str]:
    """Return bucket or host, and the path below."""
    if protocol in LOCAL:
        return "/", os.path.abspath(rest).lstrip("/")  # noqa: PTH100 - links are not resolved: names count
    top, _, inner = rest.partition("/")
    return (top, inner.rstrip("/")) if top else ("/", inner.strip("/"))


def _kind(info: Mapping[str, Any]) -> str:
    return {"directory": "folder", "file": "file"}.get(info["type"], "")


def _followed(system: Any, info: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what a link leads to; nothing we know where that is nothing."""
    try:
        found: Mapping[str, Any] = system.info(info["name"])
    except OSError:
        return {"type": "link to nothing, or to itself"}
    return found


def _stamp(info: Mapping[str, Any]) -> Stamp:
    size = info.get("size")
    mark = next((info[name] for name in MARKS if info.get(name)), "")
    return (-1 if size is None else int(size), str(mark))
