"""Edits of a loss that a program defines itself: its sign, its mean, its logarithms."""

from __future__ import annotations

import libcst as cst

from tellapart.diagnose.reading.facts import OwnFunction
from tellapart.diagnose.reading.formula import LOGS, SUMS

from .registry import Asked, Edit
from .sheet import Sheet, word

METHODS = ("call", "forward", "__call__")
MEANS = {"sum": "mean", "reduce_sum": "reduce_mean"}
SMALL = "1e-7"


def negated(asked: Asked, own: OwnFunction) -> Edit | None:
    """Put a minus before what the loss gives."""
    sheet = Sheet(asked.program)
    returns = _returns(sheet, own)
    for one in returns:
        if one.value is not None:
            sheet.wrap(one.value, "-(", ")")
    return Edit(asked.suspicion.code, "The loss has a minus sign.", sheet.text()) if returns else None


def meaned(asked: Asked, own: OwnFunction) -> Edit | None:
    """Take the mean where the loss takes its outermost sum."""
    sheet = Sheet(asked.program)
    function = _function(sheet, own)
    if function is None:
        return None
    for call in _calls(sheet, function):
        if word(call) in SUMS and word(call) in MEANS and isinstance(call.func, cst.Attribute):
            sheet.replace(call.func.attr, MEANS[word(call)])
            return Edit(asked.suspicion.code, "The loss takes the mean, not the sum.", sheet.text())
    return None


def guarded(asked: Asked, own: OwnFunction) -> Edit | None:
    """Add something small inside every logarithm."""
    sheet = Sheet(asked.program)
    function = _function(sheet, own)
    found = False
    for call in _calls(sheet, function) if function is not None else ():
        if word(call) not in LOGS or not isinstance(call.func, cst.Attribute):
            continue
        if not call.args:  # scores.log()
            inside: cst.BaseExpression = call.func.value
            sheet.wrap(inside, "(", f" + {SMALL})")
        else:
            inside = call.args[0].value
            if isinstance(inside, cst.BinaryOperation) and isinstance(inside.operator, cst.Add):
                continue
            arithmetic = isinstance(
                inside, (cst.Name, cst.Attribute, cst.Call, cst.Subscript, cst.BinaryOperation)
            )
            sheet.wrap(inside, *(("", f" + {SMALL}") if arithmetic else ("(", f") + {SMALL}")))
        found = True
    return (
        Edit(asked.suspicion.code, f"{SMALL} is added inside the logarithm.", sheet.text()) if found else None
    )


def _function(sheet: Sheet, own: OwnFunction) -> cst.FunctionDef | None:
    """Return the function of an own loss, or the method of an object that is one."""
    place = (own.position.line, own.position.column)
    for one in sheet.nodes(cst.FunctionDef):
        if sheet.starts(one) == place or own.position.line == sheet.line(one):
            return one
    made = sheet.call_at(own.position)
    name = (
        word(made.func if isinstance(made, cst.Call) and isinstance(made.func, cst.Call) else made)
        if made
        else ""
    )
    for one in sheet.nodes(cst.FunctionDef):
        owner = sheet.around(one, cst.ClassDef)
        if owner is not None and owner.name.value == name and one.name.value in METHODS:
            return one
    return None


def _returns(sheet: Sheet, own: OwnFunction) -> list[cst.Return]:
    function = _function(sheet, own)
    if function is None:
        return []
    return [one for one in sheet.nodes(cst.Return) if sheet.around(one, cst.FunctionDef) is function]


def _calls(sheet: Sheet, function: cst.FunctionDef) -> list[cst.Call]:
    """Return the calls in a function; those of what it returns first, outer before inner."""
    found = [one for one in sheet.nodes(cst.Call) if sheet.around(one, cst.FunctionDef) is function]
    return sorted(found, key=lambda one: sheet.around(one, cst.Return) is None)
