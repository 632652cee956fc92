"""Undefined sizes and settings: batch size, epochs, the shape of a picture, how many classes; told by their use."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import libcst as cst

from .folder import Folder
from .imports import name_at
from .scopes import Place
from .uses import FOLDERS, Uses

BATCH, EPOCHS, CHANNELS = 32, 10, 3
SETTINGS: dict[str, object] = {
    "batch_size": BATCH, "epochs": EPOCHS, "learning_rate": 0.001, "lr": 0.001, "momentum": 0.9, "verbose": 1,
    "validation_split": 0.2, "test_size": 0.2, "random_state": 0, "seed": 0, "shuffle": True, "callbacks": [],
    "class_weight": None, "rate": 0.5, "patience": 5, "pool_size": (2, 2), "kernel_size": (3, 3), "filters": 32,
    "in_channels": CHANNELS, "weight_decay": 0.0, "workers": 1, "num_workers": 0, "activation": "relu",
}  # fmt: skip
"""What an undefined argument of this keyword is given: a library's own default, or what most people write."""
CLASS_COUNTS = ("num_classes", "n_classes", "nb_classes", "depth")
CLASS_NAMES = ("target_names", "display_labels", "classes")
SHAPES = ("input_shape", "shape", "target_size", "image_size", "size")
LISTED = ("os.listdir", "os.scandir", "os.walk", "os.path.join", "pathlib.Path")
PICTURES = "the folder of --pictures"
OUTPUTS = {"Dense": 0, "Linear": 1}
"""Layers that may be the last, and the place at which they say how many units they have."""


@dataclass(frozen=True)
class Size:
    """A value for an undefined name, and what it is."""

    value: object
    what: str


