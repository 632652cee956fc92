"""What the script was told or printed, and which weights it was about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tellapart.diagnose.observed import Evaluation, Line
from tellapart.diagnose.plain import NOT_FINITE


def evaluations(
    own: Sequence[Mapping[str, Any]], ends: Sequence[Mapping[str, Any]], names: Mapping[int, str]
) -> tuple[Evaluation, ...]:
    """Return what ``evaluate`` reported outside of ``fit``."""
    found = []
    for line in own:
        if line["kind"] == "evaluated" and line["stream"] in names:
            epoch, after = _when(line["step"], ends)
            reported = {key: NOT_FINITE.get(value, value) for key, value in line["reported"].items()}
            found.append(Evaluation(names[line["stream"]], epoch, after, reported))
    return tuple(found)


def lines(
    printed: Sequence[Mapping[str, Any]],
    ends: Sequence[Mapping[str, Any]],
    names: Mapping[int, str],
    model: int,
) -> tuple[Line, ...]:
    """Return the printed lines as seen from one model; those from before it was used are left out."""
    found = []
    for line in printed:
        for number, _, step, latest in line["at"]:
            if number == model:
                epoch, after = _when(step, ends)
                found.append(Line(line["text"], epoch, after, names.get(latest, "")))
    return tuple(found)


def _when(step: int, ends: Sequence[Mapping[str, Any]]) -> tuple[int | None, bool]:
    """Return the epoch that ended with this many steps taken, and whether they were all."""
    training = [one for one in ends if one["steps"]]
    totals = np.cumsum([one["steps"] for one in training]).tolist()
    epoch = training[totals.index(step)]["number"] if step in totals else None
    return epoch, bool(totals) and step >= totals[-1]
