"""Losses and metrics that a program defines itself: what can be told from the formula."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import prod

from .apis import api
from .facts import OwnFunction
from .interpret.run import Trace
from .interpret.values import Function, Instance, Items, Made, Operation, Part, Unread, Value
from .layers import fact_of

SUMS = {"sum", "reduce_sum", "count_nonzero"}
LOGS = {"log", "log2", "log10"}
POWERS = {"pow", "exp", "power", "square"}
DISTANCES = {"square", "pow", "power", "abs", "absolute", "norm"}
DEEP = 60
GUARDS = {"clip", "clip_by_value", "clamp", "maximum", "epsilon", "log_softmax", "logsigmoid", "log_sigmoid"}


def own_function(trace: Trace, value: Value) -> OwnFunction | None:
    """Read a function of (truth, prediction), or an object with such a ``call`` or ``forward``."""
    first, second = Unread("first"), Unread("second")
    result: Value | None = None
    if isinstance(value, Function):
        result = trace.function(value, [first, second])
        if isinstance(result, Function):  # a function that returns the loss: called with settings before
            result = trace.function(result, [first, second])
    elif isinstance(value, Instance):
        for name in ("call", "forward", "__call__"):
            if value.cls.find(name) is not None:
                result, _ = trace.method(value, name, [first, second])
                break
    if result is None:
        return None
    return OwnFunction(
        **fact_of(trace.source, value),
        sums=_outermost(result) in SUMS,
        logs_without_guard=_unguarded(result),
        negated=_negated(result),
        ratio_of_sums=any(_is_ratio(one) for one in walk(result)),
        distance=_is_distance(result, first, second),
    )


def walk(value: Value | None, limit: int = 2_000) -> Iterator[Value]:
    """Yield everything that a value was made from, itself first."""
    waiting: list[Value | None] = [value]
    seen: set[int] = set()
    while waiting and len(seen) < limit:
        one = waiting.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        waiting += made_from(one)


def made_from(value: Value) -> list[Value]:
    """Return what a value was made from directly."""
    if isinstance(value, Made):
        inner = [value.function.of] if isinstance(value.function, Part) else [value.function]
        return [*inner, *value.arguments, *value.keywords.values()]
    if isinstance(value, Operation):
        return list(value.operands)
    if isinstance(value, Part):
        return [value.of]
    if isinstance(value, Items):
        return value.items
    return []


def word(value: Value) -> str:
    """Return the last word of what a call calls: ``K.sum(x)`` and ``x.sum()`` are both sum."""
    if not isinstance(value, Made):
        return ""
    if name := api(value.function):
        return name.rpartition(".")[2]
    return str(value.function.key) if isinstance(value.function, Part) else ""


def _outermost(value: Value) -> str:
    while isinstance(value, Operation) and value.operands:
        heavy = [one for one in value.operands if isinstance(one, Made | Operation)]
        if not heavy or (value.sign == "/" and len(heavy) > 1):
            return ""
        if value.sign == "/":
            return ""  # divided by something: may well be the mean
        value = heavy[0]
    return word(value)


def _unguarded(result: Value) -> bool:
    for one in walk(result):
        if word(one) in LOGS and isinstance(one, Made):
            inside = [
                *one.arguments,
                *([one.function.of] if isinstance(one.function, Part) and not api(one.function) else []),
            ]
            reached = [deep for given in inside for deep in walk(given)]
            if not any(isinstance(deep, Unread) for deep in reached):
                continue
            added = any(isinstance(given, Operation) and given.sign == "+" for given in inside)
            if not added and not any(word(deep) in GUARDS for deep in reached):
                return True
    return False


def _negated(result: Value) -> bool | None:
    """Say whether a minus stands before the logarithm of the formula."""
    sign = sign_of(result, lambda one: word(one) in LOGS)
    return None if sign == 0 else sign < 0


def sign_of(value: Value, meant: Callable[[Value], bool], depth: int = 0) -> int:
    """Return with which sign something enters a formula: 1, -1, or 0 where it does not, or in a power only."""
    if depth > DEEP:
        return 0
    if meant(value):
        return 1
    if isinstance(value, Operation):
        return _sign_in_operation(value, meant, depth + 1)
    if word(value) in POWERS:
        return 0
    turned = -1 if word(value) in ("neg", "negative") else 1
    inner = [] if isinstance(value, Made) and isinstance(value.function, Function) else made_from(value)
    found = (sign_of(one, meant, depth + 1) for one in inner)
    return turned * next((one for one in found if one), 0)


def _sign_in_operation(value: Operation, meant: Callable[[Value], bool], depth: int) -> int:
    if value.sign in ("**", ":"):
        return 0
    signs = [sign_of(one, meant, depth) for one in value.operands]
    if value.sign == "-":
        return -signs[-1] or signs[0]
    if value.sign in ("*", "/") and any(signs):
        return prod(sign or _sign_of_factor(one) for sign, one in zip(signs, value.operands, strict=True))
    return next((one for one in signs if one), 0)


def _sign_of_factor(value: Value) -> int:
    """Return -1 for ``-y``, ``-1`` and products with them."""
    if isinstance(value, Operation) and value.sign == "-" and len(value.operands) == 1:
        return -_sign_of_factor(value.operands[0])
    if isinstance(value, Operation) and value.sign in ("*", "/"):
        return prod(_sign_of_factor(one) for one in value.operands)
    given = getattr(value, "value", None)
    return -1 if isinstance(given, int | float) and given < 0 else 1


def _is_distance(result: Value, first: Value, second: Value) -> bool:
    """Say whether the formula measures how far its arguments are apart, as for numbers."""
    everything = list(walk(result))
    if any(word(one) in LOGS or word(one) in GUARDS & {"log_softmax", "logsigmoid"} for one in everything):
        return False
    for one in everything:
        square = isinstance(one, Operation) and one.sign in ("**", "*") and _same(one)
        inner = made_from(one) if square or word(one) in DISTANCES else []
        apart = [deep for given in inner for deep in walk(given)
                 if isinstance(deep, Operation) and deep.sign == "-" and len(deep.operands) == 2]  # fmt: skip
        if any(all(any(deep is arg for deep in walk(side)) for side, arg in zip(one.operands, pair, strict=True))
               for one in apart for pair in ((first, second), (second, first))):  # fmt: skip
            return True
    return False


def _same(value: Operation) -> bool:
    return value.sign == "**" or value.operands[0] is value.operands[-1]


def _is_ratio(value: Value) -> bool:
    if not (isinstance(value, Operation) and value.sign == "/") and word(value) not in (
        "divide",
        "div",
        "truediv",
    ):
        return False
    below = made_from(value)[-1]
    sums = [one for one in walk(below) if word(one) in SUMS]
    return any(isinstance(deep, Unread) for one in sums for deep in walk(one))
