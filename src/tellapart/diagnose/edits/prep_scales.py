"""Where pixels are divided by 255, and how a step of the preparation is taken out."""

from __future__ import annotations

import libcst as cst

from tellapart.diagnose.reading import DataPart, Position, Program, Training

from .bindings import literal_number
from .pictures_in_text import Text

NOT_ALONE = ("map", "array", "ToTensor", "ToDtype", "ConvertImageDtype")
"""What scales and does more: without it, what follows gets something else than it expects."""


def scales(part: DataPart) -> list[Position]:
    """Return where the pixels of a part are divided, in the order in which that is done."""
    return [
        one.position
        for one in part.of("scale")
        if isinstance(one.amount, float | int) and 0 < one.amount < 0.1
    ]


def scale_places(program: Program, training: Training) -> list[Position]:
    """Return where pixels of any part are divided, each place once."""
    parts = (*training.parts, *program.parts)
    return list(dict.fromkeys(place for one in parts for place in scales(one)))


def drop_step(text: Text, position: Position) -> bool:
    """Take a step of the preparation out: a division, an argument of a generator, a transform of a list.

    Returns
    -------
    bool
        Whether there is one that can be taken out.
    """
    here = (position.line, position.column)
    for one in text.nodes(cst.BinaryOperation, cst.AugAssign, cst.Arg):
        if isinstance(one, cst.AugAssign) and text.starts(one.value) == here:
            text.remove_statement(one)
            return True
        if isinstance(one, cst.BinaryOperation) and text.starts(one) == here:
            kept = one.right if literal_number(one.left) is not None else one.left
            text.replace(one, text.tight(kept))
            return True
        if isinstance(one, cst.Arg) and one.keyword is not None and text.starts(one.value) == here:
            outer = text.parent(one)
            if isinstance(outer, cst.Call) and text.what(outer) == "ImageDataGenerator":
                text.drop_element(one)
                return True
    for call in text.nodes(cst.Call):
        if text.starts(call) == here and text.what(call) not in NOT_ALONE:
            return text.take_out(call)
    return False
