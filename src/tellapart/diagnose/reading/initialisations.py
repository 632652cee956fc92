"""Weights that PyTorch's ``init`` functions set -> facts."""

from __future__ import annotations

from .apis import api
from .facts import Layer
from .interpret.run import Trace
from .interpret.state import Event
from .interpret.values import Made, Part, number
from .layers import fact_of

CONSTANTS = {"zeros_": 0.0, "ones_": 1.0}


def initialisations(trace: Trace) -> tuple[Layer, ...]:
    """Return a layer fact for every call that sets weights (not biases) of something other than a normalisation."""
    found = {}
    for event in trace.events:
        made = event.value
        if event.kind != "call" or not isinstance(made, Made) or _of_normalisation(event):
            continue
        name = api(made.function)
        last = name.rpartition(".")[2]
        target = made.argument(0, "tensor")
        if name.startswith("torch.nn.init.") and isinstance(target, Part) and target.key == "weight":
            numbers = [number(one) for one in made.arguments[1:]] + [
                number(one) for one in made.keywords.values()
            ]
            said = ", ".join(f"{one:g}" for one in numbers if one is not None)
            words = f"{CONSTANTS.get(last, last)}" if last in CONSTANTS else f"{last}({said})"
            found[made.position] = Layer(
                **fact_of(trace.source, made), kind="Other", api=name, initialiser=words
            )
    return tuple(found.values())


def _of_normalisation(event: Event) -> bool:
    """Say whether it is done only where a layer is a normalisation, whose weights do start at 1."""
    for frame in event.frames:
        if frame.kind == "if" and isinstance(frame.what, Made):
            kinds = [api(one) for one in frame.what.arguments]
            kinds += [api(one) for given in frame.what.arguments for one in getattr(given, "items", [])]
            if any("Norm" in one for one in kinds):
                return True
    return False
