"""Copies of one picture on both sides of a split: split first, multiply afterwards."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from tellapart.diagnose.reading import Position, Step

from .bindings import Binding
from .pictures_in_text import Text, change
from .registry import Asked, Edit, edit

MULTIPLYING = ("augment", "oversample")


@edit("split.leak")
def split_first(asked: Asked) -> Iterator[Edit | None]:
    """Divide the pictures before they are multiplied, and draw both parts in one way."""
    words = "The pictures are split first; only the training part is multiplied."
    yield change(asked, words, lambda text: _multiplied_after(text, asked))
    words = "No changed copies of the pictures are added before they are split."
    yield change(asked, words, lambda text: _not_multiplied(text, asked))
    yield change(
        asked, "Both parts are drawn from the folder with the same seed.", lambda text: _alike(text, "seed")
    )
    words = "Both parts are cut from the folder at the same place."
    yield change(asked, words, lambda text: _alike(text, "validation_split"))


def _steps(asked: Asked) -> list[Step]:
    position = asked.suspicion.position
    return [step for split in asked.program.splits if position in (None, split.position)
            for step in split.before if step.kind in MULTIPLYING]  # fmt: skip


def _split_at(text: Text, position: Position | None) -> Binding | None:
    """Return the first name that a ``train_test_split`` of several arrays gives."""
    for one in text.bindings:
        value = one.value
        split = isinstance(value, cst.Call) and text.what(value) == "train_test_split" and one.path == (0,)
        if split and (position is None or position.line <= text.line(value) <= position.end_line):
            return one
    return None


def _multiplied_after(text: Text, asked: Asked) -> bool:
    steps = _steps(asked)
    split = _split_at(text, asked.suspicion.position)
    if split is None or not steps or not isinstance(split.value, cst.Call):
        return False
    arrays = [one.value for one in split.value.args if one.keyword is None]
    statement = text.statement(split.statement)
    given = [text.code(one) for one in arrays]
    kept = {text.code(one.target): given[one.path[0] // 2] for one in text.bindings
            if one.value is split.value and one.path[0] % 2 == 0}  # fmt: skip
    moved = _multiplying(text, statement, given, steps)
    before = _inputs(text, moved, given)
    if not moved or before is None or len(kept) != len(given):
        return False
    # In what moves, both the names before and after multiplying become those of the training part.
    names = {old: new for new, old in kept.items()}
    names |= {old: names[new] for new, old in before.items()}
    lines = [text.renamed(one, names) for one in moved]
    for one in moved:
        text.remove_statement(one)
    for argument in split.value.args:
        code = text.code(argument.value)
        if before.get(code, code) != code:
            text.replace(argument.value, before[code])
    text.insert_after(statement, *lines)
    return True


def _multiplying(text: Text, split: cst.CSTNode, given: list[str], steps: list[Step]) -> list[cst.CSTNode]:
    """Return the statements that multiply, and those after them, that bind what is split, in the split's block."""
    block = text.parent(split)
    body: list[cst.CSTNode] = list(block.body) if isinstance(block, (cst.IndentedBlock, cst.Module)) else []
    found: list[cst.CSTNode] = []
    for one in body[: body.index(split)] if split in body else []:
        bound = [binding for binding in text.bindings if text.statement(binding.statement) is one]
        if not bound or any(text.code(binding.target) not in given for binding in bound):
            continue
        if found or any(_leads_to(text, one, step.position) for step in steps):
            found.append(one)
    return found


def _leads_to(text: Text, statement: cst.CSTNode, position: Position) -> bool:
    """Say whether a step stands in a statement, or in a function of the program that it calls."""
    if text.line(statement) <= position.line <= text.last_line(statement):
        return True
    start, end = text.span(statement)
    called = {text.code(one.func) for one in text.nodes(cst.Call) if start <= text.span(one)[0] < end}
    return any(
        one.name.value in called and text.line(one) <= position.line <= text.last_line(one)
        for one in text.nodes(cst.FunctionDef)
    )


def _inputs(text: Text, moved: list[cst.CSTNode], given: list[str]) -> dict[str, str] | None:
    """Return what each array was called before it was multiplied; None where that cannot be told."""
    if not moved:
        return None
    found: dict[str, str] = {}
    bound = [one for one in text.bindings if text.statement(one.statement) in moved]
    for one in bound:
        start, end = text.span(one.value)
        inside = [node for node in text.nodes(cst.Name) if start <= text.span(node)[0] < end]
        names = [node.value for node in inside if text.binding(node) is not None]
        target = text.code(one.target)
        if target in found:
            continue
        place = one.path[0] if one.path else 0
        if target in names:
            found[target] = target
        elif place < len(names):
            found[target] = names[place]
    return found if set(found) == set(given) else None


def _not_multiplied(text: Text, asked: Asked) -> bool:
    """Take out ``pictures.append(changed)`` of a reading loop, and the copy of the label that goes with it."""
    changed = False
    for step in _steps(asked):
        for call in text.calls("append"):
            statement = text.statement(call)
            block = text.parent(statement)
            if not text.line(call) <= step.position.line <= text.last_line(call) or not isinstance(
                block, cst.IndentedBlock
            ):
                continue
            labels = _repeated(text, block, statement)
            if labels is not None:
                text.remove_statement(statement)
                text.remove_statement(labels)
                changed = True
    return changed


def _repeated(text: Text, block: cst.IndentedBlock, statement: cst.CSTNode) -> cst.CSTNode | None:
    """Return the first line after a statement that stands in its block before too."""
    place = list(block.body).index(statement)  # type: ignore[arg-type]
    before = {text.code(one) for one in block.body[:place]}
    return next((one for one in block.body[place + 1 :] if text.code(one) in before), None)


def _alike(text: Text, setting: str) -> bool:
    """Give the second part of one folder the seed, or the share, of the first."""
    readers = [one for one in text.calls("image_dataset_from_directory", "flow_from_directory") if one.args]
    for one in readers:
        for other in readers[readers.index(one) + 1 :]:
            if text.code(one.args[0].value) != text.code(other.args[0].value):
                continue
            first, second = _owner(text, one, setting), _owner(text, other, setting)
            known = text.argument(first, setting) if first is not None else None
            there = text.argument(second, setting) if second is not None else None
            if second is None or first is second or (known is None and there is None):
                continue
            value = text.code(known.value) if known is not None else text.code(there.value) if there else ""
            if there is None or text.code(there.value) != value:
                text.set_argument(second, setting, value)
                return True
            if known is None and first is not None:
                text.set_argument(first, setting, value)
                return True
    return False


def _owner(text: Text, reader: cst.Call, setting: str) -> cst.Call | None:
    """Return the call that has a setting: the generator's for the share, else the reader's."""
    return (
        text.maker(reader)
        if setting == "validation_split" and text.what(reader).startswith("flow")
        else reader
    )
