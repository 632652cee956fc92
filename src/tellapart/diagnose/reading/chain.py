"""From what comes out of a network back to its input: the layers on the way, in order."""

from __future__ import annotations

from .apis import api, made_by
from .facts import Layer
from .freezing import Freezing
from .interpret.run import Trace
from .interpret.values import (
    Instance,
    Items,
    Known,
    Made,
    Operation,
    Part,
    Unread,
    Value,
    literal,
    number,
)
from .layers import fact_of, function_layer, layer_of
from .ready_made import application_name, head_activation, head_units, is_ready_made, shape, weights

SEQUENTIALS = ("keras.models.Sequential", "torch.nn.Sequential")
MODULE_BASES = (
    "torch.nn.Module", "keras.models.Model", "keras.models.Sequential", "keras.layers.Layer", "torch.nn.Sequential",
    "pytorch_lightning.LightningModule", "lightning.LightningModule", "lightning.pytorch.LightningModule",
)  # fmt: skip


def is_module(value: Value | None) -> bool:
    """Say whether a value is a network or layer of the program's own class."""
    return isinstance(value, Instance) and any(
        api(base) in MODULE_BASES for base in value.cls.foreign_bases()
    )


def is_network(value: Value | None) -> bool:
    """Say whether a value is a network."""
    name = made_by(value)
    return name in SEQUENTIALS or name in ("keras.models.Model", "keras.models.load_model") or (
        is_module(value) or is_ready_made(value)
    )  # fmt: skip


