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
from tellapart.diagnose.recording import Recording
from tellapart.diagnose.trials.effect import gain, interaction
from tellapart.diagnose.trials.judged import Judged
from tellapart.diagnose.trials.runs import Runs

from .measures import Pair, by_score, judged_all
from .questions import MATTERS, RISES, moves_the_score
from .trial import LARGE, MORE_SEEDS, SEEDS, Case, Tried

MOST_FIRST, MOST_SECOND = 3, 4
"""So many of the surest changes are kept, and on top of each so many others are tried."""
PROOF_RUNS = 4 * (len(SEEDS) - 1)
"""Of a pair, after a look at each of its four cells."""

Suspects = Callable[[Program], Sequence[Suspicion]]


@dataclass(frozen=True)
class Couple:
    """Two changes, the first of which failed alone, and the program with both."""

    suspicions: tuple[Suspicion, Suspicion]
    one: Edit
    other: Edit
    edit: Edit


def try_together(
    case: Case, tried: Sequence[Tried], suspects: Suspects, runs: Runs, most_second: int = MOST_SECOND
) -> Tried | None:
    """Try second changes on top of what was tried in vain, surest first: a look at each, then proof of the best.

    Parameters
    ----------
    suspects
        Runs and reads a program again, for a second fault may show only when the first is mended.
    most_second
        So many second changes on top of each.

    Returns
    -------
    Tried
        The first that is proved; None where there is none.
    """
    seen: list[tuple[float, Couple]] = []
    couples = list(_couples(case, tried, suspects, runs, most_second))
    for at, couple in enumerate(couples):
        # Once a pair is worth a proof, the time is its own; a small gain, on few pictures, may be none.
        worth_it = any(gained >= LARGE for gained, _ in seen)
        if not runs.has_time_for(1 + (PROOF_RUNS if worth_it else 0)):
            break
        for coming in couples[at : at + 2]:
            runs.begin(coming.edit.text, case.seeds[:1])
        if (
            at == len(couples) - 1
        ):  # the second core would have nothing to do; a proof would ask for this first
            runs.begin(couple.one.text, case.seeds[1:2])
        look = _look(case, couple, runs)
        if look is None or not RISES.promising(look):
            continue
        if RISES.matters(look) and (found := _prove(case, couple, runs)) is not None:
            return found
        seen.append((look.effect.value, couple))
    for _, couple in sorted(seen, key=lambda each: -each[0]):
        if (found := _prove(case, couple, runs)) is not None:
            return found
    return None


def _couples(
    case: Case, tried: Sequence[Tried], suspects: Suspects, runs: Runs, most_second: int
) -> Iterator[Couple]:
    """Yield each pair of causes once; first those that were both suspected from the start, and tried alone.

    What is suspected before and after the first change has two witnesses; what only the changed program shows, one.
    """
    members = [one for one in tried if one.edit is not None and moves_the_score(one.suspicion.code)]
    known = {one.suspicion.code for one in members}
    from_the_start = {one.code for one in suspects(case.program)} if members else set()
    asked: set[frozenset[str]] = set()
    for member in members[:MOST_FIRST]:
        if member.edit is None or not member.runs:
            continue
        first = read_program(member.edit.text, case.program.file)
        others = [
            one for one in suspects(first) if one.code != member.suspicion.code and moves_the_score(one.code)
        ]
        ordered = sorted(others, key=lambda one: (one.code not in known, one.code not in from_the_start))
        for second in ordered[:most_second]:
            codes = frozenset((member.suspicion.code, second.code))
            for edit in propose(first, second, member.runs[0])[:1]:
                alone = joined(first.text, case.program.text, edit.text)
                if alone is not None and codes not in asked and runs.differ(edit.text, first.text):
                    asked.add(codes)
                    yield Couple(
                        (member.suspicion, second),
                        member.edit,
                        Edit(second.code, edit.words, alone),
                        Edit(second.code, f"{member.edit.words} {edit.words}", edit.text),
                    )


def _look(case: Case, couple: Couple, runs: Runs) -> Experiment | None:
    after = runs.all(couple.edit.text, case.seeds[:1])
    return by_score(Pair(couple.edit.words, case.seeds[:1], (case.recording,), tuple(after)))


def _prove(case: Case, couple: Couple, runs: Runs) -> Tried | None:
    """Run all four cells of the factorial with three seeds, or five; None where the pair is not proved."""
    texts = _texts(case, couple)
    seeds: tuple[int, ...] = case.seeds[:1]
    for new in (case.seeds[1:], MORE_SEEDS):
        if not runs.has_time_for(runs.new(texts, new), texts):
            return None
        runs.keep_only(texts)
        seeds += new
        cells = _cells(case, couple, seeds, runs)
        judged = [known for cell in cells if (known := judged_all(cell)) is not None]
        if len(judged) < len(cells) or gain(judged[0], judged[3]).high < MATTERS:
            return None
        base, alone, alone_too, both = judged
        needed = gain(alone, both).low > 0 and gain(alone_too, both).low > 0
        if needed and gain(base, both).low >= MATTERS:
            return _proved(couple, seeds, cells, judged)
    return None


def _cells(case: Case, couple: Couple, seeds: tuple[int, ...], runs: Runs) -> list[tuple[Recording, ...]]:
    begun = [runs.begin(text, seeds) for text in _texts(case, couple)]
    return [tuple(one.result() for one in cell) for cell in begun]


def _texts(case: Case, couple: Couple) -> tuple[str, ...]:
    return case.program.text, couple.one.text, couple.other.text, couple.edit.text


def _proved(
    couple: Couple, seeds: tuple[int, ...], cells: list[tuple[Recording, ...]], judged: list[list[Judged]]
) -> Tried:
    base, alone, alone_too, both = judged
    words = (couple.edit.words, f"Alone: {couple.one.words}", f"Alone: {couple.other.words}")
    shown = [
        by_score(Pair(change, seeds, cells[0], cell))
        for change, cell in zip(words, (cells[3], cells[1], cells[2]), strict=True)
    ]
    surplus = Experiment(
        "The first change, before and after the other one is made.",
        "gain in balanced_accuracy",
        gain(base, alone),
        gain(alone_too, both),
        interaction(base, alone, alone_too, both),
        seeds,
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
