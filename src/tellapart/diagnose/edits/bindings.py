"""Names given values, one by one; what a node of the text is at a glance."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import libcst as cst


@dataclass(frozen=True, eq=False)
class Binding:
    """One name (or ``self.name``) given a value; `path` is the place in the tuple that the value gives.

    Attributes
    ----------
    kind
        assign, augmented or for.
    """

    statement: cst.CSTNode
    target: cst.BaseExpression
    value: cst.BaseExpression
    path: tuple[int, ...]
    kind: str


def bound(node: cst.CSTNode) -> Iterator[Binding]:
    """Yield what a statement gives a value."""
    if isinstance(node, cst.Assign):
        for one in node.targets:
            yield from _into(node, one.target, node.value, (), "assign")
    elif isinstance(node, cst.AnnAssign) and node.value is not None:
        yield Binding(node, node.target, node.value, (), "assign")
    elif isinstance(node, cst.AugAssign):
        yield Binding(node, node.target, node.value, (), "augmented")
    elif isinstance(node, cst.For):
        yield from _into(node, node.target, node.iter, (), "for")


def _into(
    node: cst.CSTNode, target: cst.BaseExpression, value: cst.BaseExpression, path: tuple[int, ...], kind: str
) -> Iterator[Binding]:
    if not isinstance(target, (cst.Tuple, cst.List)):
        yield Binding(node, target, value, path, kind)
        return
    known = kind == "assign" and not path and isinstance(value, (cst.Tuple, cst.List))
    for number, one in enumerate(target.elements):
        if known and len(value.elements) == len(target.elements):  # type: ignore[attr-defined]
            yield from _into(node, one.value, value.elements[number].value, (), kind)  # type: ignore[attr-defined]
        else:
            yield from _into(node, one.value, value, (*path, number), kind)


def dotted(node: cst.CSTNode) -> str:
    """Return ``a.b.c`` as it is written, "" for anything but names and dots."""
    if isinstance(node, cst.Name):
        return node.value
    if isinstance(node, cst.Attribute):
        before = dotted(node.value)
        return f"{before}.{node.attr.value}" if before else ""
    return ""


def literal_number(node: cst.CSTNode | None) -> float | None:
    """Return the number that a node is, None for anything else."""
    if isinstance(node, (cst.Integer, cst.Float)):
        return float(node.evaluated_value)
    if isinstance(node, cst.UnaryOperation) and isinstance(node.operator, cst.Minus):
        below = literal_number(node.expression)
        return None if below is None else -below
    return None


def is_false(argument: cst.Arg | None) -> bool:
    """Say whether an argument is the word False."""
    return argument is not None and isinstance(argument.value, cst.Name) and argument.value.value == "False"
