"""Binding names, attributes and items."""

from __future__ import annotations

import libcst as cst

from . import comprehensions, expressions
from .lookup import item
from .state import Event, Scope, State
from .values import Items, Known, Part, Table, Value


def assign(state: State, target: cst.CSTNode, value: Value, scope: Scope, *, augmented: bool = False) -> None:
    """Bind a target to a value."""
    if isinstance(target, cst.Name):
        bound = scope.bind(target.value, value)
        state.record("bind", value, name=target.value, scope=bound, augmented=augmented)
    elif isinstance(target, cst.Tuple | cst.List):
        _unpack(state, target, value, scope)
    elif isinstance(target, cst.StarredElement):
        assign(state, target.value, value, scope)
    elif isinstance(target, cst.Attribute):
        of = expressions.evaluate(state, target.value, scope)
        of.parts[target.attr.value] = value
        part = Part(of, "attribute", target.attr.value, position=state.source.position(target))
        state.record("store", value, target=part, augmented=augmented)
    elif isinstance(target, cst.Subscript):
        _store_item(state, target, value, scope, augmented)


def sets(state: State, event: Event, target: cst.CSTNode, scope: Scope) -> bool:
    """Whether an event is an assignment to a name or attribute."""
    if isinstance(target, cst.Name):
        where = scope.outside.get(target.value, scope)
        return event.kind == "bind" and event.name == target.value and event.scope is where
    if isinstance(target, cst.Attribute):
        stored = event.target if event.kind == "store" and isinstance(event.target, Part) else None
        if stored is None or stored.kind != "attribute" or stored.key != target.attr.value:
            return False
        return stored.of is expressions.evaluate(state, target.value, scope)
    return False


def _unpack(state: State, target: cst.Tuple | cst.List, value: Value, scope: Scope) -> None:
    known = comprehensions.elements(value)
    starred = any(isinstance(one, cst.StarredElement) for one in target.elements)
    for number, element in enumerate(target.elements):
        if known is not None and not starred and number < len(known):
            one = known[number]
        else:
            one = item(value, Known(number), value.position)
        assign(state, element.value, one, scope)


def _store_item(state: State, target: cst.Subscript, value: Value, scope: Scope, augmented: bool) -> None:
    of = expressions.evaluate(state, target.value, scope)
    index = target.slice[0].slice
    key: Value = Known(None)
    if isinstance(index, cst.Index) and len(target.slice) == 1:
        key = expressions.evaluate(state, index.value, scope)
    if isinstance(of, Table):
        of.entries.append((key, value))
    elif isinstance(of, Items) and isinstance(key, Known) and isinstance(key.value, int):
        if -len(of.items) <= key.value < len(of.items):
            of.items[key.value] = value
    elif isinstance(key, Known) and isinstance(key.value, int | str):
        of.parts[("item", key.value)] = value
    part = Part(of, "item", key, position=state.source.position(target))
    state.record("store", value, target=part, augmented=augmented)
