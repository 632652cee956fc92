"""Statements, in order. A block says how it ended: it went through, or there was a return, break or continue."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import libcst as cst
from libcst.helpers import get_full_name_for_node

from . import assignment, comprehensions, expressions, operators
from .state import Frame, Scope, State
from .values import Class, External, Function, Items, Known, Made, Operation, Part, Value

TRAINING_METHODS = {"backward", "fit", "fit_generator", "train_on_batch", "apply_gradients"}

ENDINGS: dict[type[cst.CSTNode], str] = {cst.Break: "break", cst.Continue: "continue", cst.Raise: "raise"}

Ending = tuple[str, Value | None] | None


def run_block(state: State, body: Sequence[cst.CSTNode], scope: Scope) -> Ending:
    """Go through statements until one ends the block."""
    for node in body:
        rule = RULES.get(type(node))
        ending = rule(state, node, scope) if rule else None
        if ending is not None:
            return ending
    return None


def run_body(state: State, node: cst.FunctionDef, scope: Scope) -> Value:
    """Go through a function and return what it gives; of several returns nobody can decide between, the first."""
    state.returned.append([])
    state.yielded.append([])
    try:
        ending = run_block(state, node.body.body, scope)
    finally:
        returned, yielded = state.returned.pop(), state.yielded.pop()
    if yielded:
        return Items(yielded, "list", open=True)
    last = ending[1] if ending is not None else None
    if returned:
        return returned[0] if last is None else operators.choice(returned[0], last)
    return Known(None) if last is None else last


def _line(state: State, node: cst.SimpleStatementLine | cst.SimpleStatementSuite, scope: Scope) -> Ending:
    return run_block(state, node.body, scope)


def _expression(state: State, node: cst.Expr, scope: Scope) -> Ending:
    expressions.evaluate(state, node.value, scope)
    return None


def _assign(state: State, node: cst.Assign, scope: Scope) -> Ending:
    value = expressions.evaluate(state, node.value, scope)
    for target in node.targets:
        assignment.assign(state, target.target, value, scope)
    return None


def _annotated(state: State, node: cst.AnnAssign, scope: Scope) -> Ending:
    if node.value is not None:
        assignment.assign(state, node.target, expressions.evaluate(state, node.value, scope), scope)
    return None


def _augmented(state: State, node: cst.AugAssign, scope: Scope) -> Ending:
    sign = operators.SIGNS[type(node.operator)]
    left, right = (
        expressions.evaluate(state, node.target, scope),
        expressions.evaluate(state, node.value, scope),
    )
    value = None if _adds_up(state, node.target, scope) else operators.binary(sign, left, right)
    value = value or Operation(sign, (left, right), position=state.source.position(node))
    assignment.assign(state, node.target, value, scope, augmented=True)
    return None


def _adds_up(state: State, target: cst.CSTNode, scope: Scope) -> bool:
    """Whether a target was set before a loop of which one pass stands for all: then its value is that of no pass."""
    at = [number for number, frame in enumerate(state.frames) if frame.stands_for_all]
    if not at:
        return False
    for event in reversed(state.events):
        if not event.augmented and assignment.sets(state, event, target, scope):
            return state.frames[at[-1]] not in event.frames
    # A function's own argument is set in each pass in which it is called.
    called = any(frame.kind == "function" for frame in state.frames[at[-1] :])
    return not (called and isinstance(target, cst.Name))


def _import(state: State, node: cst.Import, scope: Scope) -> Ending:
    for alias in node.names:
        name = get_full_name_for_node(alias.name) or ""
        if alias.asname is not None and isinstance(alias.asname.name, cst.Name):
            scope.bind(alias.asname.name.value, External(name, position=state.source.position(alias)))
        else:
            first = name.partition(".")[0]
            scope.bind(first, External(first, position=state.source.position(alias)))
    return None


def _import_from(state: State, node: cst.ImportFrom, scope: Scope) -> Ending:
    module = "." * len(node.relative) + (get_full_name_for_node(node.module) or "" if node.module else "")
    if isinstance(node.names, cst.ImportStar):
        # Names that are not bound are taken for what they are called in the libraries.
        state.stars.append(module)
        return None
    for alias in node.names:
        name = get_full_name_for_node(alias.name) or ""
        bound = alias.asname.name if alias.asname is not None else alias.name
        if isinstance(bound, cst.Name):
            scope.bind(bound.value, External(f"{module}.{name}", position=state.source.position(alias)))
    return None


def _return(state: State, node: cst.Return, scope: Scope) -> Ending:
    return "return", Known(None) if node.value is None else expressions.evaluate(state, node.value, scope)


def _stop(state: State, node: cst.CSTNode, scope: Scope) -> Ending:  # noqa: ARG001
    return ENDINGS[type(node)], None


def _elsewhere(state: State, node: cst.Global | cst.Nonlocal, scope: Scope) -> Ending:
    for one in node.names:
        name = one.name.value
        where = state.module
        if isinstance(node, cst.Nonlocal):
            outer = scope.parent
            while outer is not None and name not in outer.names:
                outer = outer.parent
            where = outer or state.module
        if where is not scope:
            scope.outside[name] = where
    return None


def _if(state: State, node: cst.If, scope: Scope) -> Ending:
    test = expressions.evaluate(state, node.test, scope)
    known = operators.truth(test)
    if known is not None:
        return run_block(state, node.body.body, scope) if known else _else(state, node.orelse, scope)
    before, frames = dict(scope.names), state.frames
    state.frames = (*frames, Frame("if", test, state.source.position(node.test)))
    first = run_block(state, node.body.body, scope)
    bound = dict(scope.names)
    if node.orelse is not None or first is not None:
        # The other way starts from what was there before, and both ways' names are then put together.
        scope.names.clear()
        scope.names.update(before)
    second = _else(state, node.orelse, scope)
    state.frames = frames
    if first is None:
        for name, value in bound.items():
            if scope.names.get(name) is not value:
                other = scope.names.get(name)
                new = other is None or name not in before or other is before[name]
                scope.names[name] = value if new else operators.choice(value, other)  # type: ignore[arg-type]
    if first is not None and second is not None:
        return first if first[0] == "return" else second
    for one in (first, second):
        if one is not None:
            _pending(state, one)
    return None


def _pending(state: State, ending: tuple[str, Value | None]) -> None:
    """Note a return that may not be reached."""
    if ending[0] == "return" and ending[1] is not None and state.returned:
        state.returned[-1].append(ending[1])


def _else(state: State, node: cst.If | cst.Else | None, scope: Scope) -> Ending:
    if node is None:
        return None
    return _if(state, node, scope) if isinstance(node, cst.If) else run_block(state, node.body.body, scope)


def _for(state: State, node: cst.For, scope: Scope) -> Ending:
    over = expressions.evaluate(state, node.iter, scope)
    known, frames = comprehensions.elements(over), state.frames
    length = comprehensions.count(over)
    unrolled = known is not None and len(known) <= comprehensions.UNROLL_LIMIT
    counted = isinstance(node.iter, cst.Call)
    for number, one in enumerate(known or []) if unrolled else [(0, comprehensions.element(over))]:
        start = len(state.events)
        around = Frame("for", over, state.source.position(node), length, stands_for_all=not unrolled)
        state.frames = (*frames, around)
        assignment.assign(state, node.target, one, scope)
        ending = run_block(state, node.body.body, scope)
        state.frames = frames
        if ending is not None and ending[0] == "return":
            return ending
        if ending is not None and ending[0] == "break" and unrolled:
            break
        # Epochs: what holds for one holds for all. A loop over written-out values (phases) is gone through whole.
        if number == 0 and counted and _trains(state, start):
            break
    return run_block(state, node.orelse.body.body, scope) if node.orelse is not None else None


def _trains(state: State, start: int) -> bool:
    for event in state.events[start:]:
        value = event.value
        if (event.kind == "call" and isinstance(value, Made) and isinstance(value.function, Part)) and (
            value.function.key in TRAINING_METHODS
        ):
            return True
    return False


def _while(state: State, node: cst.While, scope: Scope) -> Ending:
    test, frames = expressions.evaluate(state, node.test, scope), state.frames
    state.frames = (*frames, Frame("while", test, state.source.position(node), stands_for_all=True))
    ending = run_block(state, node.body.body, scope)
    state.frames = frames
    return ending if ending is not None and ending[0] == "return" else None


def _with(state: State, node: cst.With, scope: Scope) -> Ending:
    frames = state.frames
    for one in node.items:
        value = expressions.evaluate(state, one.item, scope)
        state.frames = (*state.frames, Frame("with", value, state.source.position(one)))
        if one.asname is not None:
            assignment.assign(state, one.asname.name, value, scope)
    ending = run_block(state, node.body.body, scope)
    state.frames = frames
    return ending


def _try(state: State, node: cst.Try | cst.TryStar, scope: Scope) -> Ending:
    """Go through what happens when nothing goes wrong."""
    ending = run_block(state, node.body.body, scope)
    if ending is None and node.orelse is not None:
        ending = run_block(state, node.orelse.body.body, scope)
    final = run_block(state, node.finalbody.body.body, scope) if node.finalbody is not None else None
    return final or (None if ending is not None and ending[0] == "raise" else ending)


def _function(state: State, node: cst.FunctionDef, scope: Scope) -> Ending:
    made = Function(node, scope, position=state.source.position(node.name))
    scope.bind(node.name.value, made)
    state.functions.append(made)
    return None


def _class(state: State, node: cst.ClassDef, scope: Scope) -> Ending:
    bases = [expressions.evaluate(state, one.value, scope) for one in node.bases]
    inner = Scope(scope)
    first = len(state.functions)
    run_block(state, node.body.body, inner)
    made = Class(node.name.value, bases, inner.names, position=state.source.position(node.name))
    for function in state.functions[first:]:
        if function.scope is inner:
            function.of = made
            function.scope = scope  # a method does not see the names of its class
    scope.bind(node.name.value, made)
    state.classes.append(made)
    return None


def _match(state: State, node: cst.Match, scope: Scope) -> Ending:
    subject = expressions.evaluate(state, node.subject, scope)
    for case in node.cases:
        pattern = case.pattern
        if isinstance(pattern, cst.MatchValue):
            wanted = expressions.evaluate(state, pattern.value, scope)
            outcome = operators.compare("==", subject, wanted)
            if outcome is not None and not operators.truth(outcome):
                continue
            if outcome is not None:
                return run_block(state, case.body.body, scope)
        ending = run_block(state, case.body.body, scope)
        if ending is not None:
            _pending(state, ending)
    return None


RULES: dict[type[cst.CSTNode], Callable[[State, Any, Scope], Ending]] = {
    cst.SimpleStatementLine: _line,
    cst.SimpleStatementSuite: _line,
    cst.Expr: _expression,
    cst.Assign: _assign,
    cst.AnnAssign: _annotated,
    cst.AugAssign: _augmented,
    cst.Import: _import,
    cst.ImportFrom: _import_from,
    cst.Return: _return,
    cst.Break: _stop,
    cst.Continue: _stop,
    cst.Raise: _stop,
    cst.Global: _elsewhere,
    cst.Nonlocal: _elsewhere,
    cst.If: _if,
    cst.For: _for,
    cst.While: _while,
    cst.With: _with,
    cst.Try: _try,
    cst.TryStar: _try,
    cst.FunctionDef: _function,
    cst.ClassDef: _class,
    cst.Match: _match,
}
