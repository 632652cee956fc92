"""What the service refuses, each with its own 4xx, and that it lives on after it."""

from __future__ import annotations

import base64
import io
import os
import socket
import struct
import threading
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx2
import numpy as np
import pytest
from PIL import Image

from tellapart.deploy.service import guard, heatmaps, reading, serving
from tellapart.deploy.service.limits import Limits
from tests.deploy.service import answered, head, in_thread, wait_until

KIB = 1024
TIGHT = Limits(
    body_bytes=256 * KIB, held_bytes=512 * KIB, pixels=20_000, files=3, at_once=4, body_seconds=0.5
)
TOKEN = "a-token-of-enough-length"


@pytest.fixture(scope="module")
def client(served_run: Path) -> Iterator[httpx2.Client]:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(guard, "LINGER_SECONDS", 1.0)  # some of these never send the rest
        with in_thread(served_run, TIGHT) as client:
            yield client


@pytest.fixture(autouse=True)
def lives_on(client: httpx2.Client) -> Iterator[None]:
    """After whatever was sent, a picture is answered."""
    yield
    response = client.post("/v1/predict", content=png(8, 8))
    assert response.status_code == 200
    assert response.json()["predictions"][0]["label"]


def png(width: int, height: int) -> bytes:
    out = io.BytesIO()
    Image.fromarray(np.full((height, width, 3), 200, np.uint8)).save(out, "PNG")
    return out.getvalue()


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few hundred bytes that claims to be large."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    size = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = zlib.compress(bytes(1000), 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", size) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def connect(client: httpx2.Client) -> socket.socket:
    return socket.create_connection(("127.0.0.1", client.base_url.port), timeout=20)


def refused(response: httpx2.Response, status: int, code: str) -> dict[str, Any]:
    """See that a response is that refusal, and says all it should; return what it says."""
    error = response.json()["error"]
    assert (response.status_code, error["code"]) == (status, code)
    assert set(error) == {"code", "expected", "found", "where", "advice"}
    assert all(error.values())
    return error


@pytest.mark.parametrize(
    ("options", "status", "code"),
    [
        ({"content": b""}, 400, "no_picture"),
        ({"data": {"files": "text"}, "files": []}, 422, "unreadable_picture"),
        ({"files": {"a": (None, "a field, no file")}}, 400, "no_picture"),
        ({"files": [("f", (str(k), b"x")) for k in range(4)]}, 413, "too_many_files"),
        ({"content": b"--x\r\n", "headers": {"content-type": "multipart/form-data"}}, 400, "bad_form"),
        ({"content": b"nonsense", "headers": {"content-type": "multipart/form-data; boundary=x"}}, 400, "bad_form"),
        ({"content": b"--x\r\nContent-Disposition: form-data; name=\"f\"; filename=\"f\"\r\n\r\nhalf",
          "headers": {"content-type": "multipart/form-data; boundary=x"}}, 400, "bad_form"),
        ({"content": png(8, 8), "headers": {"content-encoding": "gzip"}}, 415, "content_encoding"),
        ({"content": b"<svg onload=alert(1)>"}, 422, "unreadable_picture"),
        ({"content": os.urandom(5000)}, 422, "unreadable_picture"),
        ({"content": png(8, 8)[:-30]}, 422, "unreadable_picture"),
        ({"content": b"%!PS-Adobe-3.0 EPSF-3.0\n(%pipe%id) (w) file"}, 422, "unreadable_picture"),
        ({"content": png(200, 101)}, 413, "too_many_pixels"),
        ({"content": bomb(30_000, 30_000)}, 413, "too_many_pixels"),
        ({"content": bomb(2**31 - 1, 2**31 - 1)}, 413, "too_many_pixels"),
        ({"content": bytes(256 * KIB + 1)}, 413, "too_many_bytes"),
        ({"content": iter([bytes(100 * KIB)] * 3)}, 413, "too_many_bytes"),
    ],
)  # fmt: skip
def test_what_cannot_be_answered_is_refused(
    client: httpx2.Client, options: dict[str, Any], status: int, code: str
) -> None:
    refused(client.post("/v1/predict", **options), status, code)


def test_the_largest_that_is_allowed_is_answered(client: httpx2.Client) -> None:
    content = png(200, 100)
    assert client.post("/v1/predict", content=content + bytes(256 * KIB - len(content))).status_code == 200
    assert client.post("/v1/predict", files=[("f", ("a", content))] * 3).status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/v1/predict", 405), ("GET", "/../../etc/passwd", 404), ("PUT", "/x", 404)],
)
def test_unknown_ways_are_refused_in_the_same_manner(
    client: httpx2.Client, method: str, path: str, status: int
) -> None:
    response = client.request(method, path)
    assert response.status_code == status
    assert response.json()["error"]["advice"] == "see /docs"


