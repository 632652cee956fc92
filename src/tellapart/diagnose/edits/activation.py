"""Giving a layer, or the output of a network, another activation, in Keras and in PyTorch."""

from __future__ import annotations

import libcst as cst

from tellapart.diagnose.reading import Layer, Training

from .finding_training import after_network, layer_call
from .sheet import Sheet, word

MODULES = {"sigmoid": "Sigmoid", "softmax": "Softmax", "log_softmax": "LogSoftmax", "relu": "ReLU",
           "leaky_relu": "LeakyReLU"}  # fmt: skip
WITH_AXIS = ("softmax", "log_softmax")


def set_output_activation(sheet: Sheet, training: Training, name: str | None) -> bool:
    """Give the output another activation; say whether it could be done.

    Parameters
    ----------
    sheet
        Takes the change.
    training
        Whose output is meant, as its loss meets it.
    name
        In Keras's words; None: none.
    """
    output = training.output
    if output is None or training.model is None:
        return False
    last = last_activation(sheet, training)
    if last is not None:
        call = layer_call(sheet, last)
        return call is not None and (remove(sheet, call) if name is None else swap(sheet, call, name))
    call = layer_call(sheet, output.layer)
    if call is None:
        return False
    if output.layer.api.startswith("keras."):
        return set_keras(sheet, call, name)
    return name is not None and add_activation(sheet, call, name)


def last_activation(sheet: Sheet, training: Training) -> Layer | None:
    """Return the last layer or function after the last weights that is an activation."""
    if training.output is None or training.model is None:
        return None
    after = after_network(sheet, training)
    layers = training.model.layers
    number = next((n for n, one in enumerate(layers) if one is training.output.layer), len(layers))
    found = [one for one in (*layers[number + 1 :], *after)
             if one.kind == "Activation" and one.activation not in (None, "linear")]  # fmt: skip
    return found[-1] if found else None


def set_keras(sheet: Sheet, call: cst.Call, name: str | None) -> bool:
    """Set the ``activation`` of a Keras layer, or take it away."""
    place = 1 if word(call) == "Dense" else None
    known = sheet.argument(call, "activation", place)
    if name is None:
        return sheet.drop_argument(call, "activation", place)
    if known is not None and isinstance(known.value, cst.IfExp):
        return False  # the layer is made in a loop: what stands here is that of several
    if known is not None and isinstance(known.value, cst.SimpleString):
        sheet.replace(known.value, f"{known.value.quote}{name}{known.value.quote}")
    else:
        sheet.set_argument(call, "activation", sheet.quoted(name), place)
    return True


def remove(sheet: Sheet, call: cst.Call) -> bool:
    """Take an activation out: a layer of a list, a layer applied in the forward pass, a function's call."""
    if sheet.take_out(call):
        return True
    uses = sheet.uses(call)
    if uses:
        return sheet.unwrap_layer(uses[-1])
    return bool(word(call)[:1].islower()) and sheet.unwrap(call)


def swap(sheet: Sheet, call: cst.Call, name: str) -> bool:
    """Put another activation in place of one, in the way in which that one is written."""
    written = word(call)
    if written == "Activation":
        return set_keras_layer(sheet, call, name)
    if _is_keras(sheet, call):
        return _swap_keras(sheet, call, name)
    axis = "dim=1" if name in WITH_AXIS else ""
    if written[:1].isupper():
        sheet.replace(call, f"{sheet.sibling(call, MODULES[name], 'torch.nn')}({axis})")
        return True
    if isinstance(call.func, cst.Attribute) and not sheet.is_module(call.func.value):
        inside = sheet.code(call.func.value)
    elif call.args:
        inside = sheet.code(call.args[0].value)
    else:
        return False
    sheet.replace(call, function_text(sheet, name, inside))
    return True


def function_text(sheet: Sheet, name: str, inside: str) -> str:
    """Return PyTorch's function around an expression: ``torch.softmax(x, dim=1)``."""
    axis = ", dim=1" if name in WITH_AXIS else ""
    module = sheet.module("torch.nn.functional") if name == "leaky_relu" else sheet.name_for("torch")
    return f"{module}.{name}({inside}{axis})"


def set_keras_layer(sheet: Sheet, call: cst.Call, name: str) -> bool:
    """Set what an ``Activation`` layer is."""
    known = sheet.argument(call, "activation", 0)
    if known is None:
        return False
    text = known.value
    quote = text.quote if isinstance(text, cst.SimpleString) else ""
    sheet.replace(text, f"{quote}{name}{quote}" if quote else sheet.quoted(name))
    return True


def _is_keras(sheet: Sheet, call: cst.Call) -> bool:
    layers = [layer for model in sheet.program.models for layer in model.layers]
    layers += [layer for one in sheet.program.trainings if one.model for layer in one.model.layers]
    here = sheet.starts(call)
    return any((one.position.line, one.position.column) == here and one.api.startswith(("keras", "tensorflow"))
               for one in layers)  # fmt: skip


def _swap_keras(sheet: Sheet, call: cst.Call, name: str) -> bool:
    """Swap ``layers.ReLU()`` for an ``Activation`` layer, ``tf.nn.relu(x)`` for another function."""
    if word(call)[:1].isupper():
        sheet.replace(call, f"{sheet.sibling(call, 'Activation', 'keras.layers')}({sheet.quoted(name)})")
        return True
    sheet.rename(call, name, "keras.activations")
    return True


def add_activation(sheet: Sheet, call: cst.Call, name: str) -> bool:
    """Put an activation after a PyTorch layer that has none; say whether it could be done."""
    axis = "dim=1" if name in WITH_AXIS else ""
    made = f"{sheet.sibling(call, MODULES[name], 'torch.nn')}({axis})"
    holder = sheet.parent(call)
    if isinstance(holder, cst.Element):
        sheet.insert_element_after(holder, made)
        return True
    outer = sheet.parent(holder) if isinstance(holder, cst.Arg) else None
    if isinstance(outer, cst.Call) and isinstance(holder, cst.Arg) and word(outer) == "Sequential":
        sheet.insert_element_after(holder, made)
        return True
    uses = sheet.uses(call)
    if uses:
        before, after = function_text(sheet, name, "\n").split("\n")
        sheet.wrap(uses[-1], before, after)
        return True
    sheet.wrap(call, f"{sheet.sibling(call, 'Sequential', 'torch.nn')}(", f", {made})")
    return True
