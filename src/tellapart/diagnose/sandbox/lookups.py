"""The standard library's doors to files, led through `Paths`."""

from __future__ import annotations

import builtins
import io
import os
import threading
from collections.abc import Callable
from typing import Any

from .paths import Paths

WRITING_MODES = frozenset("wax+")
WRITING_FLAGS = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND

Lead = Callable[[str], str]


class Lookups:
    """Patches that last as long as the process.

    Parameters
    ----------
    paths
        Where paths lead; may be exchanged.
    refused
        Called with words when something is not allowed.
    """

    def __init__(self, paths: Paths, refused: Callable[[str], None]) -> None:
        self.paths, self.refused = paths, refused
        # Set while a path is being led: what that looks up itself is the real thing.
        self._leading = threading.local()

    def install(self) -> None:
        """Patch ``open`` and the functions of ``os``."""
        for name in ("listdir", "scandir"):
            self._lead(os, name, lambda path: self.paths.to_read(path, listed=True))
        self._lead(os, "chdir", lambda path: self.paths.to_read(path, listed=True))
        for name in ("stat", "lstat", "access", "readlink", "statvfs", "listxattr", "getxattr"):
            self._lead(os, name, lambda path: self.paths.to_read(path, commit=False))
        # A folder that is there already: the call fails by itself, and is expected to.
        self._lead(os, "mkdir", lambda path: path if os.path.isdir(path) else self.paths.to_write(path))
        self._lead(os, "mkfifo", self._to_write)
        for name in ("remove", "unlink", "rmdir", "chmod", "utime", "truncate", "chown", "setxattr"):
            self._lead(os, name, self._own(name))
        for name in ("rename", "replace"):
            self._lead(os, name, self._own(name), self._to_write)
        for name in ("symlink", "link"):
            self._lead(os, name, _as_is, self._to_write)
        self._patch_open()

    def lead(self, owner: Any, name: str, *, writing: bool, position: int = 0) -> None:
        """Lead the path at `position` of a library's function that opens files in compiled code."""
        self._lead(owner, name, *([_as_is] * position), self._to_write if writing else self._to_read)

    def _to_read(self, path: str) -> str:
        return self.paths.to_read(path)

    def _to_write(self, path: str) -> str:
        return self.paths.to_write(path)

    def _own(self, name: str) -> Lead:
        """Return a lead that lets the script change its own files only: those it wrote, or its copy."""

        def own(path: str) -> str:
            given = self.paths.to_read(path)
            if not os.path.lexists(given):
                return given  # the call fails by itself, and is expected to
            if self.paths.may_write(os.path.join(os.path.realpath(os.path.dirname(given) or "."), "x")):
                return given
            self.refused(f"{name} {path}")
            raise PermissionError(13, "Outside of the script's folder", path)

        return own

    def _led(self, lead: Lead, given: Any) -> Any:
        """Return where a path leads, anything else as it is."""
        text = None if getattr(self._leading, "on", False) else _text(given)
        if text is None:
            return given
        self._leading.on = True
        try:
            found = lead(text)
        finally:
            self._leading.on = False
        return given if found == text else found

    def _lead(self, owner: Any, name: str, *leads: Lead) -> None:
        original = getattr(owner, name, None)
        if original is None:
            return

        def led(*arguments: Any, **options: Any) -> Any:
            # A path relative to an open folder is not ours to judge; the kernel and the audit hook stand behind.
            if not any(options.get(key) is not None for key in ("dir_fd", "src_dir_fd", "dst_dir_fd")):
                ahead = [self._led(lead, one) for lead, one in zip(leads, arguments, strict=False)]
                arguments = (*ahead, *arguments[len(ahead) :])
            return original(*arguments, **options)

        led.__name__, led.__doc__ = name, getattr(original, "__doc__", None)
        setattr(owner, name, led)
        for group in ("supports_dir_fd", "supports_fd", "supports_follow_symlinks", "supports_effective_ids"):
            known = getattr(os, group, None)
            if owner is os and known is not None and original in known:
                known.add(led)  # shutil and pathlib ask whether the function can do it

    def _patch_open(self) -> None:
        plain_open, plain_os_open = builtins.open, os.open

        def led_open(file: Any, mode: str = "r", *arguments: Any, **options: Any) -> Any:
            return plain_open(
                self._opened(file, bool(WRITING_MODES & set(mode))), mode, *arguments, **options
            )

        def led_os_open(path: Any, flags: int, *arguments: Any, **options: Any) -> Any:
            if options.get("dir_fd") is None:
                path = self._opened(path, bool(flags & WRITING_FLAGS))
            return plain_os_open(path, flags, *arguments, **options)

        builtins.open = io.open = led_open
        os.open = led_os_open
        os.supports_dir_fd.add(led_os_open)

    def _opened(self, file: Any, writing: bool) -> Any:
        return self._led(self._to_write if writing else self._to_read, file)


def _as_is(path: str) -> str:
    return path


def _text(path: Any) -> str | None:
    if isinstance(path, str):
        return path
    if isinstance(path, os.PathLike):
        found = os.fspath(path)
        return found if isinstance(found, str) else None
    return None