def test_a_body_that_is_announced_too_large_is_refused_before_it_is_sent(client: httpx2.Client) -> None:
    with closing(connect(client)) as connection:
        connection.sendall(head(10**12, extra="Expect: 100-continue\r\n"))
        connection.settimeout(1.5)
        assert connection.recv(65536).startswith(b"HTTP/1.1 413 ")


def test_a_body_without_end_is_cut_off(client: httpx2.Client) -> None:
    with closing(connect(client)) as connection:
        connection.sendall(head("chunked"))
        for _ in range(40):
            connection.sendall(b"10000\r\n" + bytes(0x10000) + b"\r\n")
        connection.sendall(b"0\r\n\r\n")
        assert answered(connection).startswith(b"HTTP/1.1 413 ")


def test_a_slow_body_is_timed_out(client: httpx2.Client) -> None:
    with closing(connect(client)) as connection:
        connection.sendall(head(1000) + b"only this")
        said = answered(connection)
    assert said.startswith(b"HTTP/1.1 408 ")
    assert b'"found":"9 bytes of it"' in said


def test_a_client_that_goes_away_leaves_no_place_taken(client: httpx2.Client) -> None:
    for _ in range(2 * TIGHT.at_once):
        with closing(connect(client)) as connection:
            connection.sendall(head(100 * KIB) + bytes(50 * KIB))
    wait_until(lambda: client.post("/v1/predict", content=png(8, 8)).status_code == 200)


def test_more_requests_than_allowed_are_told_to_come_again(client: httpx2.Client) -> None:
    waiting = [connect(client) for _ in range(TIGHT.at_once)]
    try:
        for one in waiting:
            one.sendall(head(len(png(8, 8))))
        now = "tellapart_requests_now 4.0"
        wait_until(lambda: now in client.get("/metrics").text)
        response = client.post("/v1/predict", content=png(8, 8))
        refused(response, 429, "too_busy")
        assert response.headers["retry-after"] == "1"
        for one in waiting:
            one.sendall(png(8, 8))
        assert all(answered(one).startswith(b"HTTP/1.1 200 ") for one in waiting)
    finally:
        for one in waiting:
            one.close()


def test_all_bodies_together_are_bounded(client: httpx2.Client) -> None:
    waiting = [connect(client) for _ in range(3)]
    try:
        for one in waiting:  # each may be that large, all three may not
            one.sendall(head(250 * KIB) + bytes(200 * KIB))
        statuses = sorted(answered(one)[9:12] for one in waiting)
        assert statuses == [b"408", b"408", b"429"]
    finally:
        for one in waiting:
            one.close()


