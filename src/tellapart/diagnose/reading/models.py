"""Networks of a program -> `Model` facts."""

from __future__ import annotations

from dataclasses import replace

from .apis import api, made_by
from .chain import Chains, is_module, is_network
from .facts import Layer, Model, Output, Pretrained
from .interpret.values import Instance, Items, Made, Part, Unread, Value
from .layers import DROPOUTS, WEIGHTED, fact_of
from .ready_made import is_ready_made

TRAILING = (
    *DROPOUTS,
    "Activation",
    "Squeeze",
    "Reshape",
    "Flatten",
    "Permute",
    "Rescaling",
    "Detach",
    "Other",
)


def output_of(layers: list[Layer] | tuple[Layer, ...]) -> Output | None:
    """Return what comes out of a list of layers; None where no layer with weights can be told."""
    for number in range(len(layers) - 1, -1, -1):
        layer = layers[number]
        if layer.kind in WEIGHTED or (layer.kind == "Application" and layer.units is not None):
            after = [one.activation for one in layers[number + 1 :] if one.kind == "Activation"]
            after = [one for one in after if one not in (None, "linear")]
            own = layer.activation if layer.activation != "linear" else None
            units = (
                layer.units if layer.kind in ("Dense", "Application") or _whole_map(layers[number:]) else None
            )
            if (
                layers[number + 1 :]
                and any(one.kind not in TRAILING for one in layers[number + 1 :])
                and units is None
            ):
                return None
            activation = after[-1] if after else own
            if after and own and activation != own and own not in ("softmax", "sigmoid", "log_softmax"):
                activation = after[-1]
            return Output(
                position=layer.position, source=layer.source, units=units, activation=activation, layer=layer
            )
        if layer.kind in ("Concatenate", "Add", "Multiply", "Max", "LSTM", "GRU"):
            return None
    return None


def _whole_map(layers: list[Layer] | tuple[Layer, ...]) -> bool:
    """Say whether a last convolution is pooled to one value a channel."""
    return any("Global" in layer.kind or "Adaptive" in layer.kind for layer in layers)


