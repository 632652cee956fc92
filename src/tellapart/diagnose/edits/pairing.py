"""Pictures and labels in two arrays or lists: what reorders one reorders the other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import libcst as cst

from .pictures_in_text import Text

DRAWING = ("permutation", "randperm", "argsort", "sample")
"""What gives an order to index by."""
IN_PLACE = "shuffle"
LISTINGS = ("listdir", "glob", "iglob", "iterdir", "rglob")


@dataclass(frozen=True, eq=False)
class Reordering:
    """``a = a[order]``, one of possibly several in a statement."""

    name: str
    index: cst.BaseExpression
    statement: cst.CSTNode


def indexed_alike(text: Text) -> bool:
    """Index both by one order, where only one is, or each is by its own."""
    reordered = {one.name: one for one in _reordered(text)}
    for pair in _parallel(text):
        first, second = (text.code(one) for one in pair)
        a, b = reordered.get(first), reordered.get(second)
        if a is not None and b is not None:
            if text.code(a.index) != text.code(b.index) and isinstance(a.index, cst.Name):
                text.replace(b.index, text.code(a.index))
                return True
        elif a is not None or b is not None:
            done, other = (a, second) if a is not None else (b, first)
            if done is not None:
                _also(text, done, other)
                return True
    return False


def shuffled_alike(text: Text) -> bool:
    """Shuffle both, where only one is: in place, or by scikit-learn."""
    calls = [one for one in text.calls(IN_PLACE) if one.args]
    for pair in _parallel(text):
        names = [text.code(one) for one in pair]
        mine = [one for one in calls if text.code(one.args[0].value) in names]
        if len(mine) != 1 or len([arg for arg in mine[0].args if arg.keyword is None]) != 1:
            continue
        call, holder = mine[0], text.parent(mine[0])
        name = text.code(call.args[0].value)
        if isinstance(holder, cst.Expr):
            order = text.free("order", "mixed")
            lines = [f"{order} = {text.numpy()}.random.permutation(len({name}))"]
            lines += [in_order(text, one, order) for one in pair]
            text.replace(call, f"\n{text.indent(call)}".join(lines))
            return True
        if isinstance(holder, cst.Assign) and text.code(holder.targets[0].target) == name:
            both = f"{name}, {next(one for one in names if one != name)}"
            text.replace(holder.targets[0].target, both)
            text.replace(call.args[0].value, both)
            return True
    return False


def in_order(text: Text, node: cst.BaseExpression, order: str, *, sure: bool = False) -> str:
    """Return the line that brings a list or an array into an order; `sure`: it is a list."""
    name, made = text.code(node), text.resolve(node)
    listed = isinstance(made, cst.Call) and text.what(made) in (*LISTINGS, "sorted", "list")
    # A list takes no array of numbers; numpy's and PyTorch's arrays are kept whole.
    if sure or listed or isinstance(made, (cst.List, cst.ListComp)):
        return f"{name}[:] = [{name}[i] for i in {order}]"
    return f"{name} = {name}[{order}]"


def _reordered(text: Text) -> Iterator[Reordering]:
    for one in text.bindings:
        value = one.value
        if not isinstance(value, cst.Subscript) or one.path or len(value.slice) != 1:
            continue
        inner = value.slice[0].slice
        if text.code(one.target) != text.code(value.value) or not isinstance(inner, cst.Index):
            continue
        made = text.resolve(inner.value)
        if isinstance(made, cst.Call) and text.what(made) in DRAWING:
            yield Reordering(text.code(one.target), inner.value, one.statement)


def _also(text: Text, done: Reordering, other: str) -> None:
    order = text.code(done.index)
    if not isinstance(done.index, cst.Name):
        name = text.free("order", "mixed")
        text.insert_before(done.index, f"{name} = {order}")
        text.replace(done.index, name)
        order = name
    text.insert_after(text.statement(done.statement), f"{other} = {other}[{order}]")


def _parallel(text: Text) -> Iterator[list[cst.BaseExpression]]:
    """Yield what is given side by side, pictures first: ``fit(x[:n], y[:n])``, ``(x_test, y_test)``."""
    given = [[one.value for one in call.args if one.keyword is None][:2] for call in text.nodes(cst.Call)]
    given += [[one.value for one in pair.elements] for pair in text.nodes(cst.Tuple)]
    seen = set()
    for values in given:
        roots = [_root(one) for one in values]
        names = tuple(text.code(one) for one in roots)
        if len(set(names)) == 2 == len(names) and names not in seen:
            seen.add(names)
            if all(_may_be_array(text, one) for one in roots):
                yield roots


def _may_be_array(text: Text, node: cst.BaseExpression) -> bool:
    """Say whether a name is given something that is no number, word or function."""
    if not isinstance(node, (cst.Name, cst.Attribute)) or text.binding(node) is None:
        return False
    return not isinstance(text.resolve(node), (cst.BaseNumber, cst.BaseString, cst.Lambda))


def _root(node: cst.BaseExpression) -> cst.BaseExpression:
    """Return what is indexed, however often."""
    while isinstance(node, cst.Subscript):
        node = node.value
    return node
