"""One preparation for all parts: what is done to training pictures is done to the others."""

from __future__ import annotations

from collections.abc import Iterator
from math import isclose, prod

import libcst as cst

from tellapart.diagnose.reading import DataPart, Step, Training

from .pictures_in_text import Text, change, training_at
from .prep_branches import first_way, other_way
from .prep_picture import colours_left
from .prep_scales import drop_step
from .registry import Asked, Edit, edit
from .transforms import composed, elements, is_random
from .validation_set import loaders, training_loader

PREPARING = ("rescale", "preprocessing_function", "samplewise_center", "samplewise_std_normalization")
READING = {"target_size": 1, "color_mode": 2, "image_size": None}
RANGE = ("scale", "shift", "preprocess", "normalise")


@edit("prep.train_validation_mismatch", "prep.train_predict_mismatch")
def one_preparation(asked: Asked) -> Iterator[Edit | None]:
    """Prepare the other part as the training pictures are."""
    yield change(asked, "All parts are prepared in one way.", first_way)
    yield change(asked, "All parts are prepared in one way, the other one.", other_way)
    training = training_at(asked)
    train = training.part("train") if training is not None else None
    roles = ("predict",) if asked.suspicion.code.endswith("predict_mismatch") else ("validation", "test")
    others = [
        one for one in (*(training.parts if training else ()), *asked.program.parts) if one.role in roles
    ]
    at = [one for one in others if one.position == asked.suspicion.position]
    other = next(iter(at or others), None)
    if training is None or train is None or other is None:
        return
    words = f"The {other.role} pictures are prepared as the training pictures are."
    yield change(asked, words, lambda text: _readers_alike(text, train, other))
    yield change(asked, words, _transforms_alike)
    yield change(asked, words, lambda text: _same_statement(text, training, train, other))
    yield change(asked, words, lambda text: _done_at_use(text, training, train, other))
    yield change(asked, words, lambda text: _undone(text, train, other))
    yield change(asked, words, lambda text: _same_size(text, train, other))
    yield change(asked, words, lambda text: colours_left(text, train, other))


def _readers_alike(text: Text, train: DataPart, other: DataPart) -> bool:
    """Copy the arguments of the training pictures' generator and reader."""
    first, second = text.readers_of(train), text.readers_of(other)
    if not first or not second or first[0] is second[0]:
        return False
    changed = False
    makers = text.maker(first[0]), text.maker(second[0])
    if makers[0] is not None and makers[1] is not None and makers[0] is not makers[1]:
        for one in PREPARING:
            changed = _copied(text, makers[0], makers[1], one, None) or changed
    if text.what(first[0]) == text.what(second[0]) and text.what(first[0]) != "ImageFolder":
        for one, place in READING.items():
            changed = _copied(text, first[0], second[0], one, place) or changed
    return changed


def _copied(text: Text, first: cst.Call, second: cst.Call, keyword: str, place: int | None) -> bool:
    there, here = text.argument(first, keyword, place), text.argument(second, keyword, place)
    if there is not None and (here is None or text.code(here.value) != text.code(there.value)):
        text.set_argument(second, keyword, text.code(there.value), place)
        return True
    return there is None and here is not None and text.drop_argument(second, keyword, place)


def _transforms_alike(text: Text) -> bool:
    """Bring the lists of transforms of all loaders to that of training, without what is random."""
    first = training_loader(text)
    pattern = composed(text, first.args[0].value) if first is not None else None
    others = [composed(text, one.args[0].value) for one in loaders(text) if one is not first]
    if pattern is None:
        found = [one for one in text.calls("Compose") if elements(text, one)]
        augmented = [
            one for one in found if any(is_random(text, inner.value) for inner in elements(text, one))
        ]
        pattern = next(iter(augmented or found), None)
        others = [one for one in found if one is not pattern]
    changed = False
    for other in dict.fromkeys(others):
        if other is not None and pattern is not None and other is not pattern:
            changed = _brought_to(text, pattern, other) or changed
    return changed


def _brought_to(text: Text, pattern: cst.Call, other: cst.Call) -> bool:
    wanted = [one for one in elements(text, pattern) if not is_random(text, one.value)]
    held = [one for one in elements(text, other) if not is_random(text, one.value)]
    changed = False
    after: cst.BaseElement | None = None
    for one in wanted:
        same = next((mine for mine in held if _class(text, mine) == _class(text, one)), None)
        if same is None and after is not None:
            text.insert_element_after(after, text.code(one.value))
            changed = True
        elif same is None and held:
            text.insert_element_before(held[0], text.code(one.value))
            changed = True
        elif same is not None:
            if "".join(text.code(same.value).split()) != "".join(text.code(one.value).split()):
                text.replace(same.value, text.code(one.value))
                changed = True
            after = same
    classes = [_class(text, one) for one in wanted]
    for mine in held:
        if _class(text, mine) not in classes and _class(text, mine) in ("Normalize", "Grayscale"):
            text.drop_element(mine)
            changed = True
    return changed


def _class(text: Text, element: cst.BaseElement) -> str:
    made = text.resolve(element.value)
    return text.what(made) if isinstance(made, cst.Call) else text.code(made)


def _missing(train: DataPart, other: DataPart) -> list[Step]:
    there = {one.position for one in other.of(*RANGE)}
    return [one for one in train.of(*RANGE) if one.position not in there]


