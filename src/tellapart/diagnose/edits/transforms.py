"""Preparation as it is written: lists of transforms, arguments of generators."""

from __future__ import annotations

import libcst as cst

from tellapart.diagnose.reading.steps import GENERATOR_AUGMENTING, TORCH_AUGMENTING

from .pictures_in_text import Text

CROPS = {"RandomResizedCrop": "Resize", "RandomCrop": "CenterCrop"}
"""Augmentations that give pictures their size, and what gives it without chance."""


def composed(text: Text, node: cst.BaseExpression | None) -> cst.Call | None:
    """Return the ``Compose([...])`` that an expression is or holds: of a data set, the one it is given."""
    found = text.resolve(node) if node is not None else None
    if isinstance(found, cst.Subscript):  # transforms["train"]
        table = text.resolve(found.value)
        if isinstance(table, cst.Dict):
            key = text.code(found.slice[0].slice)
            for one in table.elements:
                if isinstance(one, cst.DictElement) and text.code(one.key) == key:
                    return composed(text, one.value)
        return None
    if not isinstance(found, cst.Call):
        return None
    if text.what(found) == "Compose":
        return found
    for argument in found.args:
        inner = composed(text, argument.value)
        if inner is not None:
            return inner
    return None


def elements(text: Text, compose: cst.Call) -> list[cst.BaseElement]:
    """Return the transforms of a ``Compose``."""
    listed = text.resolve(compose.args[0].value) if compose.args else None
    return list(listed.elements) if isinstance(listed, (cst.List, cst.Tuple)) else []


def is_random(text: Text, node: cst.BaseExpression) -> bool:
    """Say whether a transform changes pictures at random."""
    made = text.resolve(node)
    return isinstance(made, cst.Call) and text.what(made) in TORCH_AUGMENTING


def steady(text: Text, node: cst.BaseExpression) -> str | None:
    """Return what stands for a transform without chance: None for nothing, a resize for a random crop."""
    made = text.resolve(node)
    if not is_random(text, node):
        return text.code(node)
    if not isinstance(made, cst.Call) or text.what(made) not in CROPS or not made.args:
        return None
    size = text.code(made.args[0].value)
    resize = text.what(made) == "RandomResizedCrop"
    pair = (
        f"({size}, {size})" if resize and isinstance(text.resolve(made.args[0].value), cst.Integer) else size
    )
    before = f"{text.code(made.func.value)}." if isinstance(made.func, cst.Attribute) else ""
    name = CROPS[text.what(made)]
    if not before:
        name = text.beside("torchvision.transforms", name)
    return f"{before}{name}({pair})"


def without_chance(text: Text, compose: cst.Call) -> str:
    """Return a ``Compose`` written anew without its random transforms."""
    kept = [code for one in elements(text, compose) if (code := steady(text, one.value)) is not None]
    return f"{text.code(compose.func)}([{', '.join(kept)}])"


def plain_generator(text: Text, maker: cst.Call) -> str:
    """Return an ``ImageDataGenerator`` written anew without what changes pictures at random."""
    kept = [text.code(one) for one in maker.args if not augments(one)]
    return f"{text.code(maker.func)}({', '.join(kept)})"


def augments(argument: cst.Arg) -> bool:
    """Say whether an argument of an ``ImageDataGenerator`` changes pictures at random."""
    return argument.keyword is not None and argument.keyword.value in (
        *GENERATOR_AUGMENTING,
        "fill_mode",
        "cval",
    )


def drop_random(text: Text, compose: cst.Call, only: cst.BaseElement | None = None) -> bool:
    """Take the random transforms, or one of them, out of a list."""
    found = [one for one in elements(text, compose) if is_random(text, one.value) and only in (None, one)]
    instead = {one: steady(text, one.value) for one in found}
    gone = [one for one in found if instead[one] is None]
    for one in found:
        new = instead[one]
        if new is not None:
            text.replace(one.value, new)
    drop_all(text, gone)
    return bool(found)


def drop_all(text: Text, gone: list[cst.BaseElement] | list[cst.Arg]) -> None:
    """Take several neighbours or strangers out of one list; the last one needs care with its comma."""
    if not gone:
        return
    holder = text.parent(gone[0])
    held = list(holder.args if isinstance(holder, cst.Call) else holder.elements)  # type: ignore[union-attr]
    kept = [one for one in held if one not in gone]
    if len(held) == len(gone) or held[-1] not in gone:
        for one in gone[: None if kept else 0]:
            text.drop_element(one)
        if not kept:
            _empty(text, held)
        return
    last = held.index(kept[-1])
    tail = held[last + 1 :]
    for one in gone:
        if one not in tail:
            text.drop_element(one)
    text.cut(text.span(kept[-1].value)[1], text.span(tail[-1].value)[1])


def _empty(text: Text, held: list[cst.BaseElement]) -> None:
    start, end = text.span(held[0])[0], text.span(held[-1].value)[1]
    comma = text.script[end:].lstrip()[:1] == ","
    text.cut(start, text.script.index(",", end) + 1 if comma else end)
