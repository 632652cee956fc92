"""A service for tests: a real server on a free port, in this process or in one of its own."""

from __future__ import annotations

import contextlib
import os
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import uvicorn

from tellapart.deploy.service.app import create_app
from tellapart.deploy.service.limits import Limits
from tellapart.deploy.service.serving import server_config


@contextlib.contextmanager
def in_thread(run: Path, limits: Limits, token: str | None = None) -> Iterator[httpx2.Client]:
    """Serve with limits of one's own; yields a client."""
    server = uvicorn.Server(server_config(create_app(run, limits, token), limits))
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as taken:
        thread = threading.Thread(target=server.run, args=([taken],))
        thread.start()
        try:
            with httpx2.Client(base_url=f"http://127.0.0.1:{taken.getsockname()[1]}", timeout=30) as client:
                yield client
        finally:
            server.should_exit = True
            thread.join()


class Process:
    """`tellapart serve RUN --port 0 …`, listening."""

    def __init__(self, run: Path, *arguments: str, **environment: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tellapart", "serve", str(run), "--port", "0", *arguments],
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | environment,
        )
        assert self.process.stderr is not None
        self.said = ""
        while not (found := re.search(r"http://127\.0\.0\.1:(\d+)", self.said)):
            line = self.process.stderr.readline()
            assert line, self.said
            self.said += line
        self.port = int(found[1])
        self.url = found[0]

    def connect(self) -> socket.socket:
        """Open a connection of one's own, to send on it what no client would."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=30)

    def stop(self, number: int) -> tuple[int, str]:
        """Send a signal; return exit status and what is said from now on."""
        self.process.send_signal(number)
        return self.ended()

    def ended(self) -> tuple[int, str]:
        """Wait for the end; return exit status and what is said from now on."""
        _, said = self.process.communicate(timeout=60)
        return self.process.returncode, said


def answered(connection: socket.socket) -> bytes:
    """Return all that is sent until the connection is closed."""
    received = b""
    with contextlib.suppress(ConnectionResetError):
        while piece := connection.recv(65536):
            received += piece
    return received


def head(length: int | str, path: str = "/v1/predict", extra: str = "") -> bytes:
    """Return the head of a request with a body of `length` bytes, or of pieces, after which the server closes."""
    body = f"Content-Length: {length}" if isinstance(length, int) else f"Transfer-Encoding: {length}"
    return f"POST {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{body}\r\n{extra}\r\n".encode()


def wait_until(true: object, seconds: float = 20) -> None:
    """Wait until a function returns something true."""
    until = time.monotonic() + seconds
    while not true():  # type: ignore[operator]
        assert time.monotonic() < until
        time.sleep(0.01)
