"""Call a function as soon as a module has been imported, whoever imports it."""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import os
import random
import sys
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any

Then = Callable[[Any], None]


class AfterImport(importlib.abc.MetaPathFinder):
    """A finder that finds nothing of its own: it wraps the loader that the next ones find.

    What a library draws from `random` when it is imported (Rich numbers its styles by chance) is given back: the
    script's numbers do not hang on which library is imported when, or was already.

    Attributes
    ----------
    folder
        What lies below it is the script's own, and no library.
    """

    def __init__(self) -> None:
        self.folder: str | None = None
        self.waiting: dict[str, list[Then]] = {}

    def install(self) -> None:
        """Stand before all other finders."""
        sys.meta_path.insert(0, self)

    def when_imported(self, name: str, then: Then) -> None:
        """Call `then` with the module `name` when it has been executed; now if it has been already."""
        if name in sys.modules:
            then(sys.modules[name])
        else:
            self.waiting.setdefault(name, []).append(then)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Find the module as the others do, and have its loader tell us when it is done."""
        package = "." not in fullname
        if fullname not in self.waiting and not package:
            return None
        for finder in sys.meta_path:
            if finder is self or not hasattr(finder, "find_spec"):
                continue
            spec = finder.find_spec(fullname, path, target)
            if spec is not None:
                if package and isinstance(spec.loader, importlib.machinery.SourceFileLoader):
                    self._give_back(spec.loader)
                if fullname in self.waiting and spec.loader is not None:
                    self._tell_when_done(spec.loader, fullname)
                return spec
        return None

    def _give_back(self, loader: Any) -> None:
        if self.folder is not None and loader.path.startswith(self.folder + os.sep):
            return
        plain = loader.exec_module

        def exec_module(module: ModuleType) -> None:
            state = random.getstate()
            plain(module)
            random.setstate(state)

        loader.exec_module = exec_module

    def _tell_when_done(self, loader: Any, fullname: str) -> None:
        plain = loader.exec_module

        def exec_module(module: ModuleType) -> None:
            plain(module)
            for then in self.waiting.pop(fullname, []):
                then(module)

        loader.exec_module = exec_module
