"""A loss of the program's own in a hand-written loop: a class or a function, and the call that gives the loss."""

from __future__ import annotations

from dataclasses import replace

from .apis import api
from .chain import is_network
from .facts import Loss
from .formula import own_function, walk, word
from .interpret.run import Trace
from .interpret.values import Function, Instance, Made, Operation, Part, Value
from .layers import fact_of
from .models import unwrapped

KEEPING = ("mean", "sum", "to", "float", "double", "reduce_mean", "reduce_sum", "squeeze", "scale")
"""What may still be done to a loss on its way from its formula to backward."""


def is_own(call: Value | None) -> bool:
    """Say whether a loss's call is one of a class or function of the program."""
    return isinstance(call, Made) and isinstance(call.function, Instance | Function)


def own_loss_call(trace: Trace, loss: Value) -> Made | None:
    """Return the call of the program's own loss that a value of a loop comes from."""
    for one in walk(loss):
        if (
            isinstance(one, Made)
            and isinstance(one.function, Instance)
            and len(one.arguments) > 1
            and _has_scores(one.arguments[0])
        ):
            return one
    reached = {id(one) for one in _result(loss)}
    called = [made for made, gives in trace.entered if id(gives) in reached and _scores_and_labels(made)]
    # The outermost function is left last.
    return called[-1] if called else None


def given_to(made: Made) -> list[Value]:
    """Return the arguments of a call, those by name last."""
    return [*made.arguments, *made.keywords.values()]


def scores_of(made: Made) -> Value | None:
    """Return what of a loss's arguments comes out of a network, else the first."""
    given = given_to(made)
    return next((one for one in given if _has_scores(one)), given[0] if given else None)


def own_loss(trace: Trace, call: Made, loss: Value) -> Loss:
    """Return what can be told of an own loss, together with what the loop does to it before backward."""
    own = own_function(trace, call.function)
    turned = _turned(loss, call, trace)
    if own is not None and own.negated is False and turned:
        own = replace(own, negated=True)
    return Loss(**fact_of(trace.source, call), name="own", own=own, turned=turned)


def _has_scores(value: Value) -> bool:
    return any(isinstance(one, Made) and is_network(unwrapped(one.function)) for one in walk(value))


def _scores_and_labels(made: Made) -> bool:
    scores = [_has_scores(one) for one in given_to(made)]
    return len(scores) > 1 and scores.count(True) == 1


def _result(loss: Value) -> list[Value]:
    """Return what a loss is, without what its formula consists of: sums, weights and means are gone through."""
    found: list[Value] = []
    waiting = [loss]
    while waiting and len(found) < 50:
        one = waiting.pop()
        found.append(one)
        if isinstance(one, Operation) and one.sign in ("+", "-", "*", "/"):
            waiting += one.operands
        elif isinstance(one, Made) and word(one) in KEEPING:
            method = isinstance(one.function, Part) and not api(one.function)
            waiting += [one.function.of] if method and isinstance(one.function, Part) else one.arguments[:1]
    return found


def _turned(loss: Value, call: Made, trace: Trace) -> bool:
    """Say whether a minus stands between an own loss and backward."""
    gives = next((value for made, value in trace.entered if made is call), call)
    for one in _result(loss):
        if one is gives:
            break
        if isinstance(one, Operation) and any(deep is gives for deep in walk(one)):
            last = one.sign == "-" and any(deep is gives for deep in walk(one.operands[-1]))
            times = one.sign == "*" and any(getattr(side, "value", 0) in (-1, -1.0) for side in one.operands)
            if last or times:
                return True
    return False
