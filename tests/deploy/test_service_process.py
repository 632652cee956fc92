"""`tellapart serve` as a process: its words, its end, and where it refuses to begin."""

from __future__ import annotations

import io
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx2
import numpy as np
import pytest
from PIL import Image

from tellapart.deploy.service import options
from tellapart.deploy.service.options import ServeOptions, require_extra
from tellapart.deploy.service.serving import serve
from tellapart.errors import MissingExtraError, OptionError, RunFolderError
from tests.deploy.service import Process, answered, head, wait_until


def png() -> bytes:
    out = io.BytesIO()
    Image.fromarray(np.zeros((30, 40, 3), np.uint8)).save(out, "PNG")
    return out.getvalue()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_what_is_under_way_is_answered_before_the_end(served_run: Path, number: int) -> None:
    service = Process(served_run)
    assert "-1, =red()" in service.said
    with closing(service.connect()) as connection, closing(service.connect()) as idle:
        idle.sendall(b"GET /v1/health HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert idle.recv(65536).startswith(b"HTTP/1.1 200 ")
        content = png()
        connection.sendall(head(len(content)) + content[:20])
        now = "tellapart_requests_now 1.0"
        wait_until(lambda: now in httpx2.get(f"{service.url}/metrics").text)
        service.process.send_signal(number)
        wait_until(lambda: refuses(service))
        connection.sendall(content[20:])
        said = answered(connection)
        assert said.startswith(b"HTTP/1.1 200 ")
        assert b'"label"' in said
    assert service.ended() == (0, "")


def refuses(service: Process) -> bool:
    try:
        service.connect().close()
    except (ConnectionRefusedError, ConnectionResetError):  # reset: the door closed while it was knocked at
        return True
    return False


def test_a_token_may_come_from_the_environment(served_run: Path) -> None:
    service = Process(served_run, "--max-mib", "1", TELLAPART_TOKEN="0123456789abcdef")
    assert httpx2.get(f"{service.url}/v1/model").status_code == 401
    said = httpx2.get(f"{service.url}/v1/model", headers={"authorization": "Bearer 0123456789abcdef"}).json()
    assert said["limits"]["body_bytes"] == 2**20
    assert service.stop(signal.SIGTERM) == (0, "")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"host": "0.0.0.0"}, "--token"),
        ({"host": "::"}, "--token"),
        ({"host": ""}, "address of this machine"),
        ({"host": "203.0.113.7", "token": "x" * 16}, "free"),
        ({"host": "no such host"}, "address of this machine"),
        ({"token": "short"}, "16"),
        ({"token": "spaces are no part of it"}, "no space"),
        ({"token": ""}, "16"),
        ({"port": -1}, "65535"),
        ({"port": 65536}, "65535"),
        ({"max_mib": 0}, "--max-mib"),
        ({"max_megapixels": 121}, "--max-megapixels"),
    ],
)
def test_impossible_options_are_refused(
    served_run: Path, refused: Callable[..., Any], given: dict[str, Any], words: str
) -> None:
    error = refused(lambda: serve(served_run, ServeOptions(**{"port": 0} | given), print))
    assert isinstance(error, OptionError)
    assert words in error.expected


def test_a_port_in_use_is_refused(served_run: Path, refused: Callable[..., Any]) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as other:
        error = refused(serve, served_run, ServeOptions(port=other.getsockname()[1]), print)
    assert "in use" in error.found


def test_a_folder_without_a_model_is_refused_with_status_2(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tellapart", "serve", str(tmp_path), "--port", "0"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert "no model.onnx" in done.stderr
    assert "Traceback" not in done.stderr


def test_damaged_files_of_a_run_are_refused(
    tmp_path: Path, refused: Callable[..., Any], write_model: Callable[..., Path]
) -> None:
    write_model(tmp_path / "model.onnx")
    (tmp_path / "metrics.json").write_text("{")
    assert isinstance(refused(serve, tmp_path, ServeOptions(port=0), print), RunFolderError)


def test_without_the_extra_it_says_what_to_install(
    refused: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    require_extra()
    monkeypatch.setattr(options, "NEEDED", ("fastapi", "not_there_at_all"))
    error = refused(require_extra)
    assert isinstance(error, MissingExtraError)
    assert error.found == "no not_there_at_all"
    assert "tellapart[serve]" in error.advice
