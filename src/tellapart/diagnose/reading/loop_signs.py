"""What can go wrong around a hand-written loop: modes, totals, schedules, measures per batch."""

from __future__ import annotations

from collections.abc import Iterator

from .apis import api, made_by
from .fact import Fact
from .formula import walk
from .frames import inside
from .interpret.run import Trace
from .interpret.state import Event, Frame
from .interpret.values import Known, Made, Operation, Part, Value, literal, number
from .layers import bare
from .position import Position

RATIOS = ("f1_score", "precision_score", "recall_score", "roc_auc_score", "average_precision_score", "fbeta_score",
          "precision_recall_fscore_support", "balanced_accuracy_score", "jaccard_score")  # fmt: skip
EPOCH_SCHEDULERS = ("StepLR", "ExponentialLR", "MultiStepLR")
FADED = 0.01
"""Of the first learning rate: from there on steps change next to nothing."""
OFTEN = 500
"""A StepLR of at least so many steps is meant to count batches."""


def mode_of(event: Event) -> str:
    """Return the mode that a call of ``train`` or ``eval`` sets."""
    assert isinstance(event.value, Made)  # noqa: S101 - only calls are looked at
    key = event.value.function.key if isinstance(event.value.function, Part) else ""
    if key == "eval" or literal(event.value.argument(0, "mode")) is False:
        return "eval"
    return "train"


def modes(methods: dict[str, list[Event]], model: Value | None) -> list[Event]:
    """Return the calls of ``train`` and ``eval`` on a network, in order."""
    from .models import unwrapped

    found = []
    for event in [*methods.get("train", []), *methods.get("eval", [])]:
        assert isinstance(event.value, Made)  # noqa: S101
        receiver = event.value.function.of if isinstance(event.value.function, Part) else None
        if receiver is not None and (model is None or unwrapped(receiver) is model):
            found.append(event)
    return sorted(found, key=lambda one: one.order)


def eval_mode_kept(
    methods: dict[str, list[Event]], model: Value | None, backward: Event, epoch: Frame | None
) -> Position | None:
    """Return the ``eval()`` after which the next epoch trains without a ``train()``."""
    if epoch is None or model is None:
        return None
    calls = [one for one in modes(methods, model) if inside(one, epoch)]
    left = [one for one in calls if one.order > backward.order]
    before = [one for one in calls if one.order < backward.order]
    if left and mode_of(left[-1]) == "eval" and not any(mode_of(one) == "train" for one in before):
        return left[-1].value.position
    return None


def scheduler_per_batch(methods: dict[str, list[Event]], batch: Frame) -> tuple[str, Position] | None:
    """Return a schedule meant for epochs that is stepped for every batch."""
    for event, name, scheduler in _scheduling(methods):
        if inside(event, batch) and event.value.position is not None:
            every = number(scheduler.argument(1, "step_size")) or 1
            if every < OFTEN and _gamma(name, scheduler) < 0.999:
                return name, event.value.position
    return None


