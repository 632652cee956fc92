"""Edits of a network's layers: widths and activations."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from tellapart.diagnose.reading import Layer, Model
from tellapart.diagnose.reading.layers import WEIGHTED
from tellapart.diagnose.reading.suspicions.vocabulary import hidden

from .activation import add_activation, set_keras, swap
from .finding_training import layer_call, model_at, training_of
from .fitting import class_count
from .loss import an_output_a_class
from .optimizer import set_rate
from .rate_settings import other_rates
from .registry import Asked, Edit, edit
from .sheet import Sheet
from .width import add_hidden_layer, widen

ENOUGH = 32
"""Units that are not too few for a layer between others."""


@edit("arch.wrong_output_width")
def wrong_output_width(asked: Asked) -> Iterator[Edit | None]:
    """Give the last layer an output for each class."""
    training = training_of(asked)
    classes = class_count(asked, training) if training is not None else None
    if training is None or training.output is None or not classes:
        return
    yield an_output_a_class(asked, training, classes)


@edit("arch.linear_only")
def linear_only(asked: Asked) -> Iterator[Edit | None]:
    """Put ReLU after every hidden layer with weights."""
    model = model_at(asked)
    if model is None or model.output is None:
        return
    sheet = Sheet(asked.program)
    idle = [
        one for one in hidden(model.layers) if one.kind == "Activation" and one.activation in (None, "linear")
    ]
    if idle:
        _to_relu(sheet, idle)
    else:
        for layer in _once(hidden(model.layers), model):
            call = layer_call(sheet, layer) if layer.kind in WEIGHTED else None
            if call is not None and layer.api.startswith("keras."):
                set_keras(sheet, call, "relu")
            elif call is not None:
                add_activation(sheet, call, "relu")
    if sheet.changed:
        yield Edit(asked.suspicion.code, "Every hidden layer has ReLU.", sheet.text())


@edit("arch.saturating_activations")
def saturating(asked: Asked) -> Iterator[Edit | None]:
    """Put ReLU in place of every hidden sigmoid and tanh."""
    model = model_at(asked)
    if model is None:
        return
    sheet = Sheet(asked.program)
    _to_relu(
        sheet, [one for one in _once(hidden(model.layers), model) if one.activation in ("sigmoid", "tanh")]
    )
    if sheet.changed:
        yield Edit(asked.suspicion.code, "Every hidden layer has ReLU.", sheet.text())


@edit("arch.softmax_inside")
def softmax_inside(asked: Asked) -> Iterator[Edit | None]:
    """Put ReLU in place of every hidden softmax."""
    model = model_at(asked)
    if model is None:
        return
    sheet = Sheet(asked.program)
    _to_relu(sheet, [one for one in _once(hidden(model.layers), model) if one.activation == "softmax"])
    if sheet.changed:
        yield Edit(asked.suspicion.code, "No hidden layer has softmax: it has ReLU.", sheet.text())


@edit("arch.dead_units")
def dead_units(asked: Asked) -> Iterator[Edit | None]:
    """Take a tenth of the learning rate, wherever it is set; else let ReLU leak."""
    training, model = training_of(asked), model_at(asked)
    rate = (
        training.optimizer.learning_rate if training is not None and training.optimizer is not None else None
    )
    for setting in asked.program.rate_settings:
        yield from other_rates(asked, setting, (0.1,))
    if training is not None and rate and not asked.program.rate_settings:
        sheet = Sheet(asked.program)
        if set_rate(sheet, training, rate / 10):
            yield Edit(asked.suspicion.code, f"The learning rate is {rate / 10:g}.", sheet.text())
    if model is not None:
        sheet = Sheet(asked.program)
        _to(
            sheet,
            [one for one in _once(hidden(model.layers), model) if one.activation == "relu"],
            "leaky_relu",
        )
        if sheet.changed:
            yield Edit(asked.suspicion.code, "ReLU leaks in every hidden layer.", sheet.text())


@edit("arch.too_small")
def too_small(asked: Asked) -> Iterator[Edit | None]:
    """Widen what is narrow, or put a hidden layer in; else double every width."""
    model = model_at(asked)
    if model is None:
        return
    weighted = [one for one in model.layers if one.kind in WEIGHTED]
    if len(weighted) == 1:
        sheet = Sheet(asked.program)
        if add_hidden_layer(sheet, weighted[0], ENOUGH * 4):
            yield Edit(
                asked.suspicion.code, f"A hidden layer of {ENOUGH * 4} units comes first.", sheet.text()
            )
        return
    narrow = [one for one in weighted[:-1] if one.units is not None and one.units <= 2]
    for layers, words in (
        (narrow, f"The narrow layer has {ENOUGH} units."),
        (weighted[:-1], "Every hidden layer is twice as wide."),
    ):
        sheet = Sheet(asked.program)
        wanted = {one.position: ENOUGH if layers is narrow else 2 * (one.units or 0) for one in layers}
        if layers and widen(sheet, model, wanted):
            yield Edit(asked.suspicion.code, words, sheet.text())


def _once(layers: tuple[Layer, ...], model: Model) -> list[Layer]:
    """Return layers, each place of the text once; not those that the text makes where it makes the output."""
    last = model.output.position if model.output is not None else None
    return list({one.position: one for one in layers if one.position != last}.values())


def _to_relu(sheet: Sheet, layers: list[Layer]) -> None:
    _to(sheet, layers, "relu")


def _to(sheet: Sheet, layers: list[Layer], name: str) -> None:
    """Give layers that have an activation another one."""
    changed: set[cst.CSTNode] = set()
    for layer in {one.position: one for one in layers}.values():
        call = layer_call(sheet, layer)
        if call is None:
            continue
        default = _default(sheet, call)
        if default is not None:
            if default not in changed:
                changed.add(default)
                sheet.replace(default, sheet.class_beside(default, name))
        elif layer.kind == "Activation":
            swap(sheet, call, name)
        else:
            set_keras(sheet, call, name)


def _default(sheet: Sheet, call: cst.Call) -> cst.Attribute | cst.Name | None:
    """Return the default of a parameter that a call calls: ``def __init__(self, act=nn.Tanh): act()``."""
    function = sheet.around(call, cst.FunctionDef)
    if function is None or not isinstance(call.func, cst.Name):
        return None
    for one in (*function.params.params, *function.params.kwonly_params):
        if one.name.value == call.func.value and isinstance(one.default, (cst.Attribute, cst.Name)):
            return one.default
    return None
