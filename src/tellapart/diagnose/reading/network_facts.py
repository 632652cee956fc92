"""What a program says about a network.

One vocabulary for Keras and PyTorch: layers are called as in Keras (``nn.Linear`` is a Dense, ``nn.Conv2d`` a Conv2D),
activations in Keras's lower case.
"""

from __future__ import annotations

from dataclasses import dataclass, field

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
    frozen_at: Position | None = None
    """Where it is frozen as a whole, if it is."""

    def has(self, *kinds: str) -> bool:
        """Say whether a layer of one of these kinds is in it."""
        return any(layer.kind in kinds for layer in self.layers)
