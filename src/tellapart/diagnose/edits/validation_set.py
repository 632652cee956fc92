"""Pictures for validation that are prepared like those for training, and never changed at random."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from tellapart.diagnose.reading import DataPart, Training

from .pictures_in_text import FITTING, Text
from .sheet import word
from .transforms import (
    augments,
    composed,
    drop_all,
    drop_random,
    elements,
    is_random,
    plain_generator,
    steady,
)
from .transforms import without_chance as rewritten

AROUND_LOADERS = ("enumerate", "tqdm", "iter", "zip")


def own_generator(text: Text, training: Training, part: DataPart) -> bool:
    """Give validation a generator without augmentation."""
    train = training.part("train")
    shared = {
        one for reader in (text.readers_of(train) if train else []) if (one := text.maker(reader)) is not None
    }
    changed = False
    for reader in text.readers_of(part):
        maker = text.maker(reader)
        if maker is None or not isinstance(reader.func, cst.Attribute):
            continue
        if any(one.keyword is not None and one.keyword.value.startswith("featurewise") for one in maker.args):
            return False  # it has to be fitted to pictures first
        gone = [one for one in maker.args if augments(one)]
        if maker in shared:
            text.replace(reader.func.value, plain_generator(text, maker))
        else:
            drop_all(text, gone)
        changed = changed or bool(gone)
    return changed


def loaders(text: Text) -> list[cst.Call]:
    """Return the ``DataLoader(...)`` calls."""
    return [one for one in text.calls("DataLoader") if one.args]


def training_loader(text: Text) -> cst.Call | None:
    """Return the loader of the loop that goes backward."""
    for call in text.nodes(cst.Call):
        loop = text.around(call, cst.For) if word(call) == "backward" else None
        if loop is None:
            continue
        given = loop.iter
        while isinstance(given, cst.Call) and text.what(given) in AROUND_LOADERS and given.args:
            given = given.args[0].value
        found = text.resolve(given)
        if isinstance(found, cst.Call) and text.what(found) == "DataLoader":
            return found
    shuffled = [one for one in loaders(text) if (told := text.argument(one, "shuffle", 2)) is not None
                and text.code(told.value) == "True"]  # fmt: skip
    return shuffled[0] if len(shuffled) == 1 else None


def own_transforms(text: Text, training: Training, part: DataPart) -> bool:
    """Give validation a list of transforms without chance."""
    train = training.part("train")
    there = {one.position for one in train.of("augment")} if train is not None else set()
    alone = [one.position for one in part.of("augment") if one.position not in there]
    for compose in text.calls("Compose"):
        if any(text.line(compose) <= one.line <= text.last_line(compose) for one in alone):
            return drop_random(text, compose)
    first = training_loader(text)
    changed = False
    for loader in loaders(text):
        if first is not None and loader is not first:
            changed = _separate(text, loader.args[0].value, first) or changed
    return changed


def _separate(text: Text, given: cst.BaseExpression, first: cst.Call) -> bool:
    """Let a loader draw from pictures of its own that are not changed at random."""
    made = text.resolve(given)
    if isinstance(made, cst.Call) and text.what(made) == "random_split":
        return _split_off(text, given, made)
    subset = made if isinstance(made, cst.Call) and text.what(made) == "Subset" and made.args else None
    whole = subset.args[0].value if subset is not None else given
    made = text.resolve(whole)
    compose = composed(text, made)
    if (
        compose is None
        or not isinstance(made, cst.Call)
        or not any(is_random(text, one.value) for one in elements(text, compose))
    ):
        return False
    argument = next((one for one in made.args if composed(text, one.value) is compose), None)
    if argument is None:
        return False
    new = _same_without_chance(text, compose) or rewritten(text, compose)
    if _draws_from(text, first.args[0].value, made):
        start = text.span(made)[0]
        code = text.code(made)
        begin, end = (offset - start for offset in text.span(argument.value))
        text.replace(whole, f"{code[:begin]}{new}{code[end:]}")
    else:
        text.replace(argument.value, new)
    return True


def _draws_from(text: Text, given: cst.BaseExpression, made: cst.Call) -> bool:
    found = text.resolve(given)
    if isinstance(found, cst.Call) and text.what(found) in ("Subset", "random_split") and found.args:
        return _draws_from(text, found.args[0].value, made)
    return found is made


def _same_without_chance(text: Text, compose: cst.Call) -> str:
    """Return the name of a list of transforms that is this one without chance, "" where there is none."""
    wanted = [code for one in elements(text, compose) if (code := steady(text, one.value)) is not None]
    for one in text.bindings:
        made = one.value if isinstance(one.target, cst.Name) else None
        if isinstance(made, cst.Call) and text.what(made) == "Compose":
            held = [text.code(inner.value) for inner in elements(text, made)]
            if held == wanted:
                return text.code(one.target)
    return ""


def _split_off(text: Text, given: cst.BaseExpression, split: cst.Call) -> bool:
    """Give one part of a ``random_split`` a copy of the pictures with transforms of its own."""
    whole = text.resolve(split.args[0].value) if split.args else None
    compose = composed(text, whole)
    attribute = _keeps_transforms(text, whole, compose)
    if compose is None or not attribute or not isinstance(given, cst.Name):
        return False
    if not any(is_random(text, one.value) for one in elements(text, compose)):
        return False
    text.add_import("import copy")
    name = text.code(given)
    text.insert_after(
        text.statement(split),
        f"{name}.dataset = copy.copy({name}.dataset)",
        f"{name}.dataset.{attribute} = {rewritten(text, compose)}",
    )
    return True


def _keeps_transforms(text: Text, made: cst.CSTNode | None, compose: cst.Call | None) -> str:
    """Return the attribute in which a data set keeps its transforms."""
    if not isinstance(made, cst.Call) or compose is None:
        return ""
    if text.api(made.func).startswith("torchvision."):
        return "transform"
    for owner in text.nodes(cst.ClassDef):
        if owner.name.value == word(made):
            for one in text.bindings:
                inside = text.line(owner) <= text.line(one.statement) <= text.last_line(owner)
                if inside and isinstance(one.target, cst.Attribute) and isinstance(one.value, cst.Name):
                    given = text.given(one.value)
                    if given is not None and composed(text, given) is compose:
                        return one.target.attr.value
    return ""


def own_data(text: Text, part: DataPart) -> bool:
    """Take the augmentation out of ``data.map(...)`` for validation alone."""
    fit = next(
        (
            one
            for one in text.nodes(cst.Call)
            if word(one) in FITTING and text.argument(one, "validation_data")
        ),
        None,
    )
    given = text.argument(fit, "validation_data") if fit is not None else None
    x = text.pictures_and_labels(fit)[0] if fit is not None else None
    if given is None:
        return False
    shared = set(_maps(text, x)) if x is not None else set()
    lines = {one.position.line for one in part.of("augment")}
    changed = False
    for call in _maps(text, given.value):
        if call not in shared and call.args:
            changed = _unwrapped(text, call.args[0].value, lines) or changed
    return changed


def _maps(text: Text, node: cst.BaseExpression) -> Iterator[cst.Call]:
    """Yield the calls of ``map`` on the way of a data set."""
    for _ in range(20):
        found = text.binding(node) if isinstance(node, (cst.Name, cst.Attribute)) else None
        node = text.resolve(node)
        if (
            not isinstance(node, cst.Call)
            or not isinstance(node.func, cst.Attribute)
            or (found is not None and found.path)
        ):
            return
        if node.func.attr.value == "map":
            yield node
        node = node.func.value


def _unwrapped(text: Text, function: cst.BaseExpression, lines: set[int]) -> bool:
    body: cst.CSTNode | None = function
    if isinstance(function, cst.Name):
        body = next((one for one in text.nodes(cst.FunctionDef) if one.name.value == function.value), None)
    if body is None:
        return False
    start, end = text.span(body)
    for call in text.nodes(cst.Call):
        if start <= text.span(call)[0] < end and call.args:
            made = text.resolve(call.func)
            if made is call.func:
                made = call
            if any(text.line(made) <= one <= text.last_line(made) for one in lines) and (
                isinstance(call.func, (cst.Name, cst.Call)) or text.api(call.func)
            ):
                text.replace(call, text.code(call.args[0].value))
                return True
    return False
