"""Labels: of the form that the loss expects, and beside the pictures that they belong to."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from tellapart.diagnose.reading import Training
from tellapart.diagnose.reading.suspicions.vocabulary import BINARY

from . import label_values
from .bindings import is_false
from .pairing import LISTINGS, in_order, indexed_alike, shuffled_alike
from .pictures_in_text import Text, change, training_at
from .registry import Asked, Edit, edit

ONE_HOT = ("to_categorical", "one_hot")
INTEGER_LOSS = {"categorical_crossentropy": "sparse_categorical_crossentropy"}
CLASSES = {"CategoricalCrossentropy": "SparseCategoricalCrossentropy"}
METRICS = {
    "categorical_accuracy": "sparse_categorical_accuracy",
    "CategoricalAccuracy": "SparseCategoricalAccuracy",
}


def loss_and_labels(asked: Asked, training: Training) -> Iterator[Edit | None]:
    """Bring loss and labels of Keras together: the loss for the labels, or the readers' labels for the loss."""
    name = training.loss.name if training.loss is not None else ""
    hot = _one_hot(asked, training)
    if name == "categorical_crossentropy" and hot is False:
        words = "The loss takes whole numbers as labels (sparse_categorical_crossentropy)."
        yield change(asked, words, lambda text: _swapped(text, INTEGER_LOSS | CLASSES | METRICS))
        yield change(asked, "The readers give one-hot labels.", lambda text: _label_mode(text, "categorical"))
    elif name == "sparse_categorical_crossentropy" and hot:
        words = "The loss takes one-hot labels (categorical_crossentropy)."
        both = {new: old for old, new in (INTEGER_LOSS | CLASSES | METRICS).items()}
        yield change(asked, words, lambda text: _swapped(text, both))
        yield change(
            asked, "The readers give whole numbers as labels.", lambda text: _label_mode(text, "sparse")
        )
        yield change(asked, "The labels stay whole numbers.", _without_one_hot)
    elif name in BINARY and hot and training.output is not None and training.output.units == 1:
        words = "The labels are 0 and 1, one for each picture."
        yield change(asked, words, lambda text: _label_mode(text, "binary"))
        yield change(asked, words, _without_one_hot)


def _one_hot(asked: Asked, training: Training) -> bool | None:
    """Say whether labels are one-hot: as a run showed them, else by the text."""
    for one in asked.recording.trainings if asked.recording is not None else ():
        seen = one.parts.get("train")
        if seen is not None and seen.labels is not None:
            return bool(seen.labels.shape) and seen.labels.shape[-1] > 1
    part = training.part("train")
    mode = part.label_mode if part is not None else None
    return None if mode in (None, "none") else mode == "categorical"


def _swapped(text: Text, names: dict[str, str]) -> bool:
    """Write other names for losses and metrics, be they strings, classes or functions."""
    changed = False
    for one in text.nodes(cst.SimpleString):
        said = one.evaluated_value
        if isinstance(said, str) and said in names:
            text.replace(one, text.code(one).replace(said, names[said]))
            changed = True
    for node in text.nodes(cst.Attribute, cst.Name):
        full = text.api(node)
        module, _, last = full.rpartition(".")
        holder = text.parent(node)
        if last not in names or isinstance(holder, (cst.ImportAlias, cst.Attribute)):
            continue
        if isinstance(node, cst.Attribute):
            text.replace(node.attr, names[last])
        else:
            text.replace(node, text.beside(module, names[last]))
        changed = True
    return changed


def _label_mode(text: Text, mode: str) -> bool:
    changed = False
    for call in text.calls("flow_from_directory", "flow_from_dataframe", "image_dataset_from_directory"):
        folder = text.what(call) == "image_dataset_from_directory"
        keyword, place = (
            ("label_mode", 2)
            if folder
            else ("class_mode", 4 if text.what(call) == "flow_from_directory" else None)
        )
        known = text.argument(call, keyword, place)
        if known is not None and text.code(known.value) == "None":
            continue  # read without labels, to predict
        text.set_argument(call, keyword, text.quoted("int" if folder and mode == "sparse" else mode), place)
        changed = True
    return changed


def _without_one_hot(text: Text) -> bool:
    calls = [one for one in text.calls(*ONE_HOT) if one.args]
    for one in calls:
        text.replace(one, text.code(one.args[0].value))
    return bool(calls)


@edit("label.wrong_encoding")
def fitting_labels(asked: Asked) -> Iterator[Edit | None]:
    """Give labels the form, and the values, that the loss expects."""
    training = training_at(asked)
    if training is None:
        return
    if training.framework == "keras":
        yield from loss_and_labels(asked, training)
    yield from label_values.from_zero(asked, training)
    if training.framework == "torch":
        yield from label_values.as_the_loss_wants(asked, training)


@edit("label.misaligned")
def side_by_side(asked: Asked) -> Iterator[Edit | None]:
    """Keep pictures and labels in one order."""
    words = "Pictures and labels are shuffled with one permutation."
    yield change(asked, words, _one_permutation)
    yield change(asked, words, _shuffled_together)
    yield change(
        asked, "The files are shuffled before their labels are taken from them, not after.", _shuffled_before
    )
    yield change(asked, words, _one_order)
    yield change(asked, words, indexed_alike)
    yield change(asked, words, shuffled_alike)
    yield change(asked, "Pictures and labels are split with the same seed.", _one_seed)
    yield change(asked, "Files are sorted by their whole path, folder first.", _by_whole_path)
    yield change(asked, "Folders are listed in sorted order everywhere.", _sorted)


