"""From a folder of labelled pictures to a classifier you can trust."""

from importlib import import_module
from typing import Any

__version__ = "0.1.0.dev0"
__all__ = ["ImageClassifier", "__version__", "audit", "diagnose", "study"]


def __getattr__(name: str) -> Any:
    """Import what is asked for when it is asked for: `import tellapart` itself stays a matter of milliseconds.

    By name, because an import statement would tie every module of the package to those above it.
    """
    if name == "ImageClassifier":
        return import_module("tellapart.classifier").ImageClassifier
    if name in ("audit", "diagnose", "study"):
        return import_module(f"tellapart.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
