"""The optimiser of a hand-written loop, and whose parameters it holds."""

from __future__ import annotations

from dataclasses import replace

from .apis import made_by
from .chain import is_network
from .compiling import Compiling, parameters_of
from .facts import Optimizer
from .formula import walk
from .interpret.run import Trace
from .interpret.state import Event
from .interpret.values import Made, Part, Unread, Value
from .models import unwrapped


def stepped(trace: Trace, compiling: Compiling, steps: list[Event], forward: Made | None) -> Optimizer | None:
    """Return the optimiser that one of the steps belongs to."""
    for event in steps:
        made = event.value
        if not isinstance(made, Made) or not isinstance(made.function, Part):
            continue
        for one in [made.function.of, *made.arguments]:
            fact = compiling.optimizer(one)
            if fact is not None and isinstance(one, Made):
                scheduled = fact.scheduled or _is_scheduled(trace, one)
                return replace(fact, scheduled=scheduled, holds=_holds(trace, one, forward))
    return None


def _is_scheduled(trace: Trace, optimizer: Made) -> bool:
    made = [
        event.value for event in trace.events if made_by(event.value).startswith("torch.optim.lr_scheduler")
    ]
    return any(isinstance(one, Made) and optimizer in one.arguments for one in made)


def _holds(trace: Trace, optimizer: Made, forward: Made | None) -> str:
    """Say whose parameters the optimiser was given: model, replaced, part, other or unknown."""
    given = [unwrapped(one) for one in parameters_of(optimizer)]
    if forward is None or not given:
        return "unknown"
    model = unwrapped(forward.function)
    if any(one is model for one in given):
        return "replaced" if _replaced_after(trace, model, optimizer) else "model"
    roots = [_root(one) for one in given]
    if all(_is_copy(one, model) for one in roots):
        return "other"
    inner = list(model.parts.values())
    inner += [one for value in inner for one in walk(value)] + list(getattr(model, "arguments", []))
    if any(root is model or root in inner or isinstance(root, Unread) for root in roots):
        return "part"
    return "other" if all(is_network(one) for one in roots) else "unknown"


def _is_copy(one: Value, other: Value) -> bool:
    """Say whether one network was made as a copy of the other: it is another, of the very same layers."""
    layers = [(name, layer) for name, layer in one.parts.items() if isinstance(layer, Made)]
    copied = bool(layers) and all(other.parts.get(name) is layer for name, layer in layers)
    return is_network(one) and one is not other and copied


def _root(value: Value) -> Value:
    while isinstance(value, Part):
        value = value.of
    return value


def _replaced_after(trace: Trace, model: Value, optimizer: Made) -> bool:
    """Say whether a layer of the network was replaced after the optimiser was given its parameters."""
    made_at = next((event.order for event in trace.events if event.value is optimizer), -1)
    for event in trace.events:
        target = event.target
        if event.kind != "store" or event.order <= made_at or not isinstance(target, Part):
            continue
        owner = target.of.of if isinstance(target.of, Part) and target.kind == "item" else target.of
        if owner is model and made_by(event.value).startswith("torch.nn."):
            return True
    return False