def _by_whole_path(text: Text) -> bool:
    """Sort listings without a key of one's own: by name alone, files of all folders are mixed."""
    changed = False
    for call in text.calls("sorted", "sort"):
        listed = call.args[0].value if call.args and text.what(call) == "sorted" else None
        if listed is None and isinstance(call.func, cst.Attribute):
            listed = call.func.value
        made = text.resolve(listed) if listed is not None else None
        if isinstance(made, cst.Call) and text.what(made) in LISTINGS and text.argument(call, "key"):
            changed = text.drop_argument(call, "key") or changed
    return changed


def _sorted(text: Text) -> bool:
    changed = False
    for call in text.calls(*LISTINGS):
        holder = text.parent(call)
        outer = text.parent(holder) if isinstance(holder, cst.Arg) else None
        sorting = isinstance(outer, cst.Call) and text.what(outer) in ("sorted", "natsorted", "len", "set")
        if not sorting and not _sorted_in_place(text, call):
            text.wrap(call, "sorted(", ")")
            changed = True
    return changed


def _sorted_in_place(text: Text, call: cst.Call) -> bool:
    name = next((text.code(one.target) for one in text.bindings if one.value is call), "")
    return any(
        isinstance(one.func, cst.Attribute) and text.code(one.func.value) == name
        for one in text.calls("sort")
    )


def _in_place(text: Text) -> list[cst.Call]:
    """Return the calls that shuffle a list or an array in place, each a line of its own."""
    return [one for one in text.calls("shuffle")
            if len(one.args) == 1 and isinstance(text.parent(one), cst.Expr)
            and isinstance(one.args[0].value, (cst.Name, cst.Attribute))]  # fmt: skip


def _one_permutation(text: Text) -> bool:
    """Put one order in place of ``shuffle(pictures)`` and ``shuffle(labels)``."""
    calls = _in_place(text)
    first = next(iter(calls), None)
    calls = [one for one in calls if first is not None and text.scope(one) is text.scope(first)]
    if first is None or len(calls) < 2:
        return False
    order = text.free("order", "mixed")
    name = text.code(first.args[0].value)
    for number, call in enumerate(calls):
        new = in_order(text, call.args[0].value, order, sure=text.api(call.func) == "random.shuffle")
        drawn = f"{order} = {text.numpy()}.random.permutation(len({name}))\n{text.indent(call)}"
        text.replace(call, new if number else drawn + new)
    return True


def _one_order(text: Text) -> bool:
    """Draw an order once where ``x[permutation(n)]`` and ``y[permutation(n)]`` stand."""
    drawn = []
    for node in text.nodes(cst.Subscript):
        inner = node.slice[0].slice
        call = inner.value if isinstance(inner, cst.Index) else None
        if isinstance(call, cst.Call) and text.what(call) in ("permutation", "randperm"):
            drawn.append(call)
    drawn = [one for one in drawn if text.scope(one) is text.scope(drawn[0])]
    if len(drawn) < 2:
        return False
    order = text.free("order", "mixed")
    text.insert_before(drawn[0], f"{order} = {text.code(drawn[0])}")
    for one in drawn:
        text.replace(one, order)
    return True


def _shuffled_before(text: Text) -> bool:
    """Move the shuffling of a list before what was made of it, be it labels or pictures."""
    for call in _in_place(text):
        name, statement = text.code(call.args[0].value), text.statement(call)
        made = [
            one for one in text.bindings
            if text.scope(one.statement) is text.scope(call) and text.line(one.statement) < text.line(statement)
            and text.code(one.target) != name and _mentions(text, one.value, name)
        ]  # fmt: skip
        listed = text.binding(call.args[0].value)
        after = [
            one
            for one in made
            if listed is not None and text.line(one.statement) > text.line(listed.statement)
        ]
        if after:
            text.insert_before(text.statement(after[0].statement), text.code(call))
            text.remove_statement(call)
            return True
    return False


def _mentions(text: Text, node: cst.CSTNode, name: str) -> bool:
    start, end = text.span(node)
    return any(
        text.code(one) == name and start <= text.span(one)[0] < end
        for one in text.nodes(cst.Name, cst.Attribute)
    )


def _shuffled_together(text: Text) -> bool:
    """Shuffle in one call what scikit-learn shuffles in two."""
    alone = [one for one in text.calls("shuffle")
             if text.api(one.func) == "sklearn.shuffle" and isinstance(text.parent(one), cst.Assign)]  # fmt: skip
    return len(alone) > 1 and _seeded(text, alone)


def _one_seed(text: Text) -> bool:
    alone = text.calls("train_test_split")
    plain = [one for one in alone if len([arg for arg in one.args if arg.keyword is None]) == 1]
    return len(plain) > 1 and _seeded(text, plain)


def _seeded(text: Text, calls: list[cst.Call]) -> bool:
    """Give calls the seed of the first; a number where that has none. What else they draw by is left alone."""
    if any(is_false(text.argument(one, "shuffle")) for one in calls):
        return False
    known = text.argument(calls[0], "random_state")
    seed = text.code(known.value) if known is not None and text.code(known.value) != "None" else "0"
    changed = False
    for one in calls:
        there = text.argument(one, "random_state")
        if there is None or text.code(there.value) != seed:
            text.set_argument(one, "random_state", seed)
            changed = True
    return changed
