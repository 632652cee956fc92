"""A parsed text -> everything that happens in it."""

from __future__ import annotations

import libcst as cst

from tellapart.diagnose.reading.source import Source

from . import calls, statements
from .lookup import attribute
from .state import Event, Frame, OutOfWorkError, State
from .values import Class, Function, Instance, Made, Value


class Trace:
    """What a program would do.

    Attributes
    ----------
    source
        The text.
    events
        In order; those of functions that the program never calls come last, each called once with nothing known.
    instances
        Objects of the program's own classes.
    assumed
        Names that the text uses without importing them, and what they were taken for.
    entered
        Calls of the program's own functions, and what each gave; the inner one before the outer one.
    complete
        Whether the whole program was gone through.
    """

    def __init__(self, state: State, complete: bool) -> None:
        self._state = state
        self.source: Source = state.source
        self.events: tuple[Event, ...] = tuple(state.events)
        self.instances: tuple[Instance, ...] = tuple(state.instances)
        self.entered: tuple[tuple[Made, Value], ...] = tuple(state.entered_calls)
        self.assumed: dict[str, str] = dict(state.assumed)
        self.complete = complete

    def method(
        self, instance: Instance, name: str, arguments: list[Value]
    ) -> tuple[Value | None, tuple[Event, ...]]:
        """Go through a method of an object; what it gives (None: it has no such method), and what happens in it."""
        state = self._state
        found = instance.cls.find(name)
        if not isinstance(found, Function):
            return None, ()
        start = len(state.events)
        try:
            value = calls.enter(
                state, Function(found.node, found.scope, bound=instance, of=found.of), arguments, {}, None
            )
        except (OutOfWorkError, RecursionError):
            _reset(state)
            return None, tuple(state.events[start:])
        return value, tuple(state.events[start:])

    def function(self, function: Function, arguments: list[Value]) -> Value | None:
        """Go through a function with the given arguments; None where it cannot be."""
        try:
            return calls.enter(self._state, function, arguments, {}, None)
        except (OutOfWorkError, RecursionError):
            _reset(self._state)
            return None


def _reset(state: State) -> None:
    state.frames = ()
    state.active.clear()
    state.returned.clear()
    state.yielded.clear()


def interpret(source: Source) -> Trace:
    """Go through a program, and through what it defines and never calls."""
    state = State(source)
    complete = True
    try:
        statements.run_block(state, source.tree.body, state.module)
        _run_never_called(state)
    except (OutOfWorkError, RecursionError):
        _reset(state)
        complete = False
    # Methods of networks and data sets are gone into when these are read: leave them some work.
    state.work = min(state.work, state.work // 2)
    return Trace(state, complete)


def _run_never_called(state: State) -> None:
    """Go through functions that only another program calls, and through objects nobody makes."""
    for cls in [*state.classes]:
        if not any(instance.cls is cls for instance in state.instances) and not _is_base(state, cls):
            calls.instantiate(state, cls, [], {}, cls.position)
    for function in [*state.functions]:
        if function.node in state.entered or not isinstance(function.node, cst.FunctionDef):
            continue
        if function.of is None:
            _enter_unknown(state, function)
        elif not function.of.foreign_bases() and not function.node.name.value.startswith("__"):
            for instance in [*state.instances]:
                if function.of in instance.cls.lineage():
                    bound = attribute(state, instance, function.node.name.value, None)
                    if isinstance(bound, Function):
                        _enter_unknown(state, bound)
                    break


def _is_base(state: State, cls: Class) -> bool:
    return any(cls in other.lineage() for other in state.classes if other is not cls)


def _enter_unknown(state: State, function: Function) -> None:
    before = state.frames
    state.frames = (Frame("never called", function, state.source.position(function.node)),)
    calls.enter(state, function, [], {}, None)
    state.frames = before
