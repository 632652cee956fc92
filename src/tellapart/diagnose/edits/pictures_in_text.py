"""Where a script gets its pictures and labels from: names followed through assignments, tuples and parameters."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import libcst as cst

from tellapart.diagnose.reading import DataPart, Training

from .bindings import Binding
from .library_names import LibraryNames
from .registry import Asked, Edit
from .sheet import word

FITTING = ("fit", "fit_generator")
READERS = (
    "flow_from_directory",
    "flow_from_dataframe",
    "flow",
    "image_dataset_from_directory",
    "ImageFolder",
)
ON_EVERY_BATCH = (
    "map",
    "prefetch",
    "cache",
    "shuffle",
    "batch",
    "repeat",
    "unbatch",
    "with_options",
    "ignore_errors",
)
"""Methods of a data set that keep its pictures."""

TIGHT = (cst.Name, cst.Attribute, cst.Call, cst.Subscript, cst.List, cst.SimpleString, cst.Integer, cst.Float)


class Text(LibraryNames):
    """A program being changed whose names can be followed; whatever a name is called decides nothing.

    Parameters
    ----------
    asked
        What the edit is made for.
    """

    def last_line(self, node: cst.CSTNode) -> int:
        """Return the line on which a node ends."""
        return int(self._ranges[node].end.line)

    # following names

    def scope(self, node: cst.CSTNode) -> cst.CSTNode:
        """Return the function in which a node stands, else the module."""
        return self.around(node, cst.FunctionDef) or self.tree

    def binding(self, node: cst.BaseExpression) -> Binding | None:
        """Return where a name was last given a value before it is used."""
        if not isinstance(node, (cst.Name, cst.Attribute)):
            return None
        name, start, scope = self.code(node), self.span(node)[0], self.scope(node)
        same = [one for one in self.bindings if self.code(one.target) == name and one.kind != "augmented"]
        local = [one for one in same if self.scope(one.statement) is scope]
        before = [one for one in local if self._done(one) <= start]
        if before or local:
            return (before or local)[-1]
        if isinstance(node, cst.Name) and self._parameter(node) is not None:
            return None
        outer = [
            one for one in same if self.scope(one.statement) is self.tree or isinstance(node, cst.Attribute)
        ]
        return outer[-1] if outer else None

    def _done(self, one: Binding) -> int:
        return self.span(one.target if one.kind == "for" else one.statement)[1]

    def _parameter(self, node: cst.Name) -> tuple[cst.FunctionDef, int] | None:
        scope = self.scope(node)
        if not isinstance(scope, cst.FunctionDef):
            return None
        names = [one.name.value for one in (*scope.params.posonly_params, *scope.params.params)]
        if node.value in names:
            return scope, names.index(node.value)
        return (scope, -1) if node.value in [one.name.value for one in scope.params.kwonly_params] else None

    def given(self, node: cst.Name) -> cst.BaseExpression | None:
        """Return what a function's parameter is given where the function, or its class, is called."""
        found = self._parameter(node)
        if found is None:
            return None
        function, place = found
        owner = self.around(function, cst.ClassDef)
        name = (
            owner.name.value
            if owner is not None and function.name.value == "__init__"
            else function.name.value
        )
        place -= owner is not None
        for call in self.nodes(cst.Call):
            if word(call) == name and self.scope(call) is not function:
                argument = self.argument(call, node.value, place if place >= 0 else None)
                if argument is not None:
                    return argument.value
        return None

    def resolve(self, node: cst.BaseExpression) -> cst.BaseExpression:
        """Return the expression that a name stands for, as far as the text leads; the node itself for others."""
        for _ in range(12):
            if not isinstance(node, (cst.Name, cst.Attribute)):
                return node
            found = self.binding(node)
            if found is not None and found.kind == "assign" and not found.path:
                node = found.value
                continue
            if found is not None and found.kind == "assign":
                return found.value
            further = self.given(node) if found is None and isinstance(node, cst.Name) else None
            if further is None:
                return node
            node = further
        return node

    def reader(self, node: cst.BaseExpression) -> cst.Call | None:
        """Return the call that reads pictures from a folder, or draws from arrays, for what a network is given."""
        for _ in range(12):
            node = self.resolve(node)
            if not isinstance(node, cst.Call):
                return None
            if self.what(node) in READERS:
                return node
            if isinstance(node.func, cst.Attribute) and node.func.attr.value in ON_EVERY_BATCH:
                node = node.func.value
            elif self.what(node) in ("DataLoader", "Subset") and node.args:
                node = node.args[0].value
            else:
                return None
        return None

    def maker(self, flow: cst.Call) -> cst.Call | None:
        """Return the ``ImageDataGenerator(...)`` whose method a flow is."""
        if not isinstance(flow.func, cst.Attribute):
            return None
        made = self.resolve(flow.func.value)
        return made if isinstance(made, cst.Call) and self.what(made) == "ImageDataGenerator" else None

    # a training in the text

    def fit(self, training: Training | None) -> cst.Call | None:
        """Return the ``fit`` of a training; without one, the first."""
        found = [
            one
            for one in self.nodes(cst.Call)
            if word(one) in FITTING and isinstance(one.func, cst.Attribute)
        ]
        if training is not None:
            place = (training.position.line, training.position.column)
            for one in found:
                if self.starts(one) == place:
                    return one
        compiled = [
            one for one in found if self.argument(one, "epochs") or self.argument(one, "validation_data")
        ]
        return next(iter(compiled), None)

    def pictures_and_labels(
        self, fit: cst.Call
    ) -> tuple[cst.BaseExpression | None, cst.BaseExpression | None]:
        """Return what a ``fit`` trains on."""
        x = self.argument(fit, "x", 0) or self.argument(fit, "generator")
        y = self.argument(fit, "y", 1) if word(fit) == "fit" else None
        return (None if x is None else x.value), (None if y is None else y.value)

    def pair(self, node: cst.BaseExpression) -> tuple[cst.BaseExpression, cst.BaseExpression] | None:
        """Return pictures and labels of a tuple, be it named."""
        found = self.resolve(node)
        if isinstance(found, (cst.Tuple, cst.List)) and len(found.elements) >= 2:
            return found.elements[0].value, found.elements[1].value
        return None

    def readers_of(self, part: DataPart) -> list[cst.Call]:
        """Return the reading calls on the lines of a part; where it was changed since, those of the arguments."""
        near = [one for one in self.calls(*READERS)
                if part.position.line <= self.line(one) <= part.position.end_line]  # fmt: skip
        if near:
            return near
        fit = self.fit(training_at(self.asked))
        if fit is None:
            return []
        argument = self.argument(fit, "validation_data") if part.role == "validation" else None
        node = argument.value if argument is not None else self.pictures_and_labels(fit)[0]
        found = self.reader(node) if node is not None and part.role in ("train", "validation") else None
        return [found] if found is not None else []

    def tight(self, node: cst.BaseExpression) -> str:
        """Return an expression's text, in brackets where something is going to bind to it."""
        code = self.code(node)
        return code if isinstance(node, TIGHT) or node.lpar else f"({code})"

    def renamed(self, node: cst.CSTNode, names: Mapping[str, str]) -> str:
        """Return a node's text with other names in it; keywords and attributes are no names."""
        start, end = self.span(node)
        code = self.script[start:end]
        for one in reversed(list(self.nodes(cst.Name, cst.Attribute))):
            holder = self.parent(one)
            at = self.span(one)[0]
            if not start <= at < end or self.code(one) not in names:
                continue
            if (isinstance(holder, cst.Arg) and holder.keyword is one) or (
                isinstance(holder, cst.Attribute) and holder.attr is one
            ):
                continue
            code = f"{code[: at - start]}{names[self.code(one)]}{code[self.span(one)[1] - start :]}"
        return code


def training_at(asked: Asked) -> Training | None:
    """Return the training that a suspicion points at, else the first one."""
    position = asked.suspicion.position
    for one in asked.program.trainings:
        steps = [step for part in one.parts for step in part.steps]
        loop = (*one.loop.running, *one.loop.averaged) if one.loop else ()
        layers = one.model.layers if one.model else ()
        told = [one.loss, one.output, one.model, one.steps_per_epoch, one.validation_steps]
        measures = [*one.metrics, *(metric.own for metric in one.metrics)]
        facts = [one, *told, *measures, *one.parts, *steps, *loop, *layers]
        if any(fact is not None and fact.position == position for fact in facts):
            return one
    return asked.program.trainings[0] if asked.program.trainings else None


def change(asked: Asked, words: str, how: Callable[[Text], bool]) -> Edit | None:
    """Return the edit that a function makes of the text; None where it finds nothing to hold on to.

    Parameters
    ----------
    asked
        What the edit is made for.
    words
        What is changed.
    how
        Notes the changes, and says whether there were any.
    """
    text = Text(asked)
    if not how(text):
        return None
    try:
        return Edit(asked.suspicion.code, words, text.text())
    except ValueError:  # two places of one program that hold each other: better no edit than a broken one
        return None
