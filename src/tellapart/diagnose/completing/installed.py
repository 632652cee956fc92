"""What the installed libraries have, read from their files: importing Keras alone would take seconds."""

from __future__ import annotations

import re
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

EXPORTED = re.compile(r"\bas (\w+)")


@lru_cache(maxsize=16)
def is_installed(library: str) -> bool:
    """Say whether a library can be imported."""
    return find_spec(library) is not None


@lru_cache(maxsize=64)
def keras_names(module: str) -> frozenset[str]:
    """Return the public names of a module of Keras (``layers``, ``utils``); "" for Keras itself."""
    folder = _keras_folder()
    file = None if folder is None else folder / Path(*module.split(".")) / "__init__.py"
    if file is None or not file.is_file():
        return frozenset()
    return frozenset(EXPORTED.findall(file.read_text(encoding="utf-8")))


def is_keras_module(module: str) -> bool:
    """Say whether Keras has a module of this name below its own."""
    folder = _keras_folder()
    if folder is None:
        return False
    path = folder / Path(*module.split("."))
    return (path / "__init__.py").is_file() or path.with_suffix(".py").is_file()


@lru_cache(maxsize=1)
def _keras_folder() -> Path | None:
    found = find_spec("keras")
    places = None if found is None else found.submodule_search_locations
    return Path(next(iter(places))) if places else None
