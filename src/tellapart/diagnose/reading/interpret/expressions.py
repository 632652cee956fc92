"""Expressions -> values."""

from __future__ import annotations

import builtins
from collections.abc import Callable
from typing import Any

import libcst as cst

from tellapart.diagnose.reading.apis import ASSUMED_IMPORTS

from . import calls, comprehensions, operators
from .lookup import attribute, item
from .state import Scope, State
from .values import External, Function, Items, Known, Operation, Table, Unread, Value

LONGEST_TEXT = 2_000
"""Literals of more characters are data, not settings."""


def evaluate(state: State, node: cst.CSTNode, scope: Scope) -> Value:
    """Return the value of an expression."""
    state.tick()
    rule = RULES.get(type(node))
    value = Unread(position=state.source.position(node)) if rule is None else rule(state, node, scope)
    if value.position is None:
        value.position = state.source.position(node)
    return value


def _literal(state: State, node: Any, scope: Scope) -> Value:  # noqa: ARG001 - one signature for all rules
    if len(node.value) > LONGEST_TEXT:
        return Unread()
    try:
        return Known(node.evaluated_value, position=state.source.position(node))
    except (ValueError, SyntaxError):  # an integer of thousands of digits, an unknown escape
        return Unread()


def _joined(state: State, node: cst.ConcatenatedString, scope: Scope) -> Value:
    left, right = evaluate(state, node.left, scope), evaluate(state, node.right, scope)
    return operators.binary("+", left, right) or Operation("+", (left, right))


def _formatted(state: State, node: cst.FormattedString, scope: Scope) -> Value:
    """Join the pieces as ``+`` would; of a number written in a format of its own nothing is known."""
    joined: Value = Known("", position=state.source.position(node))
    for part in node.parts:
        if isinstance(part, cst.FormattedStringText):
            piece: Value = Known(part.value)
        elif isinstance(part, cst.FormattedStringExpression):
            piece = evaluate(state, part.expression, scope)
            if part.format_spec is not None:
                piece = Unread()
            elif isinstance(piece, Known):
                piece = Known(str(piece.value))
        else:
            continue
        joined = operators.binary("+", joined, piece) or Operation("+", (joined, piece))
    return joined


def _name(state: State, node: cst.Name, scope: Scope) -> Value:
    name = node.value
    found = scope.find(name)
    if found is not None:
        return found
    if name in ("True", "False", "None"):
        return Known({"True": True, "False": False, "None": None}[name])
    if name in ASSUMED_IMPORTS and not hasattr(builtins, name):
        home = ASSUMED_IMPORTS[name].rpartition(".")[0]
        if not any(f".{one}".endswith(f".{home}") for one in state.stars if home):
            state.assumed[name] = ASSUMED_IMPORTS[name]
        return External(ASSUMED_IMPORTS[name])
    if hasattr(builtins, name):
        return External(f"builtins.{name}")
    # One name nobody bound is one object, whatever it is.
    return state.unbound.setdefault(name, Unread(name, position=state.source.position(node)))


def _attribute(state: State, node: cst.Attribute, scope: Scope) -> Value:
    return attribute(state, evaluate(state, node.value, scope), node.attr.value, state.source.position(node))


def _subscript(state: State, node: cst.Subscript, scope: Scope) -> Value:
    of = evaluate(state, node.value, scope)
    keys = [_index(state, element.slice, scope) for element in node.slice]
    key = keys[0] if len(keys) == 1 else Items(keys, "tuple")
    return item(of, key, state.source.position(node))


def _index(state: State, node: cst.BaseSlice, scope: Scope) -> Value:
    if isinstance(node, cst.Index):
        return evaluate(state, node.value, scope)
    assert isinstance(node, cst.Slice)  # noqa: S101 - the grammar has no third
    bounds = [
        Known(None) if one is None else evaluate(state, one, scope)
        for one in (node.lower, node.upper, node.step)
    ]
    return Operation(":", tuple(bounds), position=state.source.position(node))


def _items(state: State, node: Any, scope: Scope) -> Value:
    kind = "list" if isinstance(node, cst.List) else "set" if isinstance(node, cst.Set) else "tuple"
    made = Items([], kind, position=state.source.position(node))
    for element in node.elements:
        value = evaluate(state, element.value, scope)
        if isinstance(element, cst.StarredElement):
            inner = comprehensions.elements(value)
            made.items += inner if inner is not None else []
            made.open = made.open or inner is None
        else:
            made.items.append(value)
    return made


