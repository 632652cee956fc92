"""Names that a program uses before, or without, giving them a value."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterable
from dataclasses import dataclass, field

ALWAYS = frozenset(dir(builtins)) | {"__file__", "__name__", "__doc__", "get_ipython"}
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


@dataclass(frozen=True)
class Place:
    """Where a name is used: line from 1, column in characters from 0."""

    line: int
    column: int


@dataclass
class Undefined:
    """What is not there.

    Attributes
    ----------
    names
        Each with the places where it is missing, in order of the text.
    starred
        Modules of which everything was imported: what it is called is not in the text.
    """

    names: dict[str, list[Place]] = field(default_factory=dict)
    starred: list[str] = field(default_factory=list)


def undefined(text: str) -> Undefined:
    """Return the names that a program leaves out.

    Parameters
    ----------
    text
        Valid Python.
    """
    tree = ast.parse(text)
    walk = _Walk(
        text, {name for node in ast.walk(tree) if isinstance(node, ast.Global) for name in node.names}
    )
    walk.block(tree.body)
    walk.finish()
    found: dict[str, list[Place]] = {}
    for name, place in sorted(walk.missing, key=lambda one: (one[1].line, one[1].column)):
        found.setdefault(name, []).append(place)
    return Undefined(found, walk.starred)


class _Walk(ast.NodeVisitor):
    """Goes through a module as it runs; bodies of functions come last, when everything has its value."""

    def __init__(self, text: str, made_global: set[str]) -> None:
        self._lines = text.split("\n")
        self.missing: list[tuple[str, Place]] = []
        self.starred: list[str] = []
        self._defined: set[str] = {*ALWAYS, *made_global}
        self._inner: list[set[str]] = []
        self._later: list[tuple[ast.AST, list[set[str]]]] = []

    def block(self, body: Iterable[ast.stmt]) -> None:
        for one in body:
            self.visit(one)

    def finish(self) -> None:
        """Go through the functions that were met, and those that are met in them."""
        while self._later:
            function, outer = self._later.pop(0)
            self._inner = [*outer, _own(function)]
            body = function.body  # type: ignore[attr-defined]
            self.block(body if isinstance(body, list) else [body])

    def _define(self, name: str) -> None:
        (self._inner[-1] if self._inner else self._defined).add(name)

    def visit_Name(self, node: ast.Name) -> None:
        if not isinstance(node.ctx, ast.Load):
            self._define(node.id)
        elif node.id not in self._defined and not any(node.id in one for one in self._inner):
            before = self._lines[node.lineno - 1].encode()[: node.col_offset].decode()
            self.missing.append((node.id, Place(node.lineno, len(before))))

    def visit_Assign(self, node: ast.Assign | ast.AnnAssign) -> None:
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        if node.value is not None:
            self.block([node.value, *targets])  # type: ignore[list-item]

    visit_AnnAssign = visit_Assign

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        if isinstance(node.target, ast.Name):
            self.visit_Name(ast.copy_location(ast.Name(node.target.id, ast.Load()), node.target))
        self.generic_visit(node)

    def visit_For(self, node: ast.For | ast.While) -> None:
        first: list[ast.AST] = [node.test] if isinstance(node, ast.While) else [node.iter, node.target]
        self.block(first)  # type: ignore[arg-type]
        for one in _stored(node.body):  # a later turn finds what an earlier one left
            self._define(one)
        self.block([*node.body, *node.orelse])

    visit_While = visit_For

    def visit_NamedExpr(self, node: ast.NamedExpr) -> None:
        self.visit(node.value)
        for scope in (self._defined, *self._inner):  # it leaves a comprehension
            scope.add(node.target.id)

    def visit_MatchAs(self, node: ast.MatchAs | ast.MatchStar) -> None:
        if node.name:
            self._define(node.name)
        self.generic_visit(node)

    visit_MatchStar = visit_MatchAs

    def visit_Import(self, node: ast.Import | ast.ImportFrom) -> None:
        for one in node.names:
            if one.name == "*":
                self.starred.append(getattr(node, "module", None) or "")
            else:
                self._define(one.asname or one.name.partition(".")[0])

    visit_ImportFrom = visit_Import

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> None:
        if node.name:
            self._define(node.name)
        self.generic_visit(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self.block([*node.decorator_list, *node.args.defaults, *filter(None, node.args.kw_defaults)])  # type: ignore[list-item]
        self._define(node.name)
        self._later.append((node, [*self._inner]))

    visit_AsyncFunctionDef = visit_FunctionDef  # type: ignore[assignment]

    def visit_Lambda(self, node: ast.Lambda) -> None:
        self._later.append((node, [*self._inner]))

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self.block([*node.decorator_list, *node.bases, *(one.value for one in node.keywords)])  # type: ignore[list-item]
        self._inner.append(set())
        self.block(node.body)
        self._inner.pop()
        self._define(node.name)

    def _comprehension(self, node: ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp) -> None:
        self._inner.append(set())
        for one in node.generators:
            self.block([one.iter, one.target, *one.ifs])  # type: ignore[list-item]
        values = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
        self.block(values)  # type: ignore[arg-type]
        self._inner.pop()

    visit_ListComp = visit_SetComp = visit_DictComp = visit_GeneratorExp = _comprehension


def _own(function: ast.AST) -> set[str]:
    """Return the names that are a function's own: parameters, and whatever is given a value anywhere in it."""
    arguments = function.args  # type: ignore[attr-defined]
    named = [
        *arguments.posonlyargs,
        *arguments.args,
        *arguments.kwonlyargs,
        arguments.vararg,
        arguments.kwarg,
    ]
    found = {one.arg for one in named if one is not None}
    for node in _inside(function):
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            found.add(node.id)
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            found.add(node.name)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            found |= {one.asname or one.name.partition(".")[0] for one in node.names}
        elif isinstance(node, ast.ExceptHandler) and node.name:
            found.add(node.name)
    return found


def _stored(body: Iterable[ast.AST]) -> set[str]:
    """Return the names that statements give a value, at any depth."""
    nodes = (node for statement in body for node in ast.walk(statement))
    return {node.id for node in nodes if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load)}


def _inside(function: ast.AST) -> Iterable[ast.AST]:
    """Yield the nodes of a function's body, not those of functions in it."""
    body = function.body  # type: ignore[attr-defined]
    waiting: list[ast.AST] = [*body] if isinstance(body, list) else [body]
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, FUNCTIONS):
            waiting += ast.iter_child_nodes(node)
