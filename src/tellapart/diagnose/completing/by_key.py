"""Undefined dictionaries that hold a part under each key: ``loaders["train"]``, ``sizes[phase]``."""

from __future__ import annotations

from collections.abc import Sequence

import libcst as cst

from .library import Library


def keys_of(library: Library, nodes: Sequence[cst.CSTNode]) -> tuple[tuple[str, str], ...]:
    """Return the texts by which a dictionary is asked, wherever it is used, and the part of each."""
    found: dict[str, str] = {}
    for node in nodes:
        holder = library.parent(node)
        if not isinstance(holder, cst.Subscript) or len(holder.slice) != 1:
            return ()
        index = holder.slice[0].slice
        keys = _texts(library, index.value) if isinstance(index, cst.Index) else []
        if not keys:
            return ()
        trained = _trained(library, holder, keys)
        found |= {key: "train" if key == trained else "validation" for key in keys if key not in found}
    return tuple(found.items())


def _texts(library: Library, node: cst.BaseExpression) -> list[str]:
    """Return the texts that an expression may be: itself, or those that a loop gives a name."""
    if isinstance(node, cst.SimpleString):
        return [str(node.evaluated_value)]
    loop = library.around(node, cst.For)
    while loop is not None and library.code(loop.target) != library.code(node):
        loop = library.around(loop, cst.For)
    values = loop.iter.elements if loop is not None and isinstance(loop.iter, (cst.List, cst.Tuple)) else ()
    texts = [one.value.evaluated_value for one in values if isinstance(one.value, cst.SimpleString)]
    return [str(one) for one in texts] if len(texts) == len(values) else []


def _trained(library: Library, node: cst.CSTNode, keys: Sequence[str]) -> str:
    """Return the key in whose turn the network is trained: what is asked for where ``backward`` is called."""
    for call in library.methods("backward", "step"):
        above = library.around(call, cst.If)
        while above is not None:
            asked = next(
                (key for key in keys if key in library.code(above.test).replace('"', "'").split("'")), ""
            )
            if asked:
                return asked
            above = library.around(above, cst.If)
    loop = library.around(node, cst.For)
    trains = loop is None or ".backward(" in library.code(loop)
    return keys[0] if trains else ""


def divides(library: Library, node: cst.CSTNode) -> bool:
    """Say whether something is divided by what a dictionary gives."""
    holder = library.parent(node)
    above = library.parent(holder) if holder is not None else None
    return (
        isinstance(above, cst.BinaryOperation)
        and isinstance(above.operator, cst.Divide)
        and above.right is holder
    )
