"""How pictures are divided into parts: shuffled, stratified, before they are multiplied, and without overlap."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from tellapart.diagnose.reading import Position, Training

from . import split_holdout, split_leak, split_share  # noqa: F401 - importing them fills the registry
from .bindings import is_false
from .pictures_in_text import Text, change, training_at
from .registry import Asked, Edit, edit

SPLITTER = "train_test_split"


@edit("split.ordered")
def mixed_before(asked: Asked) -> Iterator[Edit | None]:
    """Mix the pictures before they are cut in two."""
    position = asked.suspicion.position
    yield change(asked, "The pictures are split at random, each class in its share.",
                 lambda text: _split_at_random(text, position, True))  # fmt: skip
    yield change(
        asked, "The pictures are split at random.", lambda text: _split_at_random(text, position, False)
    )
    training = training_at(asked)
    words = "Pictures and labels are shuffled together before the last ones are kept for validation."
    yield change(asked, words, lambda text: _before_validation_split(text, training))
    yield change(asked, "The folder is shuffled, alike for both parts, before it is split.", _folder_shuffled)
    words = "Pictures and labels are shuffled together before they are cut in two."
    yield change(asked, words, lambda text: _before_slices(text, position))
    yield change(asked, "The parts are drawn from a random order of the pictures.", _before_ranges)


def _splits(text: Text, position: Position | None) -> list[cst.Call]:
    found = text.calls(SPLITTER)
    return [one for one in found if position is None or position.line <= text.line(one) <= position.end_line]


def _plain(call: cst.Call) -> list[cst.Arg]:
    return [one for one in call.args if one.keyword is None and not one.star]


def _split_at_random(text: Text, position: Position | None, stratified: bool) -> bool:
    changed = False
    for call in _splits(text, position):
        if is_false(text.argument(call, "shuffle")):
            arrays = _plain(call)
            seeded = text.argument(call, "random_state") is not None
            more = "" if seeded else "random_state=0"
            if stratified and len(arrays) > 1 and text.argument(call, "stratify") is None:
                more += f"{', ' if more else ''}stratify={text.code(arrays[-1].value)}"
            known = text.argument(call, "shuffle")
            if known is not None:
                text.replace(known, more or "shuffle=True")
                changed = True
    return changed


def _before_validation_split(text: Text, training: Training | None) -> bool:
    fit = text.fit(training)
    if fit is None or text.argument(fit, "validation_split") is None:
        return False
    x, y = text.pictures_and_labels(fit)
    if x is None or y is None:
        return False
    order = text.free("order", "mixed")
    weights = text.argument(fit, "sample_weight")
    text.insert_before(
        fit, f"{order} = {text.numpy()}.random.default_rng(0).permutation(len({text.code(x)}))"
    )
    for one in (x, y, *([weights.value] if weights is not None else [])):
        text.replace(one, f"{text.tight(one)}[{order}]")
    return True


def _folder_shuffled(text: Text) -> bool:
    changed = False
    for call in text.calls("image_dataset_from_directory"):
        if text.argument(call, "validation_split") is not None and is_false(text.argument(call, "shuffle")):
            shuffle = text.argument(call, "shuffle")
            seeded = text.argument(call, "seed") is not None
            if shuffle is not None:
                text.replace(shuffle, "shuffle=True" if seeded else "seed=0")
                changed = True
    return changed


def _bounds(text: Text, node: cst.Subscript) -> tuple[str, bool] | None:
    """Return where a slice cuts a set in two, and whether it is the first part; None for other subscripts."""
    inner = node.slice[0].slice
    if (
        len(node.slice) != 1
        or not isinstance(inner, cst.Slice)
        or (inner.lower is None) == (inner.upper is None)
    ):
        return None
    cut = inner.lower or inner.upper
    return None if cut is None or inner.step is not None else (text.code(cut), inner.lower is None)


def _before_slices(text: Text, position: Position | None) -> bool:
    found = [(one, bounds) for one in text.nodes(cst.Subscript) if (bounds := _bounds(text, one)) is not None]
    near = [
        (one, bounds)
        for one, bounds in found
        if position is not None and position.line <= text.line(one) <= position.end_line
    ]
    if position is None:  # only a run has shown it: what is cut in two, both parts of it
        halves = {(text.code(one.value), bounds) for one, bounds in found}
        near = [
            (one, (cut, low)) for one, (cut, low) in found if (text.code(one.value), (cut, not low)) in halves
        ]
    for first, (cut, _) in near:
        together = [one for one, bounds in found if bounds[0] == cut and text.scope(one) is text.scope(first)]
        names = list(dict.fromkeys(text.code(one.value) for one in together))
        earliest = min(together, key=lambda one: text.span(one)[0])
        bases = [one.value for one in together if text.code(one.value) in names]
        if any(not isinstance(one, (cst.Name, cst.Attribute)) for one in bases):
            continue
        if text.around(earliest, cst.For) is not None:
            continue
        kinds = {text.code(one): _listed(text, one) for one in bases}
        order = text.free("order", "mixed")
        drawn = f"{text.numpy()}.random.default_rng(0).permutation(len({names[0]}))"
        mixed = ", ".join(
            f"[{name}[i] for i in {order}]" if kinds[name] else f"{name}[{order}]" for name in names
        )
        text.insert_before(earliest, f"{order} = {drawn}", f"{', '.join(names)} = {mixed}")
        return True
    return False


LISTS = ("listdir", "glob", "sorted", "list", "iglob", "rglob", "iterdir", "paths")


def _listed(text: Text, node: cst.BaseExpression) -> bool:
    """Say whether a name stands for a list, which takes no array of numbers as index."""
    found = text.resolve(node)
    if isinstance(found, (cst.List, cst.ListComp)):
        return True
    return isinstance(found, cst.Call) and text.what(found) in LISTS


def _before_ranges(text: Text) -> bool:
    """Mix what ``Subset(pictures, range(a, b))`` draws from."""
    drawn = []
    for call in text.calls("Subset"):
        indices = text.argument(call, "indices", 1)
        inner = text.resolve(indices.value) if indices is not None else None
        while isinstance(inner, cst.Call) and text.what(inner) == "list" and inner.args:
            inner = text.resolve(inner.args[0].value)
        if isinstance(inner, cst.Call) and text.what(inner) == "range" and 1 <= len(inner.args) < 3:
            drawn.append((call, indices, inner))
    if not drawn:
        return False
    order, torch = text.free("order", "mixed"), text.name_for("torch")
    whole = text.code(drawn[0][0].args[0].value)
    if any(text.code(call.args[0].value) != whole for call, _, _ in drawn):
        return False
    text.insert_before(
        drawn[0][0],
        f"{order} = {torch}.randperm(len({whole}), generator={torch}.Generator().manual_seed(0)).tolist()",
    )
    for _, indices, inner in drawn:
        bounds = [text.code(one) for one in inner.args]
        cut = ":".join(bounds if len(bounds) == 2 else ["", *bounds])
        if indices is not None:
            text.replace(indices.value, f"{order}[{cut}]")
    return True


@edit("split.not_stratified")
def stratified(asked: Asked) -> Iterator[Edit | None]:
    """Keep the classes' shares in both parts."""

    def by_labels(text: Text) -> bool:
        changed = False
        for call in _splits(text, asked.suspicion.position):
            arrays = _plain(call)
            labels = _label_array(text, call, arrays)
            if (
                labels
                and text.argument(call, "stratify") is None
                and not is_false(text.argument(call, "shuffle"))
            ):
                text.set_argument(call, "stratify", labels)
                changed = True
        return changed

    yield change(asked, "The pictures are split so that each class has its share in both parts.", by_labels)
    yield change(asked, "The pictures are split so that each class has its share in both parts.", _by_targets)


