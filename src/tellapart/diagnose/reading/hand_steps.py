"""Weights that a loop changes by hand: ``p -= rate * p.grad``, ``p.data = ...``, ``p.add_(...)``."""

from __future__ import annotations

from .formula import sign_of, walk
from .interpret.state import Event
from .interpret.values import Made, Operation, Part, Value, number
from .position import Position

ADDING = {"add_": 1, "sub_": -1}


def is_gradient(value: Value) -> bool:
    """Say whether a value is what a parameter keeps as its gradient."""
    return isinstance(value, Part) and value.key == "grad"


def by_hand(event: Event) -> bool:
    """Say whether an event gives a weight a new value with the help of its gradient."""
    target = event.target
    stored = event.kind == "store" and isinstance(target, Part) and target.key == "data"
    return (stored or event.augmented) and any(is_gradient(one) for one in walk(event.value))


def uphill(events: list[Event]) -> Position | None:
    """Return where a weight is moved along its gradient instead of against it."""
    for event in events:
        value: Value = event.value
        if event.kind == "call" and isinstance(value, Made) and isinstance(value.function, Part):
            sign = ADDING.get(str(value.function.key), 0)
            if sign and value.arguments:
                rate = number(value.argument(None, "alpha")) or 1
                if sign * rate * sign_of(value.arguments[0], is_gradient) > 0:
                    return value.position
                continue
            if value.function.key != "copy_" or not value.arguments:
                continue
            value = value.arguments[0]
        elif not by_hand(event):
            continue
        if isinstance(value, Operation) and value.sign in "+-" and sign_of(value, is_gradient) > 0:
            return value.position
    return None
