"""What the reading of one program remembers: events, and the loops, blocks and functions around each."""

from __future__ import annotations

from dataclasses import dataclass, field

import libcst as cst

from tellapart.diagnose.reading.position import Position
from tellapart.diagnose.reading.source import Source

from .values import Class, Function, Instance, Known, Made, Unread, Value

WORK_LIMIT = 40_000
"""Expressions gone through: under a second. A program that needs more is read as far as that."""

CALL_DEPTH = 10
"""Functions of the program inside each other; deeper ones are not gone into."""


class OutOfWorkError(Exception):
    """The limit of work is reached; what was read so far stands."""


@dataclass(frozen=True, eq=False)
class Frame:
    """Something around an event: a loop, a ``with``, an ``if`` nobody can decide, a function."""

    kind: str  # for, while, with, if, function
    what: Value | None
    position: Position
    length: int | None = None
    """Of a loop over literals, how many passes; it was gone through once."""
    stands_for_all: bool = False
    """One pass of a loop was gone through in place of all."""


@dataclass(frozen=True, eq=False)
class Event:
    """Something that happens: a call, a store into an attribute or item, a name bound."""

    kind: str  # call, store, bind
    value: Value
    frames: tuple[Frame, ...]
    order: int
    target: Value | None = None
    name: str = ""
    scope: Scope | None = None
    augmented: bool = False


@dataclass(eq=False)
class Scope:
    """Names and what they are bound to."""

    parent: Scope | None = None
    names: dict[str, Value] = field(default_factory=dict)
    outside: dict[str, Scope] = field(default_factory=dict)
    method_of: tuple[Class, Value] | None = None

    def find(self, name: str) -> Value | None:
        """Look a name up, outwards."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope.names:
                return scope.names[name]
            scope = scope.parent
        return None

    def bind(self, name: str, value: Value) -> Scope:
        """Bind a name where Python would; returns that scope."""
        scope = self.outside.get(name, self)
        scope.names[name] = value
        return scope


@dataclass(eq=False)
class State:
    """The reading of one program."""

    source: Source
    module: Scope = field(default_factory=lambda: Scope(names={"__name__": Known("__main__")}))
    events: list[Event] = field(default_factory=list)
    frames: tuple[Frame, ...] = ()
    unbound: dict[str, Unread] = field(default_factory=dict)
    assumed: dict[str, str] = field(default_factory=dict)
    stars: list[str] = field(default_factory=list)  # modules of which everything is imported
    functions: list[Function] = field(default_factory=list)
    entered: set[cst.CSTNode] = field(default_factory=set)
    classes: list[Class] = field(default_factory=list)
    instances: list[Instance] = field(default_factory=list)
    active: list[cst.CSTNode] = field(default_factory=list)
    entered_calls: list[tuple[Made, Value]] = field(default_factory=list)
    """Calls of the program's own functions, and what each gave; of calls in each other the inner one comes first."""
    returned: list[list[Value]] = field(default_factory=list)
    """Of each function being gone through, what a return that may not be reached gives."""
    yielded: list[list[Value]] = field(default_factory=list)
    work: int = 0

    def tick(self) -> None:
        """Count one expression.

        Raises
        ------
        OutOfWorkError
        """
        self.work += 1
        if self.work > WORK_LIMIT:
            raise OutOfWorkError

    def record(
        self,
        kind: str,
        value: Value,
        *,
        target: Value | None = None,
        name: str = "",
        scope: Scope | None = None,
        augmented: bool = False,
    ) -> None:
        """Note that something happens here and now."""
        order = len(self.events)
        self.events.append(Event(kind, value, self.frames, order, target, name, scope, augmented))
