"""Putting another loss in place of the one a training has, and its labels in the form which that one expects."""

from __future__ import annotations

import libcst as cst

from tellapart.diagnose.reading import Training

from .finding_training import compile_call, loss_call, loss_maker, prediction_and_labels
from .sheet import Sheet, word

FUNCTIONS = {
    "BCELoss": "binary_cross_entropy",
    "BCEWithLogitsLoss": "binary_cross_entropy_with_logits",
    "CrossEntropyLoss": "cross_entropy",
    "NLLLoss": "nll_loss",
}
"""PyTorch's classes, and the functions of the same name."""

RESHAPING = ("squeeze", "view", "reshape", "flatten", "[")

OBJECTS = {
    "binary_crossentropy": "BinaryCrossentropy",
    "categorical_crossentropy": "CategoricalCrossentropy",
    "sparse_categorical_crossentropy": "SparseCategoricalCrossentropy",
}
"""Keras's words, and the classes of the same name."""


def set_loss(sheet: Sheet, training: Training, name: str) -> bool:
    """Put another loss in place; say whether it could be done.

    Parameters
    ----------
    sheet
        Takes the change.
    training
        Whose loss is meant.
    name
        PyTorch's class, or Keras's word.
    """
    if name in OBJECTS:
        return _set_keras(sheet, training, name)
    made = loss_call(sheet, training.loss) if training.loss is not None else None
    call = loss_maker(sheet, training)
    if call is None or training.loss is None or training.loss.turned:
        return False
    if made is not None and sheet.node_of(made) is call:  # a function: F.nll_loss(output, target)
        if training.loss.name == "own":
            return _in_place_of_own(sheet, training, call, FUNCTIONS[name])
        sheet.rename(call, FUNCTIONS[name], "torch.nn.functional")
        return True
    if training.loss.api.startswith("torch."):
        target = sheet.sibling(call, name, "torch.nn")
    else:
        target = f"{sheet.module('torch.nn')}.{name}"
    sheet.replace(call, f"{target}({_kept(sheet, call)})")
    return True


def _in_place_of_own(sheet: Sheet, training: Training, call: cst.Call, name: str) -> bool:
    """Call the library's function with the scores and labels that a function of the program is called with."""
    given = prediction_and_labels(sheet, training)
    if given is None or any(one.star for one in call.args):
        return False
    for one, wanted in zip(given, ("input", "target"), strict=True):
        if one.keyword is not None:
            sheet.replace(one.keyword, wanted)
        elif call.args[0] is not given[0]:
            sheet.wrap(one.value, f"{wanted}=", "")
    kept = [one for one in call.args if one in given]
    if len(call.args) > len(kept):
        if list(call.args[: len(kept)]) != kept:
            return False  # what lies between is more than settings
        sheet.cut(sheet.span(kept[-1].value)[1], sheet.span(call.args[-1].value)[1])
    sheet.replace(call.func, f"{sheet.module('torch.nn.functional')}.{name}")
    return True


def _kept(sheet: Sheet, call: cst.Call) -> str:
    """Return the settings that every loss of classes has."""
    kept = [one for one in call.args if one.keyword is not None and one.keyword.value == "reduction"]
    return ", ".join(f"reduction={sheet.code(one.value)}" for one in kept)


def _set_keras(sheet: Sheet, training: Training, name: str) -> bool:
    if training.loop is None:
        call = compile_call(sheet, training)
        if call is None:
            return False
        known = sheet.argument(call, "loss", 1)
        if known is not None and isinstance(known.value, cst.SimpleString):
            sheet.replace(known.value, f"{known.value.quote}{name}{known.value.quote}")
        else:
            sheet.set_argument(call, "loss", sheet.quoted(name), 1)
        return True
    made = loss_maker(sheet, training)
    if made is None or training.loss is None or not training.loss.api.startswith("keras.losses"):
        return False
    if word(made)[:1].isupper():
        sheet.replace(made, f"{sheet.sibling(made, OBJECTS[name], 'keras.losses')}()")
    else:
        sheet.rename(made, name, "keras.losses")
    return True


def set_labels(sheet: Sheet, training: Training, form: str) -> bool:
    """Bring the labels that a PyTorch loss is given into a form; say whether it could be done.

    Parameters
    ----------
    sheet
        Takes the change.
    training
        Whose loss is meant.
    form
        Methods to be called on them: ``.long()``, ``.float().unsqueeze(1)``.
    """
    given = prediction_and_labels(sheet, training)
    if given is None:
        return False
    if not form:
        return True
    labels = given[1].value
    simple = isinstance(labels, (cst.Name, cst.Attribute, cst.Call, cst.Subscript)) or bool(labels.lpar)
    start, end = ("", form) if simple else ("(", f"){form}")
    sheet.wrap(labels, start, end)
    return True


def labels_like_scores(sheet: Sheet, training: Training) -> bool:
    """Bring labels into the type and shape of the scores, as PyTorch's binary losses need them."""
    given = prediction_and_labels(sheet, training)
    if given is None:
        return False
    scores, labels = (sheet.code(one.value) for one in given)
    form = "" if "float" in labels else ".float()"
    reshaped = any(said in labels for said in RESHAPING) or any(said in scores for said in RESHAPING)
    if isinstance(given[0].value, (cst.Name, cst.Attribute)):
        known = form == "" and reshaped
        return set_labels(sheet, training, "" if known else f"{form}.view_as({scores})")
    return set_labels(sheet, training, form if reshaped else f"{form}.reshape(-1, 1)")
