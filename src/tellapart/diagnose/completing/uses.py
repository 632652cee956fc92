"""What an undefined name stands for: told by where it ends up, never by what it is called.

A value is followed forwards, through assignments, calls, slices and parameters, to the place that says what it is: a
network's ``fit``, a split, a loader, a loss.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import libcst as cst

from tellapart.diagnose.reading.judging import REPORTS

from .by_key import divides, keys_of
from .imports import name_at
from .library import Library
from .scopes import Place

DEEPEST = 14
PARTS = ("train", "validation", "test")
SETTINGS_OF_FIT = (
    "epochs", "batch_size", "validation_data", "validation_split", "steps_per_epoch", "callbacks", "verbose",
)  # fmt: skip
PASSING = ("enumerate", "tqdm", "iter", "next", "list", "cycle", "islice")
ONE_HOT = ("to_categorical", "one_hot", "LabelBinarizer", "get_dummies")
TRANSFORMS = ("transform", "fit_transform")
"""Methods that make of their argument what it was; other methods say something of their object alone."""
TENSORS = ("from_numpy", "tensor", "as_tensor", "Tensor", "FloatTensor", "LongTensor")
FLOWS = ("flow", "flow_from_directory", "flow_from_dataframe")
FOLDERS = ("flow_from_directory", "image_dataset_from_directory", "ImageFolder")
FILE_LIBRARIES = ("os.", "glob.", "pathlib.", "PIL.", "cv2.", "shutil.")
FACTS = ("shape", "size", "ndim", "dtype", "samples", "n", "batch_size", "class_indices", "classes", "filenames",
         "num_classes", "class_names", "targets")  # fmt: skip
"""What a value says about itself: what becomes of that says nothing of the value."""


LOADED: dict[str | int, str] = {0: "dataset", "dataset": "dataset"}
SETS: dict[str, dict[str | int, str]] = {
    "TensorDataset": {0: "pictures", 1: "labels"}, "DataLoader": LOADED, "random_split": LOADED, "Subset": LOADED,
}  # fmt: skip
"""What data sets of PyTorch are given, by place or keyword."""
DECIDED = re.compile(r"\b(argmax|round|rint|predict|predict_classes|max|topk)\(|>=?\s*0")
"""How scores become classes."""


@dataclass(frozen=True)
class Use:
    """What a name turns out to be.

    Attributes
    ----------
    kind
        pictures, labels, batches (pictures and labels in turn), dataset (single pictures with labels), or generator
        (what makes batches of folders or arrays), or count (how many pictures there are).
    part
        train, validation or test: by what it is used for.
    sure
        False where only a prediction or a look at one batch says it.
    one_hot
        The program makes one-hot labels of it.
    arrays
        The program makes tensors of it.
    """

    kind: str
    part: str
    sure: bool = True
    one_hot: bool = False
    arrays: bool = False
    keys: tuple[tuple[str, str], ...] = ()
    """Where it is a dictionary: each key, and the part that is under it."""


@dataclass(frozen=True)
class _Way:
    """What was met on the way so far."""

    depth: int = 0
    one_hot: bool = False
    arrays: bool = False
    network: bool = False
    """It has gone through a network: from here on it is what pictures became."""

    def use(self, kind: str, part: str, *, sure: bool = True) -> Use:
        return Use(kind, part, sure, self.one_hot, self.arrays)


class Uses(Library):
    """A program whose values can be followed forwards.

    Parameters
    ----------
    script
        Valid Python; no notebook.
    """

    def __init__(self, script: str) -> None:
        super().__init__(script)
        self._loads: dict[str, list[cst.Name]] = {}
        for node in self.nodes(cst.Name):
            self._loads.setdefault(node.value, []).append(node)
        self._functions = {one.name.value: one for one in self.nodes(cst.FunctionDef)}

    def of(self, places: Sequence[Place]) -> Use | None:
        """Return what a name is that is missing at some places; None where nothing says that it is data."""
        found: list[Use] = []
        for place in places:
            node = name_at(self, place)
            if node is not None:
                found += self._follow(node, _Way(), set())
        best = min(found, key=lambda one: (not one.sure, PARTS.index(one.part)), default=None)
        nodes = [node for place in places if (node := name_at(self, place)) is not None]
        keys = keys_of(self, nodes)
        if keys and best is None and all(divides(self, node) for node in nodes):
            best = Use("count", "train")
        return best if best is None else replace(best, keys=keys)

    def _follow(self, node: cst.CSTNode, way: _Way, seen: set[cst.CSTNode]) -> Iterator[Use]:
        """Yield what a value is, by what is done with it."""
        if node in seen or way.depth > DEEPEST:
            return
        seen.add(node)
        way = replace(way, depth=way.depth + 1)
        holder = self.parent(node)
        if isinstance(holder, cst.Arg):
            yield from self._given(holder, way, seen)
        elif isinstance(holder, cst.Attribute) and holder.value is node:
            call = self.parent(holder)
            if holder.attr.value in FLOWS:
                yield way.use("generator", "train")
            elif holder.attr.value not in FACTS and isinstance(call, cst.Call) and call.func is holder:
                yield from self._follow(call, way, seen)
        elif isinstance(holder, (cst.BinaryOperation, cst.UnaryOperation)) or (
            isinstance(holder, cst.Subscript) and holder.value is node
        ):
            yield from self._follow(holder, way, seen)
        elif isinstance(holder, cst.Element):
            yield from self._element(holder, way, seen)
        elif isinstance(holder, cst.Assign):
            for one in holder.targets:
                yield from self._bound(one.target, holder, way, seen)
        elif isinstance(holder, cst.For) and holder.iter is node:
            yield from self._iterated(holder, way)
        elif isinstance(holder, (cst.Comparison, cst.ComparisonTarget)):
            yield from self._compared(node, holder, way)

    def _compared(
        self, node: cst.CSTNode, holder: cst.Comparison | cst.ComparisonTarget, way: _Way
    ) -> Iterator[Use]:
        """Say what is held against something: what became of pictures, or the labels of what was decided."""
        whole = self.parent(holder) if isinstance(holder, cst.ComparisonTarget) else holder
        if not isinstance(whole, cst.Comparison) or len(whole.comparisons) != 1:
            return
        if way.network:
            yield way.use("pictures", self._judged_part(whole), sure=False)
        elif isinstance(whole.comparisons[0].operator, (cst.Equal, cst.NotEqual)):
            other = whole.left if node is not whole.left else whole.comparisons[0].comparator
            said = {self.code(other)} | {
                self.code(one.value)
                for one in self.nodes(cst.Assign)
                if any(self.code(other) in self.code(target.target) for target in one.targets)
            }
            if isinstance(other, (cst.Name, cst.Call)) and any(map(DECIDED.search, said)):
                yield way.use("labels", self._judged_part(whole), sure=False)

    def _judged_part(self, node: cst.CSTNode) -> str:
        """Return the part that judges there: validation within a loop over epochs, else test."""
        return "test" if self.around(node, cst.For) is None else "validation"

    def _bound(
        self, target: cst.BaseExpression, statement: cst.CSTNode, way: _Way, seen: set[cst.CSTNode]
    ) -> Iterator[Use]:
        """Follow a target: a name, or an attribute of an object."""
        if isinstance(target, (cst.Tuple, cst.List)):
            return
        code, end = self.code(target), self.span(statement)[1]
        same: Iterator[cst.CSTNode] | Sequence[cst.CSTNode] = self._loads.get(code, ())
        if isinstance(target, cst.Attribute):
            same = [one for one in self.nodes(cst.Attribute) if self.code(one) == code]
        for one in same:
            inside = self.around(one, cst.FunctionDef) is not self.around(statement, cst.FunctionDef)
            if self.span(one)[0] >= end or inside:
                yield from self._follow(one, way, seen)

    def _element(self, element: cst.Element, way: _Way, seen: set[cst.CSTNode]) -> Iterator[Use]:
        """Follow an element of a tuple: given as validation data, or assigned side by side."""
        holder = self.parent(element)
        if not isinstance(holder, (cst.Tuple, cst.List)):
            return
        number = list(holder.elements).index(element)
        above = self.parent(holder)
        if (
            isinstance(above, cst.Arg)
            and above.keyword is not None
            and above.keyword.value == "validation_data"
        ):
            if number < 2:
                yield way.use(("pictures", "labels")[number], "validation")
        elif isinstance(above, cst.Assign):
            for one in above.targets:
                if isinstance(one.target, (cst.Tuple, cst.List)) and number < len(one.target.elements):
                    yield from self._bound(one.target.elements[number].value, above, way, seen)

    def _given(self, argument: cst.Arg, way: _Way, seen: set[cst.CSTNode]) -> Iterator[Use]:
        """Follow a value into a call."""
        call = self.parent(argument)
        if not isinstance(call, cst.Call):
            return
        name = call.func.attr.value if isinstance(call.func, cst.Attribute) else self.code(call.func)
        full = self.full(call.func)
        last = full.rpartition(".")[2] or name
        keyword = argument.keyword.value if argument.keyword is not None else ""
        place = list(call.args).index(argument)
        if (
            isinstance(call.func, cst.Attribute)
            and not full
            and name in ("fit", "evaluate", "predict", "flow")
        ):
            yield from self._method(call, name, keyword or place, way, seen)
        elif last in REPORTS and (way.network or place == 0 or keyword == "y_true"):
            kind = "pictures" if way.network else "labels"
            yield way.use(kind, self._judged_part(call), sure=False)
        elif last in FOLDERS or full.startswith(FILE_LIBRARIES):
            return  # a path, not what lies there
        elif last == "train_test_split":
            yield from self._split(call, place, way, seen)
        elif last in SETS and (held := SETS[last].get(keyword or place)):
            yield way.use(held, self._part_of(call, way, seen))
        elif (label := self._loss(call, place)) is not None:
            if label:
                yield way.use("labels", "train")
            elif way.network:
                yield way.use("pictures", "train")
        elif isinstance(call.func, cst.Name) and name in self._functions:
            yield from self._parameter(self._functions[name], keyword, place, way, seen)
        elif (
            full or not isinstance(call.func, cst.Attribute) or name in TRANSFORMS or self._is_own(call.func)
        ):
            way = replace(way, one_hot=way.one_hot or last in ONE_HOT, arrays=way.arrays or last in TENSORS)
            way = replace(way, network=way.network or (not full and place == 0 and len(call.args) == 1
                                                       and name not in PASSING))  # fmt: skip
            yield from self._result(call, place, way, seen)

    def _is_own(self, function: cst.Attribute) -> bool:
        """Say whether something is called that an object of the program's holds: ``self.network(x)``."""
        return self.code(function.value) == "self"

    def _result(self, call: cst.Call, place: int, way: _Way, seen: set[cst.CSTNode]) -> Iterator[Use]:
        """Follow what a call makes of its arguments: one thing, or as many as it was given."""
        statement = self.parent(call)
        if isinstance(statement, cst.Assign):
            for one in statement.targets:
                if isinstance(one.target, (cst.Tuple, cst.List)) and len(one.target.elements) == len(
                    call.args
                ):
                    yield from self._bound(one.target.elements[place].value, statement, way, seen)
        if place == 0:  # what comes behind is how it is done
            yield from self._follow(call, way, seen)

    def _method(
        self, call: cst.Call, name: str, place: str | int, way: _Way, seen: set[cst.CSTNode]
    ) -> Iterator[Use]:
        assert isinstance(call.func, cst.Attribute)  # noqa: S101 - asked before
        keywords = {one.keyword.value for one in call.args if one.keyword is not None}
        plain = [one for one in call.args if one.keyword is None]
        with_labels = "y" in keywords or len(plain) > 1
        if name == "flow":
            if place in (0, "x", 1, "y"):
                yield way.use("pictures" if place in (0, "x") else "labels", self._part_of(call, way, seen))
            return
        of = self.code(call.func.value)
        network = f"{of}.compile(" in self.script or bool(keywords & {*SETTINGS_OF_FIT}) or with_labels
        if not network and name == "fit":
            return
        part = "train" if name == "fit" else "test"
        sure = name != "predict"
        if place == "validation_data":
            yield way.use("batches", "validation")
        elif place in (0, "x"):
            kind = "pictures" if with_labels or name == "predict" else "batches"
            yield way.use(kind, part, sure=sure)
        elif place in (1, "y") and name != "predict":
            yield way.use("labels", part, sure=sure)

    def _split(self, call: cst.Call, place: int, way: _Way, seen: set[cst.CSTNode]) -> Iterator[Use]:
        """Follow an array through a split: two come out for each that goes in."""
        statement = self.parent(call)
        known = False
        for one in statement.targets if isinstance(statement, cst.Assign) else ():
            halves = one.target.elements if isinstance(one.target, (cst.Tuple, cst.List)) else ()
            for half in halves[2 * place : 2 * place + 2]:
                for use in self._bound(half.value, call, way, seen):
                    known = True
                    yield replace(use, part="train")
        if not known and place < 2:
            yield way.use(("pictures", "labels")[place], "train", sure=False)

    def part_of(self, call: cst.Call) -> str:
        """Return the part that what a call makes is used for; train where nothing says it."""
        return self._part_of(call, _Way(), set())

    def _part_of(self, call: cst.Call, way: _Way, seen: set[cst.CSTNode]) -> str:
        found = [one for one in self._result(call, 0, way, seen) if one.sure]
        return min((one.part for one in found), key=PARTS.index, default="train")

    def _parameter(
        self, function: cst.FunctionDef, keyword: str, place: int, way: _Way, seen: set[cst.CSTNode]
    ) -> Iterator[Use]:
        names = [one.name.value for one in function.params.params]
        name = keyword or (names[place] if place < len(names) else "")
        for one in self._loads.get(name, ()):
            if self.around(one, cst.FunctionDef) is function:
                yield from self._follow(one, way, seen)

    def _loss(self, call: cst.Call, place: int) -> bool | None:
        """Say whether an argument is what a loss compares with (True) or compares (False); None: it is no loss."""
        if place > 1:
            return None
        statement = self.parent(call)
        names = (
            [self.code(one.target) for one in statement.targets] if isinstance(statement, cst.Assign) else []
        )
        backward = isinstance(statement, cst.Attribute) and statement.attr.value == "backward"
        loses = backward or any(f"{name}.backward(" in self.script for name in names)
        return bool(place) if loses and len(call.args) > 1 else None

    def _iterated(self, loop: cst.For, way: _Way) -> Iterator[Use]:
        """Say what is gone through in a loop: batches where it gives pairs, in a loop that trains or judges."""
        body = self.code(loop.body)
        target: cst.BaseExpression = loop.target
        if isinstance(loop.iter, cst.Call) and self.code(loop.iter.func) == "enumerate":
            if not isinstance(target, cst.Tuple) or len(target.elements) != 2:
                return
            target = target.elements[1].value
        pairs = isinstance(target, (cst.Tuple, cst.List)) and len(target.elements) >= 2
        name = self.code(target)
        if pairs or f"= {name}\n" in f"{body}\n" or f"{name}[0]" in body:
            trains = ".backward(" in body or "train_on_batch(" in body
            yield way.use("batches", "train" if trains else "validation")
