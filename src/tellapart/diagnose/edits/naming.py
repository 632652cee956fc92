"""A draft that knows what the program calls a library's things, and imports what it has no name for."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from .draft import Draft


def imported_names(draft: Draft) -> dict[str, str]:
    """Return what a program's names were imported as: ``Conv2D`` -> ``keras.layers.Conv2D``."""
    found = {}
    for node in draft.nodes(cst.Import):
        for one in node.names:
            name = one.evaluated_name
            local = one.evaluated_alias or name.partition(".")[0]
            found[local] = name if one.evaluated_alias else local
    for source in draft.nodes(cst.ImportFrom):
        if source.module is None or source.relative or isinstance(source.names, cst.ImportStar):
            continue
        for one in source.names:
            found[one.evaluated_alias or one.evaluated_name] = (
                f"{draft.code(source.module)}.{one.evaluated_name}"
            )
    return found


class Naming(Draft):
    """A program being changed, with the names it gave to what it imported.

    Parameters
    ----------
    script
        Valid Python; no notebook.
    """

    def __init__(self, script: str) -> None:
        super().__init__(script)
        self._added: set[str] = set()

    def name_for(self, library: str) -> str:
        """Return what the program calls a module (``torch``, ``keras``), which is imported if it has no name yet."""
        known = "tensorflow.keras" if library == "keras" and self._through_tensorflow() else library
        modules = {alias.evaluated_name: alias.evaluated_alias for alias in self._imported()}
        if known in modules:
            return modules[known] or known
        for name, said in self._imported_from():
            if said == known:
                return name
        if known != library and "tensorflow" in modules:
            return f"{modules['tensorflow'] or 'tensorflow'}.{library}"
        if library not in self._added:
            self._added.add(library)
            self.add_import(f"from tensorflow import {library}" if known != library else f"import {library}")
        return library

    def _through_tensorflow(self) -> bool:
        return any(said.startswith("tensorflow") for _, said in self._imported_from()) or any(
            alias.evaluated_name.startswith("tensorflow")
            for node in self.nodes(cst.Import)
            for alias in node.names
        )

    def _imported(self) -> Iterator[cst.ImportAlias]:
        """Yield what the program imports as a whole, outside functions: ``import torch.nn as nn``."""
        for node in self.tree.body:
            for small in node.body if isinstance(node, cst.SimpleStatementLine) else ():
                if isinstance(small, cst.Import):
                    yield from small.names

    def _imported_from(self) -> Iterator[tuple[str, str]]:
        """Yield local names and what they were imported as: ``from tensorflow import keras as k``."""
        for node in self.tree.body:
            for small in node.body if isinstance(node, cst.SimpleStatementLine) else ():
                if not isinstance(small, cst.ImportFrom) or small.module is None or small.relative:
                    continue
                for alias in small.names if not isinstance(small.names, cst.ImportStar) else ():
                    yield (
                        alias.evaluated_alias or alias.evaluated_name,
                        f"{self.code(small.module)}.{alias.evaluated_name}",
                    )

    def is_module(self, node: cst.BaseExpression) -> bool:
        """Say whether an expression is a dotted name that begins with one that the program imported."""
        first = node
        while isinstance(first, cst.Attribute):
            first = first.value
        if not isinstance(first, cst.Name):
            return False  # what a function of a module returned is none
        code = first.value
        names = [alias for found in self.nodes(cst.Import) for alias in found.names]
        imported = {alias.evaluated_alias or alias.evaluated_name.split(".")[0] for alias in names}
        return code in imported | {name for name, _ in self._imported_from()}

    def quoted(self, name: str) -> str:
        """Return a name as a literal, in the quotes that the program uses."""
        sign = "'" if self.script.count("'") > self.script.count('"') else '"'
        return f"{sign}{name}{sign}"

    def rename(self, call: cst.Call, name: str, library: str) -> None:
        """Call another thing of the same module: ``nn.ReLU()`` becomes ``nn.Sigmoid()``.

        Parameters
        ----------
        call
            Of a class or function of a library.
        name
            Of what is called instead.
        library
            Its module, for where the program imported the class by name: ``torch.nn``.
        """
        if isinstance(call.func, cst.Attribute):
            self.replace(call.func.attr, name)
        else:
            self.replace(call.func, f"{self.module(library)}.{name}")

    def module(self, dotted: str) -> str:
        """Return how the program can write a library's module: ``torch.nn`` for ``torch.nn``, ``t.nn``..."""
        root, _, rest = dotted.partition(".")
        return f"{self.name_for(root)}.{rest}" if rest else self.name_for(root)

    def sibling(self, call: cst.Call, name: str, library: str) -> str:
        """Return another name of the module that a call takes its own from: ``nn.Linear(...)`` -> ``nn.Sigmoid``."""
        if isinstance(call.func, cst.Attribute):
            return f"{self.code(call.func.value)}.{name}"
        root = library.partition(".")[0]
        for known, said in self._imported_from():
            if said.endswith(f".{name}") and root in said.split("."):
                return known
        return f"{self.module(library)}.{name}"

    def class_beside(self, node: cst.Attribute | cst.Name, name: str) -> str:
        """Return a PyTorch activation's class beside another one: ``nn.Tanh`` -> ``nn.ReLU``."""
        wanted = {"relu": "ReLU", "leaky_relu": "LeakyReLU"}[name]
        return f"{self.code(node.value)}.{wanted}" if isinstance(node, cst.Attribute) else (
            f"{self.module('torch.nn')}.{wanted}")  # fmt: skip