def fading_schedule(
    methods: dict[str, list[Event]], batch: Frame, epoch: Frame | None
) -> tuple[str, Position, float, int] | None:
    """Return a schedule that leaves next to nothing of the learning rate early on.

    Returns
    -------
    name, position, factor, after
        The schedule and where it is made; what is left of the rate after so many epochs, a quarter of all or half.
    """
    if epoch is None or not epoch.length:
        return None
    for event, name, scheduler in _scheduling(methods):
        if not inside(event, epoch) or inside(event, batch) or scheduler.position is None:
            continue
        for after in (epoch.length // 4, epoch.length // 2):
            factor = _gamma(name, scheduler) ** _falls(name, scheduler, after)
            if 0 < factor <= FADED:
                return name, scheduler.position, factor, after
    return None


def _scheduling(methods: dict[str, list[Event]]) -> Iterator[tuple[Event, str, Made]]:
    """Yield the steps of schedules that count epochs, with their names and what made them."""
    for event in methods.get("step", []):
        made = event.value
        if not isinstance(made, Made) or not isinstance(made.function, Part):
            continue
        scheduler = made.function.of
        name = made_by(scheduler).rpartition(".")[2]
        if name in EPOCH_SCHEDULERS and isinstance(scheduler, Made):
            yield event, name, scheduler


def _gamma(name: str, scheduler: Made) -> float:
    return number(scheduler.argument(1 if name == "ExponentialLR" else 2, "gamma")) or 0.1


def _falls(name: str, scheduler: Made, epochs: int) -> int:
    """Return how often a schedule has cut the rate after so many epochs."""
    if name == "ExponentialLR":
        return epochs
    if name == "StepLR":
        return epochs // max(1, int(number(scheduler.argument(1, "step_size")) or 1))
    milestones = literal(scheduler.argument(1, "milestones"))
    return sum(one <= epochs for one in milestones) if isinstance(milestones, list | tuple) else 0


def running_totals(trace: Trace, epoch: Frame | None, loss: Value) -> tuple[Fact, ...]:
    """Return totals that grow in a loop over batches, are shown each epoch, and are never set back."""
    if epoch is None:
        return ()
    found: dict[Position | None, Fact] = {}
    for event in trace.events:
        batch = _loop_within(event, epoch)
        if event.kind == "call" or not event.augmented or batch is None or event.value.position in found:
            continue
        if any(_same_target(one, event) and inside(one, epoch) and not one.augmented for one in trace.events):
            continue
        added = event.value.operands[-1] if isinstance(event.value, Operation) else None
        if not any(one is loss or (isinstance(one, Operation) and one.sign == "==") for one in walk(added)):
            continue
        shown = [
            one
            for one in trace.events
            if one.order > event.order and inside(one, epoch) and not inside(one, batch)
        ]
        if any(deep is event.value for one in shown for deep in walk(one.value, 200)):
            found[event.value.position] = bare(trace.source, event.value)
    return tuple(found.values())


def _same_target(one: Event, other: Event) -> bool:
    """Whether two events set one name, or one attribute of one object."""
    if one.kind != other.kind:
        return False
    if one.kind == "bind":
        return one.name == other.name and one.scope is other.scope
    a, b = one.target, other.target
    if not isinstance(a, Part) or not isinstance(b, Part):
        return False
    return a.of is b.of and a.kind == b.kind == "attribute" and a.key == b.key


def _loop_within(event: Event, epoch: Frame) -> Frame | None:
    """Return the innermost loop around an event, if it is one inside the loop over epochs."""
    if not inside(event, epoch):
        return None
    loops = [one for one in event.frames if one.kind in ("for", "while")]
    return loops[-1] if loops and loops[-1] is not epoch else None


def averaged_metrics(trace: Trace) -> tuple[Fact, ...]:
    """Return measures that cannot be averaged over batches and are computed for each batch."""
    found: dict[Position | None, Fact] = {}
    for event in trace.events:
        made = event.value
        if event.kind != "call" or not isinstance(made, Made):
            continue
        name = api(made.function)
        if (name.startswith("sklearn.") and name.rpartition(".")[2] in RATIOS and _of_one_batch(made)) and (
            any(frame.kind == "for" for frame in event.frames)
        ):
            found.setdefault(made.position, bare(trace.source, made))
    return tuple(found.values())


def _of_one_batch(made: Made) -> bool:
    """Say whether what is measured comes straight from a loop's element, not from a list that was filled."""
    waiting: list[Value] = list(made.arguments[:2])
    while waiting:
        one = waiting.pop()
        if isinstance(one, Part) and one.kind == "element":
            return True
        if isinstance(one, Made):
            waiting += [one.function.of] if isinstance(one.function, Part) and not api(one.function) else []
            waiting += [arg for arg in one.arguments if not isinstance(arg, Known)]
        elif isinstance(one, Part):
            waiting.append(one.of)
        elif isinstance(one, Operation):
            waiting += list(one.operands)
    return False
