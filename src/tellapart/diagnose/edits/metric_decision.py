"""How scores become classes: the largest of several, one score against a limit, shapes that fit."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from tellapart.diagnose.reading import Position, Program
from tellapart.diagnose.reading.loop_facts import Decision
from tellapart.diagnose.reading.suspicions.vocabulary import wants_logits

from .bindings import literal_number
from .pictures_in_text import Text, change
from .registry import Asked, Edit, edit

LARGEST = ("argmax", "max")
ROUNDING = ("round", "rint")


@edit("metric.wrong_decision")
def decide_rightly(asked: Asked) -> Iterator[Edit | None]:
    """Hold one score against its limit, take the largest of several, compare what has one shape."""
    for decision in asked.program.decisions:
        if asked.suspicion.position not in (None, decision.position) or decision.output is None:
            continue
        yield from _one(asked, decision)


def _one(asked: Asked, decision: Decision) -> Iterator[Edit | None]:
    units = decision.output.units if decision.output is not None else None
    limit = _limit(asked.program, decision)
    if decision.kind == "argmax" and units == 1:
        words = f"The one score of a picture is compared with {limit}."
        yield change(asked, words, lambda text: _against_limit(text, decision.position, limit))
    elif decision.kind != "argmax" and units is not None and units > 1:
        words = "The class is the largest of the outputs."
        yield change(asked, words, lambda text: _largest(text, decision.position, units))
    elif decision.kind != "argmax":
        if limit == "0" and decision.threshold == 0.5:
            yield change(
                asked, "Raw scores are compared with 0.", lambda text: _at_zero(text, decision.position)
            )
        if decision.compared_with == "plain" and not decision.squeezed and not _tall_labels(asked):
            words = "The scores lose their second axis before they are compared."
            yield change(asked, words, lambda text: _flat(text, decision.position))


def _limit(program: Program, decision: Decision) -> str:
    """Return what even odds are: 0 for raw scores, .5 for probabilities."""
    output = decision.output
    raw = (
        output is not None and output.activation in (None, "linear") and "sigmoid" not in decision.activations
    )
    losses = [one.loss for one in program.trainings if one.loss is not None]
    return "0" if raw and any(wants_logits(one) for one in losses) else "0.5"


def _tall_labels(asked: Asked) -> bool:
    """Say whether a run showed labels of shape (N, 1), which scores of that shape fit."""
    for training in asked.recording.trainings if asked.recording is not None else ():
        train = training.parts.get("train")
        if train is not None and train.labels is not None and train.labels.shape == (1,):
            return True
    return False


def _call_at(text: Text, position: Position, names: tuple[str, ...]) -> cst.Call | None:
    found = [one for one in text.calls(*names) if text.starts(one) == (position.line, position.column)]
    return found[-1] if found else None


def _scores(text: Text, call: cst.Call) -> cst.BaseExpression | None:
    """Return what a function is applied to, or the method of what it is."""
    if isinstance(call.func, cst.Attribute) and not text.api(call.func):
        return call.func.value
    return call.args[0].value if call.args else None


def _is_torch(text: Text) -> bool:
    return "torch" in text.program.frameworks and "keras" not in text.program.frameworks


def _against_limit(text: Text, position: Position, limit: str) -> bool:
    call = _call_at(text, position, LARGEST)
    scores = _scores(text, call) if call is not None else None
    if call is None or scores is None:
        return False
    of = text.tight(scores)
    single = (
        isinstance(scores, cst.Subscript)
        and isinstance(scores.slice[0].slice, cst.Index)
        and len(scores.slice) == 1
    )
    axis = any(one.keyword is not None for one in call.args) or len(call.args) > (
        scores is call.args[0].value
    )
    if single or not (axis or _is_torch(text)):
        # The largest of one picture's scores: a number, not one a picture.
        text.replace(call, f"int({of}.reshape(-1)[0] > {limit})")
        return True
    cast = ".long()" if _is_torch(text) else '.astype("int32")'
    # The classes keep the shape that they had: labels of that shape are what they are held against.
    kept = any(one.keyword is not None and one.keyword.value in ("keepdim", "keepdims") for one in call.args)
    flat = f"({of}{'' if kept else '[:, 0]'} > {limit}){cast}"
    if text.what(call) == "max":
        return _second_of_max(text, call, flat)
    text.replace(call, flat)
    return True


def _second_of_max(text: Text, call: cst.Call, flat: str) -> bool:
    """Put the decision in place of the indices that ``torch.max`` gives beside the values."""
    outer = text.parent(call)
    if isinstance(outer, (cst.Subscript, cst.Attribute)):
        text.replace(outer, flat)
        return True
    if isinstance(outer, cst.Assign) and isinstance(outer.targets[0].target, cst.Tuple):
        text.replace(outer, f"{text.code(outer.targets[0].target.elements[1].value)} = {flat}")
        return True
    return False


def _comparison(text: Text, position: Position) -> cst.Comparison | None:
    """Return the innermost comparison with a number at a position."""
    found = [
        one
        for one in text.nodes(cst.Comparison)
        if text.starts(one) == (position.line, position.column)
        and literal_number(one.comparisons[0].comparator) is not None
    ]
    return found[-1] if found else None


def _largest(text: Text, position: Position, units: int) -> bool:
    node: cst.BaseExpression | None = _comparison(text, position)
    scores = node.left if isinstance(node, cst.Comparison) else None
    if node is None:
        node = call = _call_at(text, position, ROUNDING)
        scores = _scores(text, call) if call is not None else None
    if node is None or scores is None:
        return False
    of = text.code(scores)
    one_hot = _held_against_one_hot(text)
    if _is_torch(text):
        largest = f"{text.tight(scores)}.argmax(1)"
        largest = (
            f"{text.name_for('torch')}.nn.functional.one_hot({largest}, {units})" if one_hot else largest
        )
    else:
        numpy = text.numpy()
        largest = f"{numpy}.argmax({of}, axis=1)"
        largest = f"{numpy}.eye({units})[{largest}]" if one_hot else largest
    text.replace(node, largest)
    return True


def _held_against_one_hot(text: Text) -> bool:
    """Say whether a run, or else the text, shows one-hot labels."""
    recording = text.asked.recording
    for training in recording.trainings if recording is not None else ():
        train = training.parts.get("train")
        if train is not None and train.labels is not None and train.labels.shape:
            return train.labels.shape[-1] > 1
    parts = [one.part("train") for one in text.program.trainings]
    return any(
        one is not None and one.label_mode == "categorical" and one.reader == "arrays" for one in parts
    )


def _at_zero(text: Text, position: Position) -> bool:
    compared = _comparison(text, position)
    if compared is not None:
        text.replace(compared.comparisons[0].comparator, "0")
        return True
    call = _call_at(text, position, ROUNDING)
    scores = _scores(text, call) if call is not None else None
    if call is None or scores is None:
        return False
    cast = ".float()" if _is_torch(text) else '.astype("float32")'
    text.replace(call, f"({text.tight(scores)} > 0){cast}")
    return True


def _flat(text: Text, position: Position) -> bool:
    compared = _comparison(text, position)
    if compared is not None:
        scores: cst.BaseExpression | None = compared.left
    else:
        call = _call_at(text, position, ROUNDING)
        scores = _scores(text, call) if call is not None else None
    if scores is None:
        return False
    text.replace(scores, f"{text.tight(scores)}[:, 0]")
    return True
