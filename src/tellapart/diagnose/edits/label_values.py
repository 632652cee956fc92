"""Values, shapes and number types of labels, as a run showed them: brought to what the loss counts on."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from tellapart.diagnose.observed import LossUse, Part
from tellapart.diagnose.reading import Training

from .finding_training import prediction_and_labels
from .pictures_in_text import Text, change
from .registry import Asked, Edit
from .validation_set import AROUND_LOADERS

MANY_CLASS = ("cross_entropy", "nll_loss", "nll")


def _seen(asked: Asked) -> tuple[Part, tuple[float, ...], LossUse | None] | None:
    """Return the training part of a run, its label values and the loss as it was first called."""
    for one in asked.recording.trainings if asked.recording is not None else ():
        part = one.parts.get("train")
        if part is not None and part.labels is not None:
            return (
                part,
                one.classes or tuple(float(value) for value in part.labels_kept),
                next(iter(one.losses), None),
            )
    return None


def from_zero(asked: Asked, training: Training) -> Iterator[Edit | None]:
    """Count classes from 0: labels 1 to k, 0 and 255, -1 and 1, or any others."""
    seen = _seen(asked)
    if seen is None or seen[0].labels is None or len(seen[1]) < 2:
        return
    values = sorted(seen[1])
    low, high = seen[0].labels.low, seen[0].labels.high
    one_hot = bool(seen[0].labels.shape) and seen[0].labels.shape[-1] > 1
    if one_hot and high == 1:
        return
    if not one_hot:  # what is kept is a class's place where labels are one-hot
        low, high = values[0], values[-1]
    change_of = _formula(values, low, high)
    if change_of is None:
        return
    before, after = change_of
    words = f"The labels are counted from 0: those of {low:g} to {high:g} become {before}label{after}."
    if training.framework == "keras":
        yield change(asked, words, lambda text: _in_fit(text, training, before, after))
    else:
        yield change(asked, words, lambda text: _in_loops(text, before, after))
        yield change(asked, words, lambda text: _at_source(text, training, before, after))
        yield change(asked, words, lambda text: _in_loss(text, training, before, after))


def _formula(values: list[float], low: float, high: float) -> tuple[str, str] | None:
    """Return what stands before and after a label to count it from 0; None where it is so already."""
    count = len(values)
    if (low, high) == (-1, 1) and count == 2:
        return "(", " + 1) / 2"
    if low == 0 and high == count - 1:
        return None
    if high - low == count - 1:
        return "", f" - {low:g}" if low > 0 else f" + {-low:g}"
    step = (high - low) / (count - 1)
    if all(abs(one - low - place * step) < 1e-9 for place, one in enumerate(values)):
        shifted = "" if low == 0 else f" - {low:g}" if low > 0 else f" + {-low:g}"
        return ("(" if shifted else "", f"{shifted}{')' if shifted else ''} / {step:g}")
    return None


def _in_fit(text: Text, training: Training, before: str, after: str) -> bool:
    fit = text.fit(training)
    x, y = text.pictures_and_labels(fit) if fit is not None else (None, None)
    if fit is None or x is None or y is None:
        return False
    given = text.argument(fit, "validation_data")
    pair = text.pair(given.value) if given is not None and isinstance(given.value, cst.Tuple) else None
    named = text.resolve(y)
    if isinstance(named, cst.Call) and text.what(named) == "train_test_split" and isinstance(y, cst.Name):
        return _before_split(text, y, named, before, after)
    for one in (y, *([pair[1]] if pair is not None else [])):
        text.replace(one, f"{before}{text.tight(one)}{after}")
    return given is None or pair is not None


def _before_split(text: Text, labels: cst.Name, split: cst.Call, before: str, after: str) -> bool:
    """Count from 0 what is split, so that all parts, and what is compared later, agree."""
    found = text.binding(labels)
    arrays = [one for one in split.args if one.keyword is None]
    if found is None or not found.path or found.path[0] // 2 >= len(arrays):
        return False
    whole = arrays[found.path[0] // 2].value
    if not isinstance(whole, (cst.Name, cst.Attribute)):
        text.replace(whole, f"{before}{text.tight(whole)}{after}")
        return True
    name = text.code(whole)
    text.insert_before(split, f"{name} = {before}{name}{after}")
    return True


def _batch_loops(text: Text) -> Iterator[tuple[cst.For, cst.Name]]:
    """Yield loops over loaders, with the name of their labels."""
    for loop in text.nodes(cst.For):
        given = loop.iter
        target: cst.BaseExpression = loop.target
        counted = False
        while isinstance(given, cst.Call) and text.what(given) in AROUND_LOADERS and given.args:
            counted = counted or text.what(given) == "enumerate"
            given = given.args[0].value
        loader = text.resolve(given)
        if counted and isinstance(target, cst.Tuple) and len(target.elements) == 2:
            target = target.elements[1].value
        made = isinstance(loader, cst.Call) and text.what(loader) == "DataLoader"
        if made and isinstance(target, cst.Tuple) and len(target.elements) == 2:
            labels = target.elements[1].value
            if isinstance(labels, cst.Name):
                yield loop, labels


def _in_loops(text: Text, before: str, after: str) -> bool:
    loops = list(_batch_loops(text))
    for loop, labels in loops:
        whole = after.replace(" / ", " // ")
        text.insert_in_block(loop.body, f"{labels.value} = {before}{labels.value}{whole}")
    return bool(loops)


def _at_source(text: Text, training: Training, before: str, after: str) -> bool:
    """Count from 0 where the labels are made, so that what is compared with them later agrees."""
    found = prediction_and_labels(text, training)
    labels = found[1].value if found is not None else None
    while isinstance(labels, cst.Subscript):
        labels = labels.value
    made = text.binding(labels) if isinstance(labels, cst.Name) else None
    if made is None or made.kind != "assign" or not isinstance(labels, cst.Name):
        return False
    name = labels.value
    text.insert_after(made.statement, f"{name} = {before}{name}{after.replace(' / ', ' // ')}")
    return True


def _in_loss(text: Text, training: Training, before: str, after: str) -> bool:
    found = prediction_and_labels(text, training)
    if found is None:
        return False
    labels = found[1].value
    text.replace(labels, f"{before}{text.tight(labels)}{after.replace(' / ', ' // ')}")
    return True


def as_the_loss_wants(asked: Asked, training: Training) -> Iterator[Edit | None]:
    """Give labels the shape and number type of PyTorch's loss."""
    seen = _seen(asked)
    use = seen[2] if seen is not None else None
    units = training.output.units if training.output is not None else None
    name = (
        use.name.lower().replace("loss", "")
        if use is not None
        else training.loss.name
        if training.loss
        else ""
    )
    target = use.target_shape if use is not None else ()
    kind = use.target_type if use is not None else ""
    if any(word.removesuffix("_loss") in name for word in MANY_CLASS) or "crossentropy" in name:
        if len(target) == 2 and target[-1] == 1:
            yield change(
                asked,
                "The labels lose their second axis.",
                lambda text: _after(text, training, "[:, 0].long()"),
            )
        elif "float" in kind and len(target) == 1:
            yield change(
                asked, "The labels are whole numbers.", lambda text: _after(text, training, ".long()")
            )
    elif "bce" in name or "binary" in name:
        if len(target) == 2 and target[-1] > 1 and units == 1:
            words = "One-hot labels become 0 and 1."
            yield change(
                asked, words, lambda text: _after(text, training, ".argmax(1, keepdim=True).float()")
            )
        elif len(target) == 1 and use is not None and len(use.output_shape) == 2:
            words = "The labels have the shape of the scores."
            yield change(asked, words, lambda text: _after(text, training, ".unsqueeze(1).float()"))
        elif kind and "float" not in kind:
            yield change(
                asked, "The labels are numbers with a point.", lambda text: _after(text, training, ".float()")
            )


def _after(text: Text, training: Training, suffix: str) -> bool:
    found = prediction_and_labels(text, training)
    if found is None:
        return False
    text.replace(found[1].value, f"{text.tight(found[1].value)}{suffix}")
    return True
