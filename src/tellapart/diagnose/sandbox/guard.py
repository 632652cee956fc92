"""What the script meets instead of a terminal, a display and the rest of the machine."""

from __future__ import annotations

import builtins
import os
import sys
from collections.abc import Callable
from typing import Any

from .landlock import write_only_below
from .lookups import WRITING_FLAGS, Lookups
from .paths import Paths

PROGRAM_EVENTS = ("subprocess.Popen", "os.system", "os.posix_spawn", "os.exec")
CHANGE_EVENTS = ("os.remove", "os.rename", "os.rmdir", "os.truncate", "os.chmod", "os.mkdir", "shutil.rmtree")
MOST_WORDS = 200


class AskedForInputError(BaseException):
    """The script waits for a person; no ``except Exception`` may take this for an empty answer."""


class Guard:
    """Watches and bounds the process it is installed in.

    Parameters
    ----------
    paths
        Where paths lead until `enter` says otherwise.

    Attributes
    ----------
    refused, processes
        What was not allowed, and which programs were started, in words.
    windows
        How often a window was to open.
    pictures_read
        Paths of the picture files that were opened.
    """

    def __init__(self, paths: Paths) -> None:
        self.paths = paths
        self.refused: list[str] = []
        self.processes: list[str] = []
        self.windows = 0
        self.pictures_read: set[str] = set()
        self.lookups = Lookups(paths, lambda words: self._note(self.refused, words))
        self.kernel = False

    def install(self, when_imported: Callable[[str, Callable[[Any], None]], None]) -> None:
        """Patch this process; `when_imported` calls a function with a module as soon as it is imported."""
        builtins.input = _ask
        sys.stdin = _Nobody()
        self.lookups.install()
        when_imported("matplotlib", self._matplotlib)
        when_imported("matplotlib.pyplot", self._pyplot)
        when_imported(
            "PIL.ImageShow", lambda module: setattr(module, "show", lambda *_, **__: self._window())
        )
        when_imported("webbrowser", lambda module: setattr(module, "open", lambda *_, **__: self._window()))
        when_imported("cv2", self._cv2)
        when_imported("h5py", self._h5py)
        when_imported("torch", lambda torch: self.lookups.lead(torch, "save", writing=True, position=1))
        sys.addaudithook(self._audit)

    def enter(self, paths: Paths) -> None:
        """Lead by `paths` from now on, and have the kernel refuse, for good, what is written elsewhere."""
        paths.kept_inside.update(self.paths.kept_inside)  # by libraries, when they were imported
        self.paths = self.lookups.paths = paths
        self.kernel = write_only_below([paths.work, "/dev", "/proc/self"])

    def _matplotlib(self, module: Any) -> None:
        module.use = lambda *_, **__: None  # a backend with windows would fail without a display

    def _pyplot(self, module: Any) -> None:
        module.show = lambda *_, **__: self._window()
        plain = module.switch_backend
        module.switch_backend = lambda *_, **__: plain("Agg")

    def _cv2(self, module: Any) -> None:
        module.imshow = lambda *_, **__: self._window()
        module.waitKey = lambda *_: -1
        self.lookups.lead(module, "imread", writing=False)
        self.lookups.lead(module, "imwrite", writing=True)

    def _h5py(self, module: Any) -> None:
        plain = module.File.__init__

        def led(file: Any, name: Any, mode: str = "r", *arguments: Any, **options: Any) -> None:
            if isinstance(name, (str, os.PathLike)) and isinstance(os.fspath(name), str):
                to = self.paths.to_read if mode == "r" else self.paths.to_write
                name = to(os.fspath(name))
            plain(file, name, mode, *arguments, **options)

        module.File.__init__ = led

    def _window(self) -> bool:
        self.windows += 1
        return False

    @staticmethod
    def _note(where: list[str], words: str) -> None:
        if len(where) < MOST_WORDS and words not in where:
            where.append(words)

    def _audit(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            self._opens(*arguments)
        elif event in PROGRAM_EVENTS:
            if not _asked_by_platform():
                self._note(self.processes, str(arguments[1] if event == "subprocess.Popen" else arguments[0]))
        elif event == "socket.connect":
            self._note(self.processes, f"network {arguments[1]}")
        elif event in CHANGE_EVENTS:
            target = arguments[1] if event == "os.rename" else arguments[0]
            if event in ("os.remove", "os.rmdir") and isinstance(arguments[1], int) and arguments[1] >= 0:
                target = os.path.join(os.readlink(f"/proc/self/fd/{arguments[1]}"), target)
            if event == "shutil.rmtree" and isinstance(target, str):
                target = self.paths.to_read(target, commit=False)
            if not _fails_by_itself(event, target):
                self._changes(f"{event} {target}", target)

    def _opens(self, path: Any, _mode: Any, flags: Any) -> None:
        if not isinstance(path, str):
            return
        if isinstance(flags, int) and flags & WRITING_FLAGS:
            self._changes(f"write {path}", path)
        elif path.lower().endswith((".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp", ".gif")):
            self.pictures_read.add(path)

    def _changes(self, words: str, target: Any) -> None:
        """Refuse what the patched functions did not lead elsewhere: it came another way."""
        if isinstance(target, str) and not self.paths.may_write(target):
            self._note(self.refused, words)
            raise PermissionError(13, "Outside of the script's folder", target)


class _Nobody:
    """Standard input with nobody at it."""

    encoding, errors, closed, name, mode = "utf-8", "strict", False, "<stdin>", "r"

    def _ask(self, *_: Any) -> Any:
        raise AskedForInputError("standard input was read")

    read = readline = readlines = __next__ = _ask

    def __iter__(self) -> _Nobody:
        return self

    def isatty(self) -> bool:
        """Nobody is no terminal."""
        return False

    def fileno(self) -> int:
        """Nothing comes from the real one either: it is the null device."""
        return 0

    def close(self) -> None:
        """Stay."""


def _fails_by_itself(event: str, target: Any) -> bool:
    """Whether a change is of what is there already, or is not there: scripts expect that, and go on."""
    return os.path.isdir(target) if event == "os.mkdir" else not os.path.lexists(target)


def _asked_by_platform() -> bool:
    """Whether this comes from the standard library's ``platform``, which starts ``uname`` on many an import."""
    frame: Any = sys._getframe(2)
    while frame is not None:
        if frame.f_globals.get("__name__") == "platform":
            return True
        frame = frame.f_back
    return False


def _ask(prompt: object = "", /) -> str:
    raise AskedForInputError(str(prompt))
