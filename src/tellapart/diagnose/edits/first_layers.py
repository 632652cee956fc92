"""Layers put before the first one of a Keras network."""

from __future__ import annotations

import libcst as cst

from tellapart.diagnose.reading import Model

from .finding_training import layer_call
from .sheet import Sheet, word


def put_first(sheet: Sheet, model: Model, *added: tuple[str, str]) -> bool:
    """Put layers before the first one of a network; say whether it could be done.

    Parameters
    ----------
    sheet
        Takes the change.
    model
        The network.
    added
        Names in ``keras.layers`` and their arguments, in the order in which a picture meets them.
    """
    layers = [one for one in model.layers if one.kind != "Input"]
    if not layers or [one.position for one in layers].count(layers[0].position) > 1:
        return False  # made in a loop, they would come between the maps too
    first = layers[0]
    call = layer_call(sheet, first) if first.api.startswith("keras.") else None
    if call is None:
        return False
    made = [f"{sheet.sibling(call, name, 'keras.layers')}({given})" for name, given in added]
    holder = sheet.parent(call)
    if isinstance(holder, cst.Call) and holder.func is call and holder.args:  # functional
        sheet.wrap(holder.args[0].value, "".join(f"{one}(" for one in reversed(made)), ")" * len(made))
        return True
    outer = sheet.parent(holder) if isinstance(holder, cst.Arg) else None
    adding = isinstance(outer, cst.Call) and word(outer) == "add"
    if not isinstance(holder, cst.Element) and not adding:
        return False
    if first.input_shape is not None:
        shape = sheet.argument(call, "input_shape")
        if shape is None:
            return False
        made.insert(0, f"{sheet.sibling(call, 'Input', 'keras.layers')}(shape={sheet.code(shape.value)})")
        sheet.drop_argument(call, "input_shape")
    if isinstance(holder, cst.Element):
        for one in made:
            sheet.insert_element_before(holder, one)
    elif isinstance(outer, cst.Call):
        sheet.insert_before(outer, *(f"{sheet.code(outer.func)}({one})" for one in made))
    return True