def _names(text: Text, training: Training) -> tuple[str, str]:
    """Return what the training and the validation pictures are called in ``fit``."""
    fit = text.fit(training)
    x = text.pictures_and_labels(fit)[0] if fit is not None else None
    given = text.argument(fit, "validation_data") if fit is not None else None
    if x is None or given is None:
        return "", ""
    pair = text.pair(given.value) if text.pair(given.value) is not None else None
    other = pair[0] if pair is not None else given.value
    named = all(isinstance(one, (cst.Name, cst.Attribute)) for one in (x, other))
    return (text.code(x), text.code(other)) if named else ("", "")


def _same_statement(text: Text, training: Training, train: DataPart, other: DataPart) -> bool:
    """Repeat ``x_train = (x_train - mean) / std`` for the other part."""
    name, there = _names(text, training)
    if other.role == "predict" or not name or name == there:
        return False
    lines = {one.position.line for one in _missing(train, other)}
    changed = False
    for one in text.bindings:
        used = {text.code(node) for node in text.nodes(cst.Name, cst.Attribute)
                if text.span(one.value)[0] <= text.span(node)[0] < text.span(one.value)[1]}  # fmt: skip
        statement = text.statement(one.statement)
        within = any(text.line(statement) <= line <= text.last_line(statement) for line in lines)
        if (
            text.code(one.target) == name
            and within
            and (one.kind == "augmented" or name in used)
            and not one.path
        ):
            if isinstance(one.statement, cst.Assign) and isinstance(
                one.statement.targets[0].target, cst.Tuple
            ):
                continue
            code = text.renamed(statement, {name: there}).replace("fit_transform(", "transform(")
            text.insert_after(statement, code)
            changed = True
    return changed


def _as_text(text: Text, steps: list[Step]) -> tuple[str, str] | None:
    """Return what stands before and after an expression to do some steps to it; None for what cannot be written so."""
    before, after = "", ""
    for one in steps:
        if one.kind == "preprocess":
            call = next((node for node in text.nodes(cst.Call, cst.Name, cst.Attribute)
                         if text.starts(node) == (one.position.line, one.position.column)), None)  # fmt: skip
            function = call.func if isinstance(call, cst.Call) else call
            if function is None:
                return None
            before, after = f"{text.code(function)}({before}", f"{after})"
        elif one.kind == "scale" and isinstance(one.amount, float | int) and one.amount:
            factor = 1 / one.amount
            whole = abs(factor - round(factor)) < 1e-6
            after += f" / {round(factor) if whole else f'{factor:g}'}"
        elif one.kind == "shift" and isinstance(one.amount, float | int):
            after += f" {'-' if one.amount < 0 else '+'} {abs(one.amount):g}"
        else:
            return None
    return before, after


def _done_at_use(text: Text, training: Training, train: DataPart, other: DataPart) -> bool:
    """Do the missing steps where the other part is named last, else where it is used."""
    if other.scale == train.scale and bool(other.of("preprocess")) == bool(train.of("preprocess")):
        return False
    if other.of("scale", "preprocess") or any(
        one.name in ("ToTensor", "Normalize") for one in train.of(*RANGE)
    ):
        return False
    steps = _as_text(text, _missing(train, other))
    if steps is None or steps == ("", ""):
        return False
    before, after = steps
    name, there = _names(text, training)
    if other.role != "predict" and there and name != there:
        found = next((one for one in reversed(text.bindings) if text.code(one.target) == there), None)
        reader = text.readers_of(other)
        if found is None or (reader and text.what(reader[0]) != "image_dataset_from_directory"):
            return False
        new = f"{there}.map(lambda x, y: ({before}x{after}, y))" if reader else f"{before}{there}{after}"
        text.insert_after(text.statement(found.statement), f"{there} = {new}")
        return True
    for argument in text.nodes(cst.Arg):
        if text.starts(argument.value) == (other.position.line, other.position.column):
            text.replace(argument.value, f"{before}{text.tight(argument.value)}{after}")
            return True
    return False


def _undone(text: Text, train: DataPart, other: DataPart) -> bool:
    """Leave out a division that the training pictures do not get."""
    if train.of("preprocess", "normalise"):
        return False
    shared = {one.position for one in train.of("scale")}
    extra = [one for one in other.of("scale") if one.name != "ToTensor" and one.position not in shared]
    # All of what is its own, or the last of it where each part has a division of its own.
    wrong = next(
        (some for some in (extra, extra[-1:]) if isclose(train.scale * _scale(some), other.scale)), []
    )
    dropped = [drop_step(text, one.position) for one in wrong]
    return bool(dropped) and all(dropped)


def _scale(steps: list[Step]) -> float:
    return prod(one.amount for one in steps if isinstance(one.amount, int | float))


def _same_size(text: Text, train: DataPart, other: DataPart) -> bool:
    """Resize new pictures as the training pictures are resized."""
    size = train.target_size
    if size is None or other.target_size is None or size == other.target_size:
        return False
    for step in other.of("resize", "crop", "read"):
        for call in text.calls("resize", "load_img", "Resizing"):
            if not text.line(call) <= step.position.line <= text.last_line(call):
                continue
            known = text.argument(call, "target_size") or text.argument(call, "dsize", 1)
            if known is not None and isinstance(text.resolve(known.value), cst.Tuple):
                rows, columns = size if text.what(call) == "load_img" else size[::-1]
                text.replace(known.value, f"({rows}, {columns})")
                return True
    return False
