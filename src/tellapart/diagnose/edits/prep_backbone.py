"""The input that a pretrained network was trained with: its own preprocessing."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from tellapart.diagnose.reading import Position, Training
from tellapart.diagnose.reading.suspicions.prep_backbone import RANGES

from .bindings import literal_number
from .finding_training import layer_call
from .pictures_in_text import Text, change, training_at
from .prep_scales import drop_step, scale_places
from .registry import Asked, Edit, edit
from .transforms import elements

MODULES = {
    "vgg16": "vgg16", "vgg19": "vgg19", "xception": "xception", "resnet50v2": "resnet_v2", "resnet101v2": "resnet_v2",
    "resnet152v2": "resnet_v2", "resnet": "resnet", "inceptionresnetv2": "inception_resnet_v2",
    "inceptionv3": "inception_v3", "mobilenetv3": "mobilenet_v3", "mobilenetv2": "mobilenet_v2",
    "mobilenet": "mobilenet", "densenet": "densenet", "nasnet": "nasnet", "efficientnetv2": "efficientnet_v2",
    "efficientnet": "efficientnet", "convnext": "convnext",
}  # fmt: skip
"""Module of ``keras.applications`` by how its networks' names begin; the first that fits counts."""

IMAGENET = "[0.485, 0.456, 0.406], [0.229, 0.224, 0.225]"


@edit("prep.wrong_backbone_preprocessing")
def own_preprocessing(asked: Asked) -> Iterator[Edit | None]:
    """Prepare the pictures as those that the network was trained with."""
    training = next(
        (one for one in asked.program.trainings if one.model and one.model.pretrained), training_at(asked)
    )
    pretrained = training.model.pretrained if training is not None and training.model is not None else None
    if training is None or pretrained is None:
        return
    name = pretrained.name.rpartition(".")[2]
    if pretrained.name.startswith("torchvision"):
        words = f"The pictures are normalised with ImageNet's mean and standard deviation, as {name} expects."
        yield change(asked, words, _normalised)
        return
    module = next((one for start, one in MODULES.items() if name.lower().startswith(start)), "")
    itself = next((kind for start, kind in RANGES.items() if start in name.lower()), "") == "raw"
    if itself:
        words = f"{name} scales its input itself: the pictures are not scaled before."
        yield change(asked, words, lambda text: _unscaled(text, training))
        return
    if not module:
        return
    words = f"The pictures go through {name}'s own preprocess_input."
    if _used(training):
        yield change(
            asked, "The pictures go through preprocess_input alone.", lambda text: _unscaled(text, training)
        )
        yield change(asked, words, lambda text: _other_module(text, module))
        return
    yield change(asked, words, lambda text: _in_generators(text, module))
    yield change(asked, words, lambda text: _in_place_of_scaling(text, training, module))
    yield change(asked, words, lambda text: _before_network(text, training, pretrained.position, module))


def _used(training: Training) -> bool:
    part = training.part("train")
    return part is not None and bool(part.of("preprocess"))


def _function(text: Text, module: str) -> str:
    """Return how the program can write the network's own function."""
    wanted = f"keras.applications.{module}.preprocess_input"
    for node in text.nodes(cst.Name, cst.Attribute):
        if text.api(node) == wanted and not isinstance(text.parent(node), (cst.ImportAlias, cst.Attribute)):
            return text.code(node)
    root = next(
        (full.partition(".applications")[0] for full in text.imported.values() if ".applications" in full), ""
    )
    root = root or (
        "tensorflow.keras" if any(one.startswith("tensorflow") for one in text.imported.values()) else "keras"
    )
    local = text.free("preprocess_input")
    for name, full in text.imported.items():
        if full.endswith(f"{module}.preprocess_input"):
            return name
    suffix = "" if local == "preprocess_input" else f" as {local}"
    text.add_import(f"from {root}.applications.{module} import preprocess_input{suffix}")
    return local


def _in_generators(text: Text, module: str) -> bool:
    makers = text.calls("ImageDataGenerator")
    function = _function(text, module) if makers else ""
    for one in makers:
        rescale, known = text.argument(one, "rescale"), text.argument(one, "preprocessing_function")
        if rescale is not None and known is None:
            text.replace(rescale, f"preprocessing_function={function}")
        else:
            text.set_argument(one, "preprocessing_function", function)
            text.drop_argument(one, "rescale")
    return bool(makers)


def _in_place_of_scaling(text: Text, training: Training, module: str) -> bool:
    """Put the function where pixels are divided by 255 now."""
    changed = False
    for place in scale_places(text.program, training):
        node = _division(text, place)
        if node is not None:
            text.replace(node, f"{_function(text, module)}({text.code(node.left)})")
            changed = True
    for layer in training.model.layers if training.model is not None else ():
        call = layer_call(text, layer) if layer.kind == "Rescaling" else None
        if call is not None:
            outer = text.parent(call)
            if isinstance(outer, cst.Call) and outer.func is call:
                text.replace(call, _function(text, module))
            else:
                text.replace(call, f"{text.beside('keras.layers', 'Lambda')}({_function(text, module)})")
            changed = True
    return changed


