"""Classes that a program numbers by writing them down: in the order of their names, as folders are read."""

from __future__ import annotations

import libcst as cst

from .pictures_in_text import Text


def numbered_by_name(text: Text) -> bool:
    """Put every dict ``{"b": 0, "a": 1}`` and list ``["b", "a"]`` of classes in the order of their names.

    Returns
    -------
    bool
        Whether there was one in another order.
    """
    changed = False
    for written in text.nodes(cst.Dict):
        changed = _renumbered(text, written) or changed
    for listed in text.nodes(cst.List, cst.Tuple):
        changed = _sorted(text, listed) or changed
    return changed


def _renumbered(text: Text, written: cst.Dict) -> bool:
    pairs = [one for one in written.elements if isinstance(one, cst.DictElement)]
    if len(pairs) < 2 or len(pairs) < len(written.elements):
        return False
    by_number = isinstance(pairs[0].key, cst.Integer)
    names = [_string(one.value if by_number else one.key) for one in pairs]
    numbers = [_number(one.key if by_number else one.value) for one in pairs]
    known = sorted(one for one in names if one is not None)
    if len(set(known)) < len(pairs) or sorted(numbers) != list(range(len(pairs))):
        return False
    wanted = [known.index(one) for one in names if one is not None]
    for pair, is_now, should in zip(pairs, numbers, wanted, strict=True):
        if is_now != should:
            text.replace(pair.key if by_number else pair.value, str(should))
    return wanted != numbers


def _sorted(text: Text, listed: cst.BaseExpression) -> bool:
    """Sort a list of class names: strings alone, that no other list of the program is to be paired with."""
    if not isinstance(listed, (cst.List, cst.Tuple)) or not _numbers_classes(text, listed):
        return False
    names = [_string(one.value) for one in listed.elements]
    known = [one for one in names if one is not None]
    if len(known) < 2 or len(set(known)) < len(names) or known == sorted(known):
        return False
    codes = [text.code(one.value) for one in listed.elements]
    for one, name in zip(listed.elements, sorted(known), strict=True):
        text.replace(one.value, codes[names.index(name)])
    return True


def _numbers_classes(text: Text, listed: cst.BaseExpression) -> bool:
    """Say whether a place in a list is used as a number: it is counted through, indexed, or asked for it."""
    holder = text.parent(listed)
    if isinstance(holder, cst.Arg):
        return isinstance(call := text.parent(holder), cst.Call) and text.what(call) == "enumerate"
    for node in text.nodes(cst.Name, cst.Attribute):
        if text.resolve(node) is not listed:
            continue
        user = text.parent(node)
        call = text.parent(user) if isinstance(user, cst.Arg) else None
        if (
            (isinstance(call, cst.Call) and text.what(call) == "enumerate")
            or (isinstance(user, cst.Subscript) and user.value is node)
            or (isinstance(user, cst.Attribute) and user.value is node and user.attr.value == "index")
        ):
            return True
    return False


def _string(node: cst.BaseExpression) -> str | None:
    value = node.evaluated_value if isinstance(node, cst.SimpleString) else None
    return value if isinstance(value, str) else None


def _number(node: cst.BaseExpression) -> int:
    return int(node.value) if isinstance(node, cst.Integer) and node.value.isdigit() else -1
