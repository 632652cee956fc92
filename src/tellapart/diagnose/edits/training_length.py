"""Edits of how long and in what portions a network trains."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from tellapart.diagnose.reading import Position, Training

from .finding_training import training_of
from .registry import Asked, Edit, edit
from .sheet import Sheet, word

LONGER = 3
"""So many times the epochs."""

PATIENCE = 5
GAIN = ("min_delta", "mode", "baseline")
"""What says which change is a gain; without them each is, in the direction that the figure's name tells."""
BATCH = 32
LOADERS = ("DataLoader",)
READERS = ("flow_from_directory", "flow", "flow_from_dataframe", "image_dataset_from_directory")


@edit("optimizer.too_few_epochs")
def more_epochs(asked: Asked) -> Iterator[Edit | None]:
    """Train three times as long; where a callback stops at once, let it wait."""
    training = training_of(asked)
    if training is None:
        return
    stopping = [one for one in training.callbacks if one.position == asked.suspicion.position]
    if stopping:
        sheet = Sheet(asked.program)
        call = sheet.call_at(stopping[0].position)
        if call is not None:
            sheet.set_argument(call, "patience", str(PATIENCE))
            for one in GAIN:
                sheet.drop_argument(call, one)
            yield Edit(
                asked.suspicion.code, f"Training stops after {PATIENCE} epochs without gain.", sheet.text()
            )
        return
    known = training.epochs.value if training.epochs is not None else 1 if training.style == "fit" else None
    epochs = (known or _seen_epochs(asked) or 0) * LONGER
    # A single epoch tells nothing: three are hardly more.
    epochs = max(epochs, 3 * LONGER) if epochs else 0
    sheet = Sheet(asked.program)
    if epochs and set_epochs(sheet, training, epochs):
        yield Edit(asked.suspicion.code, f"Training goes on for {epochs} epochs.", sheet.text())


def _seen_epochs(asked: Asked) -> int | None:
    return (
        next((len(one.epochs) for one in asked.recording.trainings), None)
        if asked.recording is not None
        else None
    )


def set_epochs(sheet: Sheet, training: Training, epochs: int) -> bool:
    """Let a training go on for so many epochs; say whether it could be done."""
    if training.loop is None:
        call = fit_call(sheet, training)
        if call is None or word(call) == "train_on_batch":
            return False
        old = sheet.argument(call, "nb_epoch") is not None
        fourth = 3 if word(call) == "fit" else None
        sheet.set_argument(call, "nb_epoch" if old else "epochs", str(epochs), fourth)
        return True
    if training.epochs is None:
        return False
    place = training.epochs.position
    for loop in sheet.nodes(cst.For):
        if sheet.starts(loop) == (place.line, place.column):
            return _set_range(sheet, loop.iter, epochs)
    return False


def _set_range(sheet: Sheet, node: cst.BaseExpression, epochs: int) -> bool:
    """Set the length of a ``range``, be it inside a progress bar."""
    for call in sheet.nodes(cst.Call):
        start, end = sheet.span(node)
        if word(call) not in ("range", "trange") or not start <= sheet.span(call)[0] < end:
            continue
        plain = [one for one in call.args if one.keyword is None]
        if len(plain) == 1:
            sheet.replace(plain[0].value, str(epochs))
            return True
        if len(plain) >= 2:
            first = sheet.code(plain[0].value)
            sheet.replace(
                plain[1].value, str(int(first) + epochs) if first.isdigit() else f"{first} + {epochs}"
            )
            return True
    return False


def fit_call(sheet: Sheet, training: Training) -> cst.Call | None:
    """Return the ``fit`` of a training."""
    for name in ("fit", "fit_generator", "train_on_batch"):
        call = sheet.call_at(training.position, name)
        if call is not None and word(call) == name:
            return call
    return None


@edit("optimizer.batch_size")
def batch_size(asked: Asked) -> Iterator[Edit | None]:
    """Take batches of the usual size."""
    training = training_of(asked)
    if training is None:
        return
    sheet = Sheet(asked.program)
    if set_batch(sheet, training, BATCH):
        yield Edit(asked.suspicion.code, f"A batch has {BATCH} pictures.", sheet.text())


def set_batch(sheet: Sheet, training: Training, size: int) -> bool:
    """Let the training pictures come in batches of a size; say whether it could be done."""
    call = fit_call(sheet, training) if training.loop is None else None
    part = training.part("train")
    if call is not None and (training.batch_size is not None or part is None or part.batch_size is None):
        sheet.set_argument(call, "batch_size", str(size), 2 if word(call) == "fit" else None)
        return True
    if part is None:
        return False
    return _set_batch_at(sheet, part.position, size) or any(
        _set_batch_at(sheet, step.position, size) for step in part.of("batch")
    )


def _set_batch_at(sheet: Sheet, position: Position, size: int) -> bool:
    for name in (*LOADERS, *READERS, "batch"):
        call = sheet.call_at(position, name)
        if call is None or word(call) != name:
            continue
        place = {"DataLoader": 1, "batch": 0}.get(name)
        sheet.set_argument(call, "batch_size", str(size), place)
        return True
    return False
