"""A draft whose calls know what they call: names are looked up in the reading, never guessed."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import libcst as cst

from tellapart.diagnose.reading import Position, Program
from tellapart.diagnose.reading.apis import made_by
from tellapart.diagnose.reading.interpret.run import Trace, interpret
from tellapart.diagnose.reading.interpret.state import Event
from tellapart.diagnose.reading.interpret.values import Made, Part, Value
from tellapart.diagnose.reading.source import parse

from .draft import Splice
from .naming import Naming

FUNCTIONS = (cst.FunctionDef, cst.Lambda)


@lru_cache(maxsize=4)
def _trace(text: str) -> Trace:
    return interpret(parse(text, "edited.py"))


class Sheet(Naming):
    """A program being changed, together with what its expressions are.

    Parameters
    ----------
    program
        As read.

    Attributes
    ----------
    program
    trace
        Everything that happens in it, in order.
    """

    def __init__(self, program: Program) -> None:
        super().__init__(program.text)
        self.program = program
        self.trace = _trace(program.text)
        self._calls: dict[tuple[int, int, int], list[cst.Call]] | None = None
        self._made: dict[cst.Call, list[Made]] | None = None

    @property
    def changed(self) -> bool:
        """Whether anything was noted."""
        return bool(self._splices)

    def cut(self, start: int, end: int) -> None:
        """Take a stretch of the text out."""
        self._splices.append(Splice(start, end, ""))

    # from what was read to the text

    def call_at(self, position: Position | None, name: str = "") -> cst.Call | None:
        """Return the call that begins at a position; of several, the one that calls something of this name.

        ``L.Dense(5)(x)`` and ``L.Dense(5)`` begin together: without a name, the innermost is meant.
        """
        if position is None:
            return None
        found = self._calls_at(position)
        named = [one for one in found if word(one) == name]
        return (named or found)[-1] if found else None

    def node_of(self, value: Value | None) -> cst.Call | None:
        """Return the call that a value is the result of."""
        if not isinstance(value, Made) or value.position is None:
            return None
        found = self._calls_at(value.position)
        as_deep = [one for one in found if _depth(one) == _made_depth(value)]
        key = value.function.key if isinstance(value.function, Part) else ""
        named = [one for one in found if word(one) == key]
        chosen = as_deep if len(as_deep) == 1 else named or as_deep or found
        return chosen[0] if chosen else None

    def _calls_at(self, position: Position) -> list[cst.Call]:
        """Return the calls that begin at a place and end on its last line, outer ones first."""
        if self._calls is None:
            self._calls = {}
            for one in self.nodes(cst.Call):
                place = self._ranges[one]
                key = (place.start.line, place.start.column, place.end.line)
                self._calls.setdefault(key, []).append(one)
        return self._calls.get((position.line, position.column, position.end_line), [])

    def made(self, call: cst.Call) -> Made | None:
        """Return what a call gave when the program was gone through, None where it never was."""
        if self._made is None:
            self._made = {}
            for event in self.trace.events:
                if event.kind == "call" and (node := self.node_of(event.value)) is not None:
                    assert isinstance(event.value, Made)  # noqa: S101 - node_of returns None for anything else
                    self._made.setdefault(node, []).append(event.value)
        return next(iter(self._made.get(call, [])), None)

    def starts(self, node: cst.CSTNode) -> tuple[int, int]:
        """Return the line, from 1, and the column, from 0, at which a node begins."""
        place = self._ranges[node].start
        return place.line, place.column

    # what is called

    def methods(self, *names: str) -> Iterator[tuple[cst.Call, Made, Event]]:
        """Yield the calls of methods of some names that are really made, in order of the run."""
        for event in self.trace.events:
            made = event.value
            if event.kind == "call" and isinstance(made, Made) and isinstance(made.function, Part):
                node = self.node_of(made) if made.function.key in names else None
                if node is not None:
                    yield node, made, event

    def bound_to(self, value: Value | None) -> str:
        """Return how the program calls a value: the name, or ``self.name``, that it was last given, or ""."""
        for event in reversed(self.trace.events):
            if value is None or event.value is not value:
                continue
            if event.kind == "bind" and event.name.isidentifier():
                return event.name
            if (
                event.kind == "store"
                and isinstance(event.target, Part)
                and event.target.kind == "attribute"
                and event.target.position is not None
            ):
                place = event.target.position
                for node in self.nodes(cst.Attribute):
                    if (
                        self.starts(node) == (place.line, place.column)
                        and node.attr.value == event.target.key
                    ):
                        return self.code(node)
        return ""

    def made_by(self, prefix: str) -> Iterator[Made]:
        """Yield the objects that were made by something of a library."""
        for event in self.trace.events:
            if (
                event.kind == "call"
                and isinstance(event.value, Made)
                and made_by(event.value).startswith(prefix)
            ):
                yield event.value

    # changing

    def take_out(self, call: cst.Call) -> bool:
        """Let a layer or function that is applied to something vanish; say whether that could be done.

        ``f(x)`` becomes ``x``, ``x.f()`` becomes ``x``, an element of a list goes, and so does ``net.add(f())``.
        """
        holder = self.parent(call)
        if isinstance(holder, cst.Call) and holder.func is call:  # Layer()(x)
            return self.unwrap_layer(holder)
        if isinstance(holder, cst.Element):
            self.drop_element(holder)
            return True
        if isinstance(holder, cst.Arg) and isinstance(outer := self.parent(holder), cst.Call):
            if word(outer) in ("add", "append", "add_module"):
                self.remove_statement(outer)
                return True
            made = self.made(outer)
            if made is not None and made_by(made) == "torch.nn.Sequential":
                self.drop_element(holder)
                return True
        return False

    def unwrap(self, call: cst.Call) -> bool:
        """Put in place of a call what it is applied to: its receiver for a method, else its first argument."""
        if isinstance(call.func, cst.Attribute) and not self.is_module(call.func.value):
            self.replace(call, self.code(call.func.value))
            return True
        return self.unwrap_layer(call)

    def unwrap_layer(self, call: cst.Call) -> bool:
        """Put the argument of a call in its place: ``self.drop(x)`` becomes ``x``."""
        if not call.args:
            return False
        self.replace(call, self.code(call.args[0].value))
        return True

    def uses(self, call: cst.Call) -> list[cst.Call]:
        """Return where the layer that a call makes is applied, in order of the text."""
        holder = self.parent(call)
        if isinstance(holder, cst.Call) and holder.func is call:
            return [holder]
        if not isinstance(holder, cst.Assign) or len(holder.targets) != 1:
            return []
        target = self.code(holder.targets[0].target)
        around: cst.CSTNode | None = self.around(call, cst.ClassDef)
        if "." not in target:
            around = self.around(call, cst.FunctionDef)
        within = self.span(around or self.tree)
        return [
            one
            for one in self.nodes(cst.Call)
            if self.code(one.func) == target and within[0] <= self.span(one)[0] < within[1]
        ]


def word(call: cst.Call) -> str:
    """Return the last word of what a call calls: ``nn.Linear(...)`` -> Linear; "" for ``f()()``."""
    if isinstance(call.func, cst.Attribute):
        return call.func.attr.value
    return call.func.value if isinstance(call.func, cst.Name) else ""


def _depth(node: cst.BaseExpression) -> int:
    """Count the calls inside what a call calls: ``f(x).g()`` has one."""
    below: cst.CSTNode = node.func if isinstance(node, cst.Call) else node
    while isinstance(below, (cst.Attribute, cst.Subscript)):
        below = below.value
    return 1 + _depth(below) if isinstance(below, cst.Call) else 0


def _made_depth(value: Made) -> int:
    below: Value = value.function
    while isinstance(below, Part):
        below = below.of
    begins_together = (
        isinstance(below, Made)
        and below.position is not None
        and value.position is not None
        and (below.position.line, below.position.column) == (value.position.line, value.position.column)
    )
    return 1 + _made_depth(below) if begins_together and isinstance(below, Made) else 0
