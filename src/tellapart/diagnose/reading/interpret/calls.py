"""Calls: the program's own functions are gone into, a library's are remembered."""

from __future__ import annotations

from dataclasses import replace

import libcst as cst

from tellapart.diagnose.reading.position import Position

from . import comprehensions, expressions, foldable, statements
from .state import CALL_DEPTH, Frame, Scope, State
from .values import Class, External, Function, Instance, Items, Known, Made, Part, Super, Table, Unread, Value

COPIES = ("copy.deepcopy", "copy.copy")
MODULE_METHODS = ("forward", "call")
"""What a network's own class is called through; such a call is remembered, as that of a layer."""


def evaluate_call(state: State, node: cst.Call, scope: Scope) -> Value:
    """Evaluate a call's function and arguments, and the call."""
    function = expressions.evaluate(state, node.func, scope)
    arguments: list[Value] = []
    keywords: dict[str, Value] = {}
    for given in node.args:
        value = expressions.evaluate(state, given.value, scope)
        if given.keyword is not None:
            keywords[given.keyword.value] = value
        elif given.star == "*":
            inner = comprehensions.elements(value)
            arguments += [Unread()] if inner is None else inner
        elif given.star == "**":
            if isinstance(value, Table):
                keywords |= {
                    name.value: one
                    for name, one in value.entries
                    if isinstance(name, Known) and isinstance(name.value, str)
                }
        else:
            arguments.append(value)
    position = state.source.position(node)
    if isinstance(function, External) and function.name == "builtins.super":
        return _super(scope, position)
    return call(state, function, arguments, keywords, position)


def call(
    state: State,
    function: Value,
    arguments: list[Value],
    keywords: dict[str, Value],
    position: Position | None,
) -> Value:
    """Return what a call gives."""
    if isinstance(function, Function):
        return enter(state, function, arguments, keywords, position)
    if isinstance(function, Class):
        return instantiate(state, function, arguments, keywords, position)
    if isinstance(function, Instance):
        method = function.cls.find("__call__")
        if isinstance(method, Function) and not any(function.cls.find(name) for name in MODULE_METHODS):
            bound = Function(method.node, method.scope, bound=function, of=method.of)
            return enter(state, bound, arguments, keywords, position)
    if isinstance(function, External) and function.name in COPIES and len(arguments) == 1:
        original = arguments[0]
        if isinstance(original, Instance | Made):  # another object of the same make, with methods of its own
            held = {key: one for key, one in original.parts.items() if not isinstance(one, Part | Function)}
            return replace(original, position=position, parts=held)
    if _is_partial(function) and isinstance(function, Made):
        first, *given = function.arguments
        return call(state, first, [*given, *arguments], function.keywords | keywords, position)
    made = Made(function, arguments, keywords, position=position)
    folded = foldable.fold(state, made)
    if folded is not None:
        return folded
    state.record("call", made)
    return made


def _is_partial(function: Value) -> bool:
    """Whether something is a function that ``functools.partial`` has given some of its arguments."""
    return (
        isinstance(function, Made)
        and isinstance(function.function, External)
        and function.function.name == "functools.partial"
        and bool(function.arguments)
    )


def _super(scope: Scope, position: Position) -> Value:
    looked: Scope | None = scope
    while looked is not None:
        if looked.method_of is not None:
            cls, instance = looked.method_of
            return Super(instance, cls, position=position)
        looked = looked.parent
    return Unread(position=position)


def instantiate(
    state: State, cls: Class, arguments: list[Value], keywords: dict[str, Value], position: Position | None
) -> Instance:
    """Make an object of a class of the program, through its ``__init__``."""
    made = Instance(cls, arguments, keywords, position=position)
    state.instances.append(made)
    start = cls.find("__init__")
    if isinstance(start, Function):
        enter(
            state, Function(start.node, start.scope, bound=made, of=start.of), arguments, keywords, position
        )
    return made


def enter(
    state: State,
    function: Function,
    arguments: list[Value],
    keywords: dict[str, Value],
    position: Position | None,
) -> Value:
    """Go through the body of a function of the program, unless it is already being gone through, or too deep."""
    node = function.node
    state.entered.add(node)
    if node in state.active or len(state.active) >= CALL_DEPTH:
        return Made(function, arguments, keywords, position=position)
    scope = Scope(function.scope)
    if function.of is not None and function.bound is not None:
        scope.method_of = (function.of, function.bound)
    given = arguments if function.bound is None else [function.bound, *arguments]
    bind_parameters(state, node.params, given, keywords, scope)
    if isinstance(node, cst.Lambda):
        state.active.append(node)
        try:
            gives = expressions.evaluate(state, node.body, scope)
        finally:
            state.active.pop()
        state.entered_calls.append((Made(function, arguments, keywords, position=position), gives))
        return gives
    before = state.frames
    frame = Frame("function", function, position or state.source.position(node))
    state.frames = (*before, *_decorations(state, function), frame)
    state.active.append(node)
    try:
        gives = statements.run_body(state, node, scope)
    finally:
        state.active.pop()
        state.frames = before
    state.entered_calls.append((Made(function, arguments, keywords, position=position), gives))
    return gives


def _decorations(state: State, function: Function) -> list[Frame]:
    """Return the decorators that work as a ``with`` around the body: ``@torch.no_grad()``."""
    assert isinstance(function.node, cst.FunctionDef)  # noqa: S101 - a lambda has no decorators
    frames = []
    for one in function.node.decorators:
        value = expressions.evaluate(state, one.decorator, function.scope)
        frames.append(Frame("with", value, state.source.position(one)))
    return frames


def bind_parameters(
    state: State,
    parameters: cst.Parameters,
    arguments: list[Value],
    keywords: dict[str, Value],
    scope: Scope,
) -> None:
    """Bind parameters to arguments, defaults, or what the text does not say."""
    positional = [*parameters.posonly_params, *parameters.params]
    taken = set()
    for number, one in enumerate([*positional, *parameters.kwonly_params]):
        name = one.name.value
        taken.add(name)
        if number < len(arguments) and number < len(positional):
            scope.names[name] = arguments[number]
        elif name in keywords:
            scope.names[name] = keywords[name]
        elif one.default is not None:
            scope.names[name] = expressions.evaluate(state, one.default, scope.parent or scope)
        else:
            scope.names[name] = Unread(name, position=state.source.position(one))
    if isinstance(parameters.star_arg, cst.Param):
        rest = arguments[len(positional) :]
        scope.names[parameters.star_arg.name.value] = Items(rest, "tuple", open=not arguments)
    if parameters.star_kwarg is not None:
        others = [(Known(name), one) for name, one in keywords.items() if name not in taken]
        scope.names[parameters.star_kwarg.name.value] = Table([*others])
