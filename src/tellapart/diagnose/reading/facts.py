"""What a program says about a training, and everything together. None always means: the text does not say.

The network is in `network_facts`, the pictures in `data_facts`, loops and judging in `loop_facts`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from .data_facts import DataPart, Split
from .fact import Fact
from .loop_facts import Amount, Comparison, Decision, Loop, Pass
from .network_facts import Layer, Model, Output, Pretrained


@dataclass(frozen=True, kw_only=True)
class Loss(Fact):
    """A loss. `name` is Keras's (cross_entropy, bce, bce_with_logits, nll are PyTorch's); own for the program's."""

    name: str
    api: str = ""
    from_logits: bool = False
    reduction: str | None = None
    own: OwnFunction | None = None
    turned: bool = False
    """A minus stands between it and backward."""


@dataclass(frozen=True, kw_only=True)
class OwnFunction(Fact):
    """A loss or metric of the program's: what can be told from its formula.

    Attributes
    ----------
    sums
        The outermost reduction is a sum.
    logs_without_guard
        A logarithm of something that may be 0.
    negated
        A sign turns the logarithm's; None where there is no logarithm.
    ratio_of_sums
        It divides by something summed over the batch: what cannot be averaged over batches.
    distance
        It squares the difference of its two arguments, or takes its absolute value, and has no logarithm.
    """

    sums: bool = False
    logs_without_guard: bool = False
    negated: bool | None = None
    ratio_of_sums: bool = False
    distance: bool = False


@dataclass(frozen=True, kw_only=True)
class Optimizer(Fact):
    """An optimiser; what the program leaves out is the library's documented default.

    Attributes
    ----------
    given
        The settings that the program itself gives.
    scheduled
        The learning rate is changed by a schedule or a callback.
    """

    name: str
    framework: str
    learning_rate: float | None
    momentum: float | None = None
    weight_decay: float = 0.0
    options: dict[str, float] = field(default_factory=dict)
    given: tuple[str, ...] = ()
    scheduled: bool = False
    maximises: bool = False
    holds: str = "model"  # model, part of it, other (another network's parameters), unknown


@dataclass(frozen=True, kw_only=True)
class Metric(Fact):
    """A metric given to compile, or one computed by hand. `own`: the program's formula."""

    name: str
    api: str = ""
    own: OwnFunction | None = None


@dataclass(frozen=True, kw_only=True)
class Callback(Fact):
    """A callback given to ``fit``."""

    name: str
    options: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class RateSetting(Fact):
    """Where the learning rate of an optimiser that is already made is set.

    Attributes
    ----------
    kind
        ``schedule``: a callback of Keras's; ``peak``: a schedule of PyTorch's that is given its highest rate;
        ``factor``: one that multiplies the optimiser's by what a function returns; ``assigned``: ``.assign(...)``;
        ``stored``: an assignment.
    rate
        Where the text says it.
    """

    kind: str
    rate: float | None = None


@dataclass(frozen=True, kw_only=True)
class Training(Fact):
    """One training: a call of ``fit``, or a hand-written loop."""

    framework: str
    style: str  # fit, compile (nothing is fitted in the text), loop, tape
    model: Model | None = None
    output: Output | None = None
    """As the loss meets it: what the loop does between network and loss included."""
    loss: Loss | None = None
    optimizer: Optimizer | None = None
    metrics: tuple[Metric, ...] = ()
    parts: tuple[DataPart, ...] = ()
    epochs: Amount | None = None
    steps_per_epoch: Amount | None = None
    validation_steps: Amount | None = None
    validation_split: float | None = None
    batch_size: int | None = None
    shuffle: bool | None = None
    class_weight: bool = False
    callbacks: tuple[Callback, ...] = ()
    loop: Loop | None = None

    def part(self, role: str) -> DataPart | None:
        """Return the first part in a role: train, validation, test, predict."""
        return next((part for part in self.parts if part.role == role), None)


@dataclass(frozen=True, kw_only=True)
class Program:
    """Everything that was read.

    Attributes
    ----------
    frameworks
        ``keras``, ``torch``.
    seeds
        Where random numbers are seeded by hand.
    assumptions
        What the text leaves out and the reading took for granted, in words.
    complete
        False: the program was too long to be read to its end.
    """

    file: str
    text: str
    frameworks: tuple[str, ...]
    models: tuple[Model, ...]
    trainings: tuple[Training, ...]
    parts: tuple[DataPart, ...]
    splits: tuple[Split, ...]
    passes: tuple[Pass, ...] = ()
    decisions: tuple[Decision, ...] = ()
    comparisons: tuple[Comparison, ...] = ()
    initialisations: tuple[Layer, ...] = ()
    rate_settings: tuple[RateSetting, ...] = ()
    seeds: tuple[Fact, ...] = ()
    assumptions: tuple[str, ...] = ()
    complete: bool = True


__all__ = [
    "Amount",
    "Callback",
    "Comparison",
    "Decision",
    "Layer",
    "Loop",
    "Loss",
    "Metric",
    "Model",
    "Optimizer",
    "Output",
    "OwnFunction",
    "Pass",
    "Pretrained",
    "Program",
    "RateSetting",
    "Training",
]
