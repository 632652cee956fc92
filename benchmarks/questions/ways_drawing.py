"""Precision over the whole validation part by epoch: as described beside the mended program, a panel a set."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from benchmarks.questions.sides import Side
from tellapart.recipes import curves

MEASURE = "precision"
LINES = {"described": ("as described", curves.REPORTED), "fixed": ("fixed.py", curves.TRUE)}


def drawing(found: Mapping[str, Sequence[Side]]) -> str:
    """Draw the sets in which the mended program was run; returns SVG, or nothing where there is none.

    Parameters
    ----------
    found
        Set -> its trainings; a line is one seed.
    """
    shown = {name: three for name, three in found.items() if any(one.way == "fixed" for one in three)}
    if not shown:
        return ""
    figure, axes = curves.panels(len(shown))
    for axis, (name, three) in zip(axes, shown.items(), strict=True):
        labelled = set()
        for one in three:
            if one.way not in LINES:
                continue
            words, colour = LINES[one.way]
            values = list(enumerate(one.epochs.get(MEASURE, ()), start=1))
            curve = [[number for number, value in values if math.isfinite(value)]]
            curve.append([value for _, value in values if math.isfinite(value)])
            curves.line(
                axis, (curve[0], curve[1]), "_seed" if words in labelled else words, colour, width=1.0
            )
            labelled.add(words)
        curves.finish(axis, f"{name}: {MEASURE} over the validation part", share=True)
    return curves.to_svg(figure, f"{MEASURE} over the whole validation part by epoch: {', '.join(shown)}")