class Sizes(Uses):
    """A program whose undefined settings are told by where they stand.

    Parameters
    ----------
    script
        Valid Python; no notebook.
    folder
        Reads the pictures when they are asked for; may refuse.
    """

    def __init__(self, script: str, folder: Callable[[], Folder]) -> None:
        super().__init__(script)
        self._folder = folder

    def size(self, places: Sequence[Place]) -> Size | None:
        """Return a value for what is missing at some places; None where nothing says what it is."""
        nodes = (name_at(self, place) for place in places)
        found = (self._at(node) for node in nodes if node is not None)
        return next((one for one in found if one is not None), None)

    def _at(self, node: cst.CSTNode) -> Size | None:
        holder = self.parent(node)
        if isinstance(holder, cst.Arg):
            return self._argument(holder)
        if isinstance(holder, cst.Element):
            return self._of_element(holder)
        if isinstance(holder, cst.BinaryOperation) and isinstance(
            holder.operator, (cst.FloorDivide, cst.Divide)
        ):
            return self._counted(node, holder)
        if isinstance(holder, cst.BinaryOperation) and self.code(holder.right).strip("\"'").startswith("/"):
            return Size(str(self._folder().root), PICTURES)
        if isinstance(holder, cst.BinaryOperation) and isinstance(holder.operator, (cst.Add, cst.Subtract)):
            return self._at(holder)
        return None

    def _argument(self, argument: cst.Arg) -> Size | None:
        call = self.parent(argument)
        if not isinstance(call, cst.Call):
            return None
        name = call.func.attr.value if isinstance(call.func, cst.Attribute) else self.code(call.func)
        place = list(call.args).index(argument)
        if argument.keyword is not None:
            return self._keyword(argument.keyword.value, name, call)
        if name in FOLDERS and place == 0:
            return self._class_folders(call)
        if place == 0 and self.full(call.func) in LISTED:
            return Size(str(self._folder().root), PICTURES)
        if name == "range" and isinstance(self.parent(call), cst.For) and self._trains(call):
            return Size(BATCH, "batch size") if place == 2 else Size(EPOCHS, "epochs")
        if OUTPUTS.get(name) == place:
            return self._units(call, name)
        if name == "to_categorical" and place == 1:
            return Size(self._last_units() or len(self._folder().classes), "classes")
        if name in ("Conv2d", "Conv2D") and place == 0:
            return Size(CHANNELS if name == "Conv2d" else 32, "channels")
        if name == "reshape":
            return self._of_shape(place - (self._reshape_begins(call)), 3)
        if name == "len":
            return Size(list(self._folder().classes), "the classes")
        if name == "to":
            return Size("cpu", "where is computed")
        if name == "DataLoader" and place == 1:
            return Size(BATCH, "batch size")
        return None

    def _keyword(self, keyword: str, name: str, call: cst.Call) -> Size | None:
        if keyword == "num_classes" and name == "to_categorical":
            return Size(self._last_units() or len(self._folder().classes), "classes")
        if keyword in CLASS_COUNTS or (keyword == "out_features" and name == "Linear"):
            return self._classes()
        if keyword == "units":
            return self._units(call, name)
        if keyword in CLASS_NAMES:
            return Size(list(self._folder().classes), "the classes")
        if keyword in SHAPES:
            side = self._side()
            return Size(
                (side, side, CHANNELS) if "shape" in keyword else (side, side), "the shape of a picture"
            )
        if keyword == "directory":
            return self._class_folders(call)
        if keyword in ("steps_per_epoch", "validation_steps", "steps"):
            part = "train" if keyword == "steps_per_epoch" else "validation"
            return Size(max(1, self._folder().count(part) // BATCH), f"batches of {BATCH} pictures")
        return Size(SETTINGS[keyword], keyword.replace("_", " ")) if keyword in SETTINGS else None

    def _class_folders(self, call: cst.Call) -> Size:
        """Return the folder that holds the class folders: of the part that what is read is used for."""
        folder = self._folder()
        return Size(str(folder.of_part(self.part_of(call))), PICTURES)

    def _of_element(self, element: cst.Element) -> Size | None:
        """Return the height, width or channels that an element of a shape is."""
        holder = self.parent(element)
        if not isinstance(holder, (cst.Tuple, cst.List)) or len(holder.elements) not in (2, 3, 4):
            return None
        above = self.parent(holder)
        numbers = all(isinstance(one.value, (cst.Integer, cst.Name)) for one in holder.elements)
        keyword = above.keyword.value if isinstance(above, cst.Arg) and above.keyword is not None else ""
        if not numbers or not isinstance(above, (cst.Arg, cst.Assign)) or (keyword and keyword not in SHAPES):
            return None
        number, length = list(holder.elements).index(element), len(holder.elements)
        first = holder.elements[0].value
        leading = length == 3 and isinstance(first, cst.Integer) and first.evaluated_value in (1, 3)
        return self._of_shape(number - 1 if leading or length == 4 else number, 3)

    def _of_shape(self, number: int, length: int) -> Size | None:
        if 0 <= number < 2:
            return Size(self._side(), "pixels, the height" if number == 0 else "pixels, the width")
        return Size(CHANNELS, "channels") if number == length - 1 else None

    def _reshape_begins(self, call: cst.Call) -> int:
        """Return the place of the height: arguments of the array's own method begin with the number of pictures."""
        return 1 if len(call.args) == 4 else 0

    def _counted(self, node: cst.CSTNode, division: cst.BinaryOperation) -> Size | None:
        """Return how many pictures there are, or go into a batch, in ``pictures // batch``."""
        if division.right is node:
            return Size(BATCH, "batch size") if isinstance(division.operator, cst.FloorDivide) else None
        argument = self.around(division, cst.Arg)
        while argument is not None and argument.keyword is None:
            argument = self.around(argument, cst.Arg)
        keyword = argument.keyword.value if argument is not None and argument.keyword is not None else ""
        if keyword in ("steps_per_epoch", "validation_steps", "steps"):
            part = "train" if keyword == "steps_per_epoch" else "validation"
            return Size(self._folder().count(part), "pictures")
        return None

    def _units(self, call: cst.Call, name: str) -> Size:
        others = [one for one in self.nodes(cst.Call) if self.code(one.func).rpartition(".")[2] == name]
        return self._classes() if others[-1] is call else Size(64, "units")

    def _last_units(self) -> int:
        """Return how many units the last layer is written to have; 0 where it is not."""
        found = [
            call.args[place].value
            for call in self.nodes(cst.Call)
            for name, place in OUTPUTS.items()
            if self.code(call.func).rpartition(".")[2] == name and place < len(call.args)
        ]
        return int(found[-1].evaluated_value) if found and isinstance(found[-1], cst.Integer) else 0

    def _classes(self) -> Size:
        return Size(len(self._folder().classes), "classes")

    def _side(self) -> int:
        return min(self._folder().size)

    def _trains(self, node: cst.CSTNode) -> bool:
        loop = self.around(node, cst.For)
        return loop is not None and any(word in self.code(loop) for word in ("backward(", "train", ".step("))
