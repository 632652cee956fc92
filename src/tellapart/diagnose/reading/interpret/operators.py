"""Operators on literals. Whatever could be large or can fail gives no literal."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import libcst as cst

from .values import Class, External, Function, Instance, Items, Known, Made, Operation, Table, Value

SIGNS: dict[type[cst.CSTNode], str] = {
    cst.Add: "+", cst.Subtract: "-", cst.Multiply: "*", cst.Divide: "/", cst.FloorDivide: "//", cst.Modulo: "%",
    cst.Power: "**", cst.MatrixMultiply: "@", cst.BitAnd: "&", cst.BitOr: "|", cst.BitXor: "^",
    cst.LeftShift: "<<", cst.RightShift: ">>",
    cst.AddAssign: "+", cst.SubtractAssign: "-", cst.MultiplyAssign: "*", cst.DivideAssign: "/",
    cst.FloorDivideAssign: "//", cst.ModuloAssign: "%", cst.PowerAssign: "**", cst.MatrixMultiplyAssign: "@",
    cst.BitAndAssign: "&", cst.BitOrAssign: "|", cst.BitXorAssign: "^", cst.LeftShiftAssign: "<<",
    cst.RightShiftAssign: ">>",
    cst.Equal: "==", cst.NotEqual: "!=", cst.LessThan: "<", cst.LessThanEqual: "<=", cst.GreaterThan: ">",
    cst.GreaterThanEqual: ">=", cst.Is: "is", cst.IsNot: "is not", cst.In: "in", cst.NotIn: "not in",
    cst.Minus: "-", cst.Plus: "+", cst.Not: "not", cst.BitInvert: "~", cst.And: "and", cst.Or: "or",
}  # fmt: skip

ARITHMETIC: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv, "//": operator.floordiv,
    "%": operator.mod, "**": operator.pow,
}  # fmt: skip
COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {
    "==": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt,
    ">=": operator.ge, "is": lambda a, b: a is b or a == b, "is not": lambda a, b: a is not b and a != b,
    "in": lambda a, b: a in b, "not in": lambda a, b: a not in b,
}  # fmt: skip

LARGEST = 1e15
LONGEST = 500


def truth(value: Value) -> bool | None:
    """Return what an ``if`` would make of a value, or None."""
    if isinstance(value, Known):
        return bool(value.value)
    if isinstance(value, Items) and not value.open:
        return bool(value.items)
    if isinstance(value, Table):
        return bool(value.entries) or None
    return None


def binary(sign: str, left: Value, right: Value) -> Value | None:
    """Return left ``sign`` right where both are literal enough."""
    if sign == "+" and isinstance(left, Items) and isinstance(right, Items):
        return Items([*left.items, *right.items], left.kind, left.open or right.open)
    if sign == "*" and isinstance(left, Items) and isinstance(right, Known):
        many = right.value
        if type(many) is int and 0 <= many * len(left.items) <= LONGEST:
            return Items(left.items * many, left.kind, left.open)
    if not (isinstance(left, Known) and isinstance(right, Known)):
        return None
    if sign in ARITHMETIC:
        return _arithmetic(sign, left.value, right.value)
    return None


def _arithmetic(sign: str, left: Any, right: Any) -> Value | None:
    if isinstance(left, str) and isinstance(right, str) and sign == "+" and len(left) + len(right) < LONGEST:
        return Known(left + right)
    if not all(isinstance(one, int | float) and abs(one) < LARGEST for one in (left, right)):
        return None
    if sign == "**" and (abs(right) > 64 or abs(left) > 1e6):
        return None
    try:
        found = ARITHMETIC[sign](left, right)
    except (ArithmeticError, ValueError, TypeError):
        return None
    return Known(found) if isinstance(found, int | float) else None


def compare(sign: str, left: Value, right: Value) -> Value | None:
    """Return the literal outcome of a comparison, or None."""
    if sign in ("is", "is not", "==", "!=") and _surely_not_none(left, right):
        return Known(sign in ("is not", "!="))
    if isinstance(left, Known) and isinstance(right, Known | Items):
        from .values import NOT_LITERAL, literal

        other = literal(right, NOT_LITERAL)
        if other is not NOT_LITERAL:
            try:
                return Known(bool(COMPARISONS[sign](left.value, other)))
            except (TypeError, KeyError):
                return None
    if sign in ("in", "not in") and isinstance(left, Known) and isinstance(right, Table):
        return Known((right.get(left.value) is not None) == (sign == "in"))
    return None


def _surely_not_none(left: Value, right: Value) -> bool:
    """Say whether one side is None and the other an object: a call's result is taken for one."""
    made = Made | Items | Table | Instance | Function | Class | External
    for one, other in ((left, right), (right, left)):
        if isinstance(one, Known) and one.value is None and isinstance(other, made):
            return True
    return False


def unary(sign: str, operand: Value) -> Value | None:
    """Return ``sign`` operand where it is literal."""
    if sign == "not":
        known = truth(operand)
        return None if known is None else Known(not known)
    if isinstance(operand, Known) and isinstance(operand.value, int | float) and sign in "+-":
        return Known(-operand.value if sign == "-" else operand.value)
    return None


def choice(first: Value, second: Value) -> Value:
    """Return one value for two possible ones: the one that says more, the first where both do."""
    if isinstance(first, Known) and first.value is None:
        return second
    if isinstance(first, Operation | Known | Items | Table | Made | Instance | External | Function | Class):
        return first
    return second
