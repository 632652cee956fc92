"""A history -> a diagnosis: what its curves settle, what they suggest, and what they cannot know."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path

from tellapart.diagnose.answer import Diagnosis, Entry, Verdict
from tellapart.diagnose.causes.catalogue import CAUSES
from tellapart.diagnose.read_files import Curves
from tellapart.report.text import visible

from .looking import Sign
from .reading import read_history
from .settled import Settled, settled
from .signs import signs
from .trend import FEWEST

NEXT = "tellapart diagnose train.py --pictures {pictures}"
SMALL_PRINT = frozenset(["precision", "recall", "f1", "auc"])
"""Measures that some programs take for each batch and average, which is another figure."""


def diagnose_history(file: Path, pictures: Path | None = None) -> Diagnosis:
    """Say what the curves of one training show.

    ``fails`` only where they settle it by definition; otherwise ``unknown`` with remarks, never ``healthy``: a leak or
    a wrong figure does not show in curves.

    Parameters
    ----------
    file
        As `read_history` takes it.
    pictures
        Named in the command that goes on from here.

    Raises
    ------
    OptionError
        It is no history.
    """
    history = read_history(file)
    curves = history.curves
    wrong = settled(curves)
    named = () if wrong is None else tuple(_entry(one, file) for one in wrong.signs)
    codes = {one.code for one in named}
    # A network that is broken shows much else, which it explains.
    remarks = () if wrong is not None else tuple(_entry(one, file) for one in signs(curves))
    return Diagnosis(
        verdict=Verdict.unknown if wrong is None else Verdict.fails,
        summary=_summary(curves, wrong, remarks),
        causes=named,
        remarks=tuple(one for one in remarks if one.code not in codes),
        assumptions=history.assumptions,
        limits=tuple(_limits(curves)),
        next_steps=(
            NEXT.format(pictures="DIR" if pictures is None else shlex.quote(visible(str(pictures)))),
        ),
        history=curves,
    )


def _entry(sign: Sign, file: Path) -> Entry:
    cause = CAUSES[sign.code]
    return Entry(
        code=sign.code,
        title=cause.title,
        words=sign.words,
        file=file.name,
        line=None,
        source="",
        confidence=sign.confidence,
        proved=False,
        experiments=(),
        fix=cause.fix,
    )


def _summary(curves: Curves, wrong: Settled | None, remarks: Sequence[Entry]) -> str:
    if wrong is not None:
        first = wrong.sentence[0].lower() + wrong.sentence[1:]
        return (
            f"The training fails: {first} Curves show that, but not what causes it; what often does is below."
        )
    count = len(curves.epochs)
    if remarks:
        one = remarks[0]
        return (
            "The cause is unknown: curves alone settle nothing here. What they suggest most: "
            f"{one.title[0].lower()}{one.title[1:]} [{one.code}]."
        )
    if count < FEWEST:
        return f"{count} epochs are too few to tell: below {FEWEST} even a curve that falls at every step may be noise."
    return (
        f"Nothing in these {count} epochs speaks against the training. That does not clear it: a leak or a wrong "
        "figure does not show in curves."
    )


def _limits(curves: Curves) -> Iterator[str]:
    """Yield what these curves cannot know."""
    yield "How many pictures judge is not in the file, so no figure has an interval: how much of it is luck stays open"
    held = [one for one in curves.series if one.part in ("validation", "test")]
    if held:
        yield (
            "Whether pictures of training are among those of validation, or copies of them: the curves of a leak look "
            "better than others, not odd"
        )
    else:
        yield "Nothing was measured on pictures that were held back: how good the network is on others stays open"
    if len(curves.epochs) < FEWEST:
        yield f"Trends: {len(curves.epochs)} epochs are too few, it takes {FEWEST}"
    doubtful = sorted({one.measure for one in curves.series if one.measure in SMALL_PRINT})
    if doubtful:
        count = "is" if len(doubtful) == 1 else "are"
        yield (
            f"Whether {', '.join(doubtful)} {count} counted over the whole part or averaged over batches, which gives "
            "another figure"
        )
    if any(one.measure == "accuracy" for one in curves.series):
        yield "The shares of the classes: an accuracy of .9 is nothing where nine in ten pictures are of one class"
    yield "What pictures, labels, network and program are like: causes are suspected by what often looks so"
