"""Where a program draws random numbers itself, and the statements that change a picture by them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import libcst as cst

from .pictures_in_text import Text

DRAWN = ("numpy.random.", "random.", "torch.rand", "torch.normal", "torch.empty.", "tensorflow.random.",
         "keras.random.", "tensorflow.image.random_", "tensorflow.image.stateless_random_")  # fmt: skip
SOURCES = ("numpy.random.default_rng", "numpy.random.RandomState", "random.Random")
ORDERING = (
    "shuffle",
    "permutation",
    "permuted",
    "randperm",
    "sample",
    "choices",
    "seed",
    "default_rng",
    "RandomState",
)
"""What puts into an order, chooses pictures, or only makes a source of numbers."""

WHOLE = ("randint", "randrange", "integers")
FLIPS = ("flip", "fliplr", "flipud", "mirror", "transpose", "rot90", "rotate", "hflip", "vflip")


@dataclass(frozen=True, eq=False)
class Change:
    """One random change of a picture: an ``if`` (its test), or a statement. `flips`: it turns or mirrors."""

    node: cst.CSTNode
    kind: str  # test, statement, crop
    flips: bool


def inside(text: Text, node: cst.CSTNode, *kinds: type[cst.CSTNode]) -> Iterator[cst.CSTNode]:
    """Yield the nodes of some kinds in a node."""
    start, end = text.span(node)
    for one in text.nodes(*kinds):
        if start <= text.span(one)[0] and text.span(one)[1] <= end:
            yield one


def draws(text: Text, call: cst.CSTNode) -> bool:
    """Say whether a call gives a random number, or changes something by one."""
    if not isinstance(call, cst.Call) or text.what(call) in ORDERING:
        return False
    if text.api(call.func).startswith(DRAWN):
        return True
    source = text.resolve(call.func.value) if isinstance(call.func, cst.Attribute) else None
    return isinstance(source, cst.Call) and text.api(source.func) in SOURCES


def by_chance(text: Text, node: cst.CSTNode, depth: int = 0) -> bool:
    """Say whether a random number is in an expression, be it through a name given one in the same function."""
    if any(draws(text, one) for one in inside(text, node, cst.Call)):
        return True
    for one in inside(text, node, cst.Name) if depth < 2 else ():
        found = text.binding(one)  # type: ignore[arg-type]
        if found is None or found.kind != "assign" or text.scope(found.statement) is not text.scope(node):
            continue
        if by_chance(text, found.value, depth + 1):
            return True
    return False


def is_chancy(text: Text, function: cst.CSTNode, depth: int = 0) -> bool:
    """Say whether a function draws random numbers, be it in another function of the program."""
    if any(draws(text, one) for one in inside(text, function, cst.Call)):
        return True
    called = {text.code(one.func) for one in inside(text, function, cst.Call) if isinstance(one, cst.Call)}
    return depth < 2 and any(
        one.name.value in called and one is not function and is_chancy(text, one, depth + 1)
        for one in text.nodes(cst.FunctionDef)
    )


def changes(text: Text) -> list[Change]:
    """Return the random changes of pictures in the program's own functions, those that mirror or turn first."""
    found: list[Change] = []
    for one in text.nodes(cst.If, cst.IfExp, cst.Assign, cst.AugAssign):
        if not _is_data_function(text, one):
            continue
        if any(text.span(known.node)[0] <= text.span(one)[0] < text.span(known.node)[1] for known in found):
            continue
        change = None
        if isinstance(one, (cst.If, cst.IfExp)):
            change = _of_test(text, one)
        elif isinstance(one, (cst.Assign, cst.AugAssign)):
            change = _of_statement(text, one)
        if change is not None:
            found.append(change)
    return sorted(found, key=lambda one: not one.flips)


def turn_off(text: Text, change: Change) -> bool:
    """Leave one random change out; say whether that could be done."""
    if change.kind == "test" and isinstance(change.node, (cst.If, cst.IfExp)):
        text.replace(change.node.test, "False")
        return True
    if change.kind == "crop":
        return _in_the_middle(text, change.node)
    text.remove_statement(change.node)
    return True


