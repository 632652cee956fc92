"""A draft that knows what its names mean in libraries, and how the program would write others of them."""

from __future__ import annotations

import libcst as cst

from tellapart.diagnose.reading.apis import ASSUMED_IMPORTS, canonical

from .bindings import bound, dotted
from .naming import imported_names
from .registry import Asked
from .sheet import Sheet, word


class LibraryNames(Sheet):
    """A program being changed, with the names that it imports.

    Parameters
    ----------
    asked
        What the edit is made for.
    """

    def __init__(self, asked: Asked) -> None:
        super().__init__(asked.program)
        self.asked = asked
        self._added: set[str] = set()
        self.imported = imported_names(self)
        self.bindings = [
            one
            for node in self.nodes(cst.Assign, cst.AnnAssign, cst.AugAssign, cst.For)
            for one in bound(node)
        ]
        self._taken = {self.code(one.target) for one in self.bindings}

    def api(self, node: cst.BaseExpression) -> str:
        """Return a library's one name for what is written; "" for what is no library's."""
        root, _, rest = dotted(node).partition(".")
        origin = self.imported.get(root) or (ASSUMED_IMPORTS.get(root, "") if root not in self._taken else "")
        return canonical(f"{origin}.{rest}" if rest else origin) if origin else ""

    def what(self, call: cst.Call) -> str:
        """Return the last word of what is called, whatever the program imported it as."""
        return self.api(call.func).rpartition(".")[2] or word(call)

    def calls(self, *names: str) -> list[cst.Call]:
        """Return the calls of functions, classes or methods of some names, in order of the text."""
        return [one for one in self.nodes(cst.Call) if self.what(one) in names]

    def beside(self, group: str, name: str) -> str:
        """Return how the program would write a library's name: beside others of its module, else imported.

        Parameters
        ----------
        group
            The module: ``keras.layers``.
        name
            In it: ``Rescaling``.
        """
        wanted = canonical(f"{group}.{name}")
        for local, full in self.imported.items():
            if canonical(full) == wanted:
                return local
        for node in self.nodes(cst.Attribute):
            if canonical(f"{self._whole(node.value)}.{name}") == wanted and node.attr.value[0].isupper():
                return f"{self.code(node.value)}.{name}"
        for full in self.imported.values():
            module = self._module_of(full, group)
            if module and canonical(f"{module}.{name}") == wanted:
                self.add_import(f"from {module} import {name}")
                return name
        root, _, rest = group.partition(".")
        for local, full in self.imported.items() if root != "sklearn" else ():
            if canonical(full) == root or (root == "keras" and full == "tensorflow"):
                return f"{local}.{'keras.' if full == 'tensorflow' else ''}{rest}.{name}"
        if root == "keras":
            return f"{self.module(group)}.{name}"
        self.add_import(f"from {group} import {name}")
        return name

    def _whole(self, node: cst.BaseExpression) -> str:
        """Return what is written with its first name as the program imported it."""
        root, dot, rest = dotted(node).partition(".")
        return f"{self.imported[root]}{dot}{rest}" if root in self.imported else ""

    def _module_of(self, full: str, group: str) -> str:
        """Return the part of an imported name that is the module: ``keras.layers`` of ``keras.layers.core.Dense``."""
        parts, end = full.split("."), group.rpartition(".")[2]
        return ".".join(parts[: parts.index(end) + 1]) if end in parts[:-1] else ""

    def add_import(self, line: str) -> None:
        """Import something once."""
        if line not in self._added:
            self._added.add(line)
            super().add_import(line)

    def free(self, *names: str) -> str:
        """Return the first of some names, else the first with a number, that the program does not use."""
        used = {one.value for one in self.nodes(cst.Name)}
        return next(one for one in (*names, *(f"{names[0]}_{k}" for k in range(2, 99))) if one not in used)

    def numpy(self) -> str:
        """Return what the program calls numpy; imported where it is not."""
        return self.name_for("numpy") if "numpy" in self.imported.values() else self._numpy()

    def _numpy(self) -> str:
        self.add_import("import numpy as np")
        return "np"
