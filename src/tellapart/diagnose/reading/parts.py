"""What a network is given in one role -> a `DataPart`; one set cut into parts -> a `Split`."""

from __future__ import annotations

from typing import Any

from .apis import api, made_by
from .data_facts import DataPart, Split, Step
from .formula import word
from .interpret.values import (
    External,
    Function,
    Instance,
    Items,
    Known,
    Made,
    Operation,
    Part,
    Value,
    literal,
    number,
)
from .layers import fact_of, pair
from .position import Position
from .provenance import READING_METHODS, Provenance
from .sameness import sameness

CLASS_COUNTS = {"mnist": 10, "fashion_mnist": 10, "fashionmnist": 10, "cifar10": 10, "cifar100": 100, "svhn": 10,
                "kmnist": 10}  # fmt: skip
"""Sets that libraries bring along, and how many classes each has."""

FOLDER_DEPTH = 12
"""Pieces of a path inside each other."""


class Parts:
    """The data parts of one program."""

    def __init__(self, provenance: Provenance) -> None:
        self.provenance = provenance
        self.source = provenance.source
        self.splits: dict[Position, Split] = {}
        self._origins: dict[object, tuple[int, Value]] = {}

    def part(self, value: Value | None, role: str, labels: Value | None = None) -> DataPart | None:
        """Return the part that a value is; None where there is no value."""
        if value is None or (isinstance(value, Known) and value.value is None):
            return None
        if isinstance(value, Items) and labels is None and len(value.items) > 1:
            pictures, labels = value.items[:2]
            return self.part(pictures, role, labels)
        steps, origin = self.provenance.steps(value)
        settings = self._settings(value)
        for step in steps:
            if step.kind == "batch" and isinstance(step.amount, int | float):
                settings.setdefault("batch_size", int(step.amount))
            if step.kind in ("resize", "crop") and isinstance(step.amount, tuple):
                settings["target_size"] = step.amount
            if step.kind == "grey":
                settings["colour_mode"] = "grayscale"
        self._note_splits(value, steps)
        name = made_by(origin) or made_by(value)
        known = next((CLASS_COUNTS[word] for word in name.lower().split(".") if word in CLASS_COUNTS), None)
        label_steps = self.provenance.steps(labels)[0] if labels is not None else ()
        hot = next((step for step in label_steps if step.kind == "one_hot"), None)
        if hot is not None:
            settings["label_mode"] = "categorical"
            if isinstance(hot.amount, int | float):
                settings["class_count"] = int(hot.amount)
        elif labels is not None and known:
            settings["label_mode"] = "sparse"
        if known:
            settings.setdefault("class_count", known)
        settings.setdefault("reader", name.rpartition(".")[2] or "arrays")
        return DataPart(
            **fact_of(self.source, value),
            role=role,
            steps=steps,
            origin=self._origin(identity(value)),
            large=bool(known),
            **settings,
        )

    def _settings(self, value: Value) -> dict[str, Any]:
        found: dict[str, Any] = {}
        inner: Value | None = value
        taken: Part | None = None
        for _ in range(30):
            if inner is None:
                break
            if isinstance(inner, Made):
                reader = _reader_settings(inner)
                if reader.get("subset") == "both" and taken is not None:
                    # One call gives both parts: (training, validation).
                    reader["subset"] = "validation" if literal(_key(taken)) == 1 else "training"
                if drawn := _drawn(inner, taken):
                    found.setdefault("subset", drawn)
                if reader:
                    return {**reader, **found}
                if api(inner.function) == "torch.utils.data.DataLoader":
                    found |= _loader_settings(inner)
            taken = inner if isinstance(inner, Part) and inner.kind == "item" else taken
            inner = _inner(inner)
        return found

    def _origin(self, value: Value) -> int:
        """Return the number of a source of pictures, counted in the order in which they are met."""
        return self._origins.setdefault(sameness(value), (len(self._origins) + 1, value))[0]

    def _note_splits(self, value: Value, steps: tuple[Step, ...]) -> None:
        for number_, step in enumerate(steps):
            if step.kind == "split" and step.position not in self.splits:
                made = _splitter(value)
                shuffle = literal(made.argument(None, "shuffle"), True) if made else True
                stratify = made.argument(None, "stratify") if made else None
                self.splits[step.position] = Split(
                    position=step.position, source=step.source, kind=step.name,
                    stratified=stratify is not None and literal(stratify, True) is not None,
                    shuffled=shuffle is not False, before=steps[:number_], known_origin=_read_before(steps[:number_]),
                )  # fmt: skip
            elif step.kind == "slice" and _cuts(step.amount):
                before = steps[:number_]
                shuffled = any(one.kind in ("shuffle", "split") for one in before)
                large = any("datasets" in one.name for one in before)
                self.splits.setdefault(step.position, Split(
                    position=step.position, source=step.source, kind="slice", shuffled=shuffled or large,
                    before=before, known_origin=_read_before(before),
                ))  # fmt: skip


