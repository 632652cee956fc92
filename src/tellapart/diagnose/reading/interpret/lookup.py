"""Attributes and items of values."""

from __future__ import annotations

import libcst as cst

from tellapart.diagnose.reading.apis import ATTRIBUTES
from tellapart.diagnose.reading.position import Position

from . import calls
from .state import State
from .values import (
    Class,
    External,
    Function,
    Instance,
    Items,
    Known,
    Made,
    Operation,
    Part,
    Super,
    Table,
    Value,
    literal,
)


def attribute(state: State, of: Value, name: str, position: Position | None) -> Value:
    """Return ``of.name``; asking twice gives the same object."""
    if isinstance(of, External):
        full = f"{of.name}.{name}"
        return Known(ATTRIBUTES[full]) if full in ATTRIBUTES else External(full, position=position)
    if isinstance(of, Instance | Class):
        found = of.parts.get(name) or _member(state, of, name)
        if found is not None:
            return found
    if isinstance(of, Super):
        return _above(of, name, position)
    if isinstance(of, Made) and name not in of.parts:
        declared = _declared_option(state, of, name)
        if declared is not None:
            return declared
    return of.parts.setdefault(name, Part(of, "attribute", name, position=position))


def _member(state: State, of: Instance | Class, name: str) -> Value | None:
    found = (of.cls if isinstance(of, Instance) else of).find(name)
    if not isinstance(found, Function) or not isinstance(found.node, cst.FunctionDef):
        return found
    marks = {one.decorator.value for one in found.node.decorators if isinstance(one.decorator, cst.Name)}
    if "staticmethod" in marks or (isinstance(of, Class) and "classmethod" not in marks):
        return found
    bound = Function(found.node, found.scope, bound=of, of=found.of, position=found.position)
    if "property" in marks or "cached_property" in marks:
        return calls.call(state, bound, [], {}, found.position)
    return of.parts.setdefault(name, bound)


def _above(of: Super, name: str, position: Position | None) -> Value:
    for owner in list(of.after.lineage())[1:]:
        found = owner.members.get(name)
        if isinstance(found, Function):
            return Function(found.node, found.scope, bound=of.instance, of=owner, position=position)
    # Of a library's class: what is called on it happens to the instance.
    return of.instance.parts.setdefault(
        ("super", name), Part(of.instance, "attribute", name, position=position)
    )


def _declared_option(state: State, of: Made, name: str) -> Value | None:
    """Return the default of a command-line option: ``parser.parse_args().name``."""
    method = of.function
    if not (isinstance(method, Part) and method.key == "parse_args"):
        return None
    for event in state.events:
        call = event.value
        if (
            isinstance(call, Made)
            and isinstance(call.function, Part)
            and call.function.key == "add_argument"
            and call.function.of is method.of
        ):
            names = [literal(one) for one in call.arguments]
            flags = {one.lstrip("-").replace("-", "_") for one in names if isinstance(one, str)}
            if name in flags or literal(call.argument(None, "dest")) == name:
                if literal(call.argument(None, "action")) == "store_true":
                    return Known(False)
                return call.argument(None, "default")
    return None


def item(of: Value, key: Value, position: Position | None) -> Value:
    """Return ``of[key]``."""
    if isinstance(key, Known):
        found = _literal_item(of, key.value)
        if found is not None:
            return found
        if isinstance(key.value, int | str | float | None):
            return of.parts.setdefault(("item", key.value), Part(of, "item", key, position=position))
    if isinstance(of, Items) and isinstance(key, Operation) and key.sign == ":" and not of.open:
        bounds = literal(Items(list(key.operands)))
        if bounds and all(one is None or isinstance(one, int) for one in bounds) and bounds[2] != 0:
            return Items(of.items[slice(*bounds)], of.kind)
    return Part(of, "item", key, position=position)


def _literal_item(of: Value, key: object) -> Value | None:
    if isinstance(of, Items) and isinstance(key, int) and -len(of.items) <= key < len(of.items):
        return of.items[key] if not of.open or key >= 0 else None
    if isinstance(of, Table):
        return of.get(key)
    if (
        isinstance(of, Known)
        and isinstance(of.value, str)
        and isinstance(key, int)
        and key < len(of.value) > -key
    ):
        return Known(of.value[key])
    return None
