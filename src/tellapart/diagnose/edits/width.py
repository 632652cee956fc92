"""Changing how many units a layer has."""

from __future__ import annotations

import libcst as cst

from tellapart.diagnose.reading import Layer, Model, Position
from tellapart.diagnose.reading.layers import WEIGHTED

from .finding_training import layer_call
from .sheet import Sheet, word


def set_units(sheet: Sheet, layer: Layer, units: int) -> bool:
    """Give a layer so many units or channels; say whether it could be done."""
    call = layer_call(sheet, layer)
    if call is None:
        return False
    if layer.kind == "Application":
        return _set_head(sheet, layer, call, units)
    if layer.api.startswith("torch."):
        place = 0 if word(call).startswith("Lazy") else 1
        sheet.set_argument(
            call, "out_features" if layer.kind == "Dense" else "out_channels", str(units), place
        )
    else:
        sheet.set_argument(call, "units" if layer.kind == "Dense" else "filters", str(units), 0)
    return True


def _set_head(sheet: Sheet, layer: Layer, call: cst.Call, units: int) -> bool:
    """Give a ready-made network another number of classes, or a layer after its own."""
    if layer.api.startswith("keras."):
        if layer.options.get("weights") not in (None, "None"):
            return False  # these weights come with their own number of classes
        sheet.set_argument(call, "classes", str(units))
        return True
    if not layer.api.startswith("torchvision."):
        return False
    if layer.options.get("weights") is None:
        sheet.set_argument(call, "num_classes", str(units))
    else:
        layers = sheet.module("torch.nn")
        sheet.wrap(call, f"{layers}.Sequential(", f", {layers}.Linear({layer.units}, {units}))")
    return True


def widen(sheet: Sheet, model: Model, wanted: dict[Position, int]) -> bool:
    """Give layers other widths, and the layers after them as many inputs; say whether it could be done.

    Parameters
    ----------
    sheet
        Takes the change.
    model
        The network.
    wanted
        Place of a layer -> its units.
    """
    places = [one.position for one in model.layers]
    layers = [one for one in model.layers if one.units is not None or one.kind == "BatchNormalization"]
    grown: tuple[int, int] | None = None
    for layer in {one.position: one for one in layers}.values():
        torch = layer.api.startswith("torch.")
        if places.count(layer.position) > 1:  # made in a loop: what goes in and out is computed
            if torch:
                return False
            if layer.position in wanted:
                _double(sheet, layer)
            continue
        if torch and grown is not None and not _take(sheet, layer, *grown):
            return False
        if layer.kind not in WEIGHTED:
            continue
        grown = None
        units = wanted.get(layer.position)
        if units and layer.units and units != layer.units:
            if not set_units(sheet, layer, units):
                return False
            grown = (layer.units, units)
    return sheet.changed


def _double(sheet: Sheet, layer: Layer) -> None:
    """Write ``* 2`` after the width of a Keras layer that is computed."""
    call = layer_call(sheet, layer)
    units = (
        sheet.argument(call, "units" if layer.kind == "Dense" else "filters", 0) if call is not None else None
    )
    if units is not None:
        simple = isinstance(units.value, (cst.Name, cst.Attribute, cst.Integer)) or bool(units.value.lpar)
        sheet.wrap(units.value, *(("", " * 2") if simple else ("(", ") * 2")))


def _take(sheet: Sheet, layer: Layer, before: int, units: int) -> bool:
    """Let a PyTorch layer take the wider input."""
    call = layer_call(sheet, layer)
    if call is None:
        return False
    if layer.kind == "BatchNormalization":
        sheet.set_argument(call, "num_features", str(units), 0)
        return True
    if layer.inputs is None or layer.inputs % before:
        return word(call).startswith("Lazy")
    name = "in_features" if layer.kind == "Dense" else "in_channels"
    sheet.set_argument(call, name, str(layer.inputs // before * units), 0)
    return True


def add_hidden_layer(sheet: Sheet, layer: Layer, units: int) -> bool:
    """Put a layer with ReLU before the only one; say whether it could be done."""
    call = layer_call(sheet, layer)
    if call is None or layer.kind != "Dense":
        return False
    if layer.api.startswith("torch."):
        inputs = sheet.argument(call, "in_features", 0)
        if inputs is None:
            return False
        linear, relu = (sheet.sibling(call, one, "torch.nn") for one in ("Linear", "ReLU"))
        sheet.wrap(call, f"{sheet.sibling(call, 'Sequential', 'torch.nn')}("
                         f"{linear}({sheet.code(inputs.value)}, {units}), {relu}(), ", ")")  # fmt: skip
        sheet.replace(inputs.value, str(units))
        return True
    first = f"{sheet.code(call.func)}({units}, activation={sheet.quoted('relu')})"
    shape = sheet.argument(call, "input_shape") or sheet.argument(call, "input_dim")
    if shape is not None and shape.keyword is not None:
        first = f"{first[:-1]}, {shape.keyword.value}={sheet.code(shape.value)})"
        sheet.drop_argument(call, shape.keyword.value)
    holder = sheet.parent(call)
    outer = sheet.parent(holder) if isinstance(holder, cst.Arg) else None
    if isinstance(holder, cst.Element):
        sheet.insert_element_before(holder, first)
    elif isinstance(holder, cst.Call) and holder.func is call and holder.args:
        sheet.wrap(holder.args[0].value, f"{first}(", ")")
    elif isinstance(outer, cst.Call) and word(outer) == "add" and isinstance(outer.func, cst.Attribute):
        sheet.insert_before(outer, f"{sheet.code(outer.func)}({first})")
    else:
        return False
    return True