def _drawn(made: Made, taken: Part | None) -> str:
    """Return which part of a set PyTorch's ``random_split`` or ``Subset`` gives, "" for anything else."""
    name = api(made.function).rpartition(".")[2]
    if name == "random_split" and taken is not None:
        return f"{name} {made.position} {literal(_key(taken))}"
    return f"{name} {made.position} {id(made)}" if name == "Subset" else ""


def _key(part: Part) -> Value | None:
    return part.key if isinstance(part.key, Value) else None


def _reader_settings(value: Made) -> dict[str, Any]:
    """Return the settings of what reads pictures from a folder; empty for anything else."""
    name = api(value.function)
    method = str(value.function.key) if isinstance(value.function, Part) else ""
    if method in READING_METHODS:
        return _generator_settings(value, method)
    if name == "keras.utils.image_dataset_from_directory":
        return _directory_settings(value)
    if name == "torchvision.datasets.ImageFolder":
        return {"reader": "ImageFolder", "directory": _folder(value.argument(0, "root"))}
    if name.startswith("torchvision.datasets."):
        train = literal(value.argument(1, "train"), True)
        return {"reader": name.rpartition(".")[2], "directory": f"train={train}"}
    return {}


def _inner(value: Value) -> Value | None:
    """Return what a value was made from: the pictures, not the settings."""
    if isinstance(value, Made):
        if isinstance(value.function, Part) and not api(value.function):
            return value.function.of
        return value.argument(0, "dataset")
    if isinstance(value, Part):
        return value.of
    if isinstance(value, Operation):
        return next((one for one in value.operands if not isinstance(one, Known)), None)
    return None


def _cuts(bounds: object) -> bool:
    """Say whether a slice takes a part of a set, not a single picture or a batch that moves on."""
    if not isinstance(bounds, list):
        return False
    first, last = bounds[0], bounds[1]
    return (first is None) != (last is None)


def _read_before(steps: tuple[Step, ...]) -> bool:
    return any(step.kind == "read" for step in steps)


def _splitter(value: Value) -> Made | None:
    from .formula import walk

    found = (
        one
        for one in walk(value)
        if isinstance(one, Made) and api(one.function) == "sklearn.train_test_split"
    )
    return next(found, None)


def identity(value: Value) -> Value:
    """Return the value whose sameness says that two parts hold the same pictures: steps on every picture left out."""
    for _ in range(30):
        if isinstance(value, Operation) and value.sign in "+-*/":
            value = next((one for one in value.operands if not isinstance(one, Known)), value)
        elif isinstance(value, Made) and not isinstance(value.function, Function | Instance):
            method = str(value.function.key) if isinstance(value.function, Part) else ""
            name = api(value.function)
            if method in ("astype", "batch", "prefetch", "cache", "shuffle", "repeat", "map", "reshape", "to", "float",
                          "copy") and isinstance(value.function, Part):  # fmt: skip
                value = value.function.of
            elif method == "flow" or name.startswith(
                ("numpy.array", "numpy.asarray", "torch.tensor", "torch.from_numpy")
            ):
                value = value.arguments[0] if value.arguments else value.argument(None, "x") or value
            elif (
                name in ("torch.utils.data.DataLoader", "numpy.expand_dims", "torch.FloatTensor")
                and value.arguments
            ):
                value = value.arguments[0]
            elif (
                name in ("torch.utils.data.TensorDataset", "tensorflow.data.Dataset.from_tensor_slices")
                and value.arguments
            ):
                first = value.arguments[0]
                value = first.items[0] if isinstance(first, Items) and first.items else first
            else:
                return value
            if value is None:
                break
        else:
            return value
    return value