def _label_array(text: Text, call: cst.Call, arrays: list[cst.Arg]) -> str:
    """Return the array of labels among those that are split: what the fit has as its labels, else the second."""
    if len(arrays) < 2:
        return ""
    fit = text.fit(training_at(text.asked))
    labels = text.pictures_and_labels(fit)[1] if fit is not None else None
    found = text.binding(labels) if labels is not None else None
    if (
        found is not None
        and found.value is call
        and len(found.path) == 1
        and found.path[0] // 2 < len(arrays)
    ):
        return text.code(arrays[found.path[0] // 2].value)
    return text.code(arrays[1].value)


def _by_targets(text: Text) -> bool:
    """Split the numbers of an ``ImageFolder``'s pictures by its targets in place of ``random_split``."""
    for call in text.calls("random_split"):
        found = next((one for one in text.bindings if one.value is call), None)
        whole, sizes = text.argument(call, "dataset", 0), text.argument(call, "lengths", 1)
        if found is None or whole is None or sizes is None or not isinstance(found.statement, cst.Assign):
            continue
        made, lengths = text.resolve(whole.value), text.resolve(sizes.value)
        folder = isinstance(made, cst.Call) and text.what(made) == "ImageFolder"
        if not folder or not isinstance(lengths, (cst.List, cst.Tuple)) or len(lengths.elements) != 2:
            continue
        name, held = text.code(whole.value), text.code(lengths.elements[1].value)
        split, subset = (
            text.beside("sklearn.model_selection", SPLITTER),
            text.beside("torch.utils.data", "Subset"),
        )
        drawn = f"{split}(range(len({name})), test_size={held}, stratify={name}.targets, random_state=0)"
        text.replace(call, f"({subset}({name}, one) for one in {drawn})")
        return True
    return False
