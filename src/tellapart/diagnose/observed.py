"""What was seen of a model, of its parts and of its steps; see `tellapart.diagnose.recording` for the legend."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Layer:
    """One layer, in the order in which a batch passes through.

    Attributes
    ----------
    name, kind, activation
        Its name in the model, its class, and the activation built into it (Keras).
    input_shape, output_shape
        Without the batch axis; empty where the layer was never passed through.
    input_high
        Largest size of a number that went in.
    parameters, trainable
        Numbers of weights.
    never_active
        Share of its units (channels) that were never above zero for any picture looked at.
    share_zero, mean, std
        Of its output values on those pictures.
    alike
        Whether all of its units, of several, give the same for every picture looked at.
    by_batch
        Whether it normalises by the pictures of the batch in evaluation mode, too.
    """

    name: str
    kind: str
    activation: str = ""
    input_shape: tuple[int, ...] = ()
    output_shape: tuple[int, ...] = ()
    input_high: float | None = None
    parameters: int = 0
    trainable: int = 0
    never_active: float | None = None
    share_zero: float | None = None
    mean: float | None = None
    std: float | None = None
    alike: bool | None = None
    by_batch: bool = False


@dataclass(frozen=True)
class Model:
    """The outermost model.

    Attributes
    ----------
    parameters, trainable
        Numbers of weights.
    operations
        Activations and reshapings in the order in which the forward pass applied them, layers or not.
    layers
        As first passed through, on the initial weights.
    layers_at_end
        The same at the end.
    first_dense_inputs
        Inputs of the first fully connected layer, or None.
    """

    framework: str
    kind: str
    parameters: int
    trainable: int
    operations: tuple[str, ...] = ()
    layers: tuple[Layer, ...] = ()
    layers_at_end: tuple[Layer, ...] = ()

    @property
    def first_dense_inputs(self) -> int | None:
        """Numbers that go into the first fully connected layer."""
        dense = [one for one in self.layers if one.kind in ("Dense", "Linear") and one.input_shape]
        return dense[0].input_shape[-1] if dense else None


@dataclass(frozen=True)
class LossUse:
    """A loss function as it was called.

    Attributes
    ----------
    name
        ``cross_entropy``, ``BinaryCrossentropy``, …; ``own`` where only the tensor that was derived is known.
    options
        Its settings that are numbers, words or flags (``reduction``, ``from_logits``, ``label_smoothing``…).
    expects
        ``logits``, ``probabilities``, ``log probabilities`` or "" where it is not known.
    output_shape, target_shape, target_type
        Of the first call.
    """

    name: str
    options: dict[str, Any] = field(default_factory=dict)
    expects: str = ""
    output_shape: tuple[int, ...] = ()
    target_shape: tuple[int, ...] = ()
    target_type: str = ""


@dataclass(frozen=True)
class Optimizer:
    """An optimiser: class, settings, and the share of the model's trainable weights that it holds."""

    name: str
    options: dict[str, Any] = field(default_factory=dict)
    holds: float | None = None


@dataclass(frozen=True)
class Values:
    """What an array of a part held, over all its batches.

    Attributes
    ----------
    kind
        Number type.
    shape
        Of one picture (label, output), without the batch axis; that of the first batch.
    low, high, mean, std
        Over all values; mean and spread from at most some 100,000 values a batch.
    channel_means, channel_stds
        Per channel where there is an axis of 1 to 4.
    not_finite
        Number of nan and inf among the values looked at.
    constant
        Pictures (rows) whose values are all the same.
    """

    kind: str
    shape: tuple[int, ...]
    low: float
    high: float
    mean: float
    std: float
    channel_means: tuple[float, ...] = ()
    channel_stds: tuple[float, ...] = ()
    not_finite: int = 0
    constant: int = 0


@dataclass(frozen=True)
class Pass:
    """One presentation of a part in one epoch.

    Attributes
    ----------
    pictures, distinct
        How many were presented, and how many different looks.
    coverage
        `distinct` over all different looks of the part seen in the run: of one that is changed anew in each pass no
        share of its pictures.
    batch_sizes
        Of the batches, in order (at most 1,000).
    classes_per_batch
        Mean number of different labels in a batch.
    labels_in_order
        Share of neighbouring pictures with the same label, in order of presentation.
    training_mode
        Share of batches presented in training mode.
    seconds
        From the first batch to the last.
    fresh, changed
        Share of its looks that no earlier pass has shown; that the pass before has not shown. None of the first pass.
    """

    epoch: int
    pictures: int
    distinct: int
    coverage: float
    batch_sizes: tuple[int, ...] = ()
    classes_per_batch: float | None = None
    labels_in_order: float | None = None
    training_mode: float | None = None
    seconds: float = 0.0
    fresh: float | None = None
    changed: float | None = None


