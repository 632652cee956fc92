"""``python -m tellapart.diagnose.recorder.serving ASKED``: import once, then fork a copy of this process for each run.

ASKED is JSON that `tellapart.diagnose.fork_server` gives: ``control`` (number of the socket on which runs are asked
for), ``folder`` (empty, for what is written meanwhile), ``beside`` (the script's folder), ``settings`` and
``imports`` (as `tellapart.diagnose.opening`).

`multiprocessing.forkserver` is no use here: its children are workers of `multiprocessing`, with its start method
forced upon the script, its own ``__main__``, no session of their own and one environment for all.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import importlib
import json
import os
import random
import select
import signal
import socket
import sys
import tempfile
import threading
import traceback
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

from .recorder import Recorder

READY = b"ready"
MOST_BYTES = 64 * 1024
START_OVER = 75
"""Exit status of a run that has to be started again in a new process: EX_TEMPFAIL of sysexits.h."""
OF_PYTHON = "PYTHON"
"""Such variables are read when Python starts, whoever sets them later (many a function that sets all seeds does)."""
FORK_SAFE_THREADS = frozenset(["jemalloc_bg_thd"])
"""A thread of Arrow's allocator, which pandas brings: the allocator prepares for forks and does without it then."""
CUDA_DRIVER = "libcuda.so"
"""Once it is in use, no copy of the process can use it."""
CUDA_WITHOUT_DRIVER = "PYTORCH_NVML_BASED_CUDA_CHECK"
"""With this variable PyTorch asks whether there is a GPU without starting the driver; Keras asks when imported."""

OF_THE_FIRST_OPTIMIZER = "torch._dynamo"
"""PyTorch imports it when a process makes its first optimiser, which takes it almost as long as PyTorch itself."""


def main(asked: dict[str, Any]) -> None:
    """Import, say that it is ready, and serve until the other side is gone."""
    control = socket.socket(fileno=asked["control"])
    known = _packages()
    recorder = Recorder(asked["folder"])
    settings = dict(asked["settings"])
    fit = _import(asked["imports"], settings)
    shadowed = (_packages() - known) & {entry.stem for entry in Path(asked["beside"]).iterdir()}
    sys.stdout.flush()
    printed = (Path(asked["folder"]) / "printed").read_bytes()
    if not fit or shadowed or _threads() or _uses_cuda():
        return
    gc.freeze()  # or each copy would copy all pages to look for garbage in them
    control.send(READY)
    _serve(control, lambda request, output: _run(recorder, request, output, settings, printed))


def _packages() -> set[str]:
    return {name.partition(".")[0] for name in sys.modules}


def _import(imports: list[list[Any]], settings: dict[str, str]) -> bool:
    """Import what is asked for, under the settings; returns whether a copy has the same chance as a new process."""
    from . import keras_hooks, torch_hooks  # noqa: F401 - what the recorder itself needs

    before = {name: os.environ.get(name) for name in (*settings, CUDA_WITHOUT_DRIVER)}
    os.environ.update({CUDA_WITHOUT_DRIVER: "1", **settings})
    drawn = _generators()
    for module, names in imports:
        __import__(module, fromlist=names)
        drawn = {**_generators(), **drawn}
    if "torch" in sys.modules:
        importlib.import_module(OF_THE_FIRST_OPTIMIZER)
    for name, value in before.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
    return _generators() == drawn


def _generators() -> dict[str, str]:
    """Return the states of all generators there are so far."""
    found = {"random": repr(random.getstate())}
    if "numpy" in sys.modules:
        found["numpy"] = repr(sys.modules["numpy"].random.get_state(legacy=False))
    if "torch" in sys.modules:
        found["torch"] = repr(sys.modules["torch"].get_rng_state().tolist())
    return found


