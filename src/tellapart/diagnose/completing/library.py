"""A draft that knows the full names of what a program takes from libraries."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from tellapart.diagnose.edits.bindings import dotted
from tellapart.diagnose.edits.naming import Naming, imported_names

from .renamed import modern


class Library(Naming):
    """A program being changed; nothing of it is run or followed.

    Parameters
    ----------
    script
        Valid Python; no notebook.
    """

    def __init__(self, script: str) -> None:
        super().__init__(script)
        self.imported = imported_names(self)

    def full(self, node: cst.CSTNode) -> str:
        """Return the library's dotted name of what is written; "" for what is no library's."""
        root, _, rest = dotted(node).partition(".")
        origin = self.imported.get(root, "")
        return f"{origin}.{rest}" if origin and rest else origin

    def import_once(self, line: str) -> None:
        """Import something, however often it is needed."""
        if line not in self._added:
            self._added.add(line)
            self.add_import(line)

    def of_keras(self, call: cst.Call, group: str) -> str:
        """Return the name of a layer, optimiser or callback that a call makes; "" where it makes none of the group."""
        name = modern(self.full(call.func)) or ""
        module, _, last = name.rpartition(".")
        return last if module in (f"keras.{group}", "keras") else ""

    def methods(self, *names: str) -> Iterator[cst.Call]:
        """Yield the calls of methods of some names on what is no library's module."""
        for call in self.nodes(cst.Call):
            if (
                isinstance(call.func, cst.Attribute)
                and call.func.attr.value in names
                and not self.full(call.func)
            ):
                yield call

    def keyword(self, call: cst.Call, name: str) -> cst.Arg | None:
        """Return an argument that is given by its name."""
        return next((one for one in call.args if one.keyword is not None and one.keyword.value == name), None)

    def rename_keyword(self, call: cst.Call, old: str, new: str) -> bool:
        """Call an argument by another name; say whether it was given."""
        found = self.keyword(call, old)
        if found is None or found.keyword is None:
            return False
        self.replace(found.keyword, new)
        return True
