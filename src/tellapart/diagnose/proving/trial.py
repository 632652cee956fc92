"""Trials of the edits of one program: a short look at each, then proof with several seeds of what looks well."""

from __future__ import annotations

from dataclasses import dataclass

from tellapart.diagnose.answer import Experiment
from tellapart.diagnose.edits import Edit, propose
from tellapart.diagnose.reading import CLEARLY, Program, Suspicion
from tellapart.diagnose.recording import Recording
from tellapart.diagnose.trials.runs import Runs
from tellapart.diagnose.watching.comparing import Discrepancy

from .measures import Pair, rescored
from .questions import SAME_WEIGHTS, Question, questions

SEEDS = (0, 1, 2)
"""Three, as the interface asks; the first is the look."""
MORE_SEEDS = (3, 4)
"""Where three leave it open."""
LAST_SEEDS = (5, 6, 7)
"""Where five nearly show it, or the gain seems large: a network that is stuck with some seeds and learns with others
needs them."""
LARGE = 0.1
"""Such a gain is worth all seeds as long as its interval is wide: it is either a cause or chance."""
MOST_EDITS = 2
"""Of one suspicion: the best, and one other way."""


@dataclass(frozen=True)
class Case:
    """What is examined.

    Attributes
    ----------
    program, recording
        As read, and as it ran with the first of `seeds`.
    wrong
        Figures of the script that are not what they say.
    seeds
        Those of the proof; the first is that of `recording`, by which a look is had.
    """

    program: Program
    recording: Recording
    wrong: tuple[Discrepancy, ...]
    seeds: tuple[int, ...] = SEEDS


@dataclass(frozen=True)
class Tried:
    """What became of a suspicion.

    Attributes
    ----------
    proved
        The effect is clear of its interval, as the interface defines it for this kind of cause.
    fails
        It is also as large as the interface asks of a cause: otherwise it is a remark.
    edit
        The change; None where the same weights were only scored again.
    runs
        Of the edited program, by seed.
    partners
        What else had to be changed for it to matter.
    """

    suspicion: Suspicion
    proved: bool
    fails: bool
    experiments: tuple[Experiment, ...] = ()
    edit: Edit | None = None
    runs: tuple[Recording, ...] = ()
    partners: tuple[Suspicion, ...] = ()


def try_out(
    case: Case, suspicion: Suspicion, runs: Runs, most_edits: int = MOST_EDITS, *, only_clear: bool = False
) -> Tried | None:
    """Try the edits of a suspicion, at most so many; None where there is none, or no time.

    Parameters
    ----------
    only_clear
        Go on to more seeds only where one run each already shows what would prove it.

    Returns
    -------
    Tried
        Of the first edit that proves it; else of the first that could be tried.
    """
    first: Tried | None = None
    for edit in _edits(case, suspicion, runs)[:most_edits]:
        if not runs.has_time_for(1):
            break
        found = _try(case, suspicion, edit, runs, only_clear=only_clear)
        if found is not None and found.proved:
            return found
        first = first or found
    return first


def _edits(case: Case, suspicion: Suspicion, runs: Runs) -> list[Edit]:
    """Return the edits that are left of a suspicion where the runs are shorter than the program."""
    found = propose(case.program, suspicion, case.recording)
    return [one for one in found if runs.differ(one.text, case.program.text)]


def prepare(case: Case, suspicion: Suspicion, runs: Runs) -> None:
    """Begin the first run that `try_out` will ask for."""
    for edit in _edits(case, suspicion, runs)[:1]:
        runs.begin(edit.text, case.seeds[:1])


def promise(case: Case, suspicion: Suspicion, runs: Runs) -> float:
    """Return how much the best edit moves what decides about a suspicion, by one run; 0 where it moves nothing."""
    edits = _edits(case, suspicion, runs)[:1]
    if not edits or not runs.has_time_for(1):
        return 0.0
    answers = _answers(questions(suspicion.code, case.wrong), _pair(case, edits[0], runs, case.seeds[:1]))
    return max((abs(one.effect.value) for question, one in answers if question.promising(one)), default=0.0)


def score_again(case: Case, suspicion: Suspicion, runs: Runs) -> Tried | None:
    """Score the same weights with the pictures prepared as for training; None where nothing was kept for that."""
    for training in case.recording.trainings:
        for kept in training.scores:
            if not kept.preparation:
                continue
            change = f"The {kept.part} pictures are {kept.preparation}; the weights stay the same."
            once = rescored(change, case.seeds[:1], [case.recording], kept.part, kept.preparation)
            if once is None or not SAME_WEIGHTS.promising(once):
                continue
            seeds: tuple[int, ...] = ()
            for new in (case.seeds, MORE_SEEDS, LAST_SEEDS):
                if seeds and not runs.has_time_for(len(new)):
                    break
                seeds += new
                found = rescored(
                    change, seeds, runs.all(case.program.text, seeds), kept.part, kept.preparation
                )
                if found is None or not SAME_WEIGHTS.open(found):
                    break
                if SAME_WEIGHTS.matters(found):
                    return Tried(suspicion, True, True, (found,))
            if found is not None and SAME_WEIGHTS.shown(found):
                return Tried(suspicion, True, False, (found,))
    return None


def _try(case: Case, suspicion: Suspicion, edit: Edit, runs: Runs, *, only_clear: bool) -> Tried | None:
    asked = questions(suspicion.code, case.wrong)
    once = _pair(case, edit, runs, case.seeds[:1])
    looks = _answers(asked, once)
    if not looks:
        return None
    best = Tried(suspicion, False, False, tuple(one for _, one in looks), edit, once.after)
    sure = (
        suspicion.certainty >= CLEARLY and not only_clear
    )  # one unlucky seed clears nothing that is plain to see
    looks_good = any((question.matters if only_clear else question.promising)(one) for question, one in looks)
    if not looks_good and not sure:
        return best
    seeds: tuple[int, ...] = case.seeds[:1]
    for new in (case.seeds[1:], MORE_SEEDS, LAST_SEEDS):
        if not runs.has_time_for(runs.new((case.program.text, edit.text), new)):
            break
        seeds += new
        pair = _pair(case, edit, runs, seeds)
        answers = _answers(asked, pair)
        best = Tried(
            suspicion,
            any(question.shown(one) for question, one in answers),
            any(question.matters(one) for question, one in answers),
            tuple(one for _, one in answers),
            edit,
            pair.after,
        )
        if best.fails or not any(_may_still_show(question, one) for question, one in answers):
            break
        if not any(question.promising(one) for question, one in answers):
            break
    return best


def _may_still_show(question: Question, found: Experiment) -> bool:
    if len(found.seeds) <= len(SEEDS):
        return question.open(found)
    return question.near(found) or (question.open(found) and found.effect.value >= LARGE)


def _answers(asked: tuple[Question, ...], pair: Pair) -> list[tuple[Question, Experiment]]:
    found = [(question, question.measure(pair)) for question in asked]
    return [(question, one) for question, one in found if one is not None]


def _pair(case: Case, edit: Edit, runs: Runs, seeds: tuple[int, ...]) -> Pair:
    after = runs.begin(edit.text, seeds)
    before = runs.begin(case.program.text, seeds)
    return Pair(
        edit.words, seeds, tuple(one.result() for one in before), tuple(one.result() for one in after)
    )
