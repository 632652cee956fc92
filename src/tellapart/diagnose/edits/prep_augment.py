"""Random changes of pictures: none for validation, none that destroy what decides the label."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence

import libcst as cst

from tellapart.diagnose.reading import DataPart, Program, Training
from tellapart.diagnose.reading.layers import AUGMENTING
from tellapart.diagnose.reading.steps import AUGMENTING as FUNCTIONS

from .chance import changes, turn_off
from .finding_training import layer_call
from .pictures_in_text import Text, change, training_at
from .prep_own import own_changes_off, own_parts_apart
from .registry import NOTHING_SUSPECTED, Asked, Edit, edit
from .transforms import augments, drop_all, drop_random, elements
from .validation_set import own_data, own_generator, own_transforms

AT_MOST = 3
"""Single augmentations that are tried alone."""


@edit("prep.destructive_augmentation")
def harmless(asked: Asked) -> Iterator[Edit | None]:
    """Leave the random changes out: all of them, then each alone."""
    training = training_at(asked)
    train = training.part("train") if training is not None else None
    words = "The training pictures are not changed at random."
    yield change(asked, words, lambda text: _everything_off(text, training))
    yield from own_changes_off(asked)
    if training is not None and train is not None:
        yield from _all_but_one(asked, training, train)


def unchanged(program: Program) -> str | None:
    """Return the program with no random changes of its training pictures; None where it has none to leave out."""
    text = Text(Asked(program, NOTHING_SUSPECTED))
    found = [_everything_off(text, training) for training in program.trainings]
    if not any(found):
        return None
    with contextlib.suppress(ValueError):
        return text.text()
    return None


def _everything_off(text: Text, training: Training | None) -> bool:
    own = changes(text)
    found = [turn_off(text, one) for one in own]
    return (training is not None and _off(text, training, None, [one.node for one in own])) or any(found)


def _all_but_one(asked: Asked, training: Training, train: DataPart) -> Iterator[Edit | None]:
    suspected = [one.name for one in train.of("augment") if one.position == asked.suspicion.position]
    layers = [one.kind for one in (training.model.layers if training.model else ()) if one.kind in AUGMENTING]
    names = list(dict.fromkeys([*suspected, *(one.name for one in train.of("augment")), *layers]))
    for name in names[:AT_MOST] if len(names) > 1 else ():
        words = (
            f"The training pictures are changed at random in all ways but one ({name.rpartition('.')[2]})."
        )
        yield change(asked, words, lambda text, name=name: _off(text, training, name))  # type: ignore[misc]


def _off(text: Text, training: Training, only: str | None, done: Sequence[cst.CSTNode] = ()) -> bool:
    train = training.part("train")
    lines = [one.position.line for one in train.of("augment")] if train is not None else []
    found = False
    for call in text.calls("ImageDataGenerator", "Compose", *(one.rpartition(".")[2] for one in FUNCTIONS)):
        if not any(text.line(call) <= one <= text.last_line(call) for one in lines):
            continue
        if any(text.span(one)[0] <= text.span(call)[0] < text.span(one)[1] for one in done):
            continue
        if text.what(call) == "ImageDataGenerator":
            gone = [
                one
                for one in call.args
                if augments(one) and only in (None, one.keyword and one.keyword.value)
            ]
            drop_all(text, gone)
            found = found or bool(gone)
        elif text.what(call) == "Compose":
            for one in [None] if only is None else elements(text, call):
                if one is None or _called(text, one.value) == only:
                    found = drop_random(text, call, one) or found
        elif text.api(call.func) in FUNCTIONS and only in (None, text.api(call.func)):
            found = text.unwrap_layer(call) or found
    return _layers_off(text, training, only) or found


def _called(text: Text, node: cst.BaseExpression) -> str:
    made = text.resolve(node)
    return text.what(made) if isinstance(made, cst.Call) else ""


def _layers_off(text: Text, training: Training, only: str | None) -> bool:
    layers = [one for one in (training.model.layers if training.model else ()) if one.kind in AUGMENTING]
    calls = [
        call for one in layers if only in (None, one.kind) and (call := layer_call(text, one)) is not None
    ]
    train = training.part("train")
    for step in train.of("augment") if train is not None else ():
        if step.name in AUGMENTING and only in (None, step.name):
            call = text.call_at(step.position, step.name)
            if call is not None and call not in calls and text.api(call.func).startswith("keras."):
                calls.append(call)
    whole: dict[cst.CSTNode, list[cst.Call]] = {}
    for call in calls:
        listed = text.parent(text.parent(call)) if isinstance(text.parent(call), cst.Element) else None  # type: ignore[arg-type]
        if listed is None:
            text.take_out(call)
        else:
            whole.setdefault(listed, []).append(call)
    for listed, gone in whole.items():
        left = gone
        held = [one.value for one in listed.elements]  # type: ignore[attr-defined]
        if len(held) == len(gone):
            # An empty list is no network: something that changes nothing stands in.
            shape = text.argument(gone[0], "input_shape")
            given = "" if shape is None else f", {text.code(shape)}"
            text.replace(
                gone[0], f"{text.beside('keras.layers', 'Activation')}({text.quoted('linear')}{given})"
            )
            left = gone[1:]
        drop_all(text, [one for one in listed.elements if one.value in left])  # type: ignore[attr-defined]
    return bool(calls)


@edit("prep.augmented_validation")
def unchanged_validation(asked: Asked) -> Iterator[Edit | None]:
    """Change only training pictures at random."""
    training = training_at(asked)
    part = _augmented_part(asked, training)
    if training is None or part is None:
        yield from own_parts_apart(asked)
        return
    words = f"The {part.role} pictures are not changed at random."
    yield change(asked, words, lambda text: own_generator(text, training, part))
    yield change(asked, words, lambda text: own_transforms(text, training, part))
    yield change(asked, words, lambda text: own_data(text, part))
    yield from own_parts_apart(asked)


def _augmented_part(asked: Asked, training: Training | None) -> DataPart | None:
    own = training.parts if training is not None else ()
    found = [
        one
        for one in (*own, *asked.program.parts)
        if one.role in ("validation", "test") and one.of("augment")
    ]
    at = [one for one in found if one.position == asked.suspicion.position]
    return next(iter(at or found), None)