def _division(text: Text, place: Position) -> cst.BinaryOperation | None:
    for one in text.nodes(cst.BinaryOperation):
        here = text.starts(one) == (place.line, place.column) and isinstance(one.operator, cst.Divide)
        if here and literal_number(one.left) is None:
            return one
    return None


def _before_network(text: Text, training: Training, position: Position, module: str) -> bool:
    """Put the function inside the network, before the pretrained one; else before the arrays are trained on."""
    base = text.call_at(position)
    if base is None:
        return False
    holder = text.parent(base)
    function = ""
    if isinstance(holder, cst.Element):
        text.insert_element_before(
            holder, f"{text.beside('keras.layers', 'Lambda')}({_function(text, module)})"
        )
        return True
    for use in text.uses(base):
        if use.args and use is not base:
            function = function or _function(text, module)
            text.replace(use.args[0].value, f"{function}({text.code(use.args[0].value)})")
    if function:
        return True
    name = next((text.code(one.target) for one in text.bindings if one.value is base), "")
    for call in text.nodes(cst.Call):
        added = isinstance(call.func, cst.Attribute) and call.func.attr.value == "add"
        if name and added and call.args and text.code(call.args[0].value) == name:
            made = f"{text.beside('keras.layers', 'Lambda')}({_function(text, module)})"
            text.insert_before(call, f"{text.code(call.func)}({made})")
            return True
    for one in text.nodes(cst.Element):
        if name and text.code(one.value) == name and isinstance(text.parent(one), cst.List):
            made = f"{text.beside('keras.layers', 'Lambda')}({_function(text, module)})"
            text.insert_element_before(one, made)
            return True
    return _arrays(text, training, module)


def _arrays(text: Text, training: Training, module: str) -> bool:
    """Pass the arrays that ``fit`` is given through the function."""
    fit = text.fit(training)
    x, y = text.pictures_and_labels(fit) if fit is not None else (None, None)
    if fit is None or x is None or y is None:
        return False
    given = text.argument(fit, "validation_data")
    pair = text.pair(given.value) if given is not None else None
    if given is not None and (pair is None or not isinstance(given.value, cst.Tuple)):
        return False
    function = _function(text, module)
    for one in (x, *([pair[0]] if pair is not None else [])):
        text.replace(one, f"{function}({text.code(one)})")
    return True


def _unscaled(text: Text, training: Training) -> bool:
    """Take every division by 255 out, in the data and in the network."""
    makers = [one for one in text.calls("ImageDataGenerator") if text.argument(one, "rescale") is not None]
    for one in makers:
        text.drop_argument(one, "rescale")
    changed = bool(makers)
    for place in () if makers else scale_places(text.program, training):
        changed = drop_step(text, place) or changed
    for layer in training.model.layers if training.model is not None else ():
        call = layer_call(text, layer) if layer.kind == "Rescaling" else None
        changed = (call is not None and text.take_out(call)) or changed
    return changed


def _other_module(text: Text, module: str) -> bool:
    """Import ``preprocess_input`` from the network's own module."""
    for node in text.nodes(cst.ImportFrom):
        names = (
            [one.evaluated_name for one in node.names] if not isinstance(node.names, cst.ImportStar) else []
        )
        if "preprocess_input" in names and node.module is not None:
            if len(names) == 1:
                text.replace(node.module, f"{text.code(node.module).rpartition('.')[0]}.{module}")
                return True
            alias = next(one for one in node.names if one.evaluated_name == "preprocess_input")  # type: ignore[union-attr]
            local = alias.evaluated_alias or "preprocess_input"
            suffix = "" if local == "preprocess_input" else f" as {local}"
            root = text.code(node.module).rpartition(".")[0]
            text.insert_after(node, f"from {root}.{module} import preprocess_input{suffix}")
            return True
    changed = False
    for one in text.nodes(cst.Attribute):
        if one.attr.value == "preprocess_input" and isinstance(one.value, cst.Attribute):
            text.replace(one.value.attr, module)
            changed = True
    return changed


def _normalised(text: Text) -> bool:
    """Normalise after ``ToTensor`` in every list of transforms."""
    changed = False
    for compose in text.calls("Compose"):
        held = elements(text, compose)
        classes = [text.what(one.value) if isinstance(one.value, cst.Call) else "" for one in held]
        if "Normalize" in classes:
            known = held[classes.index("Normalize")].value
            before = text.code(known.func) if isinstance(known, cst.Call) else "Normalize"
            text.replace(known, f"{before}({IMAGENET})")
            changed = True
        elif "ToTensor" in classes:
            last = held[classes.index("ToTensor")]
            made = text.beside("torchvision.transforms", "Normalize")
            if isinstance(last.value, cst.Call) and isinstance(last.value.func, cst.Attribute):
                made = f"{text.code(last.value.func.value)}.Normalize"
            text.insert_element_after(last, f"{made}({IMAGENET})")
            changed = True
    return changed
