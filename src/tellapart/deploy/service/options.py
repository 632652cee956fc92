"""What `serve` can be told, checked before anything is opened."""

from __future__ import annotations

import importlib.util
import ipaddress
import re
import socket
from dataclasses import dataclass

from tellapart.deploy.service.limits import MIB, Limits
from tellapart.errors import MissingExtraError, OptionError
from tellapart.pictures.address import Location
from tellapart.pictures.decode import MAX_PIXELS

NEEDED = ("fastapi", "uvicorn", "python_multipart", "prometheus_client", "fastapi_offline")

SHORTEST_TOKEN = 16
"""Characters: what nobody guesses over a network, if it is drawn at random."""

LAST_PORT, MOST_MIB = 65535, 1024

DRAW = "python -c 'import secrets; print(secrets.token_urlsafe())'"


@dataclass(frozen=True)
class ServeOptions:
    """The options of `tellapart serve`; see the interface."""

    host: str = "127.0.0.1"
    port: int = 8000
    token: str | None = None
    max_mib: int = 32
    max_megapixels: int = 50
    pictures: Location | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.port <= LAST_PORT:
            raise _impossible("--port", f"a number from 0 to {LAST_PORT}", str(self.port), "8000 is usual")
        if not 1 <= self.max_mib <= MOST_MIB:
            raise _impossible(
                "--max-mib", f"a number from 1 to {MOST_MIB}", str(self.max_mib), "32 suits most"
            )
        most = MAX_PIXELS // 1_000_000
        if not 1 <= self.max_megapixels <= most:
            raise _impossible(
                "--max-megapixels",
                f"a number from 1 to {most}",
                str(self.max_megapixels),
                "50 suits most cameras",
            )
        if self.token is not None and not re.fullmatch(rf"[!-~]{{{SHORTEST_TOKEN},}}", self.token):
            raise _impossible(
                "--token",
                f"at least {SHORTEST_TOKEN} letters, digits and signs of ASCII, no space",
                f"{len(self.token)} characters",
                f"draw one: {DRAW}",
            )

    @property
    def limits(self) -> Limits:
        """What requests may cost; all bodies together as much as eight of the largest."""
        body = self.max_mib * MIB
        return Limits(body_bytes=body, held_bytes=8 * body, pixels=self.max_megapixels * 1_000_000)


def require_extra() -> None:
    """Refuse where the packages are not installed that only the service needs.

    Raises
    ------
    MissingExtraError
        One of them is not.
    """
    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise MissingExtraError(
            "tellapart serve needs packages that are installed only on demand.",
            found=f"no {', '.join(missing)}",
            where="this Python environment",
            advice="pip install 'tellapart[serve]'",
        )


def bind(options: ServeOptions) -> socket.socket:
    """Take the address, so that nobody else can; nothing listens on it yet.

    Raises
    ------
    OptionError
        It cannot be had, or others could reach it and there is no token.
    """
    where = f"--host {options.host} --port {options.port}"
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            options.host, options.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except (OSError, UnicodeError) as error:
        raise OptionError(
            "--host is an address of this machine.",
            found=str(error),
            where=where,
            advice="127.0.0.1 for this machine alone, 0.0.0.0 for all that reach it",
        ) from None
    if options.token is None and not ipaddress.ip_address(address[0]).is_loopback:
        raise OptionError(
            "Where others can reach the service, --token says who may use it.",
            found="no --token",
            where=where,
            advice=f"draw one: {DRAW}; or leave --host out, for this machine alone",
        )
    taken = socket.socket(family, kind, protocol)
    try:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(address)
    except OSError as error:
        taken.close()
        raise OptionError(
            "An address that is free was expected.",
            found=error.strerror or str(error),
            where=where,
            advice="name another one, or end what uses it; --port 0 takes any that is free",
        ) from None
    return taken


def _impossible(option: str, what: str, found: str, advice: str) -> OptionError:
    return OptionError(f"{option} is {what}.", found=found, where=option, advice=advice)
