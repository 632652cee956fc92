"""Calls of Python's own functions and methods that give a literal, a list or a dict."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tellapart.diagnose.reading.apis import KNOWN_RESULTS, api

from . import calls, comprehensions
from .state import State
from .values import NOT_LITERAL, External, Items, Known, Made, Part, Table, Unread, Value, literal

PURE: dict[str, Callable[..., Any]] = {
    "int": int, "float": float, "str": str, "len": len, "min": min, "max": max, "sum": sum, "round": round,
    "abs": abs, "bool": bool,
}  # fmt: skip
TEXT_METHODS = {"lower", "upper", "strip", "format", "replace", "startswith", "endswith", "join", "split"}


def fold(state: State, made: Made) -> Value | None:
    """Return the outcome of a call that needs no library, or None."""
    function = made.function
    if isinstance(function, External):
        if function.name.startswith("builtins."):
            return _builtin(state, function.name.removeprefix("builtins."), made)
        if function.name == "importlib.import_module" and isinstance(literal(made.argument(0)), str):
            return External(literal(made.argument(0)))
        name = api(function)
        if name in KNOWN_RESULTS:
            return Known(KNOWN_RESULTS[name])
        if name == "collections.OrderedDict":
            return _table(made)
        return None
    if isinstance(function, Part) and isinstance(function.key, str):
        return _method(state, function.of, function.key, made)
    return None


def _builtin(state: State, name: str, made: Made) -> Value | None:
    if name in PURE and not made.keywords:
        return _pure(name, made.arguments)
    if name == "range":
        length = comprehensions.count(made)
        if length is None or length > comprehensions.UNROLL_LIMIT:
            return None
        return Items([Known(one) for one in range(*(literal(one) for one in made.arguments))])
    if name in ("list", "tuple", "reversed", "set"):
        known = comprehensions.elements(made.arguments[0]) if made.arguments else []
        if known is None:
            return None
        return Items(known[::-1] if name == "reversed" else known, "list" if name == "reversed" else name)
    if name == "dict":
        return _table(made)
    if name in ("enumerate", "zip", "map"):
        return _combined(state, name, made)
    return None


def _pure(name: str, arguments: list[Value]) -> Value | None:
    if name == "len" and len(arguments) == 1:
        known = comprehensions.elements(arguments[0])
        return None if known is None else Known(len(known))
    literals = [literal(one, NOT_LITERAL) for one in arguments]
    if NOT_LITERAL in literals or not literals:
        return None
    try:
        found = PURE[name](*literals)
    except (ValueError, TypeError, ArithmeticError):
        return None
    return Known(found) if isinstance(found, int | float | str) else None


def _combined(state: State, name: str, made: Made) -> Value | None:
    sources = made.arguments[1:] if name == "map" else made.arguments
    known = [comprehensions.elements(one) for one in sources]
    lists = [one for one in known if one is not None]
    if not lists or len(lists) < len(known) or len(made.arguments) < (2 if name == "map" else 1):
        return None
    rows = list(zip(*lists, strict=False))[: comprehensions.UNROLL_LIMIT]
    if name == "enumerate":
        start = literal(made.argument(1, "start"), 0)
        first = start if isinstance(start, int) else 0
        return Items([Items([Known(n + first), row], "tuple") for n, row in enumerate(lists[0])])
    if name == "zip":
        return Items([Items(list(row), "tuple") for row in rows])
    return Items([calls.call(state, made.arguments[0], list(row), {}, made.position) for row in rows])


def _table(made: Made) -> Value | None:
    table = Table([])
    for given in made.arguments[:1]:
        known = comprehensions.elements(given)
        if isinstance(given, Table):
            table.entries += given.entries
        elif known is not None and all(isinstance(one, Items) and len(one.items) == 2 for one in known):
            table.entries += [(one.items[0], one.items[1]) for one in known if isinstance(one, Items)]
        else:
            return None
    table.entries += [(Known(name), one) for name, one in made.keywords.items()]
    return table


def _method(state: State, of: Value, name: str, made: Made) -> Value | None:
    if isinstance(of, Items):
        return _list_method(state, of, name, made)
    if isinstance(of, Table):
        return _dict_method(of, name, made)
    if isinstance(of, Made) and api(of.function) == "torch.nn.ModuleList" and name in ("append", "extend"):
        if not of.arguments:
            of.arguments.append(Items([]))
        if isinstance(of.arguments[0], Items):
            return _list_method(state, of.arguments[0], name, made)
    if isinstance(of, Known) and isinstance(of.value, str) and name in TEXT_METHODS:
        literals = [literal(one, NOT_LITERAL) for one in made.arguments]
        if NOT_LITERAL not in literals and not made.keywords:
            try:
                found = getattr(of.value, name)(*literals)
            except (ValueError, TypeError, LookupError):
                return None
            return Known(found) if isinstance(found, str | bool) else None
    return None


def _list_method(state: State, of: Items, name: str, made: Made) -> Value | None:
    given = made.argument(0)
    if name in ("append", "add") and given is not None:
        of.items.append(given)
        # In a loop that was gone through once, there are more of its kind.
        of.open = of.open or any(
            frame.kind in ("for", "while") and frame.length is None for frame in state.frames
        )
    elif name == "extend" and given is not None:
        known = comprehensions.elements(given)
        of.items += [comprehensions.element(given)] if known is None else known
        of.open = of.open or known is None
    elif name == "insert" and isinstance(literal(given), int) and len(made.arguments) == 2:
        of.items.insert(literal(given), made.arguments[1])
    elif name == "pop":
        return of.items.pop() if of.items and given is None else Unread()
    elif name == "copy":
        return Items(list(of.items), of.kind, of.open)
    else:
        return None
    state.record("call", made)
    return Known(None)


def _dict_method(of: Table, name: str, made: Made) -> Value | None:
    if name == "items":
        return Items([Items([key, value], "tuple") for key, value in of.entries])
    if name == "values":
        return Items([value for _, value in of.entries])
    if name == "keys":
        return Items([key for key, _ in of.entries])
    if name == "update" and isinstance(more := made.argument(0), Table):
        of.entries += more.entries
        return Known(None)
    if name == "get":
        return of.get(literal(made.argument(0))) or made.argument(1)
    return None
