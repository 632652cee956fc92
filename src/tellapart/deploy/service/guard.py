"""What every request passes before a route sees it: who asks, and how much it may cost."""

from __future__ import annotations

import asyncio
import base64
import binascii
import contextlib
import hmac
import ipaddress
import time
from collections.abc import Iterator
from http import HTTPStatus

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tellapart.deploy.service.counting import Counts
from tellapart.deploy.service.limits import MIB, Limits
from tellapart.deploy.service.page import routes as page
from tellapart.deploy.service.refusal import RefusedRequestError, refusal, too_busy

SAFE = ("GET", "HEAD", "OPTIONS")
"""Methods that change nothing and have no body."""

OPEN = ("/v1/health",)
"""Paths that ask for no token, beside the empty page: what watches a service asks whether it lives, and learns no
more."""

LINGER_SECONDS, LINGER_BYTES = 10.0, 256 * MIB
"""What of a refused body is read and thrown away, since clients look for an answer only when they have sent enough."""

HEADERS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "SAMEORIGIN",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "content-security-policy": "default-src 'self' 'unsafe-inline' data: blob:; frame-ancestors 'self'",
}
"""On every response that does not say otherwise: nothing is fetched from elsewhere, nothing shown elsewhere."""


class Guard:
    """Middleware: refuses, counts, and hands bodies on whole."""

    def __init__(self, app: ASGIApp, limits: Limits, token: str | None, counts: Counts) -> None:
        self._app, self._limits, self._token, self._counts = app, limits, token, counts
        self._at_once = self._held = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        answering, began = _Answering(send), time.perf_counter()
        try:
            await self._handle(scope, receive, answering.send)
        finally:
            # The path as it is declared: paths as they are asked for have no end.
            route = getattr(scope.get("route"), "path", "other")
            if answering.status is not None:
                self._counts.requests.labels(route, str(answering.status)).inc()
                self._counts.seconds.labels(route).observe(time.perf_counter() - began)

    async def _handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        try:
            if self._token is None:
                check_host(headers)
            elif scope["path"] not in OPEN and not page.is_open(scope["method"], scope["path"]):
                check_token(headers, self._token)
            if scope["method"] in SAFE:
                await self._app(scope, receive, send)
                return
            check_origin(headers)
            with self._slot():
                await self._with_body(scope, headers, receive, send)
        except RefusedRequestError as error:
            self._counts.refused.labels(error.code).inc()
            await _refuse(error, scope, receive, send)

    async def _with_body(self, scope: Scope, headers: Headers, receive: Receive, send: Send) -> None:
        body = bytearray()
        try:
            if not await self._read(body, headers, receive):
                return  # the client has gone
            whole: list[Message] = [{"type": "http.request", "body": bytes(body), "more_body": False}]

            async def replay() -> Message:
                return whole.pop() if whole else await receive()

            await self._answer(scope, replay, send)
        finally:
            self._held -= len(body)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the application answer, for as long as that may take: a small file can be a lot of work."""
        try:
            async with asyncio.timeout(self._limits.answer_seconds):
                await self._app(scope, receive, send)
        except TimeoutError:
            raise RefusedRequestError(
                HTTPStatus.SERVICE_UNAVAILABLE,
                "too_long",
                f"An answer within {self._limits.answer_seconds:g} s was expected.",
                found="work that takes longer, with what else is under way",
                advice="send fewer or smaller pictures in one request",
                headers={"Retry-After": "10"},
            ) from None

    @contextlib.contextmanager
    def _slot(self) -> Iterator[None]:
        if self._at_once >= self._limits.at_once:
            raise too_busy(f"At most {self._limits.at_once} requests at once were expected.", "one more")
        self._at_once += 1
        self._counts.now.set(self._at_once)
        try:
            yield
        finally:
            self._at_once -= 1
            self._counts.now.set(self._at_once)

    async def _read(self, body: bytearray, headers: Headers, receive: Receive) -> bool:
        """Read into `body`; return whether it is whole."""
        announced = headers.get("content-length", "0")
        if int(announced) > self._limits.body_bytes:  # the server has seen to it that it is a number
            raise self._too_large(f"{int(announced):,} bytes")
        try:
            async with asyncio.timeout(self._limits.body_seconds):
                while True:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        return False
                    self._add(body, message.get("body", b""))
                    if not message.get("more_body", False):
                        return True
        except TimeoutError:
            raise RefusedRequestError(
                HTTPStatus.REQUEST_TIMEOUT,
                "too_slow",
                f"A whole body within {self._limits.body_seconds:g} s was expected.",
                found=f"{len(body):,} bytes of it",
                advice="send it again, on a faster line or smaller",
            ) from None

    def _add(self, body: bytearray, piece: bytes) -> None:
        if len(body) + len(piece) > self._limits.body_bytes:
            raise self._too_large("more")
        if self._held + len(piece) > self._limits.held_bytes:
            raise too_busy(
                f"At most {self._limits.held_bytes / MIB:g} MiB of requests were expected.", "more"
            )
        body += piece
        self._held += len(piece)

    def _too_large(self, found: str) -> RefusedRequestError:
        return RefusedRequestError(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            "too_many_bytes",
            f"A body of at most {self._limits.body_bytes / MIB:g} MiB was expected.",
            found=found,
            advice="send fewer pictures in one request, or reduce them",
        )


class _Answering:
    """Sends, with the usual headers, and remembers the status."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.status: int | None = None

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            said = {name for name, _ in message["headers"]}
            more = [(name.encode(), value.encode()) for name, value in HEADERS.items()]
            added = [one for one in more if one[0] not in said]
            message = {**message, "headers": [*message["headers"], *added]}
        await self._send(message)


