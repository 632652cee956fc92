"""A data set's ``__len__`` that is smaller than what its ``__getitem__`` can give."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

import libcst as cst

from .pictures_in_text import Text

Node = TypeVar("Node", bound=cst.CSTNode)


def whole_length(text: Text) -> bool:
    """Let ``__len__`` count everything that ``__getitem__`` takes its items, or its batches, from."""
    changed = False
    for one in text.nodes(cst.ClassDef):
        methods = {each.name.value: each for each in one.body.body if isinstance(each, cst.FunctionDef)}
        if "__len__" not in methods or "__getitem__" not in methods:
            continue
        counted = _count(text, methods["__getitem__"])
        returned = [each.value for each in _inside(text, methods["__len__"], cst.Return)]
        last = returned[-1] if returned else None
        if counted is not None and last is not None and text.code(last) != counted:
            text.replace(last, counted)
            changed = True
    return changed


def _count(text: Text, getting: cst.FunctionDef) -> str | None:
    """Return how many items or batches there are, as an expression; None where the text does not show it."""
    parameters = [one.name.value for one in getting.params.params]
    if len(parameters) < 2:
        return None
    own, index = parameters[:2]
    sliced = [one for one in _inside(text, getting, cst.Subscript) if _lasting(one.value, own)]
    sizes = [
        size
        for one in _inside(text, getting, cst.BinaryOperation)
        if (size := _times(one, index)) is not None
    ]
    for size in sizes:
        if not _lasting(size, own):
            continue
        lists = [one.value for one in sliced if _is_slice(one)]
        lists += [one.args[0].value for one in _inside(text, getting, cst.Call) if _is_length(one)]
        lists = [one for one in lists if _lasting(one, own)]
        return f"-(-len({text.code(lists[0])}) // {text.code(size)})" if lists else None
    at = [one.value for one in sliced if _is_at(one, index)]
    return f"len({text.code(at[0])})" if at else None


def _inside(text: Text, function: cst.FunctionDef, kind: type[Node]) -> Iterator[Node]:
    start, end = text.span(function)
    yield from (one for one in text.nodes(kind) if start <= text.span(one)[0] < end)


def _lasting(node: cst.BaseExpression, own: str) -> bool:
    """Whether another method knows it too: an attribute of the object, a number, a constant."""
    if isinstance(node, cst.Attribute):
        return isinstance(node.value, cst.Name) and node.value.value == own
    return isinstance(node, cst.Integer) or (isinstance(node, cst.Name) and node.value.isupper())


def _times(node: cst.BinaryOperation, index: str) -> cst.BaseExpression | None:
    """Return the other factor where the index is one."""
    if not isinstance(node.operator, cst.Multiply):
        return None
    for one, other in ((node.left, node.right), (node.right, node.left)):
        if isinstance(one, cst.Name) and one.value == index:
            return other
    return None


def _is_slice(node: cst.Subscript) -> bool:
    return len(node.slice) == 1 and isinstance(node.slice[0].slice, cst.Slice)


def _is_at(node: cst.Subscript, index: str) -> bool:
    at = node.slice[0].slice if len(node.slice) == 1 else None
    return isinstance(at, cst.Index) and isinstance(at.value, cst.Name) and at.value.value == index


def _is_length(node: cst.Call) -> bool:
    return isinstance(node.func, cst.Name) and node.func.value == "len" and len(node.args) == 1