def _is_data_function(text: Text, node: cst.CSTNode) -> bool:
    """Say whether something stands in a function that neither trains nor is a network's."""
    function = text.around(node, cst.FunctionDef)
    if function is None or function.name.value in ("forward", "call"):
        return False
    called = {text.what(one) for one in inside(text, function, cst.Call) if isinstance(one, cst.Call)}
    return not called & {"backward", "fit", "gradient", "train_on_batch"}


def _of_test(text: Text, node: cst.If | cst.IfExp) -> Change | None:
    if not by_chance(text, node.test):
        return None
    flips = any(isinstance(one, cst.Call) and text.what(one) in FLIPS for one in inside(text, node, cst.Call))
    flips = flips or "::-1" in text.code(node)
    if isinstance(node, cst.IfExp):
        known = {text.code(one) for one in inside(text, node.body, cst.Name)}
        return Change(node, "test", flips) if text.code(node.orelse) in known else None
    lines = list(node.body.body)
    does = [
        small for line in lines for small in (line.body if isinstance(line, cst.SimpleStatementLine) else ())
    ]
    if any(isinstance(one, (cst.Return, cst.Continue, cst.Break, cst.Raise, cst.Expr)) for one in does):
        return None
    return Change(node, "test", flips) if any(_keeps(text, one) for one in does) else None


def _keeps(text: Text, node: cst.CSTNode) -> bool:
    """Say whether a statement changes what it had before: ``x = f(x)``, ``x += n``, ``x[a:b] = 0``."""
    if isinstance(node, cst.AugAssign):
        return True
    if not isinstance(node, cst.Assign):
        return False
    target = node.targets[0].target
    if isinstance(target, cst.Subscript):
        return _slices(target)
    names = {text.code(one) for one in inside(text, node.value, cst.Name)}
    parts = [one.value for one in target.elements] if isinstance(target, cst.Tuple) else [target]
    return any(text.code(one) in names for one in parts)


def _slices(node: cst.Subscript) -> bool:
    return any(isinstance(one.slice, cst.Slice) for one in node.slice)


def _of_statement(text: Text, node: cst.Assign | cst.AugAssign) -> Change | None:
    target = node.target if isinstance(node, cst.AugAssign) else node.targets[0].target
    place: cst.CSTNode = target if isinstance(target, cst.Subscript) else node.value
    if not _keeps(text, node) or not (by_chance(text, node.value) or by_chance(text, place)):
        return None
    code = text.code(node.value)
    flips = any(isinstance(one, cst.Call) and text.what(one) in FLIPS for one in inside(text, node, cst.Call))
    if isinstance(node.value, cst.Subscript) and not isinstance(target, cst.Subscript):
        crops = _slices(node.value) and code.count("::") == 0
        return Change(node, "crop", False) if crops else None
    if isinstance(target, cst.Tuple) or not isinstance(node, (cst.Assign, cst.AugAssign)):
        return None
    return Change(node, "statement", flips)


def _in_the_middle(text: Text, node: cst.CSTNode) -> bool:
    """Cut at the middle of the places that could be drawn."""
    calls: list[cst.Call] = []
    for one in inside(text, node, cst.Name, cst.Call):
        if isinstance(one, cst.Name):
            found = text.binding(one)
            given: cst.CSTNode | None = found.value if found is not None and not found.path else None
        else:
            given = one
        if isinstance(given, cst.Call) and draws(text, given) and given not in calls:
            calls.append(given)
    if not calls or any(text.what(one) not in WHOLE or not one.args for one in calls):
        return False
    for one in calls:
        ends = [text.code(arg.value) for arg in one.args[:2] if arg.keyword is None]
        if not ends:
            return False
        text.replace(one, f"(({') + ('.join(ends)})) // 2")
    return True
