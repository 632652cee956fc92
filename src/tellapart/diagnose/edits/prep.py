"""The range of the pixels: scaled once, inside the network where that can be."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from tellapart.diagnose.reading import Layer, Position, Training

from . import prep_augment, prep_backbone, prep_parts, prep_picture  # noqa: F401 - importing them fills the registry
from .bindings import literal_number
from .finding_training import forward_of, layer_call
from .pictures_in_text import Text, change, training_at
from .prep_scales import drop_step, scales
from .registry import Asked, Edit, edit

ENTRIES = ("Input", "InputLayer")


@edit("prep.unscaled")
def scaled(asked: Asked) -> Iterator[Edit | None]:
    """Divide the pixels by 255."""
    training = training_at(asked)
    if training is None or training.model is None:
        return
    words = "The network divides the pixels by 255 itself."
    layers = training.model.layers
    if training.model.framework == "keras":
        yield change(asked, words, lambda text: _in_keras_model(text, layers))
        yield change(asked, words, lambda text: _in_method(text, "call", layers, keras=True))
        yield change(asked, "Every generator divides the pixels by 255.", _in_generators)
    else:
        yield change(asked, words, lambda text: _in_method(text, "forward", layers, keras=False))
        yield change(asked, words, lambda text: _at_network(text, training))


def _in_keras_model(text: Text, layers: tuple[Layer, ...]) -> bool:
    calls = [call for layer in layers if (call := layer_call(text, layer)) is not None]
    entry = calls[0] if calls and text.what(calls[0]) in ENTRIES else None
    if entry is not None and _after_input(text, entry):
        return True
    first = next((one for one in calls if one is not entry), None)
    if first is None:
        return False
    holder = text.parent(first)
    shape = text.argument(first, "input_shape") or text.argument(first, "input_dim")
    given = f", input_shape={text.code(shape.value)}" if shape is not None and shape.keyword else ""
    made = f"{text.beside('keras.layers', 'Rescaling')}(1 / 255{given})"
    if isinstance(holder, cst.Element):
        text.insert_element_before(holder, made)
        return True
    outer = text.parent(holder) if isinstance(holder, cst.Arg) else None
    if (
        isinstance(outer, cst.Call)
        and isinstance(outer.func, cst.Attribute)
        and outer.func.attr.value == "add"
    ):
        text.insert_before(outer, f"{text.code(outer.func)}({made})")
        return True
    return False


def _after_input(text: Text, entry: cst.Call) -> bool:
    """Scale what the functional model's first layers are applied to."""
    name = next((text.code(one.target) for one in text.bindings if one.value is entry and not one.path), "")
    scope = text.scope(entry)
    applied = [
        one for one in text.nodes(cst.Call)
        if name and one.args and text.scope(one) is scope and text.what(one) != "Model"
        and isinstance(one.args[0].value, cst.Name) and one.args[0].value.value == name
    ]  # fmt: skip
    for one in applied:
        text.replace(one.args[0].value, f"{text.beside('keras.layers', 'Rescaling')}(1 / 255)({name})")
    return bool(applied)


def _in_method(text: Text, method: str, layers: tuple[Layer, ...], keras: bool) -> bool:
    """Scale at the beginning of the method that the network is passed through by."""
    lines = {one.position.line for one in layers}
    for function in text.nodes(cst.FunctionDef):
        owner = text.around(function, cst.ClassDef)
        if function.name.value != method or owner is None or len(function.params.params) < 2:
            continue
        within = [one for one in lines if text.line(owner) <= one <= text.last_line(owner)]
        if not within:
            continue
        x = function.params.params[1].name.value
        line = (
            f"{x} = {text.beside('keras.layers', 'Rescaling')}(1 / 255)({x})"
            if keras
            else f"{x} = {x}.float() / 255"
        )
        text.insert_in_block(function.body, line)
        return True
    return False


def _in_generators(text: Text) -> bool:
    changed = False
    for call in text.calls("ImageDataGenerator"):
        rescale = text.argument(call, "rescale")
        if rescale is None or literal_number(rescale.value) in (None, 0.0, 1.0):
            text.set_argument(call, "rescale", "1 / 255")
            changed = True
    return changed


def network_calls(text: Text, training: Training) -> list[cst.Call]:
    """Return where a hand-written program passes batches through its network."""
    made = forward_of(text, training)
    node = text.node_of(made)
    if node is None:
        return []
    name = text.code(node.func)
    return [one for one in text.nodes(cst.Call) if text.code(one.func) == name and one.args]


def _at_network(text: Text, training: Training) -> bool:
    calls = network_calls(text, training)
    for one in calls:
        text.replace(one.args[0].value, f"{text.tight(one.args[0].value)}.float() / 255")
    return bool(calls)


@edit("prep.double_scaled")
def scaled_once(asked: Asked) -> Iterator[Edit | None]:
    """Leave out one of two divisions."""
    training = training_at(asked)
    train = training.part("train") if training is not None else None
    if training is None or train is None:
        return
    parts = [one for one in (*training.parts, *asked.program.parts) if one.role != "predict"]
    inside = [one for one in (training.model.layers if training.model else ()) if one.kind == "Rescaling"]
    in_data = [one for one in parts if scales(one)]
    words = "The pixels are divided by 255 once: the division of the data is left out."
    if inside and len(in_data) == len(parts):
        layer_words = "The pixels are divided by 255 once: the network's own Rescaling is left out."
        yield change(asked, layer_words, lambda text: _without_layer(text, inside[-1]))
    twice = [one for one in in_data if inside or len(scales(one)) > 1]
    for last in (-1, 0):
        places = dict.fromkeys(scales(one)[last] for one in twice)
        yield change(asked, words, lambda text, places=places: _without(text, list(places)))  # type: ignore[misc]
        if all(len(scales(one)) < 2 for one in twice):
            return


def _without_layer(text: Text, layer: Layer) -> bool:
    call = layer_call(text, layer)
    return call is not None and text.take_out(call)


def _without(text: Text, places: list[Position]) -> bool:
    dropped = [drop_step(text, one) for one in places]
    return bool(dropped) and all(dropped)
