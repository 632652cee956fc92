"""Numbers of epochs and steps -> `Amount`: a literal, or what it is computed from."""

from __future__ import annotations

from .apis import api
from .facts import Amount
from .interpret.values import Made, Operation, Part, Value, number
from .layers import fact_of
from .provenance import READING_METHODS
from .source import Source


def amount(source: Source, value: Value | None) -> Amount | None:
    """Read a number of epochs or steps."""
    if value is None or getattr(value, "value", 0) is None:
        return None
    fact = fact_of(source, value)
    given = number(value)
    if given is not None:
        return Amount(**fact, value=int(given), written=True)
    of, divided = _computed(value)
    return Amount(**fact, value=None, of=of, divided_by=divided)


def _computed(value: Value) -> tuple[str, int | None]:
    """Return what a computed amount counts, and the literal it is divided by."""
    if isinstance(value, Operation) and value.sign in ("/", "//"):
        of, inner = _computed(value.operands[0])
        below = number(value.operands[1])
        if inner is None:
            return of, int(below) if below else None
    if isinstance(value, Operation) and value.sign == "+":
        return "", None
    if isinstance(value, Part) and value.key in ("samples", "n"):
        return "samples", None
    if isinstance(value, Made):
        name = api(value.function)
        if name == "builtins.len" and value.arguments:
            return ("length" if _gives_batches(value.arguments[0]) else "samples"), None
        if name.rpartition(".")[2] in ("ceil", "int", "floor", "round", "max") and value.arguments:
            return _computed(value.arguments[0])
    return "", None


def _gives_batches(value: Value) -> bool:
    if not isinstance(value, Made):
        return False
    if api(value.function) in ("torch.utils.data.DataLoader", "keras.utils.image_dataset_from_directory"):
        return True
    return isinstance(value.function, Part) and value.function.key in READING_METHODS
