"""A larger share of the pictures for validation."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from .bindings import literal_number
from .pictures_in_text import Text, change
from .registry import Asked, Edit, edit

SHARE = 0.25
"""A quarter of a few hundred pictures is enough to choose an epoch by, and leaves most for training."""
LEAST = 0.2
KEYWORDS = ("validation_split", "test_size")
"""Of Keras and scikit-learn."""


@edit("split.validation_too_small")
def larger_part(asked: Asked) -> Iterator[Edit | None]:
    """Keep a quarter for validation."""
    yield change(asked, "A quarter of the pictures is kept for validation.", _larger)


def _larger(text: Text) -> bool:
    """Raise the share that library calls are given, be it by name; a number of pictures becomes a share."""
    done = False
    for call in text.nodes(cst.Call):
        for keyword in KEYWORDS:
            given = text.argument(call, keyword)
            share = None if given is None else literal_number(text.resolve(given.value))
            if given is not None and share is not None and (0 < share < LEAST or share > 1):
                text.replace(given.value, f"{SHARE:g}")
                done = True
    return done
