"""Where a program sets the learning rate of an optimiser that is already made: schedules, and by hand -> facts.

Schedules that only lower it step by step are `tellapart.diagnose.reading.loop_signs`'s.
"""

from __future__ import annotations

from .apis import made_by
from .facts import RateSetting
from .interpret.run import Trace
from .interpret.state import Event
from .interpret.values import Made, Part, Value, literal, number
from .layers import fact_of

PEAKS = {"torch.optim.lr_scheduler.OneCycleLR": 1, "torch.optim.lr_scheduler.CyclicLR": 2}
"""Schedules that are given the highest rate, and where it stands among their arguments."""

FACTORS = ("torch.optim.lr_scheduler.LambdaLR", "torch.optim.lr_scheduler.MultiplicativeLR")
"""Schedules that are given a function: what it returns is multiplied with the optimiser's rate."""

SCHEDULE = "keras.callbacks.LearningRateScheduler"


def rate_settings(trace: Trace) -> tuple[RateSetting, ...]:
    """Return a fact for every place that sets a rate, or multiplies it by a function of the program's."""
    found = {}
    for event in trace.events:
        setting = _called(trace, event) if event.kind == "call" else _stored(trace, event)
        if setting is not None:
            found[setting.position] = setting
    return tuple(found.values())


def _called(trace: Trace, event: Event) -> RateSetting | None:
    made = event.value
    if not isinstance(made, Made):
        return None
    name = made_by(made)
    if name in PEAKS:
        peak = number(made.argument(PEAKS[name], "max_lr"))
        return RateSetting(**fact_of(trace.source, made), kind="peak", rate=peak)
    if name == SCHEDULE or name in FACTORS:
        return RateSetting(**fact_of(trace.source, made), kind="schedule" if name == SCHEDULE else "factor")
    if isinstance(made.function, Part) and made.function.key == "assign" and _is_rate(made.function.of):
        return RateSetting(
            **fact_of(trace.source, made), kind="assigned", rate=number(made.argument(0, "value"))
        )
    return None


def _stored(trace: Trace, event: Event) -> RateSetting | None:
    if event.kind != "store" or event.augmented or not _is_rate(event.target) or event.target is None:
        return None
    return RateSetting(**fact_of(trace.source, event.target), kind="stored", rate=number(event.value))


def _is_rate(of: Value | None) -> bool:
    """Say whether it is ``optimizer.learning_rate`` or ``optimizer.param_groups[...]["lr"]``."""
    if not isinstance(of, Part):
        return False
    if of.kind == "item":
        return literal(of.key if isinstance(of.key, Value) else None) == "lr" and _groups(of.of)
    return of.key in ("learning_rate", "lr") and _is_optimizer(of.of)


def _is_optimizer(of: Value) -> bool:
    if isinstance(of, Part):
        return of.key == "optimizer"
    return made_by(of).startswith(("keras.optimizers.", "torch.optim."))


def _groups(of: Value) -> bool:
    while isinstance(of, Part):
        if of.key == "param_groups":
            return True
        of = of.of
    return False
