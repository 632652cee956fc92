"""Validation on pictures that were not trained on."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from tellapart.diagnose.reading import Training

from .bindings import Binding
from .pictures_in_text import Text, change, training_at
from .registry import Asked, Edit, edit


@edit("split.validation_is_training")
def real_holdout(asked: Asked) -> Iterator[Edit | None]:
    """Validate on the part that is there for it, else keep a fifth of the training pictures out."""
    training = training_at(asked)
    if training is None:
        return
    words = "Validation uses the part that was split off."
    yield change(asked, words, lambda text: _other_part(text, training))
    words = "A fifth of the training pictures, of each class its share, is kept for validation."
    yield change(asked, words, lambda text: _carved(text, training))
    words = "A fifth of the folder is kept for validation, the rest is trained on."
    yield change(asked, words, lambda text: _folder_divided(text, training))
    yield change(asked, words, _loaders_divided)


def _validation(text: Text, training: Training) -> cst.BaseExpression | None:
    fit = text.fit(training)
    argument = text.argument(fit, "validation_data") if fit is not None else None
    return argument.value if argument is not None else None


def _other_part(text: Text, training: Training) -> bool:
    given = _validation(text, training)
    if given is None:
        return False
    pair = text.pair(given)
    nodes = list(pair) if pair is not None else [given]
    partners = [_partner(text, one) for one in nodes]
    if any(one is None or one == text.code(node) for one, node in zip(partners, nodes, strict=True)):
        return False
    new = ", ".join(one for one in partners if one is not None)
    text.replace(given, f"({new})" if len(nodes) > 1 else new)
    return True


def _partner(text: Text, node: cst.BaseExpression) -> str | None:
    """Return the name of the other part: given by the same split, the same reader, or cut from the same array."""
    name = text.code(node)
    same = [one for one in text.bindings if text.code(one.target) == name and one.kind == "assign"]
    for one in reversed(same):
        found = _beside(text, one) or _rest(text, one)
        if found is not None:
            return found
    return None


def _beside(text: Text, one: Binding) -> str | None:
    value = one.value
    if not isinstance(value, cst.Call) or not one.path:
        return None
    what = text.what(value)
    path: tuple[int, ...]
    if what == "train_test_split":
        path = (one.path[0] + 1 if one.path[0] % 2 == 0 else one.path[0] - 1,)
    elif what in ("random_split", "image_dataset_from_directory"):
        path = (1 - one.path[0],) if one.path[0] < 2 else ()
    elif what == "load_data" and len(one.path) == 2:
        path = (1 - one.path[0], one.path[1])
    else:
        return None
    found = [other for other in text.bindings if other.value is value and other.path == path]
    return text.code(found[0].target) if found else None


def _rest(text: Text, one: Binding) -> str | None:
    """Return the name of ``x[n:]`` where this one is ``x[:n]``."""
    cut = _cut(text, one.value)
    for other in text.bindings if cut is not None else ():
        there = _cut(text, other.value)
        if there is not None and cut is not None and there[:2] == cut[:2] and there[2] != cut[2]:
            return text.code(other.target)
    return None


def _cut(text: Text, node: cst.BaseExpression) -> tuple[str, str, bool] | None:
    if not isinstance(node, cst.Subscript) or not isinstance(node.slice[0].slice, cst.Slice):
        return None
    lower, upper = node.slice[0].slice.lower, node.slice[0].slice.upper
    if (lower is None) == (upper is None):
        return None
    return text.code(node.value), text.code(lower or upper), lower is None  # type: ignore[arg-type]


def _carved(text: Text, training: Training) -> bool:
    fit = text.fit(training)
    given = _validation(text, training)
    if fit is None or given is None:
        return False
    x, y = text.pictures_and_labels(fit)
    if x is None or y is None or text.argument(fit, "sample_weight") is not None:
        return False
    names = [text.free(one) for one in ("X_fit", "X_held", "y_fit", "y_held")]
    split = text.beside("sklearn.model_selection", "train_test_split")
    labels = text.code(y)
    text.insert_before(
        fit,
        f"{', '.join(names)} = {split}({text.code(x)}, {labels}, test_size=0.2, stratify={labels}, random_state=0)",
    )
    text.replace(x, names[0])
    text.replace(y, names[2])
    text.replace(given, f"({names[1]}, {names[3]})")
    return True


def _folder_divided(text: Text, training: Training) -> bool:
    fit = text.fit(training)
    given = _validation(text, training)
    x = text.pictures_and_labels(fit)[0] if fit is not None else None
    train, held = (text.reader(one) if one is not None else None for one in (x, given))
    if (
        fit is None
        or train is None
        or held is None
        or given is None
        or text.argument(train, "subset") is not None
    ):
        return False
    if text.what(train) == "image_dataset_from_directory" and train is not held:
        for call, subset in ((train, "training"), (held, "validation")):
            _add(text, call, {"validation_split": "0.2", "subset": text.quoted(subset), "seed": "0"})
        return True
    if text.what(train) == "ImageFolder" or not text.what(train).startswith("flow"):
        return False
    makers = [text.maker(train), text.maker(held)]
    if any(one is None for one in makers):
        return False
    for maker in dict.fromkeys(makers):
        if maker is not None:
            text.set_argument(maker, "validation_split", "0.2")
    if train is held:
        code = text.code(held)
        text.insert_before(
            fit, f"{text.free('held_out', 'held')} = {code[:-1]}, subset={text.quoted('validation')})"
        )
        text.replace(given, text.free("held_out", "held"))
    else:
        text.set_argument(held, "subset", text.quoted("validation"))
    text.set_argument(train, "subset", text.quoted("training"))
    return True


def _add(text: Text, call: cst.Call, settings: dict[str, str]) -> None:
    missing = [f"{key}={value}" for key, value in settings.items() if text.argument(call, key) is None]
    if missing:
        text.insert_element_after(call.args[-1], ", ".join(missing))


def _loaders_divided(text: Text) -> bool:
    """Give two ``DataLoader``s of the same pictures different ones; of a library's set, its test part."""
    loaders = [(one, one.args[0]) for one in text.calls("DataLoader") if one.args]
    for first, whole in loaders:
        for second, other in loaders:
            made, there = text.resolve(whole.value), text.resolve(other.value)
            if isinstance(made, cst.Call) and text.what(made) in ("random_split", "Subset"):
                continue  # divided already
            if first is second or text.span(second)[0] < text.span(first)[0]:
                continue
            if not (isinstance(made, cst.Call) and isinstance(there, cst.Call)) or text.what(
                made
            ) != text.what(there):
                continue
            flag = text.argument(there, "train", 1)
            if made is not there and flag is not None and text.code(flag.value) == "True":
                text.replace(flag.value, "False")
                return True
            _drawn_apart(text, first, whole, other)
            return True
    return False


def _drawn_apart(text: Text, first: cst.Call, whole: cst.Arg, other: cst.Arg) -> None:
    torch, subset = text.name_for("torch"), text.beside("torch.utils.data", "Subset")
    order, held = text.free("order", "mixed"), text.free("held", "n_held")
    drawn = f"{torch}.randperm(len({text.code(whole.value)}), generator={torch}.Generator().manual_seed(0)).tolist()"
    text.insert_before(first, f"{order} = {drawn}", f"{held} = len({order}) // 5")
    text.replace(whole.value, f"{subset}({text.code(whole.value)}, {order}[{held}:])")
    text.replace(other.value, f"{subset}({text.code(other.value)}, {order}[:{held}])")
