"""Losses and metrics that a program defines itself: what can be told from the formula."""

from __future__ import annotations

from collections.abc import Iterator

from .apis import api
from .facts import OwnFunction
from .interpret.run import Trace
from .interpret.values import Function, Instance, Items, Made, Operation, Part, Unread, Value
from .layers import fact_of

SUMS = {"sum", "reduce_sum", "count_nonzero"}
LOGS = {"log", "log2", "log10"}
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
    if not any(word(one) in LOGS for one in walk(result)):
        return None
    signs = [one for one in walk(result) if isinstance(one, Operation) and one.sign == "-"]
    for one in signs:
        # `1 - p` inside the logarithm is no sign of the loss.
        if any(word(deep) in LOGS for deep in walk(one.operands[-1])):
            return True
    return any(isinstance(one, Operation) and one.sign == "*" and any(
        getattr(side, "value", None) in (-1, -1.0) for side in one.operands) for one in walk(result))  # fmt: skip


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