def _threads() -> list[str]:
    """Return the names of threads that a copy would miss.

    OpenBLAS ends its own before each fork and starts them again when they are needed: they are gone after the first.
    """
    pid = os.fork()
    if not pid:
        os._exit(0)
    os.waitpid(pid, 0)
    tasks = Path("/proc/self/task")
    names = [(task / "comm").read_text().strip() for task in tasks.iterdir() if int(task.name) != os.getpid()]
    python = [one.name for one in threading.enumerate() if one is not threading.main_thread()]
    return [name for name in names if name not in FORK_SAFE_THREADS] + python


def _uses_cuda() -> bool:
    return CUDA_DRIVER in Path("/proc/self/maps").read_text()


def _serve(control: socket.socket, run: Any) -> None:
    """Fork for each request; tell the pid, and the status when it ends."""
    running: dict[int, tuple[int, int]] = {}
    while True:
        for ready in select.select([control.fileno(), *running], [], [])[0]:
            if ready in running:
                pid, tell = running.pop(ready)
                status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
                with contextlib.suppress(BrokenPipeError):
                    os.write(tell, f"{status}\n".encode())
                os.close(ready)
                os.close(tell)
                continue
            message, files, *_ = socket.recv_fds(control, MOST_BYTES, 2)
            if not message:
                for pid, _ in running.values():
                    with contextlib.suppress(ProcessLookupError):
                        os.killpg(pid, signal.SIGKILL)
                return
            output, tell = files
            pid = os.fork()
            if not pid:
                control.close()
                for held in (tell, *running, *(each for _, each in running.values())):
                    os.close(held)
                run(json.loads(message), output)
            os.close(output)
            os.write(tell, f"{pid}\n".encode())
            running[os.pidfd_open(pid)] = pid, tell


def _run(
    recorder: Recorder, request: dict[str, Any], output: int, settings: dict[str, str], printed: bytes
) -> NoReturn:
    """Be the process that was asked for."""
    try:
        os.setsid()
        os.dup2(output, 1)
        os.dup2(output, 2)
        os.close(output)
        os.write(1, printed)
        _mark(*request["mark"])
        os.environ.update(request["environment"])
        tempfile.tempdir = None  # found in the environment that was
        os.chdir(request["folder"])
        order = json.loads(Path(request["order"]).read_text(encoding="utf-8"))
        _watch_environment(recorder, order["folder"], settings)
        recorder.run(order)
    except BaseException:
        traceback.print_exc()
        os._exit(1)


def _mark(name: str, mark: str) -> None:
    """Write the mark over the one that this process was started with, where other processes read it."""
    getenv = ctypes.CDLL(None).getenv
    getenv.restype = ctypes.c_void_p
    ctypes.memmove(getenv(name.encode()), mark.encode(), len(mark))
    if f"{name}={mark}".encode() not in Path("/proc/self/environ").read_bytes().split(b"\0"):
        os._exit(START_OVER)
    os.environ[name] = mark


def _watch_environment(recorder: Recorder, folder: str, settings: dict[str, str]) -> None:
    """Start over where the script, before it trains, sets what its libraries were imported without."""
    own = os.getpid()

    def audit(event: str, arguments: tuple[Any, ...]) -> None:
        if event not in ("os.putenv", "os.unsetenv") or os.getpid() != own:
            return
        if recorder.session is not None and recorder.session.models:
            return
        name = os.fsdecode(arguments[0])
        if name.startswith(OF_PYTHON):
            return
        value = os.fsdecode(arguments[1]) if event == "os.putenv" else None
        if value != settings.get(name, os.environ.get(name)) and _set_by_script(sys._getframe(1), folder):
            os._exit(START_OVER)

    sys.addaudithook(audit)


def _set_by_script(frame: FrameType | None, folder: str) -> bool:
    """Whether the script's files ask for it, and not a library that sets something of its own when imported."""
    while frame is not None and not frame.f_code.co_filename.startswith("<frozen importlib"):
        if frame.f_code.co_filename.startswith(folder):
            return True
        frame = frame.f_back
    return False


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
