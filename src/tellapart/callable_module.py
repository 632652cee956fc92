"""Packages that are a call, too: ``tellapart.audit("pictures")`` beside ``from tellapart.audit import find_copies``.

The name of a package inside tellapart is taken: whoever imports anything from it makes Python set that attribute of
`tellapart` to the package. A function of the same name would hence be there or not, depending on what was imported
before. The package itself as the function is the same in any order.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import Any


class CallableModule(ModuleType):
    """A module that hands a call on to a function elsewhere; see `make_callable`."""

    called: str

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        """Call the function."""
        home, _, name = self.called.partition(":")
        return getattr(import_module(home), name)(*arguments, **options)


def make_callable(module: str, function: str) -> None:
    """Let calls of the imported `module` go to `function`, written ``package.module:function``.

    It is named rather than imported because it lies above the module: data flows one way, and importing the module
    stays as light as it was.
    """
    one = sys.modules[module]
    one.__class__ = CallableModule
    one.called = function  # type: ignore[attr-defined]
