"""Edits of the weights that a network starts from."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from tellapart.diagnose.reading.layers import WEIGHTED
from tellapart.diagnose.reading.suspicions import suspect

from .bindings import dotted
from .finding_training import layer_call, models_of
from .pictures_in_text import Text, change
from .registry import Asked, Edit, edit
from .sheet import Sheet

WORDS = "The weights start as the library has it."
FILLS = ("fill_", "zero_", "normal_", "uniform_", "copy_")
"""Methods by which PyTorch programs set a tensor in place."""


@edit("optimizer.bad_initialisation")
def default_weights(asked: Asked) -> Iterator[Edit | None]:
    """Let every weight start as the library has it: where it is suspected, else wherever it is set."""
    yield _where_suspected(asked)
    yield change(asked, WORDS, _everywhere)


def _where_suspected(asked: Asked) -> Edit | None:
    places = {one.position for one in suspect(asked.program) if one.code == asked.suspicion.code}
    sheet = Sheet(asked.program)
    done = False
    layers = {layer.position: layer for model in models_of(asked.program) for layer in model.layers}
    for layer in layers.values():
        call = layer_call(sheet, layer) if layer.position in places and layer.kind in WEIGHTED else None
        if call is not None:
            done = (
                sheet.drop_argument(call, "kernel_initializer") or sheet.drop_argument(call, "init") or done
            )
    for one in asked.program.initialisations:
        call = sheet.call_at(one.position) if one.position in places else None
        if call is not None:
            sheet.remove_statement(call)
            done = True
    return Edit(asked.suspicion.code, WORDS, sheet.text()) if done else None


def _everywhere(text: Text) -> bool:
    """Name the library's own weights wherever others are named, and take out what sets them in place."""
    done = False
    named = [
        one.value for one in text.nodes(cst.Arg) if one.keyword and one.keyword.value == "kernel_initializer"
    ]
    named += [one.value for one in text.nodes(cst.DictElement) if _said(one.key) == "kernel_initializer"]
    for value in named:
        text.replace(value, text.quoted("glorot_uniform"))
        done = True
    for statement in text.nodes(cst.Expr):
        if isinstance(statement.value, cst.Call) and _sets_weights(text, statement.value):
            text.remove_statement(statement)
            done = True
    return done


def _said(key: cst.BaseExpression) -> str:
    said = key.evaluated_value if isinstance(key, cst.SimpleString) else ""
    return said if isinstance(said, str) else ""


def _sets_weights(text: Text, call: cst.Call) -> bool:
    """Say whether a call sets a parameter: ``init.normal_(p, 0, 1)``, ``layer.weight.fill_(1)``, ``p.data.zero_()``."""
    if text.api(call.func).startswith("torch.nn.init."):
        return True
    if not isinstance(call.func, cst.Attribute) or call.func.attr.value not in FILLS:
        return False
    owner = call.func.value
    if dotted(owner).endswith((".data", ".weight")):
        return True
    known = text.binding(owner)
    return known is not None and known.kind == "for" and "parameters()" in text.code(known.value)
