"""Global pooling in place of a Flatten."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from tellapart.diagnose.reading import Layer, Model

from .finding_training import layer_call, model_at
from .registry import Asked, Edit, edit
from .sheet import Sheet, word

POOLINGS = {"Max": ("GlobalMaxPooling2D", "AdaptiveMaxPool2d", "amax"),
            "Average": ("GlobalAveragePooling2D", "AdaptiveAvgPool2d", "mean")}  # fmt: skip
"""Keras's layer, PyTorch's, and the method of a tensor."""

WITH_MAPS = ("Conv2D", "SeparableConv2D", "DepthwiseConv2D", "Conv2DTranspose", "Application")
WORDS = {"Max": "maximum", "Average": "mean"}


@edit("arch.flatten_explosion")
def flatten_explosion(asked: Asked) -> Iterator[Edit | None]:
    """Pool every map to its maximum, else to its mean, in place of the Flatten."""
    yield pooled(asked, "Max")
    yield pooled(asked, "Average")


def pooled(asked: Asked, kind: str) -> Edit | None:
    """Return the edit that pools instead of flattening.

    Parameters
    ----------
    asked
        A suspicion about a network with a Flatten.
    kind
        Max or Average.
    """
    model = model_at(asked)
    flatten = (
        next((n for n, one in enumerate(model.layers) if one.kind == "Flatten"), None) if model else None
    )
    if model is None or flatten is None or not any(one.kind in WITH_MAPS for one in model.layers[:flatten]):
        return None
    sheet = Sheet(asked.program)
    call = _flatten_call(sheet, model.layers[flatten])
    if call is None:
        return None
    if model.framework == "keras":
        if word(call) != "Flatten":
            return None
        sheet.replace(call, f"{sheet.sibling(call, POOLINGS[kind][0], 'keras.layers')}()")
    elif not _pool_torch(sheet, asked, model, flatten, call, kind):
        return None
    words = f"Every map is pooled to its {WORDS[kind]} instead of being flattened."
    return Edit(asked.suspicion.code, words, sheet.text())


def _flatten_call(sheet: Sheet, layer: Layer) -> cst.Call | None:
    for name in ("Flatten", "flatten", "view", "reshape"):
        call = sheet.call_at(layer.position, name)
        if call is not None and word(call) == name:
            return call
    return None


def _pool_torch(sheet: Sheet, asked: Asked, model: Model, number: int, call: cst.Call, kind: str) -> bool:
    dense = next((one for one in model.layers[number + 1 :] if one.kind == "Dense"), None)
    channels = _channels(asked, model, number)
    linear = layer_call(sheet, dense) if dense is not None else None
    if linear is None or channels is None:
        return False
    if not word(linear).startswith("Lazy"):
        sheet.set_argument(linear, "in_features", str(channels), 0)
    holder = sheet.parent(call)
    if word(call) == "Flatten":
        made = f"{sheet.sibling(call, POOLINGS[kind][1], 'torch.nn')}(1)"
        if isinstance(holder, (cst.Element, cst.Arg)):
            sheet.insert_element_before(holder, made)
        else:
            sheet.replace(
                call, f"{sheet.sibling(call, 'Sequential', 'torch.nn')}({made}, {sheet.code(call)})"
            )
        return True
    if not isinstance(call.func, cst.Attribute):
        return False
    receiver = call.func.value
    if sheet.is_module(receiver):
        if not call.args:
            return False
        receiver = call.args[0].value
    inside = sheet.code(receiver)
    simple = isinstance(receiver, (cst.Name, cst.Attribute, cst.Call, cst.Subscript))
    sheet.replace(call, f"{inside if simple else f'({inside})'}.{POOLINGS[kind][2]}(dim=(2, 3))")
    return True


def _channels(asked: Asked, model: Model, number: int) -> int | None:
    """Return how many maps come to the Flatten: as a run showed, else of the last convolution before."""
    for training in asked.recording.trainings if asked.recording is not None else ():
        maps = None
        for layer in training.model.layers:
            if layer.kind == "Linear" and maps is not None:
                return maps
            maps = layer.output_shape[0] if len(layer.output_shape) == 3 else maps
    before = [one for one in model.layers[:number] if one.kind in WITH_MAPS]
    return before[-1].units if before and before[-1].kind == "Conv2D" else None
