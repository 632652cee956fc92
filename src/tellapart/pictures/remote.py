"""Questions to a file system of fsspec: opened once, asked again where a connection drops, refused in our words."""

from __future__ import annotations

import errno
import re
import socket
import threading
import time
from collections.abc import Callable
from contextlib import nullcontext
from functools import lru_cache
from typing import Any, TypeVar

from tellapart.errors import AddressError, MissingExtraError, TellapartError

T = TypeVar("T")

WAITS_SECONDS = (0.5, 2.0, 8.0)
"""Before a question is asked again. The file systems of clouds try several times by themselves, for some seconds; a
Wi-Fi that changes its station or a proxy that is restarted takes longer."""

SYSTEMS = 64
"""File systems kept open: a bucket or host each."""

THIS_ONE_STATUS = range(400, 500)
NOT_NOW_STATUS = (401, 407, 408, 425, 429)
"""Of HTTP: the first are said of one file, the second of who asks, how often, and when."""

SECRET_CHARACTERS = 16
"""From this length on, the value of a query may be a key: a shorter one could be guessed. Shorter ones tell pictures
apart (``?id=12``)."""

_USER = re.compile(r"(?<=://)([^\s/@:'\"]*):([^\s/'\"]*)@")
_TOKEN_USER = re.compile(r"(?:(?<=http://)|(?<=https://))([^\s/@'\"]+)@")
_QUERY = re.compile(r"(?<=[?&])([^\s?&=#'\"]+)=([^\s&#'\"]+)")
_NAMED_SECRET = re.compile(r"sig|tok|key|pass|pwd|secret|cred|auth|session", re.IGNORECASE)

_TURN = threading.Lock()  # of file systems that are not made for many questions at a time: see `ask`


def masked(text: str) -> str:
    """Return text without passwords (``user:***@``) and without what a query may open with (``?signature=***``)."""
    return _QUERY.sub(_without_value, _TOKEN_USER.sub("***@", _USER.sub(r"\1:***@", text)))


def _without_value(found: re.Match[str]) -> str:
    return f"{found[1]}=***" if _is_secret(*found.groups()) else found[0]


def _is_secret(name: str, value: str) -> bool:
    return len(value) >= SECRET_CHARACTERS or _NAMED_SECRET.search(name) is not None


def _secrets(address: str) -> set[str]:
    """Return what `masked` takes out, to be found where a file system speaks of it alone."""
    values = {value for name, value in _QUERY.findall(address) if _is_secret(name, value)}
    return (values | {word for _, word in _USER.findall(address)} | {*_TOKEN_USER.findall(address)}) - {""}


def ask(base: str, inner: str, question: Callable[[Any, str], T]) -> T:
    """Put a question about what lies at `inner` below `base`: it is given the file system and the path there.

    Raises
    ------
    FileNotFoundError, PermissionError
        Nothing is there, or it may not be looked at; others of the same folder may.
    AddressError
        It cannot be reached, now or at all.
    MissingExtraError
        A package is missing.
    """
    tries = 0
    while True:
        try:
            system, top = opened(base)
            # Others than these may have one connection, or one place in a file.
            with nullcontext() if system.async_impl else _TURN:
                return question(system, f"{top.rstrip('/')}/{inner}" if top and inner else inner or top)
        except TellapartError:
            raise
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            raise FileNotFoundError(errno.ENOENT, "nothing there") from None
        except Exception as error:  # each file system has its own kinds
            if _of_this_one(error):
                said = _said(error, f"{base}/{inner}")
                raise PermissionError(errno.EACCES, f"no permission ({said})") from None
            if tries == len(WAITS_SECONDS) or _for_good(error):
                raise unreachable(base, inner, _said(error, f"{base}/{inner}")) from None
        time.sleep(WAITS_SECONDS[tries])
        tries += 1


def _for_good(error: Exception) -> bool:
    """Tell what asking again cannot mend; who has no credentials has none in a second either."""
    return (
        isinstance(error, NotImplementedError | ValueError | TypeError)
        or "credential" in type(error).__name__.lower()
    )


def _of_this_one(error: Exception) -> bool:
    """Tell a refusal of this one file from a connection that fails for all."""
    status = getattr(error, "status", None) or getattr(error, "code", None)
    refused = status in THIS_ONE_STATUS and status not in NOT_NOW_STATUS
    return refused or isinstance(error, PermissionError)


@lru_cache(maxsize=SYSTEMS)
def opened(base: str) -> tuple[Any, str]:
    """Return the file system of an address, and the path in it.

    Raises
    ------
    MissingExtraError
        fsspec, or the package that it needs for this protocol, is not installed.
    AddressError
        No such protocol.
    """
    try:
        from fsspec.core import url_to_fs
        from fsspec.registry import known_implementations
    except ImportError as error:
        raise MissingExtraError(
            "Addresses need an extra.",
            found=str(error),
            where=_python(),
            advice="pip install 'tellapart[remote]'",
        ) from error
    protocol = base.partition("://")[0].rpartition("::")[2]
    try:
        system, path = url_to_fs(base)
    except ImportError as error:
        package = str(known_implementations.get(protocol, {}).get("class", "")).partition(".")[0]
        named = (
            f"pip install {package}" if package not in ("", "fsspec") else "install the packages named above"
        )
        raise MissingExtraError(
            f"Addresses {protocol}:// need a package.",
            found=_said(error, base),
            where=_python(),
            advice=named,
        ) from None
    except ValueError as error:
        if "protocol" not in str(error).lower():
            raise
        raise AddressError(
            "An address of a protocol that fsspec knows was expected.",
            found=_said(error, base),
            where=masked(base),
            advice="s3://, gs://, az://, sftp://, https:// and others; a path of this machine has no ://",
        ) from None
    return system, str(path)


def unreachable(base: str, inner: str, found: str) -> AddressError:
    """Return what is said where an address cannot be reached, or not any more."""
    return AddressError(
        "An address that can be reached was expected.",
        found=found,
        where=masked(f"{base.rstrip('/')}/{inner}") if inner else masked(base),
        advice="check the network, the address, and the credentials in the environment (fsspec and its packages look "
        "for them there); then repeat the command: train, and predict with --out, go on from what is done",
    )


def _said(error: Exception, address: str) -> str:
    """Return in a line what a file system says, without the secrets of the address."""
    lines = (line.strip() for line in str(error).splitlines())
    text = f"{type(error).__name__}: {next(filter(None, lines), 'no reason given')}"
    for secret in _secrets(address):
        text = re.sub(rf"(?<!\w){re.escape(secret)}(?!\w)", "***", text)
    return masked(text)[:300]


def _python() -> str:
    return f"the Python environment on {socket.gethostname()}"
