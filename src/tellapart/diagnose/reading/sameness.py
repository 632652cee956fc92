"""Whether two values of a program hold the same pictures."""

from __future__ import annotations

from .formula import walk
from .interpret.values import Items, Known, Made, Operation, Part, Value, literal


def sameness(value: Value | None) -> object:
    """Return what two values have in common that hold the same pictures: ``X[:n]`` twice is the same."""
    if isinstance(value, Known):
        return repr(value.value)
    if isinstance(value, Operation) and value.sign == ":":
        return (":", *(sameness(one) for one in value.operands))
    if isinstance(value, Part) and value.kind == "item" and isinstance(value.key, Value):
        return sameness(value.of), sameness(value.key)
    return id(value)


def multiplies(made: Made, given: Value | None) -> bool:
    """Say whether pictures are put behind pictures that were made from them, as another row of each."""
    items = given.items if isinstance(given, Items) else made.arguments[:2]
    if literal(made.argument(None, "axis"), 0) != 0 or literal(made.argument(1), 0) not in (0, None):
        return False
    return any(
        one is deep for one in items for other in items if other is not one for deep in walk(other, 300)
    )