def _folder(value: Value | None, depth: int = 0) -> str | None:
    """Return a folder as it is written out, with ``<…>`` for what is not known; equal for the same folder alone."""
    if value is None:
        return None
    if isinstance(literal(value), str):
        return str(literal(value))
    if depth > FOLDER_DEPTH:
        return f"<{id(value):x}>"
    if isinstance(value, Operation) and value.sign in ("+", "/") and len(value.operands) == 2:
        between = "/" if value.sign == "/" else ""
        return between.join(_folder(one, depth + 1) or "" for one in value.operands)
    if isinstance(value, Made):
        given = [_folder(one, depth + 1) or "" for one in value.arguments]
        if word(value) in ("join", "joinpath", "Path"):
            own = (
                value.function.of if word(value) == "joinpath" and isinstance(value.function, Part) else None
            )
            return "/".join([*([] if own is None else [_folder(own, depth + 1) or ""]), *given])
        if word(value) in ("str", "fspath", "abspath", "realpath", "expanduser") and len(given) == 1:
            return given[0]
        return f"<{word(value)}({', '.join(given)})>"
    if isinstance(value, Part):
        key = value.key if isinstance(value.key, str | int) else literal(value.key)
        return f"<{_folder(value.of, depth + 1)}.{key}>"
    if isinstance(value, External):
        return value.name
    return f"<{id(value):x}>"  # one unknown is itself, and no other


def _generator_settings(value: Made, method: str) -> dict[str, Any]:
    offset = 0 if method == "flow_from_directory" else None
    of = value.function.of if isinstance(value.function, Part) else None
    classes = literal(value.argument(3 if offset == 0 else None, "classes"))
    found: dict[str, Any] = {
        "reader": method,
        "batch_size": int(
            number(value.argument(5 if offset == 0 else 2 if method == "flow" else None, "batch_size")) or 32
        ),
        "shuffle": literal(value.argument(None, "shuffle"), True) is not False,
        "subset": literal(value.argument(None, "subset")),
        "seed": literal(value.argument(None, "seed")),
        "validation_split": number(of.keywords.get("validation_split")) if isinstance(of, Made) else None,
    }
    if method != "flow":
        found |= {
            "directory": _folder(value.argument(offset, "directory")),
            "target_size": pair(value.argument(1 if offset == 0 else None, "target_size")) or (256, 256),
            "colour_mode": literal(value.argument(2 if offset == 0 else None, "color_mode"), "rgb"),
            "label_mode": literal(value.argument(4 if offset == 0 else None, "class_mode"), "categorical"),
            "classes": tuple(classes) if isinstance(classes, list | tuple) else (),
        }
    return found


def _directory_settings(value: Made) -> dict[str, Any]:
    mode = literal(value.argument(2, "label_mode"), "int")
    labels = literal(value.argument(1, "labels"), "inferred")
    classes = literal(value.argument(3, "class_names"))
    return {
        "reader": "image_dataset_from_directory",
        "directory": _folder(value.argument(0, "directory")),
        "label_mode": "none"
        if labels is None or mode is None
        else {"int": "sparse"}.get(str(mode), str(mode)),
        "classes": tuple(classes) if isinstance(classes, list | tuple) else (),
        "colour_mode": literal(value.argument(4, "color_mode"), "rgb"),
        "batch_size": int(number(value.argument(5, "batch_size")) or 32),
        "target_size": pair(value.argument(6, "image_size")) or (256, 256),
        "shuffle": literal(value.argument(7, "shuffle"), True) is not False,
        "seed": literal(value.argument(8, "seed")),
        "validation_split": number(value.argument(9, "validation_split")),
        "subset": literal(value.argument(10, "subset")),
    }


def _loader_settings(value: Made) -> dict[str, Any]:
    sampler = value.argument(None, "sampler", "batch_sampler")
    # What a literal does not say (shuffle=train) is not known.
    shuffle = value.argument(2, "shuffle")
    return {
        "batch_size": int(number(value.argument(1, "batch_size")) or 1)
        if _readable(value.argument(1, "batch_size"))
        else None,
        "shuffle": True if sampler is not None else False if shuffle is None else literal(shuffle),
    }


def _readable(value: Value | None) -> bool:
    return value is None or number(value) is not None
