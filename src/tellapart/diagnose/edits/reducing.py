"""A program made cheaper for experiments, and otherwise the same: fewer epochs, smaller pictures, no random changes."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from fractions import Fraction

from tellapart.diagnose.reading import Program, read_program
from tellapart.diagnose.reading.data_facts import DataPart

from .first_layers import put_first
from .pictures_in_text import Text
from .prep_augment import unchanged
from .registry import NOTHING_SUSPECTED, Asked
from .sheet import Sheet
from .shortening import shortened
from .written_sizes import resize

WHOLE, HALF = Fraction(1), Fraction(1, 2)
FLOWS = ("flow_from_directory", "flow_from_dataframe")
"""They pick the nearest pixel unless told otherwise."""
LARGER = 2
"""Experiments may make pictures so many times as large: these are made smaller, too."""


@dataclass(frozen=True)
class Reduction:
    """How a program is made cheaper; called with its text it returns the cheaper one.

    Attributes
    ----------
    file
        Its name.
    epochs
        At most so many.
    share
        Of the side of the pictures that the network sees.
    sides
        Height and width of the pictures as they are, px.
    plain
        Whether training pictures are shown without the random changes of the program.
    """

    file: str
    epochs: int
    share: Fraction = WHOLE
    sides: tuple[int, ...] = ()
    plain: bool = False

    def __call__(self, text: str) -> str:
        """Return the cheaper program."""
        if self.plain:
            text = unchanged(read_program(text, self.file)) or text
        return shortened(smaller(text, self.file, self.sides, self.share), self.file, self.epochs)


def smaller(text: str, file: str, sides: tuple[int, ...], share: Fraction) -> str:
    """Return a program whose network sees smaller pictures; the text as it is where that cannot be done.

    The sizes that the text gives are made smaller, which spares reading and augmenting, too. Where its reader may pick
    every second pixel, a halving is an average pooling before the first layer instead: the mean of four pixels keeps
    fine things.

    Parameters
    ----------
    sides
        Height and width of the pictures as they are, px.
    share
        Of the side; at most 1.
    """
    program = read_program(text, file)
    if share == WHOLE:
        return text
    if share > HALF or _averages(program):
        return resized(program, sides, share) or text
    rest = share / HALF
    before = text if rest == WHOLE else resized(program, sides, rest)
    pooled = None if before is None else _pooled_first(read_program(before, file))
    return pooled or resized(program, sides, share) or text


def _averages(program: Program) -> bool:
    """Say whether every pixel counts where pictures are made smaller: Pillow does that, and flows can be told to."""
    return bool(program.parts) and all(_by_flow(part) or _by_pillow(part) for part in program.parts)


def _by_flow(part: DataPart) -> bool:
    readers = part.of("read")
    return bool(readers) and all(one.name in FLOWS for one in readers)


def _by_pillow(part: DataPart) -> bool:
    opened = any(one.name == "PIL.Image.open" for one in part.of("read"))
    return opened and any(one.name == "resize" and "NEAREST" not in one.source for one in part.of("resize"))


def _pooled_first(program: Program) -> str | None:
    """Return the program whose Keras networks begin by halving the side; None where that could not be done."""
    sheet = Sheet(program)
    networks = {one.model.position: one.model for one in program.trainings if one.model is not None}
    found = list(networks.values())
    if not found or not all(put_first(sheet, one, ("AveragePooling2D", "2")) for one in found):
        return None
    with contextlib.suppress(ValueError):
        return sheet.text()
    return None


def resized(program: Program, sides: tuple[int, ...], share: Fraction) -> str | None:
    """Return the program with other sizes of its pictures; None where the text gives none.

    Parameters
    ----------
    sides
        Height and width of the pictures as the network is given them, px.
    share
        Of the side; above 1 the pictures are larger.
    """
    text = Text(Asked(program, NOTHING_SUSPECTED))
    wanted = {one * times for one in sides for times in (1, LARGER)}
    if not resize(text, wanted, lambda side: int(side * share)):
        return None
    for flow in text.calls(*FLOWS) if share < WHOLE else ():
        if text.argument(flow, "interpolation") is None:
            text.set_argument(flow, "interpolation", text.quoted("box"))
    with contextlib.suppress(ValueError):
        return text.text()
    return None
