"""Learning rates that nobody wrote: old Keras had other defaults, and the program was tried with those."""

from __future__ import annotations

import re

import libcst as cst

from .library import Library
from .old_names import Words

RATES = {"Adadelta": 1.0, "Adagrad": 0.01, "Adamax": 0.002, "Nadam": 0.002}
"""Until Keras 2.2; 0.001 each in Keras 3."""
OLD = re.compile(
    r"\b(nb_epoch|samples_per_epoch|nb_val_samples|border_mode|nb_filter|subsample|W_regularizer)\s*="
)
"""Arguments that no later Keras takes."""


def with_old_rates(text: str) -> tuple[str, Words]:
    """Return a program of old Keras with the learning rates that it had by default, and what was written out.

    Parameters
    ----------
    text
        As it was written, its arguments not yet called as today.
    """
    if not OLD.search(text):
        return text, ()
    library = Library(text)
    words: list[str] = []
    for call in library.nodes(cst.Call):
        name = library.of_keras(call, "optimizers")
        if name in RATES and not call.args:
            library.set_argument(call, "learning_rate", str(RATES[name]))
            words.append(_said(name))
    for call in library.methods("compile"):
        given = library.argument(call, "optimizer", 0)
        asked = (
            str(given.value.evaluated_value) if given and isinstance(given.value, cst.SimpleString) else ""
        )
        name = next((one for one in RATES if one.lower() == asked.lower()), "")
        if given is not None and name:
            library.import_once(f"from keras.optimizers import {name}")
            library.replace(given.value, f"{name}(learning_rate={RATES[name]})")
            words.append(_said(name))
    return library.text(), tuple(words)


def _said(name: str) -> str:
    return f"this is code for an old Keras, whose {name} had a learning rate of {RATES[name]} by default: written out"
