"""What was proved on shortened trainings, tried once more at full length."""

from __future__ import annotations

from dataclasses import replace

from .answer import Experiment
from .pacing import Shortened
from .proving.measures import Pair, by_score
from .proving.questions import WORTH_A_SECOND_LOOK, moves_the_score
from .proving.trial import SEEDS, Tried
from .recording import Outcome, Recording
from .trials.runs import Runs
from .verdict import Examined


def at_full_length(examined: Examined, short: Shortened, runs: Runs) -> Examined:
    """Run the program, and what mends it, to the end once; a gain that is not there any more is no cause.

    Parameters
    ----------
    examined
        As the shortened runs have it.

    Returns
    -------
    Examined
        With a note on how long the runs were; `cut` where there was no time for a whole one.
    """
    edits = [one.edit for tries in examined.tried for one in tries if one.fails and one.edit is not None]
    texts = [examined.program.text, *(one.text for one in edits[-1:])]
    whole = _whole(texts, short, runs)
    if not whole:
        return replace(examined, notes=(str(short),), cut=True)
    note = f"{short}; it was trained to the end once, too"
    if len(whole) == 1:
        return replace(examined, runs=whole, notes=(note,))
    again = by_score(Pair("The same at full length.", SEEDS[:1], whole[:1], whole[1:]))
    if again is None or again.effect.value >= WORTH_A_SECOND_LOOK:
        return replace(examined, tried=_with(examined.tried, again), notes=(note,))
    note = f"{note}, where the change gains nothing that matters ({again.effect})"
    return replace(examined, runs=whole[:1], tried=_without_gain(examined.tried), notes=(note,))


def _whole(texts: list[str], short: Shortened, runs: Runs) -> tuple[Recording, ...]:
    """Run programs at full length; nothing where there is no time for it."""
    runs.reserved = 0.0
    if short.full_seconds is None or short.full_seconds > runs.left():
        return ()
    found = tuple(runs.whole(texts, SEEDS[0]))
    return () if any(one.outcome is Outcome.time_up for one in found) else found


def _with(tried: tuple[tuple[Tried, ...], ...], again: Experiment | None) -> tuple[tuple[Tried, ...], ...]:
    """Return the trials, the last that mended something with one experiment more."""
    if again is None:
        return tried
    last = [one for tries in tried for one in tries if one.fails][-1]
    more = replace(last, experiments=(*last.experiments, again))
    return tuple(tuple(more if one is last else one for one in tries) for tries in tried)


def _without_gain(tried: tuple[tuple[Tried, ...], ...]) -> tuple[tuple[Tried, ...], ...]:
    """Return the trials; what gained only on shortened trainings is no cause."""
    return tuple(
        tuple(replace(one, fails=False) if moves_the_score(one.suspicion.code) else one for one in tries)
        for tries in tried
    )
