"""A process that has imported a script's libraries already, and of which every run is a copy.

Importing Keras or PyTorch takes about half of a small training's time, and a diagnosis runs dozens. A run that cannot
be such a copy, for whatever reason, is started as a process of its own: see `ColdStartError`.
"""

from __future__ import annotations

import json
import os
import select
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO

from .opening import Opening, opening_of
from .recorder.serving import READY, START_OVER
from .sandbox.process import MARK, NO_MARK

IMPORT_SECONDS = 120.0
LOOK_EVERY = 0.1
FORK_SECONDS = 20.0
FOLDERS = ("TMPDIR", "PICTURES")
OF_THE_RUN = (*FOLDERS, MARK)
"""What differs in the environments of runs; a copy is given its own."""


class ColdStartError(Exception):
    """The run has to be a new process."""


class ForkServer:
    """Started when it is first asked for a run; not asked again once it could not give one.

    Parameters
    ----------
    script
        The user's file.
    scratch
        An existing folder for its own; None: the system's.
    """

    def __init__(self, script: Path, scratch: Path | None = None) -> None:
        self._beside, self._scratch = script.resolve().parent, scratch
        self._lock = threading.Lock()
        self._known: tuple[Opening, dict[str, str]] | None = None
        self._server: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        # Elsewhere threads cannot be counted, and the system's own libraries bear no fork.
        self.usable = sys.platform == "linux"

    def start(
        self,
        script: Path,
        order: Path,
        environment: Mapping[str, str],
        advance: Callable[[float], None] | None,
    ) -> ForkedProcess:
        """Start the recorder with an order, in a copy of the process that has imported what the script needs.

        Parameters
        ----------
        script
            As it is run, in the folder where it is run.
        order
            Its file.
        environment
            Of the process.
        advance
            Called some ten times a second while the libraries are imported.

        Raises
        ------
        ColdStartError
            This script, this version of it, or this machine needs a new process.
        """
        with self._lock:
            text = script.read_text(encoding="utf-8", errors="replace")
            control = self._ready(opening_of(text, environment), environment, advance)
            request = {
                "order": str(order),
                "folder": str(script.parent),
                "environment": {key: environment[key] for key in FOLDERS if key in environment},
                "mark": [MARK, environment[MARK]],
            }
            try:
                return ForkedProcess(control, json.dumps(request).encode())
            except (OSError, ValueError) as error:
                self.usable = False
                raise ColdStartError from error

    def check(self, process: ForkedProcess) -> None:
        """Look at how a run has ended.

        Raises
        ------
        ColdStartError
            It has to be run again, in a new process; and so have all others.
        """
        if process.returncode == START_OVER:
            self.usable = False
            raise ColdStartError

    def close(self) -> None:
        """End the server; its runs have ended."""
        if self._control is not None:
            self._control.close()
        if self._server is not None:
            self._server.kill()
            self._server.wait()
        if self._folder is not None:
            self._folder.cleanup()

    def _ready(
        self, opening: Opening, environment: Mapping[str, str], advance: Callable[[float], None] | None
    ) -> socket.socket:
        if not self.usable or not opening.imports:
            raise ColdStartError
        shared = {key: value for key, value in environment.items() if key not in OF_THE_RUN}
        shared["PICTURES"] = str("PICTURES" in environment)  # a copy can be given others, but not none
        if self._known is None:
            self._known, self.usable = (opening, shared), False
            self.usable = self._launch(opening, environment, advance)
        if not self.usable or self._control is None:
            raise ColdStartError
        known, its = self._known
        if (opening.settings, shared) != (known.settings, its) or not known.packages <= opening.packages:
            raise ColdStartError
        return self._control

    def _launch(
        self, opening: Opening, environment: Mapping[str, str], advance: Callable[[float], None] | None
    ) -> bool:
        """Start the server and wait until it has imported everything; returns whether it can be forked."""
        self._folder = tempfile.TemporaryDirectory(prefix="tellapart-", dir=self._scratch)
        folder = str(Path(self._folder.name).resolve())
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        asked = {
            "control": theirs.fileno(),
            "folder": folder,
            "beside": str(self._beside),
            "settings": opening.settings,
            "imports": opening.imports,
        }
        with theirs, (Path(folder) / "printed").open("wb") as printed:
            self._server = subprocess.Popen(  # noqa: S603 - ourselves
                [sys.executable, "-m", "tellapart.diagnose.recorder.serving", json.dumps(asked)],
                cwd=folder,
                env={**environment, "TMPDIR": folder, MARK: NO_MARK},
                stdin=subprocess.DEVNULL,
                stdout=printed,
                stderr=subprocess.STDOUT,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )
        begun = time.monotonic()
        while not select.select([self._control], [], [], LOOK_EVERY)[0]:
            passed = time.monotonic() - begun
            if passed > IMPORT_SECONDS:
                return False
            if advance is not None:
                advance(passed)
        return self._control.recv(len(READY)) == READY


class ForkedProcess:
    """A copy of the server; see `tellapart.diagnose.sandbox.process.Process`."""

    def __init__(self, control: socket.socket, request: bytes) -> None:
        self.returncode: int | None = None
        output, theirs = os.pipe()
        told, tell = os.pipe()
        self._told = os.fdopen(told, "rb", buffering=0)
        self.stdout: IO[bytes] | None = os.fdopen(output, "rb", buffering=0)
        try:
            self.pid = self._ask(control, request, theirs, tell)
        except BaseException:
            self._told.close()
            self.stdout.close()
            raise

    def _ask(self, control: socket.socket, request: bytes, theirs: int, tell: int) -> int:
        """Return the pid; nothing, which is no number, comes from a server that is gone."""
        try:
            socket.send_fds(control, [request], [theirs, tell])
        finally:
            os.close(theirs)
            os.close(tell)
        if not select.select([self._told], [], [], FORK_SECONDS)[0]:
            raise TimeoutError
        return int(self._told.readline())

    def poll(self) -> int | None:
        """Return the exit status if it has ended; `START_OVER` if the server has gone that could tell it."""
        return self._look(0.0)

    def wait(self, timeout: float | None = None) -> int:
        """Return the exit status when it has ended."""
        status = self._look(timeout)
        if status is None:
            raise subprocess.TimeoutExpired("fork", timeout or 0.0)
        return status

    def _look(self, timeout: float | None) -> int | None:
        if self.returncode is None and select.select([self._told], [], [], timeout)[0]:
            told = self._told.readline()
            self.returncode = int(told) if told else START_OVER
            self._told.close()
        return self.returncode
