"""A program that trains for fewer epochs, and is otherwise the same: for experiments on long trainings."""

from __future__ import annotations

import contextlib

from tellapart.diagnose.reading import read_program

from .sheet import Sheet
from .training_length import set_epochs


def shortened(text: str, file: str, epochs: int) -> str:
    """Return a program whose trainings end after so many epochs.

    Parameters
    ----------
    text
        The program.
    file
        Its name.
    epochs
        At least 1. A training that is known to be as short already is left alone, and so is one whose length the
        text does not give in a way that could be changed.
    """
    program = read_program(text, file)
    for number in range(len(program.trainings)):
        training = program.trainings[number]
        known = None if training.epochs is None else training.epochs.value
        if (training.loop is None and training.epochs is None) or (known is not None and known <= epochs):
            continue
        sheet = Sheet(program)
        # One training at a time: two may share a function, and with it the number.
        with contextlib.suppress(ValueError):
            if set_epochs(sheet, training, epochs):
                program = read_program(sheet.text(), file)
    return program.text