def test_heatmaps_do_not_pile_up(
    client: httpx2.Client, served_run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(heatmaps, "MOST_WAITING", 1)
    begun, go_on = threading.Event(), threading.Event()

    def slow(self: Any, image: np.ndarray, class_name: str | None) -> bytes:
        begun.set()
        assert go_on.wait(20)
        return b"png"

    monkeypatch.setattr(heatmaps.Heatmaps, "_make", slow)
    statuses: list[int] = []
    first = threading.Thread(
        target=lambda: statuses.append(
            httpx2.post(f"{client.base_url}/v1/explain", content=png(8, 8)).status_code
        )
    )
    first.start()
    assert begun.wait(20)
    refused(client.post("/v1/explain", content=png(8, 8)), 429, "too_busy")
    assert client.post("/v1/predict", content=png(8, 8)).status_code == 200
    go_on.set()
    first.join()
    assert statuses == [200]


def test_work_that_takes_too_long_is_given_up(served_run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    decoding, go_on, decoded = threading.Event(), threading.Event(), []

    def slow(content: bytes, **_: Any) -> Any:
        decoding.set()
        assert go_on.wait(20)
        decoded.append(content)
        return np.zeros((8, 8, 3), np.uint8), None

    limits = replace(TIGHT, files=50, answer_seconds=0.2)
    with in_thread(served_run, limits) as client:
        with monkeypatch.context() as patched:
            patched.setattr(reading, "decode", slow)
            response = client.post("/v1/predict", files=[("f", (str(k), b"x")) for k in range(50)])
            refused(response, 503, "too_long")
            assert int(response.headers["retry-after"]) > 0
            assert decoding.is_set()
            go_on.set()
            wait_until(lambda: decoded)
        assert client.post("/v1/predict", content=png(8, 8)).status_code == 200
    assert len(decoded) <= reading.MOST_THREADS  # those that were begun; the others never are


@pytest.mark.parametrize(
    "sent",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(200),  # TLS
        b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * 100_000,
        b"POST /v1/predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: -5\r\n\r\n",
        b"POST /v1/predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
        b"POST /v1/predict HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n",
        b"GET /%00%ff%0d%0aX:1 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
        b"\r\n" * 1000 + b"nonsense\r\n\r\n",
    ],
)
def test_what_is_no_request_is_answered_with_4xx_or_closed(client: httpx2.Client, sent: bytes) -> None:
    with closing(connect(client)) as connection:
        connection.sendall(sent)
        said = answered(connection)
    assert said == b"" or said.startswith(b"HTTP/1.1 4")


@pytest.mark.parametrize("sent", [b"", b"POST /v1/predict HTTP/1.1\r\nHost: loc"])
def test_a_connection_without_a_request_is_closed(
    served_run: Path, monkeypatch: pytest.MonkeyPatch, sent: bytes
) -> None:
    monkeypatch.setattr(serving, "IDLE_SECONDS", 0.1)
    with in_thread(served_run, TIGHT) as client, closing(connect(client)) as connection:
        connection.sendall(sent)
        assert answered(connection) == b""
        with closing(connect(client)) as slow:  # a request under way is not cut off
            slow.sendall(head(len(png(8, 8))))
            threading.Event().wait(0.3)
            slow.sendall(png(8, 8))
            assert answered(slow).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({"host": "evil.example"}, "foreign_host"),
        ({"host": "localhost.evil.example"}, "foreign_host"),
        ({"host": "192.168.0.7:8000"}, "foreign_host"),
        ({"host": ""}, "foreign_host"),
        ({"origin": "http://evil.example"}, "foreign_origin"),
        ({"origin": "null"}, "foreign_origin"),
        ({"origin": "http://localhost:1"}, "foreign_origin"),
        ({"sec-fetch-site": "cross-site"}, "foreign_origin"),
    ],
)
def test_pages_of_other_sites_get_nothing(client: httpx2.Client, headers: dict[str, str], code: str) -> None:
    refused(client.post("/v1/predict", content=png(8, 8), headers=headers), 403, code)


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:80", "127.0.0.1:9", "[::1]:8000", "a.localhost"])
def test_this_machine_is_known_by_all_its_names(client: httpx2.Client, host: str) -> None:
    headers = {"host": host, "origin": f"http://{host}", "sec-fetch-site": "same-origin"}
    assert client.post("/v1/predict", content=png(8, 8), headers=headers).status_code == 200


def test_a_token_is_asked_for_everywhere_but_for_its_health_and_the_empty_page(
    served_run: Path, encoded: Callable[[str], str]
) -> None:
    with in_thread(served_run, TIGHT, TOKEN) as client:
        for path in (
            "/page/run",
            "/page/gallery",
            "/page/pictures/0",
            "/docs",
            "/docs/files/swagger-ui.css",
            "/metrics",
            "/openapi.json",
            "/v1/model",
            "/v1/x",
        ):
            refused(client.get(path), 401, "no_token")
        refused(client.get("/page/report"), 403, "ticket")
        refused(client.post("/page/report"), 401, "no_token")
        assert client.get("/").status_code == 200
        assert "Bearer" in client.post("/v1/predict", content=png(8, 8)).headers["www-authenticate"]
        assert client.get("/v1/health").status_code == 200
        for wrong in ("Bearer x", f"Bearer {TOKEN}x", f"Bearer {TOKEN[:-1]}", encoded(":x"), encoded(f"{TOKEN}:"),
                      "Bearer ä", "Basic ä", "Basic a", "Digest x", TOKEN):  # fmt: skip
            response = client.get("/v1/model", headers={"authorization": wrong.encode("latin-1")})
            assert response.status_code == 401
        for right in (f"Bearer {TOKEN}", f"bearer  {TOKEN}", encoded(f"any:{TOKEN}")):
            headers = {"authorization": right, "host": "classifier.example"}
            assert client.post("/v1/predict", content=png(8, 8), headers=headers).status_code == 200


@pytest.fixture
def encoded() -> Callable[[str], str]:
    return lambda text: "Basic " + base64.b64encode(text.encode()).decode()
