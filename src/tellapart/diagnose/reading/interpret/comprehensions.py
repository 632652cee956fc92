"""What a loop goes through, and comprehensions."""

from __future__ import annotations

from typing import Any

import libcst as cst

from . import assignment, expressions, operators
from .state import Frame, Scope, State
from .values import External, Items, Known, Made, Part, Table, Unread, Value

UNROLL_LIMIT = 64
"""Longer loops over literals are gone through once: no layer list is longer."""

PASS_THROUGH = {
    "tqdm",
    "trange",
    "track",
    "progress_bar",
    "list",
    "iter",
    "tuple",
    "reversed",
    "sorted",
    "copy",
}
"""Functions whose result has the elements of their first argument."""

HOLDERS = {"torch.nn.ModuleList", "torch.nn.Sequential", "torch.nn.ParameterList"}


def elements(value: Value) -> list[Value] | None:
    """Return what a loop over a value takes, where all of it is known."""
    if isinstance(value, Items):
        return None if value.open else list(value.items)
    if isinstance(value, Table):
        return [key for key, _ in value.entries]
    if isinstance(value, Known) and isinstance(value.value, str):
        return [Known(one) for one in value.value[:UNROLL_LIMIT]]
    if isinstance(value, Made) and isinstance(value.function, External):
        if value.function.name in HOLDERS:
            if value.function.name != "torch.nn.Sequential" and value.arguments:
                return elements(value.arguments[0])
            return list(value.arguments)
        if value.function.name.rpartition(".")[2] in PASS_THROUGH and value.arguments:
            return elements(value.arguments[0])
    return None


def element(value: Value) -> Value:
    """Return one element of a value whose elements are not all known."""
    if isinstance(value, Made) and isinstance(value.function, External):
        name, arguments = value.function.name.rpartition(".")[2], value.arguments
        if name == "enumerate" and arguments:
            return Items([Unread(), element(arguments[0])], "tuple")
        if name == "zip" and arguments:
            return Items([element(one) for one in arguments], "tuple")
        if name in PASS_THROUGH and arguments:
            return element(arguments[0])
    if isinstance(value, Items) and value.items:
        return value.items[0]
    return value.parts.setdefault("element", Part(value, "element", position=value.position))


def count(value: Value) -> int | None:
    """Return over how many elements a loop goes, where it is known."""
    if isinstance(value, Made) and isinstance(value.function, External):
        name = value.function.name.rpartition(".")[2]
        if name in ("range", "trange"):
            bounds = [
                one.value for one in value.arguments if isinstance(one, Known) and isinstance(one.value, int)
            ]
            if len(bounds) == len(value.arguments) and 1 <= len(bounds) <= 3 and bounds[2:] != [0]:
                return len(range(*bounds))
        if (name in PASS_THROUGH or name == "enumerate") and value.arguments:
            return count(value.arguments[0])
    found = elements(value)
    return None if found is None else len(found)


def comprehension(state: State, node: Any, scope: Scope) -> Value:
    """Evaluate a list, set, dict or generator comprehension."""
    inner = Scope(scope)
    entries: list[tuple[Value, Value]] = []
    open_ = _go(state, node, node.for_in, inner, entries)
    if isinstance(node, cst.DictComp):
        return Table(entries)
    return Items([value for _, value in entries], "set" if isinstance(node, cst.SetComp) else "list", open_)


def _go(state: State, node: Any, part: cst.CompFor, scope: Scope, entries: list[tuple[Value, Value]]) -> bool:
    over = expressions.evaluate(state, part.iter, scope)
    known, frames = elements(over), state.frames
    state.frames = (*frames, Frame("for", over, state.source.position(part)))
    try:
        return _each(state, node, part, scope, entries, over, known)
    finally:
        state.frames = frames


def _each(
    state: State,
    node: Any,
    part: cst.CompFor,
    scope: Scope,
    entries: list[tuple[Value, Value]],
    over: Value,
    known: list[Value] | None,
) -> bool:
    open_ = known is None or len(known) > UNROLL_LIMIT
    for one in [element(over)] if known is None else known[:UNROLL_LIMIT]:
        assignment.assign(state, part.target, one, scope)
        tests = [operators.truth(expressions.evaluate(state, test.test, scope)) for test in part.ifs]
        if False in tests:
            continue
        open_ = open_ or None in tests
        if part.inner_for_in is not None:
            open_ = _go(state, node, part.inner_for_in, scope, entries) or open_
        elif isinstance(node, cst.DictComp):
            key = expressions.evaluate(state, node.key, scope)
            entries.append((key, expressions.evaluate(state, node.value, scope)))
        else:
            entries.append((Known(None), expressions.evaluate(state, node.elt, scope)))
    return open_
