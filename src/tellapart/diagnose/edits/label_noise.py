"""Labels that the program itself turns into others: the statement that does so is left out."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from .chance import DRAWN, SOURCES, inside
from .pictures_in_text import Text, change
from .registry import Asked, Edit, edit

RANDOM_CLASSES = ("randint", "randrange", "integers", "choice", "random_integers")
MOST_STEPS = 3
"""Names are followed so far back to where a random number was drawn."""


@edit("label.noise")
def undisturbed(asked: Asked) -> Iterator[Edit | None]:
    """Leave out what turns labels round: by chance first, then by any rule."""
    words = "Labels are no longer turned into others."
    for chance in (True, False):
        for number in range(len(_disturbing(Text(asked), chance=chance))):
            yield change(
                asked,
                words,
                lambda text, n=number, c=chance: _left_out(text, _disturbing(text, chance=c)[n]),  # type: ignore[misc]
            )


def _disturbing(text: Text, *, chance: bool) -> list[cst.CSTNode]:
    """Return the statements and choices that give a name another class than its own, by chance or always."""
    found: list[cst.CSTNode] = []
    for one in text.nodes(cst.Assign, cst.AugAssign, cst.IfExp, cst.Call):
        if not _turns(text, one):
            continue
        around = text.around(one, cst.If)
        tests = [around.test] if around is not None else []
        if chance == any(_drawn(text, each) for each in (one, *tests)):
            found.append(one)
    return found


def _turns(text: Text, node: cst.CSTNode) -> bool:
    """Say whether a node gives something another class than it has: of itself, or any."""
    if isinstance(node, cst.AugAssign):
        return isinstance(node.operator, cst.BitXorAssign)
    if isinstance(node, cst.Assign) and len(node.targets) == 1:
        target = node.targets[0].target
        whole = isinstance(target, (cst.Name, cst.Attribute))
        if not whole and not isinstance(target, cst.Subscript):
            return False
        return _another_class(text, target, node.value) or (
            not whole and isinstance(node.value, cst.Call) and text.what(node.value) in RANDOM_CLASSES
        )
    if isinstance(node, cst.IfExp):
        return _another_class(text, node.orelse, node.body) or _another_class(text, node.body, node.orelse)
    return isinstance(node, cst.Call) and _kept_of_where(text, node) is not None


def _another_class(text: Text, old: cst.BaseExpression, new: cst.BaseExpression) -> bool:
    """Say whether a class is computed from the old one: ``1 - y``, ``(y + 1) % k``, ``not y``, ``y ^ 1``."""
    code = text.code(old)
    if isinstance(new, cst.UnaryOperation):
        return isinstance(new.operator, (cst.Not, cst.BitInvert)) and text.code(new.expression) == code
    if not isinstance(new, cst.BinaryOperation):
        return False
    left, right = text.code(new.left), text.code(new.right)
    if isinstance(new.operator, cst.Subtract):
        return right == code and not isinstance(new.left, cst.BinaryOperation)
    if isinstance(new.operator, cst.BitXor):
        return code in (left, right)
    return isinstance(new.operator, cst.Modulo) and code in left and left.strip("()") != code


def _kept_of_where(text: Text, call: cst.Call) -> cst.BaseExpression | None:
    """Return what ``where(chosen, 1 - y, y)`` keeps of the labels; None for any other call."""
    if text.what(call) != "where" or len(call.args) != 3:
        return None
    one, other = call.args[1].value, call.args[2].value
    if _another_class(text, other, one):
        return other
    return one if _another_class(text, one, other) else None


def _drawn(text: Text, node: cst.CSTNode, steps: int = 0) -> bool:
    """Say whether chance has a part in a node, be it through the names in it."""
    for call in inside(text, node, cst.Call):
        if isinstance(call, cst.Call) and text.api(call.func).startswith(DRAWN):
            return True
        source = (
            text.resolve(call.func.value)
            if isinstance(call, cst.Call) and isinstance(call.func, cst.Attribute)
            else None
        )
        if isinstance(source, cst.Call) and text.api(source.func) in SOURCES:
            return True
    if steps == MOST_STEPS:
        return False
    for name in inside(text, node, cst.Name):
        known = text.binding(name) if isinstance(name, cst.Name) else None
        if known is not None and known.statement is not node and _drawn(text, known.value, steps + 1):
            return True
    return False


def _left_out(text: Text, node: cst.CSTNode) -> bool:
    if isinstance(node, cst.IfExp):
        kept = node.orelse if _another_class(text, node.orelse, node.body) else node.body
        text.replace(node, text.code(kept))
    elif isinstance(node, cst.Call):
        kept_labels = _kept_of_where(text, node)
        if kept_labels is None:
            return False
        text.replace(node, text.code(kept_labels))
    else:
        text.remove_statement(node)
    return True