class Models:
    """The networks of one program; the fact of a value is read once."""

    def __init__(self, chains: Chains) -> None:
        self.chains = chains
        self.trace = chains.trace
        self._facts: dict[int, Model | None] = {}

    def fact(self, value: Value | None) -> Model | None:
        """Return the fact of a network; None where the value is none, or nothing of it can be read."""
        if value is None:
            return None
        value = unwrapped(value)
        if id(value) not in self._facts:
            self._facts[id(value)] = self._read(value)
        return self._facts[id(value)]

    def _read(self, value: Value) -> Model | None:
        layers = tuple(self.chains.layers(value))
        if not layers and not is_network(value):
            return None
        frozen = not self.chains.freezing.trainable(value)
        thawed = [one for one in value.parts.values() if self.chains.freezing.thawed_after(one, value)]
        if frozen and thawed and not is_ready_made(value):
            free = {layer.position for one in thawed for layer in self.chains.layers(one)}
            layers = tuple(replace(one, trainable=one.trainable and one.position in free) for one in layers)
            frozen = False
        pretrained = next((layer for layer in layers if layer.kind == "Application"), None)
        return Model(
            **fact_of(self.trace.source, value),
            framework=_framework(value, layers),
            style=_style(value),
            layers=layers,
            output=output_of(layers),
            pretrained=None
            if pretrained is None
            else Pretrained(
                position=pretrained.position,
                source=pretrained.source,
                name=pretrained.api,
                weights=None
                if pretrained.options.get("weights") is None
                else str(pretrained.options["weights"]),
                frozen=not pretrained.trainable,
            ),
            frozen=self._frozen(value, layers, frozen),
            frozen_at=self.chains.freezing.place(value),
        )

    def _frozen(self, value: Value, layers: tuple[Layer, ...], frozen: bool) -> bool:
        weighted = [layer for layer in layers if layer.kind in (*WEIGHTED, "Application")]
        if frozen and is_ready_made(value):
            # A new head, made after the freezing, stays free.
            heads = [one for key, one in value.parts.items() if isinstance(key, str)]
            heads += [other for one in heads for other in one.parts.values()]
            return not any(self.chains.freezing.made_later(one, value) for one in heads)
        return frozen or (bool(weighted) and not any(layer.trainable for layer in weighted))

    def all(self) -> list[tuple[Value, Model]]:
        """Return every network that is not inside another one."""
        found: dict[int, Value] = {}
        for event in self.trace.events:
            value = event.value
            if event.kind == "call" and isinstance(value, Made):
                if is_network(value):
                    found[id(value)] = value
                if isinstance(value.function, Part) and value.function.key in (
                    "compile",
                    "fit",
                    "summary",
                    "add",
                ):
                    receiver = value.function.of
                    if isinstance(receiver, Unread) and id(receiver) in self.chains.added:
                        found[id(receiver)] = receiver
        for instance in self.trace.instances:
            if is_module(instance):
                found[id(instance)] = instance
        inner = self._inside(list(found.values()))
        facts = [(value, self.fact(value)) for key, value in found.items() if key not in inner]
        by_place = {
            model.position: (value, model) for value, model in facts if model is not None and model.layers
        }
        return list(by_place.values())

    def _inside(self, values: list[Value]) -> set[int]:
        """Return those that are a layer of another network."""
        inside: set[int] = set()
        for value in values:
            parts = [*value.parts.values(), *self.chains.added.get(id(value), [])]
            if isinstance(value, Made) and made_by(value) != "keras.models.Model":
                parts += [*value.arguments, *value.keywords.values()]
            for _ in range(3):  # lists of lists in a ModuleList
                parts += [one for given in [*parts] for one in _held(given)]
            inside |= {id(one) for one in parts}
        called = {id(event.value.function) for event in self.trace.events
                  if isinstance(event.value, Made) and is_ready_made(event.value.function)}  # fmt: skip
        outputs = {id(value) for value in values if is_ready_made(value) and any(
            key in value.parts for key in ("output", "layers", "get_layer"))}  # fmt: skip
        trained = {id(event.value.function.of) for event in self.trace.events if isinstance(event.value, Made)
                   and isinstance(event.value.function, Part)
                   and event.value.function.key in ("compile", "fit", "parameters")}  # fmt: skip
        return (inside | called | outputs) - trained


def _held(value: Value) -> list[Value]:
    if isinstance(value, Items):
        return value.items
    listed = isinstance(value, Made) and made_by(value) in ("torch.nn.ModuleList", "torch.nn.Sequential")
    return value.arguments if isinstance(value, Made) and listed else []


def unwrapped(value: Value) -> Value:
    """Return the network behind ``.to(device)``, ``.cuda()``, ``DataParallel``."""
    for _ in range(6):
        if not isinstance(value, Made):
            break
        if isinstance(value.function, Part) and value.function.key in (
            "to",
            "cuda",
            "cpu",
            "float",
            "double",
            "train",
            "eval",
        ):
            value = value.function.of
        elif api(value.function) in ("torch.nn.DataParallel", "torch.compile") and value.arguments:
            value = value.arguments[0]
        else:
            break
    return value


def _framework(value: Value, layers: tuple[Layer, ...]) -> str:
    names = [made_by(value), *(layer.api for layer in layers)]
    torch = sum(name.startswith(("torch", "timm")) for name in names)
    return "torch" if torch > sum(name.startswith("keras") for name in names) else "keras"


def _style(value: Value) -> str:
    name = made_by(value)
    if name in ("keras.models.Sequential", "torch.nn.Sequential"):
        return "sequential" if name.startswith("keras") else "torch_sequential"
    if name == "keras.models.Model":
        return "functional"
    if is_ready_made(value):
        return "application"
    if isinstance(value, Unread | Part):
        return "sequential"
    if isinstance(value, Instance):
        bases = [api(base) for base in value.cls.foreign_bases()]
        return (
            "torch_module"
            if any(one.startswith(("torch", "pytorch", "lightning")) for one in bases)
            else "subclass"
        )
    return "other"
