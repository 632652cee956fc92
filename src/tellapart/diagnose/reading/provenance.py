"""From what a network is given back to where it was read: the steps on the way, in order."""

from __future__ import annotations

from dataclasses import replace

from .apis import api, made_by
from .data_facts import Step
from .interpret.run import Trace
from .interpret.state import Event
from .interpret.values import (
    Function,
    Instance,
    Items,
    Known,
    Made,
    Operation,
    Part,
    Table,
    Unread,
    Value,
    literal,
    number,
)
from .layers import fact_of
from .sameness import multiplies
from .steps import call_step, generator_steps, transform_steps

READING_METHODS = ("flow_from_directory", "flow", "flow_from_dataframe")
SPLITTERS = ("sklearn.train_test_split",)


class Provenance:
    """The ways of pictures in one program."""

    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        self.source = trace.source
        self.stored: dict[int, list[Value]] = {}
        self.shuffled: dict[int, Event] = {}
        for event in trace.events:
            if event.kind == "store" and isinstance(event.target, Part) and event.target.kind == "item":
                self.stored.setdefault(id(event.target.of), []).append(event.value)
            if event.kind == "call" and isinstance(event.value, Made):
                name = api(event.value.function).rpartition(".")[2]
                method = event.value.function.key if isinstance(event.value.function, Part) else ""
                if "shuffle" in (name, method):
                    for one in event.value.arguments:
                        self.shuffled[id(one)] = event

    def steps(self, value: Value | None) -> tuple[tuple[Step, ...], Value | None]:
        """Return the steps from the source to a value, and the source: what no step leads to."""
        found: list[Step] = []
        origin = self._follow(value, found, set(), 0)
        return tuple(found), origin

    def _follow(self, value: Value | None, found: list[Step], seen: set[int], depth: int) -> Value | None:
        if value is None or id(value) in seen or depth > 60:
            return value
        seen.add(id(value))
        origin: Value | None = value
        if isinstance(value, Part):
            origin = self._part(value, found, seen, depth)
        elif isinstance(value, Operation):
            origin = self._operation(value, found, seen, depth)
        elif isinstance(value, Items) and value.items:
            # A tuple is (pictures, labels); of a list that was filled, the last element is the freshest.
            listed = value.kind == "list"
            origin = self._follow(value.items[-1 if listed else 0], found, seen, depth + 1)
            origin = value if listed else origin
        elif isinstance(value, Made):
            origin = self._call(value, found, seen, depth)
        elif isinstance(value, Instance):
            self._instance(value, found, seen, depth)
        for one in self.stored.get(id(value), [])[:3]:
            self._follow(one, found, seen, depth + 1)
        if id(value) in self.shuffled:
            found.append(Step(**fact_of(self.source, self.shuffled[id(value)].value), kind="shuffle"))
        return origin

    def _part(self, value: Part, found: list[Step], seen: set[int], depth: int) -> Value | None:
        of = value.of
        if isinstance(of, Made) and api(of.function) in SPLITTERS and isinstance(value.key, Known):
            index = value.key.value
            if isinstance(index, int) and of.arguments:
                whole = of.arguments[min(index // 2, len(of.arguments) - 1)]
                origin = self._follow(whole, found, seen, depth + 1)
                found.append(
                    Step(**fact_of(self.source, of), kind="split", name="train_test_split", amount=index % 2)
                )
                return origin
        origin = self._follow(of, found, seen, depth + 1)
        if value.kind == "item" and isinstance(value.key, Operation) and value.key.sign == ":":
            bounds = [literal(one) if isinstance(one, Known) else "?" for one in value.key.operands]
            if bounds[:2] != [None, None]:
                found.append(Step(**fact_of(self.source, value), kind="slice", amount=bounds))
        elif (value.kind == "item" and isinstance(value.key, Made | Part | Items)) and (
            any(word in ("permutation", "shuffle", "randperm", "sample") for word in _words(value.key))
        ):
            found.append(Step(**fact_of(self.source, value), kind="shuffle"))
        return origin

    def _operation(self, value: Operation, found: list[Step], seen: set[int], depth: int) -> Value | None:
        heavy = [one for one in value.operands if not isinstance(one, Known)]
        origin = self._follow(heavy[0], found, seen, depth + 1) if heavy else value
        fact = fact_of(self.source, value)
        amounts = [number(one) for one in value.operands]
        if value.sign == "/" and len(amounts) == 2 and amounts[1]:
            found.append(Step(**fact, kind="scale", name="/", amount=1 / amounts[1]))
        elif value.sign == "*" and any(amounts):
            found.append(Step(**fact, kind="scale", name="*", amount=next(one for one in amounts if one)))
        elif value.sign in ("/", "-") and len(heavy) == 2:
            found.append(Step(**fact, kind="normalise", name=value.sign))
        elif value.sign == "-" and amounts[-1]:
            found.append(Step(**fact, kind="shift", amount=-amounts[-1]))
        return origin

    def _call(self, value: Made, found: list[Step], seen: set[int], depth: int) -> Value | None:
        name, function = api(value.function), value.function
        method = str(function.key) if isinstance(function, Part) and not name else ""
        if method in READING_METHODS and isinstance(function, Part):
            return self._generator(value, function.of, method, found, seen, depth)
        if name == "keras.utils.image_dataset_from_directory" or name.startswith("torchvision.datasets."):
            return self._library_set(value, name, found)
        if name == "torch.utils.data.DataLoader":
            return self._follow(value.argument(0, "dataset"), found, seen, depth + 1)
        if isinstance(function, Function):
            return value
        inner = _given(value, method)
        origin = self._follow(inner, found, seen, depth + 1)
        if isinstance(function, Made | Instance):
            # A transform object called on a picture, or a layer on a batch.
            found += transform_steps(self.source, function) if isinstance(function, Made) else ()
            return origin
        if method == "map" and isinstance(value.argument(0), Function):
            self._mapped(value, found, seen, depth)
        step = call_step(self.source, value, method)
        if step is not None:
            found.append(step)
            if step.kind == "stack" and multiplies(value, inner):
                found.append(replace(step, kind="oversample"))
            if step.kind == "stack" and isinstance(inner, Items):
                for one in inner.items[:-1]:
                    self._follow(one, found, seen, depth + 1)
        elif name == "numpy.repeat" and literal(value.argument(2, "axis")) == 0:
            found.append(Step(**fact_of(self.source, value), kind="oversample", name=name))
        if step is not None and step.kind == "read":
            return value
        return origin if origin is not None else value

    def _library_set(self, value: Made, name: str, found: list[Step]) -> Value:
        torch = name.startswith("torchvision")
        amount = "PIL" if torch else "rgb"
        found.append(Step(**fact_of(self.source, value), kind="read", name=name, amount=amount))
        if torch:
            index = 1 if name.endswith(".ImageFolder") else None
            found += self._transforms(value.argument(index, "transform"))
        return value

    def _mapped(self, value: Made, found: list[Step], seen: set[int], depth: int) -> None:
        """Go through the function of ``dataset.map`` with one element; a path read in it is one too."""
        function = value.argument(0)
        assert isinstance(function, Function)  # noqa: S101 - the caller has looked
        result = self.trace.function(function, [Unread("element"), Unread("label")])
        first = result.items[0] if isinstance(result, Items) and result.items else result
        self._follow(first, found, seen, depth + 1)

    def _transforms(self, transform: Value | None) -> list[Step]:
        found: list[Step] = []
        for step in transform_steps(self.source, transform):
            if step.kind == "other" and isinstance(step.amount, Function):
                self._follow(self.trace.function(step.amount, [Unread("picture")]), found, set(), 50)
            else:
                found.append(step)
        if isinstance(transform, Function):
            self._follow(self.trace.function(transform, [Unread("picture")]), found, set(), 50)
        return found

    def _generator(
        self, value: Made, of: Value, method: str, found: list[Step], seen: set[int], depth: int
    ) -> Value | None:
        origin: Value | None = value
        if method == "flow":
            given = value.argument(0, "x")
            if isinstance(given, Items) and given.kind == "tuple" and given.items:
                given = given.items[0]
            origin = self._follow(given, found, seen, depth + 1)
        else:
            found.append(Step(**fact_of(self.source, value), kind="read", name=method, amount="rgb"))
        if isinstance(of, Made) and made_by(of) == "keras.utils.ImageDataGenerator":
            found += generator_steps(self.source, of)
        elif isinstance(of, Unread | Part):
            found.append(Step(**fact_of(self.source, value), kind="normalise", name="unread generator"))
        return origin

    def _instance(self, value: Instance, found: list[Step], seen: set[int], depth: int) -> None:
        """Read a data set of the program's own class by what it gives for one index."""
        result, _ = self.trace.method(value, "__getitem__", [Unread("index")])
        first = result.items[0] if isinstance(result, Items) and result.items else result
        if isinstance(result, Table) and result.entries:
            first = result.entries[0][1]
        if first is not None:
            self._follow(first, found, seen, depth + 1)
        for given in [*value.arguments, *value.keywords.values()]:
            if (isinstance(given, Made) and transform_steps(self.source, given)) and (
                api(given.function).startswith("torchvision.transforms")
            ):
                known = {step.position for step in found}
                found += [step for step in self._transforms(given) if step.position not in known]


def _given(value: Made, method: str) -> Value | None:
    """Return the pictures that a call is given: what a method belongs to, or the first argument."""
    learners = ("fit_resample", "fit_sample", "fit_transform", "transform", "apply")
    if method and method not in learners and isinstance(value.function, Part):
        return value.function.of
    if value.arguments:
        return value.arguments[0]
    return next(iter(value.keywords.values()), None)


def _words(value: Value) -> list[str]:
    found: list[str] = []
    waiting = [value]
    while waiting and len(found) < 20:
        one = waiting.pop()
        if isinstance(one, Made):
            found.append(api(one.function).rpartition(".")[2] or str(getattr(one.function, "key", "")))
            waiting += one.arguments
        elif isinstance(one, Part):
            waiting.append(one.of)
    return found
