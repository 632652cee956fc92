"""What a program says about a loop written by hand, and about what is done with scores."""

from __future__ import annotations

from dataclasses import dataclass

from .data_facts import DataPart
from .fact import Fact
from .network_facts import Output
from .position import Position


@dataclass(frozen=True, kw_only=True)
class Amount(Fact):
    """A number of epochs or steps: `value` where it is a literal, else what it is computed from.

    Attributes
    ----------
    of
        ``samples``: pictures of a part; ``length``: batches of a part; "" unknown.
    divided_by
        Where it is a division by a literal.
    """

    value: int | None
    of: str = ""
    divided_by: int | None = None
    written: bool = False
    """The text gives it as numbers, be it a division."""


@dataclass(frozen=True, kw_only=True)
class Decision(Fact):
    """How scores become classes. `kind`: argmax, threshold, round.

    Attributes
    ----------
    output
        What the scores come from.
    threshold
        Of a threshold; .5 for round.
    compared_with
        ``unsqueezed``, ``plain`` or "": labels of shape (N, 1), of shape (N,), or nothing.
    squeezed
        The scores were flattened before.
    """

    kind: str
    output: Output | None
    threshold: float | None = None
    activations: tuple[str, ...] = ()
    axis: int | None = None
    compared_with: str = ""
    squeezed: bool = False


@dataclass(frozen=True, kw_only=True)
class Comparison(Fact):
    """Predictions held against labels. `generator_order`: the labels are those of the folder's own order.

    Attributes
    ----------
    names
        Class names written by hand for the report.
    part
        What was predicted.
    """

    part: DataPart | None
    generator_order: bool
    names: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Pass(Fact):
    """A loop that scores batches without training on them."""

    part: DataPart | None
    eval_mode: bool
    no_grad: bool
    after_training: bool


@dataclass(frozen=True, kw_only=True)
class Loop(Fact):
    """A hand-written training loop.

    Attributes
    ----------
    zero_grad, backward, step
        Where each stands, None where it is missing.
    zero_grad_in_batch_loop, step_in_batch_loop
        Whether it is done for every batch.
    wiped
        The gradients are set to zero between backward and step.
    eval_mode_kept
        The second epoch starts in the mode that the evaluation left.
    negated
        The loss is turned round before backward.
    uphill
        A weight changed by hand is moved along its gradient.
    detached
        What cuts the loss off from the parameters, and where: the words of the program.
    scheduler_per_batch
        An epoch's scheduler is stepped for every batch.
    fading_schedule
        A schedule that leaves next to nothing of the rate early on: its name, where it is made, the factor, and after
        how many epochs.
    running
        Totals that are never set back although they are shown each epoch.
    averaged
        Ratio metrics computed batch by batch.
    cut_short
        Where a counter breaks off the loop over batches.
    """

    zero_grad: Position | None = None
    backward: Position | None = None
    step: Position | None = None
    zero_grad_in_batch_loop: bool = False
    step_in_batch_loop: bool = False
    wiped: bool = False
    eval_mode_kept: Position | None = None
    negated: Position | None = None
    uphill: Position | None = None
    detached: tuple[str, Position] | None = None
    scheduler_per_batch: tuple[str, Position] | None = None
    fading_schedule: tuple[str, Position, float, int] | None = None
    running: tuple[Fact, ...] = ()
    averaged: tuple[Fact, ...] = ()
    cut_short: Position | None = None
