"""Order, coverage and balance of the training pictures."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from tellapart.diagnose.reading import DataPart, Training

from . import data_balance  # noqa: F401 - importing it fills the registry
from .bindings import is_false
from .data_by_hand import sliced_at_random
from .data_length import whole_length
from .finding_training import loops_around
from .pictures_in_text import FITTING, Text, change, training_at
from .registry import Asked, Edit, edit
from .sheet import word
from .validation_set import training_loader

STEPS = ("steps_per_epoch", "validation_steps", "samples_per_epoch", "nb_val_samples")
COUNTED = ("enumerate", "islice")


@edit("data.unshuffled_training")
def shuffled(asked: Asked) -> Iterator[Edit | None]:
    """Mix the training pictures."""
    training = training_at(asked)
    if training is None:
        return
    train = training.part("train")
    words = "The training pictures are shuffled."
    yield change(asked, words, lambda text: _reader_shuffles(text, training, train))
    yield change(asked, words, lambda text: _fit_shuffles(text, training))
    yield change(asked, words, _loader_shuffles)
    yield change(asked, words, lambda text: _data_set_shuffles(text, training))
    words = "The batches are cut from a random order of the training pictures."
    yield change(asked, words, lambda text: sliced_at_random(text, training))


def _reader_shuffles(text: Text, training: Training, train: DataPart | None) -> bool:
    fit = text.fit(training)
    x = text.pictures_and_labels(fit)[0] if fit is not None else None
    reader = text.reader(x) if x is not None else None
    readers = [reader] if reader is not None else text.readers_of(train) if train is not None else []
    changed = False
    for call in readers:
        known = text.argument(call, "shuffle")
        if known is not None and is_false(known):
            text.replace(known.value, "True")
            changed = True
    return changed


def _fit_shuffles(text: Text, training: Training) -> bool:
    fit = text.fit(training)
    known = text.argument(fit, "shuffle") if fit is not None else None
    if known is None or not is_false(known):
        return False
    text.replace(known.value, "True")
    return True


def _loader_shuffles(text: Text) -> bool:
    loader = training_loader(text) or next((one for one in text.calls("DataLoader")), None)
    fixed = ("sampler", "batch_sampler")
    if loader is None or "torch" not in text.program.frameworks:
        return False
    known = text.argument(loader, "shuffle", 2)
    if known is not None and not is_false(known) and not _is_off_by_default(text, loader, known):
        return False
    for one in fixed:
        sampler = text.argument(loader, one)
        if sampler is not None:
            made = text.resolve(sampler.value)
            if not (isinstance(made, cst.Call) and text.what(made) == "SequentialSampler"):
                return False
            text.replace(sampler, "shuffle=True")
            return True
    text.set_argument(loader, "shuffle", "True", 2)
    return True


def _is_off_by_default(text: Text, loader: cst.Call, given: cst.Arg) -> bool:
    """Say whether it is a parameter of the function that makes the loader, and False unless a caller says otherwise."""
    function = text.around(loader, cst.FunctionDef)
    parameters = () if function is None else (*function.params.params, *function.params.kwonly_params)
    name = text.code(given.value)
    return any(
        one.name.value == name and isinstance(one.default, cst.Name) and one.default.value == "False"
        for one in parameters
    )


def _data_set_shuffles(text: Text, training: Training) -> bool:
    """Put ``shuffle`` right after ``from_tensor_slices``: before batches are made."""
    for call in text.calls("from_tensor_slices"):
        if not call.args or not _trains(text, call, training):
            continue
        given = text.resolve(call.args[0].value)
        first = given.elements[0].value if isinstance(given, cst.Tuple) else call.args[0].value
        text.wrap(call, "", f".shuffle(len({text.code(first)}))")
        return True
    return False


def _trains(text: Text, made: cst.Call, training: Training) -> bool:
    """Say whether a data set is the one that is trained on."""
    fit = text.fit(training)
    node = text.pictures_and_labels(fit)[0] if fit is not None else None
    train = training.part("train")
    if node is None:
        return train is not None and text.line(made) <= train.position.line <= text.last_line(
            text.statement(made)
        )
    for _ in range(12):
        node = text.resolve(node)
        if node is made:
            return True
        if not isinstance(node, cst.Call) or not isinstance(node.func, cst.Attribute):
            return False
        node = node.func.value
    return False


@edit("data.partial_epoch")
def whole_epoch(asked: Asked) -> Iterator[Edit | None]:
    """Show every picture in every epoch."""
    yield change(asked, "An epoch goes through all batches.", lambda text: _no_steps(text, asked))
    yield change(asked, "The loop goes through all batches.", _no_break)
    yield change(asked, "The data set gives all of its batches.", whole_length)
    yield change(asked, "An epoch takes ten times as many batches.", _more_steps)


def _more_steps(text: Text) -> bool:
    """Where nothing tells how many batches there are, take many more."""
    for fit in (one for one in text.nodes(cst.Call) if word(one) in FITTING):
        for one in fit.args:
            if one.keyword is not None and one.keyword.value == "steps_per_epoch":
                text.replace(one.value, f"10 * {text.tight(one.value)}")
                return True
    return False


def _no_steps(text: Text, asked: Asked) -> bool:
    position = asked.suspicion.position
    changed = False
    for fit in (one for one in text.nodes(cst.Call) if word(one) in FITTING):
        gone = [one for one in fit.args if one.keyword is not None and one.keyword.value in STEPS]
        here = [
            one
            for one in gone
            if position is not None and text.starts(one.value) == (position.line, position.column)
        ]
        for one in here or gone:
            source = _source(text, fit, one)
            counted = _steps_of_own_generator(text, source)
            if counted == "":
                continue  # it never ends by itself, and nothing tells how long it is
            if counted is not None:
                text.replace(one.value, counted)
            else:
                text.drop_element(one)
                for call in _repeats(text, source):
                    text.replace(call, text.code(call.func.value))  # type: ignore[attr-defined]
            changed = True
            break
    return changed


def _source(text: Text, fit: cst.Call, steps: cst.Arg) -> cst.BaseExpression | None:
    validation = steps.keyword is not None and "val" in steps.keyword.value
    argument = text.argument(fit, "validation_data") if validation else None
    return argument.value if argument is not None else text.pictures_and_labels(fit)[0]


def _repeats(text: Text, node: cst.BaseExpression | None) -> list[cst.Call]:
    """Return the calls of ``repeat()`` without a number on the way of a data set."""
    found: list[cst.Call] = []
    for _ in range(12):
        node = text.resolve(node) if node is not None else None
        if not isinstance(node, cst.Call) or not isinstance(node.func, cst.Attribute):
            break
        if node.func.attr.value == "repeat" and not node.args:
            found.append(node)
        node = node.func.value
    return found


def _steps_of_own_generator(text: Text, node: cst.BaseExpression | None) -> str | None:
    """Return the number of batches of a generator that the program writes itself; None where there is none of these."""
    made = text.resolve(node) if node is not None else None
    if not isinstance(made, cst.Call):
        return None
    function = next((one for one in text.nodes(cst.FunctionDef) if one.name.value == word(made)), None)
    if function is None:
        return None
    start, end = text.span(function)
    if not any(start <= text.span(one)[0] < end for one in text.nodes(cst.Yield)):
        return None
    names = [one.name.value for one in function.params.params]
    given = {name: text.code(arg.value) for name in names
             if (arg := text.argument(made, name, names.index(name))) is not None}  # fmt: skip
    for call in text.calls("range"):
        if start <= text.span(call)[0] < end and len(call.args) == 3:
            total, size = (text.renamed(one.value, given) for one in call.args[1:])
            local = {one.value for one in text.nodes(cst.Name) if start <= text.span(one)[0] < end} - set(
                given
            )
            if not any(one in local and not one.isupper() and one != "len" for one in (total, size)):
                return f"-(-({total}) // ({size}))"
    return ""


def _no_break(text: Text) -> bool:
    """Take out ``if i == 10: break`` and ``islice`` of the loop that trains."""
    for call in text.nodes(cst.Call):
        if word(call) not in ("backward", "apply_gradients", "train_on_batch"):
            continue
        loop = next((one for one in loops_around(text, call) if isinstance(one, cst.For)), None)
        if loop is None:
            continue
        if isinstance(loop.iter, cst.Call) and text.what(loop.iter) in COUNTED and loop.iter.args:
            inner = loop.iter if text.what(loop.iter) == "islice" else loop.iter.args[0].value
            if isinstance(inner, cst.Call) and text.what(inner) == "islice":
                text.replace(inner, text.code(inner.args[0].value))
                return True
        counter = loop.target.elements[0].value if isinstance(loop.target, cst.Tuple) else None
        for one in loop.body.body:
            if (
                isinstance(one, cst.If)
                and one.orelse is None
                and counter is not None
                and _only_breaks(text, one, counter)
            ):
                text.remove_statement(one)
                return True
    return False


def _only_breaks(text: Text, one: cst.If, counter: cst.BaseExpression) -> bool:
    body = one.body.body
    small = body[0].body[0] if len(body) == 1 and isinstance(body[0], cst.SimpleStatementLine) else (
        body[0] if len(body) == 1 else None
    )  # fmt: skip
    compared = one.test
    return (
        isinstance(small, cst.Break)
        and isinstance(compared, cst.Comparison)
        and text.code(compared.left).split(" ")[0].strip("(") == text.code(counter)
    )
