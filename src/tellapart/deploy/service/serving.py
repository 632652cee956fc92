"""`serve`: the application on an address, until it is told to stop."""

from __future__ import annotations

import asyncio
import contextlib
import math
import signal
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import uvicorn
from fastapi import FastAPI
from uvicorn.protocols.http.h11_impl import H11Protocol

from tellapart.deploy.service.app import create_app
from tellapart.deploy.service.limits import Limits
from tellapart.deploy.service.options import ServeOptions, bind

IDLE_SECONDS = 15.0
"""A connection on which no request is under way is closed after once to twice as long: some send a head for ever."""

CONNECTIONS = 512
"""At most; beyond them uvicorn answers 503 by itself. Half of what systems allow a process by default."""


def serve(run: Path, options: ServeOptions, say: Callable[[str], None]) -> None:
    """Serve a run until SIGTERM or SIGINT; what is under way then is still answered.

    Parameters
    ----------
    run
        A run folder with a model.
    options
        Where, and for whom.
    say
        Is told what is served, and where.

    Raises
    ------
    TellapartError
        The address or the run cannot be used.
    """
    with contextlib.closing(bind(options)) as taken:
        app = create_app(run, options.limits, options.token, options.pictures)
        classes = ", ".join(app.state.served.predictor.classes)

        def started() -> None:
            say(f"{run}: {classes}\n{_address(taken)}  (API: /docs; Ctrl-C stops)")

        _Server(server_config(app, options.limits), started).run([taken])


def server_config(app: FastAPI, limits: Limits) -> uvicorn.Config:
    """Return how the application is served."""
    return uvicorn.Config(
        app,
        http=_Protocol,
        ws="none",
        lifespan="on",
        log_level="error",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        limit_concurrency=CONNECTIONS,
        timeout_graceful_shutdown=math.ceil(limits.body_seconds + limits.answer_seconds),
    )


class _Server(uvicorn.Server):
    """Says when it listens, and ends with 0 when it is told to stop."""

    def __init__(self, config: uvicorn.Config, started: Callable[[], None]) -> None:
        super().__init__(config)
        self._say_started = started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._say_started()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop on a signal; uvicorn's own sends it to the process once more at the end, which is no end with 0."""
        before = {
            number: signal.signal(number, self.handle_exit) for number in (signal.SIGINT, signal.SIGTERM)
        }
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


class _Protocol(H11Protocol):
    """Closes a connection on which nothing is asked."""

    _last: object = None  # the request seen at the last look; at first none

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._next_look = self.loop.call_later(IDLE_SECONDS, self._look)

    def connection_lost(self, exc: Exception | None) -> None:
        self._next_look.cancel()
        super().connection_lost(exc)

    def _look(self) -> None:
        """Close it, unless a request is under way or was since the last look."""
        if (self.cycle is None or self.cycle.response_complete) and self.cycle is self._last:
            self.transport.close()
            return
        self._last = self.cycle
        self._next_look = self.loop.call_later(IDLE_SECONDS, self._look)


def _address(taken: socket.socket) -> str:
    host, port = taken.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