class Chains:
    """The layers of the networks of one program."""

    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        self.freezing = Freezing(trace)
        self.added: dict[int, list[Value]] = {}
        for event in trace.events:
            call = event.value
            if event.kind != "call" or not isinstance(call, Made) or not isinstance(call.function, Part):
                continue
            receiver = call.function.of
            if call.function.key in ("add", "add_module") and call.arguments:
                self.added.setdefault(id(receiver), []).append(call.arguments[-1])
            elif call.function.key == "pop" and self.added.get(id(receiver)) and not call.arguments:
                self.added[id(receiver)].pop()

    def layers(self, value: Value | None, depth: int = 0) -> list[Layer]:
        """Return the layers of a network or layer."""
        if depth > 12 or value is None:
            return []
        if isinstance(value, Instance):
            return self._own(value, depth)
        if isinstance(value, Items):
            return [layer for one in value.items for layer in self.layers(one, depth + 1)]
        if isinstance(value, Made):
            return self._made(value, depth)
        if isinstance(value, Unread | Part) and id(value) in self.added:
            return [layer for one in self.added[id(value)] for layer in self.layers(one, depth + 1)]
        name = api(value)
        if name.startswith(("torch.nn.functional.", "torch.", "keras.activations.")):
            return self.layers(Made(value, [], {}, position=value.position), depth + 1)
        return []

    def _made(self, value: Made, depth: int) -> list[Layer]:
        name = api(value.function)
        if name in SEQUENTIALS:
            given: list[Value] = []
            if name.startswith("keras"):
                first = value.argument(0, "layers")
                given = first.items if isinstance(first, Items) else []
            else:
                for one in value.arguments:
                    given += _values(one)
            given = [_item(value, number, one) for number, one in enumerate(given)]
            given = given + self.added.get(id(value), [])
            return [layer for one in given for layer in self.layers(one, depth + 1)]
        if name == "keras.models.Model":
            return self.back(value.argument(1, "outputs", "output"), depth + 1)
        if is_ready_made(value):
            return self._ready_made(value, depth)
        if name in ("keras.layers.TimeDistributed", "torch.nn.DataParallel", "torch.compile"):
            return self.layers(value.argument(0), depth + 1)
        if isinstance(value.function, Part) and value.function.key in (
            "to",
            "cuda",
            "cpu",
            "double",
            "float",
        ):
            return self.layers(value.function.of, depth + 1)
        if name == "keras.layers.Lambda":
            return self._lambda(value, depth)
        layer = layer_of(self.trace.source, value, self.freezing.trainable(value))
        if layer is not None:
            return [layer]
        made = function_layer(self.trace.source, value) if name else None
        return [made] if made is not None and made.kind != "Other" else []

    def _lambda(self, value: Made, depth: int) -> list[Layer]:
        from .interpret.values import Function

        function = value.argument(0, "function")
        if isinstance(function, Function):
            given = Unread("input")
            return self.back(self.trace.function(function, [given]), depth + 1, stop=given)
        return [Layer(**fact_of(self.trace.source, value), kind="Other", api="keras.layers.Lambda")]

    def _ready_made(self, value: Made, depth: int) -> list[Layer]:
        frozen = not self.freezing.trainable(value)
        options = {key: literal(one) for key, one in value.keywords.items()}
        base = Layer(
            **fact_of(self.trace.source, value),
            kind="Application",
            api=application_name(value),
            trainable=not frozen,
            units=head_units(value),
            activation=head_activation(value),
            input_shape=shape(value),
            options={**options, "weights": weights(value)},
        )
        head: list[Layer] = []
        for key, one in value.parts.items():
            # `net.fc = nn.Linear(...)`, `net.classifier[1] = nn.Linear(...)`
            if (
                isinstance(key, str)
                and isinstance(one, Made | Instance)
                and not api(value.function).startswith("keras")
            ):
                head += self.layers(one, depth + 1)
            for inner, other in one.parts.items():
                if isinstance(inner, tuple) and isinstance(other, Made):
                    head += self.layers(other, depth + 1)
        return [base, *head]

    def _own(self, value: Instance, depth: int) -> list[Layer]:
        given = Unread("input")
        for name in ("forward", "call"):
            if value.cls.find(name) is not None:
                result, _ = self.trace.method(value, name, [given])
                return self.back(result, depth + 1, stop=given)
        above = value.parts.get(("super", "__init__"))
        return (
            self.layers(Items(self.added.get(id(value), [])), depth + 1)
            if above or id(value) in self.added
            else []
        )

    def back(self, value: Value | None, depth: int = 0, stop: Value | None = None) -> list[Layer]:
        """Return the layers between the input and a tensor."""
        found: list[Layer] = []
        self._back(value, depth, stop, set(), found)
        return found

    def _back(
        self, value: Value | None, depth: int, stop: Value | None, seen: set[int], found: list[Layer]
    ) -> None:
        if value is None or value is stop or id(value) in seen or depth > 300:
            return
        seen.add(id(value))
        if isinstance(value, Items):
            for one in value.items:
                self._back(one, depth + 1, stop, seen, found)
        elif isinstance(value, Part):
            if value.kind == "attribute" and value.key in ("output", "outputs") and is_network(value.of):
                found += self.layers(value.of, depth % 12)
                return
            if value.kind == "attribute" and value.key in ("data", "logits", "T"):
                self._back(value.of, depth + 1, stop, seen, found)
                if value.key == "data":
                    found.append(Layer(**fact_of(self.trace.source, value), kind="Detach"))
                return
            self._back(value.of, depth + 1, stop, seen, found)
            if _takes_column(value):
                found.append(Layer(**fact_of(self.trace.source, value), kind="Squeeze"))
        elif isinstance(value, Operation):
            self._operation(value, depth, stop, seen, found)
        elif isinstance(value, Made):
            self._call(value, depth, stop, seen, found)

    def _operation(
        self, value: Operation, depth: int, stop: Value | None, seen: set[int], found: list[Layer]
    ) -> None:
        for one in value.operands:
            self._back(one, depth + 1, stop, seen, found)
        amount = number(value.operands[-1])
        fact = fact_of(self.trace.source, value)
        if value.sign in (">", ">=", "<", "<="):
            found.append(Layer(**fact, kind="Threshold", rate=amount))
        elif value.sign in ("/", "*") and amount:
            found.append(Layer(**fact, kind="Rescaling", rate=1 / amount if value.sign == "/" else amount))
        elif value.sign == "-" and len(value.operands) == 1:
            found.append(Layer(**fact, kind="Negated"))
        elif value.sign in ("@", "*"):
            found.append(Layer(**fact, kind="Multiply"))

    def _call(self, value: Made, depth: int, stop: Value | None, seen: set[int], found: list[Layer]) -> None:
        function = value.function
        given = [*value.arguments, *value.keywords.values()]
        if api(function) == "keras.layers.Input":
            found += self.layers(value)
            return
        if isinstance(function, Instance | Made) or (
            isinstance(function, Part | Unread) and id(function) in self.added
        ):
            for one in given:
                self._back(one, depth + 1, stop, seen, found)
            inner = self.layers(function, 0)
            found += inner
            if not inner and not isinstance(function, Instance):
                found.append(Layer(**fact_of(self.trace.source, value), kind="Other", api=made_by(function)))
            return
        if isinstance(function, Part) and not api(function):
            self._back(function.of, depth + 1, stop, seen, found)
        for one in given:
            if not isinstance(one, Known):
                self._back(one, depth + 1, stop, seen, found)
        layer = function_layer(self.trace.source, value)
        if layer is not None and layer.kind != "Mean":
            found.append(layer)


def _takes_column(value: Part) -> bool:
    """Whether one index of several is taken, as in ``x[:, 0]``."""
    keys = value.key.items if value.kind == "item" and isinstance(value.key, Items) else []
    return len(keys) > 1 and isinstance(literal(keys[-1]), int)


def _item(network: Made, number: int, given: Value) -> Value:
    """Return a layer of a sequential network: what was put in its place later, not what only asks for it."""
    stored = network.parts.get(("item", number), given)
    return given if isinstance(stored, Part) and stored.of is network else stored


def _values(value: Value) -> list[Value]:
    from .interpret.values import Table

    if isinstance(value, Table):
        return [one for _, one in value.entries]
    if isinstance(value, Items):
        return [one.items[-1] if isinstance(one, Items) and one.items else one for one in value.items]
    return [value]
