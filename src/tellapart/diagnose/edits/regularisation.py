"""Edits of dropout, penalties and noise, and of what keeps a network from learning by heart."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from tellapart.diagnose.reading import Layer, Training
from tellapart.diagnose.reading.layers import DROPOUTS

from .activation import remove
from .finding_training import layer_call, model_at, models_of, training_of
from .first_layers import put_first
from .flattening import pooled
from .registry import Asked, Edit, edit
from .sheet import Sheet, word
from .training_length import fit_call

PENALTIES = (
    "kernel_regularizer",
    "bias_regularizer",
    "activity_regularizer",
    "W_regularizer",
    "depthwise_regularizer",
)
PATIENCE = 5
MILD = 0.3
"""A dropout that hardly ever keeps a network from fitting."""

AUGMENTATION = {"horizontal_flip": "True", "rotation_range": "10", "zoom_range": "0.1"}
"""What an ImageDataGenerator is told: mild, and right for most pictures."""


@edit("regularisation.too_strong")
def too_strong(asked: Asked) -> Iterator[Edit | None]:
    """Switch dropout, noise, penalties and decay off, all at once; else let a mild dropout stand."""
    yield _weaker(asked, 0.0, "Dropout, noise, penalties and weight decay are off.")
    model = model_at(asked)
    if model is not None and any(one.kind in DROPOUTS and (one.rate or 0) > MILD for one in model.layers):
        yield _weaker(asked, MILD, f"Dropout is at most {MILD:g}; noise, penalties and weight decay are off.")


def _weaker(asked: Asked, dropout: float, words: str) -> Edit | None:
    sheet = Sheet(asked.program)
    model = model_at(asked)
    for layer in {one.position: one for one in model.layers}.values() if model is not None else ():
        _weaken(sheet, layer, dropout)
    _without_decay(sheet, training_of(asked))
    return Edit(asked.suspicion.code, words, sheet.text()) if sheet.changed else None


def _weaken(sheet: Sheet, layer: Layer, dropout: float) -> None:
    call = layer_call(sheet, layer)
    if call is None:
        return
    if layer.kind in DROPOUTS and (layer.rate or 0) > dropout:
        _set_rate(sheet, call, layer, f"{dropout}")
    elif layer.kind == "GaussianNoise" and layer.rate:
        _set_rate(sheet, call, layer, "0.0")
    elif layer.l1 or layer.l2:
        given = [one for one in PENALTIES if sheet.argument(call, one) is not None]
        if len(given) == 1:
            sheet.drop_argument(call, given[0])
        for one in given if len(given) > 1 else ():
            sheet.set_argument(call, one, "None")


def _set_rate(sheet: Sheet, call: cst.Call, layer: Layer, rate: str) -> None:
    """Set the rate of a dropout: a layer's first argument, a PyTorch function's second."""
    if layer.api.startswith("keras."):
        keyword = "stddev" if layer.kind == "GaussianNoise" else "rate"
        keyword = "p" if sheet.argument(call, "p") is not None else keyword
        sheet.set_argument(call, keyword, rate, 0)
    else:
        sheet.set_argument(call, "p", rate, 0 if word(call)[:1].isupper() else 1)


def _without_decay(sheet: Sheet, training: Training | None) -> None:
    optimizer = training.optimizer if training is not None else None
    call = sheet.call_at(optimizer.position) if optimizer is not None and optimizer.weight_decay else None
    if call is None or optimizer is None:
        return
    if optimizer.name == "adamw" or not sheet.drop_argument(call, "weight_decay"):
        # Left out of AdamW it is not 0; and it may stand among **options.
        sheet.set_argument(call, "weight_decay", "0.0")


@edit("regularisation.dropout_on_output")
def dropout_on_output(asked: Asked) -> Iterator[Edit | None]:
    """Take the dropout on the answers out."""
    layers = {layer.position: layer for model in models_of(asked.program) for layer in model.layers}
    position = asked.suspicion.position
    layer = layers.get(position) if position is not None else _last_dropout(asked)
    sheet = Sheet(asked.program)
    call = layer_call(sheet, layer) if layer is not None else None
    done = (
        _last_taken_back(sheet)
        if call is None or sheet.around(call, cst.For) is not None
        else remove(sheet, call)
    )
    if done:
        yield Edit(asked.suspicion.code, "No dropout stands on the output.", sheet.text())


def _last_taken_back(sheet: Sheet) -> bool:
    """Take the last layer back after a loop that ends each of its passes by adding dropout to a Keras network."""
    for call in sheet.nodes(cst.Call):
        given = call.args[0].value if word(call) == "add" and len(call.args) == 1 else None
        loop = (
            sheet.around(call, cst.For) if isinstance(given, cst.Call) and word(given) in DROPOUTS else None
        )
        if loop is None or not isinstance(call.func, cst.Attribute):
            continue
        if isinstance(loop.body, cst.IndentedBlock) and loop.body.body[-1] is sheet.statement(call):
            sheet.insert_after(
                loop, f"{sheet.code(call.func.value)}.pop()  # the dropout after the last weights"
            )
            return True
    return False


def _last_dropout(asked: Asked) -> Layer | None:
    model = model_at(asked)
    found = [one for one in model.layers if one.kind in DROPOUTS] if model is not None else []
    return found[-1] if found else None


@edit("regularisation.missing")
def missing(asked: Asked) -> Iterator[Edit | None]:
    """Augment the training pictures where the program has a place for it; stop early; decay; pool."""
    training = training_of(asked)
    if training is None:
        return
    found = [
        _augmented(asked, training),
        _decayed(asked, training),
        _stopped(asked, training),
        pooled(asked, "Max"),
    ]
    yield from [one for one in found if one is not None][:3]


def _augmented(asked: Asked, training: Training) -> Edit | None:
    sheet = Sheet(asked.program)
    part = training.part("train")
    done = False
    if part is not None and part.reader in ("flow_from_directory", "flow", "flow_from_dataframe"):
        done = _tell_generator(sheet, training)
    if not done and training.model is not None and training.framework == "keras":
        done = _random_layers(sheet, training)
    elif not done and training.framework == "torch":
        done = _random_flip(sheet, training)
    words = "The training pictures are turned round and shifted at random."
    return Edit(asked.suspicion.code, words, sheet.text()) if done else None


def _tell_generator(sheet: Sheet, training: Training) -> bool:
    """Let the generator of the training pictures alone augment; one that others share is left as it is."""
    part = training.part("train")
    made = next((made for _, made, _ in sheet.methods("flow_from_directory", "flow", "flow_from_dataframe")
                 if part is not None and made.position == part.position), None)  # fmt: skip
    generator = getattr(made.function, "of", None) if made is not None else None
    call = sheet.node_of(generator)
    shared = [other for _, other, _ in sheet.methods("flow_from_directory", "flow", "flow_from_dataframe")
              if getattr(other.function, "of", None) is generator]  # fmt: skip
    if call is None or len(shared) > 1:
        return False
    new = [f"{name}={value}" for name, value in AUGMENTATION.items() if sheet.argument(call, name) is None]
    if not new:
        return False
    keyword, _, rest = ", ".join(new).partition("=")
    sheet.set_argument(call, keyword, rest)
    return True


def _random_layers(sheet: Sheet, training: Training) -> bool:
    """Let the first layers of a Keras network flip and turn."""
    flip, turn = ("RandomFlip", sheet.quoted("horizontal")), ("RandomRotation", "0.05")
    return training.model is not None and put_first(sheet, training.model, flip, turn)


def _random_flip(sheet: Sheet, training: Training) -> bool:
    """Put a flip before the step that makes tensors of the training pictures, if validation does not share it."""
    part = training.part("train")
    others = [step.position for one in sheet.program.parts if one.role != "train" for step in one.steps]
    for step in part.steps if part is not None and not part.of("augment") else ():
        call = sheet.call_at(step.position, "ToTensor") if step.position not in others else None
        if (
            call is not None
            and word(call) == "ToTensor"
            and isinstance(holder := sheet.parent(call), cst.Element)
        ):
            made = f"{sheet.sibling(call, 'RandomHorizontalFlip', 'torchvision.transforms')}()"
            sheet.insert_element_before(holder, made)
            return True
    return False


def _stopped(asked: Asked, training: Training) -> Edit | None:
    """Stop when validation no longer improves, and keep the best weights."""
    sheet = Sheet(asked.program)
    call = fit_call(sheet, training) if training.loop is None else None
    stops = any(one.name == "EarlyStopping" for one in training.callbacks)
    if call is None or stops or not (training.part("validation") or training.validation_split):
        return None
    keras = sheet.name_for("keras")
    stop = f"{keras}.callbacks.EarlyStopping(patience={PATIENCE}, restore_best_weights=True)"
    known = sheet.argument(call, "callbacks")
    if known is None:
        sheet.set_argument(call, "callbacks", f"[{stop}]")
    elif isinstance(known.value, cst.List) and known.value.elements:
        sheet.insert_element_after(known.value.elements[-1], stop)
    else:
        sheet.replace(known.value, f"[*{sheet.code(known.value)}, {stop}]")
    return Edit(asked.suspicion.code, "Training stops when validation no longer improves.", sheet.text())


def _decayed(asked: Asked, training: Training) -> Edit | None:
    """Let PyTorch's optimiser pull the weights towards 0 a little."""
    sheet = Sheet(asked.program)
    optimizer = training.optimizer
    call = (
        sheet.call_at(optimizer.position)
        if optimizer is not None and optimizer.framework == "torch"
        else None
    )
    if call is None:
        return None
    sheet.set_argument(call, "weight_decay", "1e-3")
    return Edit(asked.suspicion.code, "The weights decay: weight_decay=1e-3.", sheet.text())
