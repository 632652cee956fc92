"""Edits of a learning rate that is set beside the optimiser: by a schedule, or by hand."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import libcst as cst

from tellapart.diagnose.reading import RateSetting
from tellapart.diagnose.reading.apis import made_by
from tellapart.diagnose.reading.rate_settings import PEAKS

from .registry import Asked, Edit
from .sheet import Sheet


def other_rates(asked: Asked, setting: RateSetting, factors: Sequence[float]) -> Iterator[Edit | None]:
    """Leave the setting out, so that the optimiser's own rate holds; else take so many times what it sets."""
    if setting.kind != "peak":  # a schedule that leads up to a peak has changed the optimiser's rate at once
        yield _left_out(asked, setting)
    for factor in factors if setting.kind != "factor" else ():
        yield _scaled(asked, setting, factor)


def _left_out(asked: Asked, setting: RateSetting) -> Edit | None:
    sheet = Sheet(asked.program)
    if setting.kind == "schedule":
        call = sheet.call_at(setting.position, "LearningRateScheduler")
        done = call is not None and _out_of_callbacks(sheet, call)
    elif setting.kind == "factor":
        call = sheet.call_at(setting.position)
        done = call is not None
        if call is not None:
            sheet.set_argument(call, "lr_lambda", "lambda epoch: 1.0", 1)
    else:
        node = _statement(sheet, setting)
        done = node is not None
        if node is not None:
            sheet.remove_statement(node)
    words = "The learning rate stays as the optimiser has it: nothing else sets it."
    return Edit(asked.suspicion.code, words, sheet.text()) if done else None


def _out_of_callbacks(sheet: Sheet, call: cst.Call) -> bool:
    """Take a callback out of the list it stands in; one with a name goes where the name is used."""
    if sheet.take_out(call):
        return True
    named = sheet.parent(call)
    if not isinstance(named, cst.Assign):
        return False
    name = sheet.code(named.targets[0].target)
    used = [one for one in sheet.nodes(cst.Element) if sheet.code(one.value) == name]
    for one in used:
        sheet.drop_element(one)
    return bool(used)


def _scaled(asked: Asked, setting: RateSetting, factor: float) -> Edit | None:
    sheet = Sheet(asked.program)
    value = _value(sheet, setting)
    if value is None:
        return None
    code, words = sheet.code(value), f"The learning rate is {factor:g} times what is set."
    if setting.kind == "schedule":
        sheet.replace(value, f"lambda *given: {factor:g} * ({code})(*given)")
    elif isinstance(value, cst.Float | cst.Integer):
        rate = f"{factor * float(value.evaluated_value):g}"
        words = f"The learning rate is set to {rate}."
        sheet.replace(value, rate)
    else:
        simple = isinstance(value, cst.Name | cst.Attribute | cst.Call)
        sheet.replace(value, f"{factor:g} * {code}" if simple else f"{factor:g} * ({code})")
    return Edit(asked.suspicion.code, words, sheet.text())


def _value(sheet: Sheet, setting: RateSetting) -> cst.BaseExpression | None:
    """Return what a setting is given: a schedule's function, or a number."""
    if setting.kind == "stored":
        statement = _statement(sheet, setting)
        return statement.value if isinstance(statement, cst.Assign) else None
    call = sheet.call_at(setting.position)
    if call is None:
        return None
    keyword, place = {"schedule": ("schedule", 0), "assigned": ("value", 0), "peak": ("max_lr", 1)}[
        setting.kind
    ]
    if setting.kind == "peak":
        place = PEAKS[made_by(sheet.made(call))]
    given = sheet.argument(call, keyword, place)
    return None if given is None else given.value


def _statement(sheet: Sheet, setting: RateSetting) -> cst.Assign | cst.Call | None:
    """Return the assignment, or the call of ``assign``, of a setting."""
    if setting.kind == "assigned":
        return sheet.call_at(setting.position, "assign")
    at = (setting.position.line, setting.position.column)
    return next((one for one in sheet.nodes(cst.Assign) if sheet.starts(one) == at), None)