@dataclass(frozen=True)
class Part:
    """One part.

    Attributes
    ----------
    name
        ``train``: its batches led to steps; ``validation``: looked at before the last step without any;
        ``test``: only afterwards, beside a validation part; ``predict``: outputs were asked for, no labels given;
        ``train again``, ``validation again``: the same pictures in another place. Further ones of the same role are
        called ``validation 2`` and so on.
    source
        What it came from: class of the loader or array and its settings that are numbers, words or flags.
    pictures
        Different looks seen in the run.
    known
        How many pictures the source says it has, or None.
    copies
        Exact repetitions within one pass (pictures presented less different looks), in the first pass.
    inputs, outputs, labels
        Values of the model's inputs, outputs (as it gave them) and labels; None where not seen.
    labels_kept
        Label (a number; the row's index of a one-hot row) -> pictures.
    conflicting
        Looks that were given with more than one label.
    rows_sum_to_one
        Share of output rows that are probabilities.
    cut_anew
        Share of the pictures looked at that a reshape has scrambled: they are smoother read as they were before.
    shared
        Other part -> share of this part's looks that occur in it too.
    passes
        Its presentations.
    folders
        Of training pictures whose file is certain: its folder -> label -> pictures; empty where nobody counted.
    """

    name: str
    source: dict[str, Any]
    pictures: int
    known: int | None
    copies: int
    inputs: Values | None
    outputs: Values | None
    labels: Values | None
    labels_kept: dict[str, int]
    conflicting: int
    rows_sum_to_one: float | None
    shared: dict[str, float]
    passes: tuple[Pass, ...]
    cut_anew: float | None = None
    folders: dict[str, dict[str, int]] = field(default_factory=dict)

    @property
    def share_constant(self) -> float:
        """Share of the pictures presented that have the same value everywhere."""
        rows = sum(one.pictures for one in self.passes)
        return self.inputs.constant / rows if self.inputs is not None and rows else 0.0


@dataclass(frozen=True)
class Step:
    """One training step (one backward pass or optimiser step).

    Attributes
    ----------
    number, epoch
        Counted from 0.
    loss
        Of this batch alone; None where it was not seen, nan and inf as such.
    learning_rates
        Of the optimiser's groups.
    gradient_norms, update_ratios
        Layer -> norm of its gradients; norm of its update over the norm of its weights. Empty on steps that
        were not looked at closely.
    accumulated
        Whether there were gradients of an earlier step before this one's backward pass.
    stepped
        Whether an optimiser stepped.
    """

    number: int
    epoch: int
    loss: float | None
    learning_rates: tuple[float, ...] = ()
    gradient_norms: dict[str, float] = field(default_factory=dict)
    update_ratios: dict[str, float] = field(default_factory=dict)
    accumulated: bool | None = None
    stepped: bool = True


@dataclass(frozen=True)
class Line:
    """A line with a number in it that the script printed.

    Attributes
    ----------
    text
        At most 500 characters.
    epoch
        Of the training epoch whose steps were all taken, and none of the next, when it was printed; None before the
        first step and in the midst of an epoch.
    after
        Whether the last step of the run was over.
    shown
        Name of the part that the model had looked at last, or "".
    """

    text: str
    epoch: int | None
    after: bool
    shown: str


@dataclass(frozen=True)
class Evaluation:
    """What Keras's ``evaluate`` told the script; `epoch` and `after` as in `Line`."""

    part: str
    epoch: int | None
    after: bool
    reported: dict[str, float]


@dataclass(frozen=True)
class Epoch:
    """One epoch.

    Attributes
    ----------
    number
        Counted from 0.
    seconds
        Of the script's own work, without the recorder's.
    loss
        Mean of its steps' losses.
    reported
        What the framework told the script (Keras's logs).
    printed
        Lines with a number in them that the script printed until the next epoch.
    true
        Part -> measures recomputed over the part's whole predictions in evaluation mode
        (`tellapart.evaluate.measures.measure`, rendered as JSON), with the weights at the end of this epoch.
    weight_changes
        Layer -> norm of the change of its weights in this epoch over their norm.
    """

    number: int
    seconds: float
    loss: float | None
    reported: dict[str, float]
    printed: tuple[str, ...]
    true: dict[str, dict[str, Any]]
    weight_changes: dict[str, float]
