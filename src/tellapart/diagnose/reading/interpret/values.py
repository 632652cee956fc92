"""Symbolic values: what an expression is, as far as the text says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import libcst as cst

from tellapart.diagnose.reading.position import Position


@dataclass(eq=False)
class Value:
    """Something an expression gives. Two values are the same only if they are one object."""

    position: Position | None = field(default=None, kw_only=True)
    parts: dict[object, Value] = field(default_factory=dict, kw_only=True, repr=False)
    """What was stored in its attributes and items, or has been asked for."""


@dataclass(eq=False)
class Known(Value):
    """A literal, or what follows from literals."""

    value: Any


@dataclass(eq=False)
class Items(Value):
    """A list, tuple or set; `open`: more may be in it than was read."""

    items: list[Value]
    kind: str = "list"
    open: bool = False


@dataclass(eq=False)
class Table(Value):
    """A dict."""

    entries: list[tuple[Value, Value]]

    def get(self, key: object) -> Value | None:
        """Return the value under a literal key."""
        found = None
        for name, value in self.entries:
            if isinstance(name, Known) and type(name.value) is type(key) and name.value == key:
                found = value
        return found


@dataclass(eq=False)
class External(Value):
    """A module, class or function that is not the program's own, by its dotted name."""

    name: str


@dataclass(eq=False)
class Unread(Value):
    """Something the text does not say: a name nobody bound, a parameter nobody gave."""

    name: str = ""


@dataclass(eq=False)
class Part(Value):
    """An attribute, an item or, in a loop, an element of a value that is not read further."""

    of: Value
    kind: str  # attribute, item, element
    key: Value | str | None = None


@dataclass(eq=False)
class Operation(Value):
    """An operator on values that are not all literals: ``/``, ``not``, ``==``, ``if`` (its operands: both choices)."""

    sign: str
    operands: tuple[Value, ...]


@dataclass(eq=False)
class Made(Value):
    """The result of calling something that is not the program's own."""

    function: Value
    arguments: list[Value]
    keywords: dict[str, Value]

    def argument(self, index: int | None, *names: str) -> Value | None:
        """Return an argument by any of its names, or by where it stands."""
        for name in names:
            if name in self.keywords:
                return self.keywords[name]
        return self.arguments[index] if index is not None and index < len(self.arguments) else None


@dataclass(eq=False)
class Function(Value):
    """A function of the program, perhaps bound to an instance."""

    node: cst.FunctionDef | cst.Lambda
    scope: Any
    bound: Value | None = None
    of: Class | None = None


@dataclass(eq=False)
class Class(Value):
    """A class of the program."""

    name: str
    bases: list[Value]
    members: dict[str, Value]

    def find(self, name: str) -> Value | None:
        """Return a member of the class or of the bases that are the program's own."""
        for owner in self.lineage():
            if name in owner.members:
                return owner.members[name]
        return None

    def lineage(self) -> Iterator[Class]:
        """Yield the class and its bases that are the program's own, nearest first."""
        waiting, seen = [self], set()
        while waiting:
            owner = waiting.pop(0)
            if id(owner) not in seen:
                seen.add(id(owner))
                yield owner
                waiting += [base for base in owner.bases if isinstance(base, Class)]

    def foreign_bases(self) -> list[Value]:
        """Return the bases that are not the program's own."""
        return [base for owner in self.lineage() for base in owner.bases if not isinstance(base, Class)]


@dataclass(eq=False)
class Instance(Value):
    """An object of a class of the program."""

    cls: Class
    arguments: list[Value] = field(default_factory=list)
    keywords: dict[str, Value] = field(default_factory=dict)


@dataclass(eq=False)
class Super(Value):
    """``super()`` in a method."""

    instance: Value
    after: Class


NOT_LITERAL = object()


def literal(value: Value | None, default: Any = None) -> Any:
    """Return the Python literal that a value is, lists and dicts included, or `default`."""
    found = _literal(value, 0)
    return default if found is NOT_LITERAL else found


def _literal(value: Value | None, depth: int) -> Any:
    if isinstance(value, Known):
        return value.value
    if isinstance(value, Items) and not value.open and depth < 6:
        items = [_literal(item, depth + 1) for item in value.items]
        if any(item is NOT_LITERAL for item in items):
            return NOT_LITERAL
        return tuple(items) if value.kind == "tuple" else items
    if isinstance(value, Table) and depth < 6:
        pairs = [(_literal(key, 6), _literal(one, depth + 1)) for key, one in value.entries]
        if any(NOT_LITERAL in (key, one) for key, one in pairs):
            return NOT_LITERAL
        return dict(pairs)
    return NOT_LITERAL


def number(value: Value | None) -> float | None:
    """Return the number that a value is, or None."""
    found = literal(value)
    return found if isinstance(found, int | float) and not isinstance(found, bool) else None
