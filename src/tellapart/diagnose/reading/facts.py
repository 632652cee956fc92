"""What a program says about its networks, its training, and how it is judged. Data: see `data_facts`.

One vocabulary for Keras and PyTorch: layers are called as in Keras (``nn.Linear`` is a Dense, ``nn.Conv2d`` a Conv2D),
losses and activations in Keras's lower case. None always means: the text does not say.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from .data_facts import DataPart, Split
from .fact import Fact
from .position import Position


@dataclass(frozen=True, kw_only=True)
class Layer(Fact):
    """One layer, in the order in which a picture meets them.

    Attributes
    ----------
    kind
        Keras's name: Dense, Conv2D, Activation...; Application for a pretrained or ready-made network; Other.
    api
        The library's full name.
    units
        Of a Dense its units, of a convolution its channels.
    inputs
        Channels or features that a PyTorch layer says it takes.
    kernel, strides, padding
        Of convolutions and poolings; (rows, columns).
    activation
        Given to the layer, or what an Activation layer is.
    rate
        Of dropout.
    l1, l2
        Penalties on the weights.
    initialiser
        Of the weights: a name, or a name with its constants.
    input_shape
        Without the batch.
    trainable
        False where the program freezes it.
    options
        Every other literal argument.
    """

    kind: str
    api: str = ""
    units: int | None = None
    inputs: int | None = None
    kernel: tuple[int, int] | None = None
    strides: tuple[int, int] | None = None
    padding: str | int | None = None
    activation: str | None = None
    rate: float | None = None
    l1: float = 0.0
    l2: float = 0.0
    initialiser: str | None = None
    input_shape: tuple[int | None, ...] | None = None
    trainable: bool = True
    options: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Output(Fact):
    """What comes out of a network: the last layer with weights and what follows it."""

    units: int | None
    activation: str | None
    layer: Layer


@dataclass(frozen=True, kw_only=True)
class Pretrained(Fact):
    """A ready-made network inside; `weights` None: random ones."""

    name: str
    weights: str | None
    frozen: bool


@dataclass(frozen=True, kw_only=True)
class Model(Fact):
    """A network. `style`: sequential, functional, subclass, torch_sequential, torch_module, application."""

    framework: str
    style: str
    layers: tuple[Layer, ...]
    output: Output | None
    pretrained: Pretrained | None
    frozen: bool = False
    """Nothing in it is trained."""

    def has(self, *kinds: str) -> bool:
        """Say whether a layer of one of these kinds is in it."""
        return any(layer.kind in kinds for layer in self.layers)


@dataclass(frozen=True, kw_only=True)
class Loss(Fact):
    """A loss. `name` is Keras's (cross_entropy, bce, bce_with_logits, nll are PyTorch's); own for the program's."""

    name: str
    api: str = ""
    from_logits: bool = False
    reduction: str | None = None
    own: OwnFunction | None = None


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
    """

    sums: bool = False
    logs_without_guard: bool = False
    negated: bool | None = None
    ratio_of_sums: bool = False


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
    holds_frozen: bool = False


@dataclass(frozen=True, kw_only=True)
class Metric(Fact):
    """A metric given to compile, or one computed by hand. `own`: the program's formula."""

    name: str
    api: str = ""
    own: OwnFunction | None = None


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
class Callback(Fact):
    """A callback given to ``fit``."""

    name: str
    options: dict[str, object] = field(default_factory=dict)


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
    own_mode: bool = True
    """Whether the mode can be told: a pass over a network that is not the text's own cannot."""


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
    detached
        What cuts the loss off from the parameters, and where: the words of the program.
    scheduler_per_batch
        An epoch's scheduler is stepped for every batch.
    running
        Totals that are never set back although they are shown each epoch.
    averaged
        Ratio metrics computed batch by batch.
    """

    epochs: Amount | None = None
    zero_grad: Position | None = None
    backward: Position | None = None
    step: Position | None = None
    zero_grad_in_batch_loop: bool = False
    step_in_batch_loop: bool = False
    wiped: bool = False
    eval_mode_kept: Position | None = None
    negated: Position | None = None
    detached: tuple[str, Position] | None = None
    scheduler_per_batch: tuple[str, Position] | None = None
    running: tuple[Fact, ...] = ()
    averaged: tuple[Fact, ...] = ()
    per_sample_shape: bool = True


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
    splits: tuple[Split, ...] = ()
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
    seeds: tuple[Fact, ...] = ()
    assumptions: tuple[str, ...] = ()
    complete: bool = True
