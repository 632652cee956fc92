"""Edits of the mode in which a PyTorch network trains and is scored."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from tellapart.diagnose.reading import read_program
from tellapart.diagnose.reading.chain import is_network
from tellapart.diagnose.reading.models import unwrapped

from .finding_training import loops_around, models_of
from .registry import Asked, Edit, edit
from .sheet import Sheet


@edit("loop.missing_eval_mode")
def eval_mode(asked: Asked) -> Iterator[Edit | None]:
    """Score in evaluation mode, and go back to training mode where training goes on after that."""
    always = [layer for model in models_of(asked.program) for layer in model.layers
              if layer.options.get("always") is True]  # fmt: skip
    if any(layer.position == asked.suspicion.position for layer in always):
        sheet = Sheet(asked.program)
        for position in {layer.position for layer in always}:
            call = sheet.call_at(position, "dropout")
            method = sheet.around(call, cst.FunctionDef) if call is not None else None
            if call is None or method is None or not method.params.params:
                return
            sheet.set_argument(call, "training", f"{method.params.params[0].name.value}.training", place=2)
        yield Edit(
            asked.suspicion.code,
            "Dropout is told whether the network trains: training=self.training.",
            sheet.text(),
        )
        return
    sheet = Sheet(asked.program)
    if not _evaluate(sheet, asked):
        return
    text = sheet.text()
    if any(
        one.loop is not None and one.loop.eval_mode_kept is not None for one in read_program(text).trainings
    ):
        if not train_each_epoch(sheet):
            return
        text = sheet.text()
    yield Edit(asked.suspicion.code, "The network is put in evaluation mode before it is scored.", text)


def _evaluate(sheet: Sheet, asked: Asked) -> bool:
    """Put ``eval()`` before every pass that scores in training mode; say whether there was one."""
    done = set()
    for one in asked.program.passes:
        if one.eval_mode or not (one.after_training or one.no_grad):
            continue
        call = sheet.call_at(one.position)
        if call is None:
            continue
        name = _network_name(sheet, call)
        place = _before_pass(sheet, call)
        if name and (place, name) not in done:
            done.add((place, name))
            sheet.insert_before(place, f"{name}.eval()")
    return bool(done)


def _network_name(sheet: Sheet, call: cst.Call) -> str:
    made = sheet.made(call)
    if made is not None and not is_network(unwrapped(made.function)):
        return ""
    return sheet.code(call.func) if isinstance(call.func, (cst.Name, cst.Attribute)) else ""


def _before_pass(sheet: Sheet, call: cst.Call) -> cst.CSTNode:
    """Return the statement before which a pass begins: its loop over batches, with a ``with`` right around it."""
    place: cst.CSTNode = next(loops_around(sheet, call), None) or sheet.statement(call)
    above = sheet.parent(sheet.parent(place) or place)
    while isinstance(above, cst.With):
        place = above
        above = sheet.parent(sheet.parent(place) or place)
    return place


def train_each_epoch(sheet: Sheet) -> bool:
    """Put ``train()`` before every loop over batches that trains; say whether one was found."""
    found = False
    for training in sheet.program.trainings:
        backward = sheet.call_at(training.loop.backward, "backward") if training.loop is not None else None
        batches = next(loops_around(sheet, backward), None) if backward is not None else None
        if batches is None:
            continue
        within = sheet.span(batches)
        calls = [one for one in sheet.nodes(cst.Call) if within[0] <= sheet.span(one)[0] < within[1]]
        for one in calls:
            if sheet.made(one) is not None and (name := _network_name(sheet, one)):
                sheet.insert_before(batches, f"{name}.train()")
                found = True
                break
    return found
