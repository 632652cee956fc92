"""The ways to train that each question compares; the first is always the script as it is."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import libcst as cst
import numpy as np

from tellapart.diagnose.edits import Edit, propose
from tellapart.diagnose.edits.pictures_in_text import Text
from tellapart.diagnose.edits.reducing import resized
from tellapart.diagnose.edits.registry import NOTHING_SUSPECTED, Asked
from tellapart.diagnose.reading import Program, Suspicion
from tellapart.diagnose.recording import Recording
from tellapart.diagnose.speed import picture_sides
from tellapart.diagnose.trials.judged import main_training
from tellapart.errors import OptionError
from tellapart.members.balance import UNEVEN
from tellapart.pictures.collection import Pictures
from tellapart.study.amount import COARSE, FEWEST, FEWEST_OF_CLASS
from tellapart.study.arm import Arm

from .laid_out import trained_on
from .trained import Way

SHARES = (Fraction(1, 4), Fraction(1, 2), Fraction(2))
SMALLEST = 8  # px; below it hardly anything can be told by anybody
CUTS = ("CenterCrop", "RandomCrop", "FiveCrop", "TenCrop")


def ratio_of(pictures: Pictures) -> float:
    """Return how many times as many training pictures the largest class has as the smallest."""
    counts = np.bincount(pictures.labels[trained_on(pictures)], minlength=len(pictures.classes))
    return float(counts.max() / max(1, counts.min()))


def amounts(pictures: Pictures, text: str) -> list[Way]:
    """Return growing shares of the training pictures, all of them first; too small ones are left out."""
    counts = np.bincount(pictures.labels[trained_on(pictures)], minlength=len(pictures.classes))
    found = [Way(Arm("share-1", "all pictures"), text)]
    shares = [
        share
        for share in sorted(COARSE, reverse=True)[1:]
        if share * counts.sum() >= FEWEST and share * counts.min() >= FEWEST_OF_CLASS
    ]
    return found + [
        Way(Arm(f"share-{share:g}", f"{share:.3g} of the pictures", share=share), text) for share in shares
    ]


def is_uneven(pictures: Pictures) -> bool:
    """Say whether there is an imbalance to measure."""
    return ratio_of(pictures) >= UNEVEN


def balances(pictures: Pictures, program: Program, recording: Recording) -> tuple[list[Way], list[str]]:
    """Return the classes as they come and evened out in up to three ways, and what could not be done."""
    text, notes = program.text, list[str]()
    found = [Way(Arm("natural", "pictures as they come"), text)]
    weights = next(iter(_edits(program, recording, "data.imbalance_ignored")), None)
    if weights is None:
        notes.append("Weights were not tried: where they belong in this script could not be told.")
    else:
        # Which pictures it is given stays as it is: the weights are in the text.
        found.append(Way(Arm("weighted", "classes weighted evenly"), weights.text))
    if pictures.has_parts:
        found.append(Way(Arm("resampled", "small classes drawn again", balance="resampled"), text))
    else:
        notes.append(
            "Drawing small classes again was not tried: a script that splits the pictures itself would put copies of "
            "one picture on both sides. With folders train and validation in PICTURES it is."
        )
    found.append(Way(Arm("thinned", "large classes thinned", balance="thinned"), text))
    return found, notes


def sizes(program: Program, recording: Recording, longest_px: int, name: str) -> list[Way]:
    """Return the script's own size first, then others, rising.

    Parameters
    ----------
    longest_px
        Of the pictures as stored: larger sizes add nothing.

    Raises
    ------
    OptionError
        The size of the script's pictures cannot be changed.
    """
    training = main_training(recording)
    sides = () if training is None else picture_sides(training)
    if len(sides) != 2:
        raise _no_size(name, "what the network is given has no height and width")
    if cut := sorted(_cuts(program)):
        raise _no_size(name, f"{cut[0]} cuts a piece out: another size would be another piece")
    side = max(sides)
    found = [Way(Arm(f"{side}px", f"{side} px", look_px=side), program.text)]
    others = []
    for share in SHARES:
        other = int(side * share)
        if int(min(sides) * share) < SMALLEST or (share > 1 and side >= longest_px):
            continue
        text = resized(program, sides, share)
        if text is not None and text != program.text:
            others.append(Way(Arm(f"{other}px", f"{other} px", look_px=other), text))
    if not others:
        raise _no_size(
            name, f"no number in it says {' x '.join(map(str, sides))} px, as its network is given"
        )
    return found + others


def augmentations(program: Program, recording: Recording) -> list[Way]:
    """Return the script as it is, then without any of its random changes, then without one at a time; one way: none.

    An edit that leaves a single change out is told from that which leaves out all by what it says.
    """
    edits = _edits(program, recording, "prep.destructive_augmentation")
    found = [Way(Arm("all", "all of the script's random changes"), program.text)]
    seen = {program.text}
    for edit in edits:
        if edit.text in seen:
            continue
        seen.add(edit.text)
        one = edit.words.partition("(")[2].removesuffix(").")
        key = f"without-{one}" if one else "none"
        found.append(Way(Arm(key, f"all but {one}" if one else "none of them"), edit.text))
    return found


def _edits(program: Program, recording: Recording, code: str) -> tuple[Edit, ...]:
    """Return what would mend a cause; nothing is suspected, the edits are ways to train."""
    return propose(program, Suspicion(code, None, "", 0.0, ""), recording)


def _cuts(program: Program) -> Iterator[str]:
    text = Text(Asked(program, NOTHING_SUSPECTED))
    return (text.what(call) for call in text.nodes(cst.Call) if text.what(call) in CUTS)


def _no_size(name: str, found: str) -> OptionError:
    return OptionError(
        "To ask for another size, the script should write its pictures' size as a number.",
        found=found,
        where=name,
        advice="write it once, image_size=(96, 96) say, and use it throughout; or leave --model out, so that the "
        "question is asked of the pictures alone",
    )
