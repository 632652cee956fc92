"""Edits of the learning rate and of the optimiser itself."""

from __future__ import annotations

from collections.abc import Iterator
from math import log10

import libcst as cst

from tellapart.diagnose.reading import Optimizer, Position, RateSetting, Training
from tellapart.diagnose.reading.interpret.values import Made, Part
from tellapart.diagnose.reading.suspicions.vocabulary import from_scratch

from .finding_training import compile_call, training_of
from .rate_settings import other_rates
from .registry import Asked, Edit, edit
from .sheet import Sheet, word

USUAL, USUAL_SGD, PRETRAINED = 1e-3, 1e-2, 1e-4
"""Adam's own rate; that of plain descent; what a pretrained network stands in full."""

KERAS_CLASSES = {
    "adam": "Adam", "adamw": "AdamW", "nadam": "Nadam", "adamax": "Adamax", "rmsprop": "RMSprop", "adagrad": "Adagrad",
    "adadelta": "Adadelta", "sgd": "SGD", "ftrl": "Ftrl", "lion": "Lion",
}  # fmt: skip


@edit("optimizer.learning_rate_too_high")
def lower_rate(asked: Asked) -> Iterator[Edit | None]:
    """Take a tenth of the rate, then a hundredth."""
    setting = _setting(asked)
    yield from _rates(asked, (0.1, 0.01)) if setting is None else other_rates(asked, setting, (0.1, 0.01))


@edit("optimizer.learning_rate_too_low")
def higher_rate(asked: Asked) -> Iterator[Edit | None]:
    """Step the schedule once an epoch, or not at all; else take ten and a hundred times the rate."""
    for one in asked.program.trainings:
        decayed = one.loop.scheduler_per_batch if one.loop is not None else None
        if decayed is not None and asked.suspicion.position == decayed[1]:
            yield _schedule_by_epoch(asked, decayed[1])
            return
        fading = one.loop.fading_schedule if one.loop is not None else None
        if fading is not None and asked.suspicion.position == fading[1]:
            yield _constant_rate(asked, fading[1])
            return
    setting = _setting(asked)
    if setting is not None:
        yield from other_rates(asked, setting, (10.0, 100.0))
        return
    training = training_of(asked)
    optimizer = training.optimizer if training is not None else None
    if optimizer is not None and optimizer.name == "adadelta":
        yield _rate(asked, training, 1.0)  # what its authors mean
    else:
        yield from _rates(asked, (10.0, 100.0))


def _setting(asked: Asked) -> RateSetting | None:
    """Return where the rate that is meant is set, if that is not the optimiser."""
    settings = asked.program.rate_settings
    return next((one for one in settings if one.position == asked.suspicion.position), None)


def _rates(asked: Asked, factors: tuple[float, float]) -> Iterator[Edit | None]:
    """Yield an edit a factor, and one with the usual rate where that is farther; nearest to the usual rate first."""
    training = training_of(asked)
    optimizer = training.optimizer if training is not None else None
    rate = optimizer.learning_rate if optimizer is not None else None
    rate = abs(rate if rate is not None else _seen_rate(asked) or 0.0)
    if training is None or not rate:
        return
    usual = _usual(training)
    tried = [float(f"{rate * factor:.3g}") for factor in factors]
    if all(abs(log10(one / usual)) > 0.99 for one in tried):
        tried.append(usual)
    for one in sorted(tried, key=lambda given: abs(log10(given / usual))):
        yield _rate(asked, training, one)


def _usual(training: Training) -> float:
    """Return the rate at which such a network usually trains."""
    if not from_scratch(training):
        return PRETRAINED
    plain = training.optimizer is not None and training.optimizer.name == "sgd"
    return USUAL_SGD if plain else USUAL


def _seen_rate(asked: Asked) -> float | None:
    """Return the learning rate with which a run began."""
    for training in asked.recording.trainings if asked.recording is not None else ():
        for step in training.steps[:1]:
            if step.learning_rates:
                return step.learning_rates[0]
    return None


def _rate(asked: Asked, training: Training | None, rate: float) -> Edit | None:
    sheet = Sheet(asked.program)
    if training is None or not set_rate(sheet, training, rate):
        return None
    return Edit(asked.suspicion.code, f"The learning rate is {rate:g}.", sheet.text())