def _table(state: State, node: cst.Dict, scope: Scope) -> Value:
    made = Table([], position=state.source.position(node))
    for element in node.elements:
        value = evaluate(state, element.value, scope)
        if isinstance(element, cst.DictElement):
            made.entries.append((evaluate(state, element.key, scope), value))
        elif isinstance(value, Table):
            made.entries += value.entries
    return made


def _binary(state: State, node: cst.BinaryOperation, scope: Scope) -> Value:
    sign = operators.SIGNS[type(node.operator)]
    left, right = evaluate(state, node.left, scope), evaluate(state, node.right, scope)
    return operators.binary(sign, left, right) or Operation(sign, (left, right))


def _unary(state: State, node: cst.UnaryOperation, scope: Scope) -> Value:
    sign = operators.SIGNS[type(node.operator)]
    operand = evaluate(state, node.expression, scope)
    return operators.unary(sign, operand) or Operation(sign, (operand,))


def _boolean(state: State, node: cst.BooleanOperation, scope: Scope) -> Value:
    sign = operators.SIGNS[type(node.operator)]
    left, right = evaluate(state, node.left, scope), evaluate(state, node.right, scope)
    known = operators.truth(left)
    if known is None:
        return Operation(sign, (left, right))
    return right if known == (sign == "and") else left


def _comparison(state: State, node: cst.Comparison, scope: Scope) -> Value:
    left = evaluate(state, node.left, scope)
    outcomes: list[Value] = []
    for target in node.comparisons:
        sign = operators.SIGNS[type(target.operator)]
        right = evaluate(state, target.comparator, scope)
        outcome = operators.compare(sign, left, right)
        outcomes.append(outcome or Operation(sign, (left, right), position=state.source.position(node)))
        left = right
    return outcomes[0] if len(outcomes) == 1 else Operation("and", tuple(outcomes))


def _choice(state: State, node: cst.IfExp, scope: Scope) -> Value:
    test = operators.truth(evaluate(state, node.test, scope))
    if test is not None:
        return evaluate(state, node.body if test else node.orelse, scope)
    return operators.choice(evaluate(state, node.body, scope), evaluate(state, node.orelse, scope))


def _lambda(state: State, node: cst.Lambda, scope: Scope) -> Value:
    return Function(node, scope, position=state.source.position(node))


def _walrus(state: State, node: cst.NamedExpr, scope: Scope) -> Value:
    value = evaluate(state, node.value, scope)
    if isinstance(node.target, cst.Name):
        scope.bind(node.target.value, value)
    return value


def _inner(state: State, node: Any, scope: Scope) -> Value:
    return evaluate(state, node.expression, scope)


def _yielded(state: State, node: cst.Yield, scope: Scope) -> Value:
    if node.value is None:
        return Known(None)
    inner = node.value.item if isinstance(node.value, cst.From) else node.value
    value = evaluate(state, inner, scope)
    if state.yielded:
        state.yielded[-1].append(value)
    return Unread()


def _call(state: State, node: cst.Call, scope: Scope) -> Value:
    return calls.evaluate_call(state, node, scope)


def _comprehension(state: State, node: Any, scope: Scope) -> Value:
    return comprehensions.comprehension(state, node, scope)


RULES: dict[type[cst.CSTNode], Callable[[State, Any, Scope], Value]] = {
    cst.Integer: _literal,
    cst.Float: _literal,
    cst.SimpleString: _literal,
    cst.ConcatenatedString: _joined,
    cst.FormattedString: _formatted,
    cst.Name: _name,
    cst.Attribute: _attribute,
    cst.Subscript: _subscript,
    cst.List: _items,
    cst.Tuple: _items,
    cst.Set: _items,
    cst.Dict: _table,
    cst.BinaryOperation: _binary,
    cst.UnaryOperation: _unary,
    cst.BooleanOperation: _boolean,
    cst.Comparison: _comparison,
    cst.IfExp: _choice,
    cst.Lambda: _lambda,
    cst.NamedExpr: _walrus,
    cst.Await: _inner,
    cst.Yield: _yielded,
    cst.Call: _call,
    cst.ListComp: _comprehension,
    cst.GeneratorExp: _comprehension,
    cst.SetComp: _comprehension,
    cst.DictComp: _comprehension,
}
