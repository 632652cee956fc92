"""Batches that a program slices from its arrays itself: taken from a random order."""

from __future__ import annotations

import libcst as cst

from tellapart.diagnose.reading import Training

from .pictures_in_text import Text

SEQUENCES = ("Sequence", "PyDataset", "Dataset")


def sliced_at_random(text: Text, training: Training) -> bool:
    """Index the slices of a loop over batches, or of a ``PyDataset``, through a permutation.

    Returns
    -------
    bool
        Whether there are such slices.
    """
    return _in_loop(text, training) or _in_sequence(text)


def _in_loop(text: Text, training: Training) -> bool:
    for loop in text.nodes(cst.For):
        if (
            not isinstance(loop.target, cst.Name)
            or not _steps_through(text, loop)
            or not _trains(text, loop, training)
        ):
            continue
        counter = loop.target.value
        found = [one for one in _slices(text, loop) if counter in _names(text, one.slice[0])]
        if not found:
            continue
        order = text.free("order", "mixed")
        first = text.code(found[0].value)
        drawn = (
            f"{text.name_for('torch')}.randperm" if _tensors(text) else f"{text.numpy()}.random.permutation"
        )
        text.insert_before(loop, f"{order} = {drawn}(len({first}))")
        for one in found:
            bounds = text.code(one.slice[0])
            text.replace(one, f"{text.code(one.value)}[{order}[{bounds}]]")
        return True
    return False


def _steps_through(text: Text, loop: cst.For) -> bool:
    return isinstance(loop.iter, cst.Call) and text.what(loop.iter) in ("range", "trange")


def _trains(text: Text, loop: cst.For, training: Training) -> bool:
    """Say whether a loop goes backward, or yields batches in a generator of the program."""
    start, end = text.span(loop)
    trains = ("backward", "apply_gradients", "train_on_batch", "gradient")
    inside = [one for one in text.calls(*trains) if start <= text.span(one)[0] < end]
    yields = [one for one in text.nodes(cst.Yield) if start <= text.span(one)[0] < end]
    return bool(inside) or (bool(yields) and training.style == "fit")


def _tensors(text: Text) -> bool:
    return "torch" in text.program.frameworks and "numpy" not in text.imported.values()


def _slices(text: Text, around: cst.CSTNode) -> list[cst.Subscript]:
    start, end = text.span(around)
    return [
        one for one in text.nodes(cst.Subscript)
        if start <= text.span(one)[0] < end and len(one.slice) == 1 and isinstance(one.slice[0].slice, cst.Slice)
        and isinstance(one.value, (cst.Name, cst.Attribute)) and one.slice[0].slice.lower is not None
    ]  # fmt: skip


def _names(text: Text, node: cst.CSTNode) -> set[str]:
    start, end = text.span(node)
    return {one.value for one in text.nodes(cst.Name) if start <= text.span(one)[0] < end}


def _in_sequence(text: Text) -> bool:
    """Give a ``PyDataset`` of arrays an order that changes with every epoch."""
    for owner in text.nodes(cst.ClassDef):
        if not any(text.api(one.value).rpartition(".")[2] in SEQUENCES for one in owner.bases):
            continue
        methods = {
            one.name.value: one
            for one in text.nodes(cst.FunctionDef)
            if text.around(one, cst.ClassDef) is owner
        }
        getter, maker = methods.get("__getitem__"), methods.get("__init__")
        if getter is None or maker is None or "on_epoch_end" in methods or not getter.params.params:
            continue
        found = _slices(text, getter)
        self_name = getter.params.params[0].name.value
        found = [one for one in found if text.code(one.value).startswith(f"{self_name}.")]
        if not found:
            continue
        numpy = text.numpy()
        order = f"{self_name}.order"
        drawn = f"{order} = {numpy}.random.permutation(len({text.code(found[0].value)}))"
        last = maker.body.body[-1]
        text.insert_after(last, drawn)
        for one in found:
            bounds = text.code(one.slice[0])
            text.replace(one, f"{text.code(one.value)}[{order}[{bounds}]]")
        text.insert_after(
            getter, "", f"def on_epoch_end({self_name}):", f"    {numpy}.random.shuffle({order})"
        )
        return True
    return False