def set_rate(sheet: Sheet, training: Training, rate: float) -> bool:
    """Give a training's optimiser another learning rate; say whether it could be done."""
    optimizer = training.optimizer
    said = repr(float(f"{rate:.6g}"))
    if optimizer is None:
        return _named(sheet, training, "Adam", f"learning_rate={said}")
    call = sheet.call_at(optimizer.position)
    if call is None:
        node = next((one for one in sheet.nodes(cst.Name, cst.Attribute)
                     if sheet.starts(one) == (optimizer.position.line, optimizer.position.column)), None)  # fmt: skip
        if node is not None and optimizer.name.lower() == sheet.code(node).rpartition(".")[2].lower():
            sheet.replace(node, f"{sheet.code(node)}(learning_rate={said})")  # the class, unmade
            return True
        return _named(sheet, training, KERAS_CLASSES.get(optimizer.name, ""), f"learning_rate={said}")
    if optimizer.framework == "torch":
        sheet.set_argument(call, "lr", said, 1)
        return True
    keyword = "lr" if sheet.argument(call, "lr") is not None else "learning_rate"
    known = sheet.argument(call, keyword, 0)
    made = sheet.made(call)
    schedule = made.argument(0, keyword) if made is not None else None
    if known is not None and isinstance(schedule, Made) and (inner := sheet.node_of(schedule)) is not None:
        sheet.set_argument(inner, "initial_learning_rate", said, 0)
    else:
        sheet.set_argument(call, keyword, said, 0)
    return True


def _named(sheet: Sheet, training: Training, name: str, settings: str = "") -> bool:
    """Put an object of Keras's in place of an optimiser's name in ``compile``."""
    call = compile_call(sheet, training)
    if call is None or not name:
        return False
    known = sheet.argument(call, "optimizer", 0)
    text = f"{sheet.name_for('keras')}.optimizers.{name}({settings})"
    if known is not None:
        sheet.replace(known.value, text)
    else:
        sheet.set_argument(call, "optimizer", text)
    return True


def _schedule_by_epoch(asked: Asked, position: Position) -> Edit | None:
    """Move the schedule's step out of the loop over batches, to the end of each epoch."""
    sheet = Sheet(asked.program)
    steps = [(node, made) for node, made, _ in sheet.methods("step")]
    here = next((one for one in steps if one[1].position == position), None)
    if here is None or not isinstance(here[1].function, Part):
        return None
    node, schedule = here[0], here[1].function.of
    batches = sheet.around(node, cst.For, cst.While)
    elsewhere = [other for other, made in steps if other is not node and isinstance(made.function, Part)
                 and made.function.of is schedule]  # fmt: skip
    sheet.remove_statement(node)
    if batches is not None and not elsewhere:
        sheet.insert_after(batches, sheet.code(node))
    return Edit(asked.suspicion.code, f"{sheet.code(node)} is called once an epoch.", sheet.text())


def _constant_rate(asked: Asked, made_at: Position) -> Edit | None:
    """Leave out the steps of the schedule made there."""
    sheet = Sheet(asked.program)
    steps = [node for node, made, _ in sheet.methods("step")
             if isinstance(made.function, Part) and made.function.of.position == made_at]  # fmt: skip
    for node in steps:
        sheet.remove_statement(node)
    words = "The learning rate stays as it is: its schedule is not stepped."
    return Edit(asked.suspicion.code, words, sheet.text()) if steps else None


@edit("optimizer.unsuitable")
def unsuitable(asked: Asked) -> Iterator[Edit | None]:
    """Take Adam at the library's defaults."""
    training = training_of(asked)
    optimizer = training.optimizer if training is not None else None
    if training is None or optimizer is None:
        return
    sheet = Sheet(asked.program)
    if _adam(sheet, training, optimizer):
        yield Edit(asked.suspicion.code, "The optimiser is Adam at its defaults.", sheet.text())


def _adam(sheet: Sheet, training: Training, optimizer: Optimizer) -> bool:
    call = sheet.call_at(optimizer.position)
    if call is None:
        return _named(sheet, training, "Adam")
    name = (
        sheet.code(call.func) if word(call) == "Adam" else sheet.sibling(call, "Adam", f"{_root(optimizer)}")
    )
    given = ""
    if optimizer.framework == "torch":
        parameters = sheet.argument(call, "params", 0)
        if parameters is None:
            return False
        given = sheet.code(parameters.value)
    sheet.replace(call, f"{name}({given})")
    return True


def _root(optimizer: Optimizer) -> str:
    return "torch.optim" if optimizer.framework == "torch" else "keras.optimizers"
