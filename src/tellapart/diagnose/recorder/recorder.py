"""Run a script with everything installed, and leave files.

An order is what `tellapart.diagnose.running` writes: ``script``, ``arguments``, ``folder`` (the copy), ``original``,
``work``, ``pictures``, ``seed``, ``seconds``, ``closing_seconds``, ``records``.
"""

from __future__ import annotations

import linecache
import os
import runpy
import signal
import sys
import traceback
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from tellapart.diagnose.sandbox.guard import Guard
from tellapart.diagnose.sandbox.imports import AfterImport
from tellapart.diagnose.sandbox.paths import Paths
from tellapart.diagnose.sandbox.seeds import Seeds

from .ending import TimeUpError, ending
from .printing import Printing

if TYPE_CHECKING:
    from .journal import Notes
    from .session import Session
    from .torch_hooks import TorchHooks

TEXTS = (".py", ".json", ".yaml", ".yml", ".toml", ".cfg", ".ini", ".txt")
MOST_TEXT = 1_000_000
VERSIONS = ("keras", "torch", "tensorflow", "numpy")


class Recorder:
    """Installed before the first library is imported: some keep the ``open`` that they find. Runs one order.

    Parameters
    ----------
    folder
        What libraries write while they are imported goes below it.

    Attributes
    ----------
    session
        None until `run`.
    """

    def __init__(self, folder: str) -> None:
        self.session: Session | None = None
        self._imports, self._seeds = AfterImport(), Seeds()
        self._imports.install()
        self._guard = Guard(Paths(folder, folder, folder, None))
        self._guard.install(self._imports.when_imported)
        self._seeds.install(self._imports.when_imported)

    def run(self, order: dict[str, Any]) -> NoReturn:
        """Run the script of an order, write what was recorded, and end the process."""
        guard, self._imports.folder = self._guard, order["folder"]
        guard.enter(
            Paths(order["folder"], order["original"], order["work"], order["pictures"], _words(order))
        )
        if order["seed"] is not None:
            self._seeds.begin(order["seed"])
        session, torch_hooks = self._watch(order)
        sys.argv = [order["script"], *order["arguments"]]
        sys.path[0] = str(Path(order["script"]).parent)
        error = _run(order["script"], order["seconds"])
        torch_hooks.finish()
        end = ending(error, order["folder"])
        _say(error)
        _tell(session.journal, guard, end)
        pictures = None if order["pictures"] is None else Path(order["pictures"])
        session.close(order["closing_seconds"], pictures, count_folders=order["count_folders"])
        sys.stdout.flush()
        # Threads and loaders the script left running would keep the process: what matters is on disk.
        os._exit(0 if end["outcome"] == "finished" else 1)

    def _watch(self, order: dict[str, Any]) -> tuple[Session, TorchHooks]:
        """Install the hooks."""
        from .journal import Journal
        from .keras_hooks import KerasHooks
        from .session import Session
        from .torch_hooks import TorchHooks

        self.session = session = Session(Journal(Path(order["records"])), order["folder"])
        torch_hooks, keras_hooks = TorchHooks(session, order["folder"]), KerasHooks(session)
        when_imported = self._imports.when_imported
        when_imported("torch", torch_hooks.install)
        when_imported("keras", keras_hooks.install)
        when_imported("keras", torch_hooks.install_keras)
        sys.stdout = Printing(sys.stdout, session.printed)
        return session, torch_hooks


def _run(script: str, seconds: float) -> BaseException | None:
    def time_up(*_: object) -> None:
        raise TimeUpError("the time is over")

    signal.signal(signal.SIGALRM, time_up)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        runpy.run_path(script, run_name="__main__")
    except BaseException as error:
        return error
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    return None


def _say(error: BaseException | None) -> None:
    """Print the traceback as Python would, without this program's own frames."""
    if error is None or isinstance(error, (SystemExit, TimeUpError)):
        return
    linecache.checkcache()
    trace = error.__traceback__
    own = str(Path(__file__).parent)
    while trace is not None and (
        trace.tb_frame.f_code.co_filename.startswith(own)
        or trace.tb_frame.f_code.co_filename == "<frozen runpy>"
    ):
        trace = trace.tb_next
    traceback.print_exception(type(error), error, trace)


def _tell(journal: Notes, guard: Guard, end: dict[str, Any]) -> None:
    paths = guard.paths
    versions = {}
    for name in VERSIONS:
        if name in sys.modules:
            try:
                versions[name] = metadata.version(name)
            except metadata.PackageNotFoundError:
                continue
    journal.line(
        "end",
        **end,
        replaced=[list(pair) for pair in paths.replaced.items()],
        kept_inside=sorted(paths.kept_inside),
        refused=guard.refused,
        processes=guard.processes,
        windows=guard.windows,
        files_read=len(guard.pictures_read),
        kernel=guard.kernel,
        versions=versions,
    )
    journal.flush()


def _words(order: dict[str, Any]) -> str:
    """Return all texts in which the script may name a folder."""
    found = list(order["arguments"])
    for file in sorted(Path(order["folder"]).rglob("*")):
        named = file.suffix in TEXTS or str(file) == order["script"]
        is_text = named and file.is_file() and file.stat().st_size < MOST_TEXT
        found += [file.read_text(encoding="utf-8", errors="replace")] if is_text else []
    return "\n".join(found)
