"""What was proved on reduced trainings, tried once more at full size and as long as there is time."""

from __future__ import annotations

from dataclasses import replace

from .answer import Experiment
from .edits.reducing import WHOLE, Reduction
from .examined import Examined
from .pacing import BESIDE, Shortened, better_than_chance
from .proving.measures import Pair, by_score
from .proving.questions import WORTH_A_SECOND_LOOK, moves_the_score
from .proving.trial import SEEDS, Tried
from .recording import Outcome, Recording
from .trials.runs import Pace, Runs


def at_full_length(examined: Examined, short: Shortened, runs: Runs) -> Examined:
    """Run the program, and what mends it, at full size once; a gain that is not there any more is no cause.

    Where there is time for a part of the epochs only, that gain may need more of them: then it is said that it could
    not be confirmed, unless the program learns there by itself.

    Parameters
    ----------
    examined
        As the reduced runs have it.

    Returns
    -------
    Examined
        With a note on how long the runs were; `cut` where there was no time for a whole one.
    """
    edits = [one.edit for tries in examined.tried for one in tries if one.fails and one.edit is not None]
    texts = [examined.program.text, *(one.text for one in edits[-1:])]
    epochs = _epochs(short, runs, mended=bool(edits))
    found = _at_full_size(texts, examined.program.file, epochs, runs) if epochs else ()
    if not found:
        note = f"{short}; there was no time to confirm it at full size" if edits else str(short)
        return replace(examined, notes=(note,), cut=True)
    whole = epochs == short.of
    length = "to the end" if whole else f"for {epochs} epochs at full size"
    note = f"{short}; it was trained {length} once, too"
    if len(found) == 1:
        return replace(examined, runs=found, notes=(note,))
    again = by_score(Pair(f"The same, trained {length}.", SEEDS[:1], found[:1], found[1:]))
    if again is None or again.effect.value >= WORTH_A_SECOND_LOOK:
        return replace(examined, tried=_with(examined.tried, again), notes=(note,), cut=not whole)
    if not whole and not better_than_chance(found[0]):
        note = (
            f"{note}, where neither the program nor the change has learnt anything yet: not confirmed there"
        )
        return replace(examined, notes=(note,), cut=True)
    note = f"{note}, where the change gains nothing that matters ({again.effect})"
    return replace(
        examined, runs=found[:1], tried=_without_gain(examined.tried), notes=(note,), cut=not whole
    )


def _epochs(short: Shortened, runs: Runs, *, mended: bool) -> int:
    """Return for how many epochs there is time at full size; 0 where they would tell nothing new."""
    runs.reserved = 0.0
    left = runs.left()
    if short.full_seconds is not None and short.full_seconds <= left and short.of is not None:
        return short.of
    epochs = short.speed.epochs_within(left / BESIDE)
    # What the experiments needed so many epochs for does not show in fewer.
    least = short.epochs if short.share < WHOLE else short.epochs + 1
    return epochs if mended and epochs >= least else 0


def _at_full_size(texts: list[str], file: str, epochs: int, runs: Runs) -> tuple[Recording, ...]:
    """Run programs for so many epochs; nothing where there was no time for it after all."""
    pace = Pace(Reduction(file, epochs), words=f"full size, {epochs} epochs")
    found = tuple(runs.whole(texts, SEEDS[0], pace))
    return () if any(one.outcome is Outcome.time_up for one in found) else found


def _with(tried: tuple[tuple[Tried, ...], ...], again: Experiment | None) -> tuple[tuple[Tried, ...], ...]:
    """Return the trials, the last that mended something with one experiment more."""
    if again is None:
        return tried
    last = [one for tries in tried for one in tries if one.fails][-1]
    more = replace(last, experiments=(*last.experiments, again))
    return tuple(tuple(more if one is last else one for one in tries) for tries in tried)


def _without_gain(tried: tuple[tuple[Tried, ...], ...]) -> tuple[tuple[Tried, ...], ...]:
    """Return the trials; what gained only on reduced trainings is no cause."""
    return tuple(
        tuple(replace(one, fails=False) if moves_the_score(one.suspicion.code) else one for one in tries)
        for tries in tried
    )
