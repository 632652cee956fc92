"""Causes that only matter together: a small factorial experiment where no change alone mends the training.

Each of two changes is tried alone and both at once, with the same seeds. The pair is named only if it gains what
matters and each of the two is needed: with both the score is clearly above that with either alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from tellapart.diagnose.answer import Experiment
from tellapart.diagnose.edits import Edit, propose
from tellapart.diagnose.edits.joining import joined
from tellapart.diagnose.reading import Program, Suspicion, read_program
from tellapart.diagnose.trials.effect import gain, interaction
from tellapart.diagnose.trials.runs import Runs

from .measures import Pair, by_score, judged_all
from .questions import MATTERS, RISES, moves_the_score
from .trial import SEEDS, Case, Tried

MOST_FIRST, MOST_SECOND = 3, 4
"""So many of the surest changes are kept, and on top of each so many others are tried."""

Suspects = Callable[[Program], Sequence[Suspicion]]


@dataclass(frozen=True)
class Couple:
    """Two changes, the first of which failed alone, and the program with both."""

    suspicions: tuple[Suspicion, Suspicion]
    one: Edit
    other: Edit
    edit: Edit


def try_together(case: Case, tried: Sequence[Tried], suspects: Suspects, runs: Runs) -> Tried | None:
    """Try second changes on top of what was tried in vain, surest first: a look at each, then proof of the best.

    Parameters
    ----------
    suspects
        Runs and reads a program again, for a second fault may show only when the first is mended.

    Returns
    -------
    Tried
        The first that is proved; None where there is none.
    """
    seen: list[tuple[float, Couple]] = []
    asked: set[frozenset[str]] = set()
    for couple in _couples(case, tried, suspects):
        codes = frozenset(one.code for one in couple.suspicions)
        if codes in asked or not runs.has_time_for(1):
            continue
        asked.add(codes)
        look = _look(case, couple, runs)
        if look is not None and RISES.promising(look):
            seen.append((look.effect.value, couple))
    for _, couple in sorted(seen, key=lambda each: -each[0]):
        found = _prove(case, couple, runs) if runs.has_time_for(4 * (len(SEEDS) - 1)) else None
        if found is not None:
            return found
    return None


def _couples(case: Case, tried: Sequence[Tried], suspects: Suspects) -> Iterator[Couple]:
    members = [one for one in tried if one.edit is not None and moves_the_score(one.suspicion.code)]
    for member in members[:MOST_FIRST]:
        if member.edit is None or not member.runs:
            continue
        first = read_program(member.edit.text, case.program.file)
        others = [
            one for one in suspects(first) if one.code != member.suspicion.code and moves_the_score(one.code)
        ]
        for second in others[:MOST_SECOND]:
            for edit in propose(first, second, member.runs[0])[:1]:
                alone = joined(first.text, case.program.text, edit.text)
                if alone is not None:
                    yield Couple(
                        (member.suspicion, second),
                        member.edit,
                        Edit(second.code, edit.words, alone),
                        Edit(second.code, f"{member.edit.words} {edit.words}", edit.text),
                    )


def _look(case: Case, couple: Couple, runs: Runs) -> Experiment | None:
    after = runs.all(couple.edit.text, SEEDS[:1])
    return by_score(Pair(couple.edit.words, SEEDS[:1], (case.recording,), tuple(after)))


def _prove(case: Case, couple: Couple, runs: Runs) -> Tried | None:
    """Run all four cells of the factorial with all seeds; None where the pair is not proved."""
    begun = [
        runs.begin(text, SEEDS)
        for text in (case.program.text, couple.one.text, couple.other.text, couple.edit.text)
    ]
    cells = [tuple(one.result() for one in cell) for cell in begun]
    judged = [known for cell in cells if (known := judged_all(cell)) is not None]
    if len(judged) < len(cells):
        return None
    base, alone, alone_too, both = judged
    needed = gain(alone, both).low > 0 and gain(alone_too, both).low > 0
    if gain(base, both).low < MATTERS or not needed:
        return None
    words = (couple.edit.words, f"Alone: {couple.one.words}", f"Alone: {couple.other.words}")
    shown = [
        by_score(Pair(change, SEEDS, cells[0], cell))
        for change, cell in zip(words, (cells[3], cells[1], cells[2]), strict=True)
    ]
    surplus = Experiment(
        "The first change, before and after the other one is made.",
        "gain in balanced_accuracy",
        gain(base, alone),
        gain(alone_too, both),
        interaction(base, alone, alone_too, both),
        SEEDS,
    )
    return Tried(
        couple.suspicions[0],
        proved=True,
        fails=True,
        experiments=(*(one for one in shown if one is not None), surplus),
        edit=couple.edit,
        runs=cells[3],
        partners=couple.suspicions[1:],
    )