def check_host(headers: Headers) -> None:
    """Refuse a request that was not sent to this machine by name.

    A page of another site can have its own name point here (DNS rebinding); its requests then carry that name.

    Raises
    ------
    RefusedRequestError
        The Host is neither localhost nor an address of the loopback.
    """
    host = headers.get("host", "")
    name = _hostname(host)
    if name == "localhost" or name.endswith(".localhost"):
        return
    with contextlib.suppress(ValueError):
        if ipaddress.ip_address(name).is_loopback:
            return
    raise RefusedRequestError(
        HTTPStatus.FORBIDDEN,
        "foreign_host",
        "A request to localhost was expected.",
        found=f"Host: {host[:200]}",
        advice="ask for http://localhost, or start the service with --token",
    )


def check_origin(headers: Headers) -> None:
    """Refuse what the page of another site asks; programs send no Origin.

    Raises
    ------
    RefusedRequestError
        The request says that it comes from elsewhere.
    """
    origin = headers.get("origin")
    same = origin is None or origin.partition("://")[2].lower() == headers.get("host", "").lower()
    if not same or headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise RefusedRequestError(
            HTTPStatus.FORBIDDEN,
            "foreign_origin",
            "A request of this service's own page, or of a program, was expected.",
            found=f"Origin: {(origin or 'another site')[:200]}",
            advice="send it from a program, or from the page at /",
        )


def check_token(headers: Headers, token: str) -> None:
    """Refuse a request without the token.

    Programs send it as ``Authorization: Bearer TOKEN``; a browser asks for it itself, as a password.

    Raises
    ------
    RefusedRequestError
        It is missing or wrong.
    """
    scheme, _, said = headers.get("authorization", "").partition(" ")
    given = said.strip().encode("latin-1", errors="replace")
    if scheme.lower() == "basic":
        try:
            given = base64.b64decode(given, validate=True).partition(b":")[2]
        except (binascii.Error, ValueError):
            given = b""
    elif scheme.lower() != "bearer":
        given = b""
    if not hmac.compare_digest(given, token.encode()):
        raise RefusedRequestError(
            HTTPStatus.UNAUTHORIZED,
            "wrong_token" if given else "no_token",
            "The token that the service was started with was expected.",
            found="another one" if given else "none",
            advice="Authorization: Bearer TOKEN; in a browser: any name, the token as the password",
            headers={"WWW-Authenticate": 'Bearer, Basic realm="tellapart", charset="UTF-8"'},
        )


def _hostname(host: str) -> str:
    """Return a Host header without its port, and without the brackets of IPv6."""
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0].lower().rstrip(".")


async def _refuse(error: RefusedRequestError, scope: Scope, receive: Receive, send: Send) -> None:
    """Send the refusal, then read on for a moment what is still being sent, and close the connection.

    Closed at once, the system would take back the answer before a client that is still sending has read it.
    """
    has_body = scope["method"] not in SAFE
    response = refusal(error)
    close = [(b"connection", b"close")] if has_body else []
    headers = [*response.raw_headers, *close]
    await send({"type": "http.response.start", "status": response.status_code, "headers": headers})
    await send({"type": "http.response.body", "body": response.body, "more_body": has_body})
    if has_body:
        left = LINGER_BYTES
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LINGER_SECONDS):
                while left > 0:
                    message = await receive()
                    left -= len(message.get("body", b""))
                    if message["type"] == "http.disconnect" or not message.get("more_body", False):
                        break
        await send({"type": "http.response.body", "body": b"", "more_body": False})
