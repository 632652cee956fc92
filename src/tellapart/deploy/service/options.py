"""What `serve` can be told, checked before anything is opened."""

from __future__ import annotations

import importlib.util
import ipaddress
import re
import socket
from dataclasses import dataclass, field
from pathlib import Path

from tellapart.deploy.service.limits import Limits
from tellapart.errors import MissingExtraError, OptionError

NEEDED = ("fastapi", "uvicorn", "python_multipart", "prometheus_client", "fastapi_offline")

SHORTEST_TOKEN = 16
"""Characters: what nobody guesses over a network, if it is drawn at random."""

DRAW = "python -c 'import secrets; print(secrets.token_urlsafe())'"


@dataclass(frozen=True)
class ServeOptions:
    """The options of `tellapart serve`; see the interface."""

    host: str = "127.0.0.1"
    port: int = 8000
    token: str | None = None
    limits: Limits = field(default_factory=Limits)
    pictures: Path | None = None

    def __post_init__(self) -> None:
        if self.token is not None and not re.fullmatch(rf"[!-~]{{{SHORTEST_TOKEN},}}", self.token):
            raise OptionError(
                f"--token has at least {SHORTEST_TOKEN} letters, digits and signs, none of them a space.",
                found=f"{len(self.token)} characters",
                where="--token",
                advice=f"draw one: {DRAW}",
            )


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
