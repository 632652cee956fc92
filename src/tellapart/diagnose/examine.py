"""The examination, top to bottom: read, run, suspect, try, judge.

Each suspicion is tried on the program as it is; what mends it is kept, and the mended program is examined again, for a
training may have more than one fault.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from .answer import SCORES, Diagnosis
from .examined import Examined
from .full_length import at_full_length
from .pacing import set_pace
from .proving.questions import could_matter
from .proving.together import MOST_SECOND, try_together
from .proving.trial import MOST_EDITS, SEEDS, Case, Tried, prepare, promise, score_again, try_out
from .reading import Program, Suspicion, read_program, suspect
from .recording import Outcome, Recording
from .script import Script
from .summing_up import first_sentence
from .suspects import suspects
from .trials.effect import level
from .trials.judged import judge
from .trials.runs import Runs
from .verdict import conclude
from .watching import Discrepancy, RuledOut, compare, look
from .watching.view import good_from

MOST_ROUNDS = 3
"""Faults that are mended one after the other."""
SUSPECTED, HALF_WAY, KEPT_IN_MIND = 0.5, 0.3, 0.15
"""A training that works is tried for suspicions from the first certainty on, one that is better than chance but not
good from the second, one that fails from the third."""
MOST_TRIED = 8
MOST_SUREST = 2
"""Of a long training, tried before anything else is: there is time for some 14 runs, and a pair needs 12."""
MOST_ON_TOP = 3
"""Second changes on top of each of these, before any other is tried alone: one fault may hide another."""
RESCORED = ("prep.train_validation_mismatch", "prep.train_predict_mismatch", "prep.channel_order")
Say = Callable[[str], None]


@dataclass
class Round:
    """One program: as it is, or mended so far; `recording` is of the first of `seeds`."""

    program: Program
    recording: Recording
    suspects: tuple[Suspicion, ...]
    ruled_out: tuple[RuledOut, ...]
    wrong: tuple[Discrepancy, ...]
    seeds: tuple[int, ...] = SEEDS
    tried: list[Tried] = field(default_factory=list)
    told_of_time: bool = False

    @property
    def proved(self) -> Tried | None:
        """What mended it."""
        return next((one for one in self.tried if one.fails), None)

    def keep(self, found: Tried, say: Say) -> None:
        """Note what was tried, in place of a shorter look at the same."""
        same = [
            at for at, one in enumerate(self.tried) if one.suspicion == found.suspicion and not one.partners
        ]
        if found.partners or not same:
            self.tried.append(found)
        elif self.tried[same[0]].experiments == found.experiments:
            return
        else:
            self.tried[same[0]] = found
        say(_words(found))

    @property
    def case(self) -> Case:
        """What is tried."""
        return Case(self.program, self.recording, self.wrong, self.seeds)


def examine(script: Script, runs: Runs, say: Say) -> Diagnosis:
    """Find out why a training fails.

    Parameters
    ----------
    script
        The program.
    runs
        Runs it, within the time there is.
    say
        Told what is found as it is found.

    Raises
    ------
    ProgramError
        It is not Python, or trains nothing that can be told.
    """
    begun = time.monotonic()
    program = read_program(script.text, script.name)
    read = suspect(program)
    for words in script.assumptions:
        say(f"Assumed: {words}.")
    say(first_sentence(read, time.monotonic() - begun, script))
    short = set_pace(program, runs)
    if short is not None:
        say(f"{str(short)[0].upper()}{str(short)[1:]}.")
    rounds: list[Round] = []
    while len(rounds) < MOST_ROUNDS:
        seeds = _unluckiest_first(program, runs) if short is None and not rounds else SEEDS
        one = _round(program, read, runs, seeds)
        rounds.append(one)
        if short is not None and len(rounds) == 1:
            _try_surest(one, runs, say)
        else:
            _try_all(one, runs, say, first=len(rounds) == 1)
            _try_pairs(one, runs, say)
        if one.proved is None or one.proved.edit is None:
            break
        program = read_program(one.proved.edit.text, script.name)
        read = suspect(program)
    examined = Examined(
        script=script,
        program=rounds[0].program,
        runs=_runs_of(rounds[0], runs),
        suspects=rounds[0].suspects,
        ruled_out=rounds[0].ruled_out,
        compared=compare(rounds[0].recording),
        tried=tuple(tuple(one.tried) for one in rounds),
    )
    if short is not None:
        examined = at_full_length(examined, short, runs)
    elif rounds[0].recording.outcome is Outcome.time_up:
        seconds = rounds[0].recording.seconds
        note = f"the script was stopped after {seconds:.0f} s, before it was done"
        examined = replace(examined, notes=(note,), cut=True)
    return conclude(examined, time.monotonic() - begun)


def _unluckiest_first(program: Program, runs: Runs) -> tuple[int, ...]:
    """Return the seeds, that of the worst run first where the first one works but another does not.

    A network that is stuck with one start in three is a fault that a single lucky run hides.
    """
    first = judge(runs.run(program.text, SEEDS[0]))
    if first is None or not first.works or not runs.has_time_for(len(SEEDS) - 1):
        return SEEDS
    level_of = {
        seed: found.balanced_accuracy
        for seed, one in zip(SEEDS, runs.all(program.text, SEEDS), strict=True)
        if (found := judge(one)) is not None
    }
    worst = min(level_of, key=lambda seed: level_of[seed])
    if level_of[worst] >= good_from(1 / first.classes):
        return SEEDS
    return (worst, *(one for one in SEEDS if one != worst))


def _round(
    program: Program, read: tuple[Suspicion, ...], runs: Runs, seeds: tuple[int, ...] = SEEDS
) -> Round:
    recording = runs.run(program.text, seeds[0])
    seen = look(recording, program) if recording.trainings else None
    found, out = suspects(read, seen)
    wrong = tuple(one for one in compare(recording) if one.outside)
    return Round(program, recording, found, out, wrong, seeds)


def _try_surest(one: Round, runs: Runs, say: Say) -> None:
    """Where each run is long: look at the surest changes, then at pairs of them, then try everything as elsewhere.

    One run each of the first is a look: few pictures judge, so half of the changes that do nothing look promising, and
    more seeds for these would take the time of a pair.
    """
    if not _can_be_tried(one.recording):
        return
    case = one.case
    chosen = _chosen(one, first=True)
    runs.plan.append(f"suspected, surest first: {', '.join(each.code for each in chosen) or 'nothing'}")
    runs.plan.append(f"tried: the first {MOST_SUREST}, pairs with these, then all and their pairs")
    for some, most_second, only_clear in (
        (chosen[:MOST_SUREST], MOST_ON_TOP, True),
        (chosen, MOST_SECOND, False),
    ):
        if _one_is_proved(one, case, some, runs, say, most_edits=1, only_clear=only_clear):
            return
        _try_pairs(one, runs, say, most_second)
        if one.proved is not None:
            return


def _try_all(one: Round, runs: Runs, say: Say, *, first: bool) -> None:
    """Try the suspicions until one is proved: the sure ones in turn, the others by what a look at each promises.

    Later rounds ask only what is clearly suspected.
    """
    if not _can_be_tried(one.recording):
        return
    case = one.case
    chosen = _chosen(one, first=first)
    sure = [each for each in chosen if each.certainty >= SUSPECTED]
    if _one_is_proved(one, case, sure, runs, say):
        return
    others = [each for each in chosen if each.certainty < SUSPECTED]
    for each in others:
        prepare(case, each, runs)
    promised = {each.code: promise(case, each, runs) for each in others}
    _one_is_proved(one, case, sorted(others, key=lambda each: -promised[each.code]), runs, say)


def _one_is_proved(
    one: Round,
    case: Case,
    chosen: Sequence[Suspicion],
    runs: Runs,
    say: Say,
    most_edits: int = MOST_EDITS,
    *,
    only_clear: bool = False,
) -> bool:
    for at, suspicion in enumerate(chosen):
        if not runs.has_time_for(2):
            if not one.told_of_time:
                say("The time is over before everything could be tried.")
            one.told_of_time = True
            return False
        for coming in chosen[at + 1 : at + runs.at_once]:
            prepare(case, coming, runs)
        found = score_again(case, suspicion, runs) if suspicion.code in RESCORED else None
        edited = try_out(case, suspicion, runs, most_edits, only_clear=only_clear)
        found = _better(found, edited)
        if found is None:
            continue
        one.keep(found, say)
        if found.fails:
            runs.keep_only([case.program.text])
            return True
    return False


def _try_pairs(one: Round, runs: Runs, say: Say, most_second: int = MOST_SECOND) -> None:
    """Where the training is not good and no change alone mends it, try a second change on top."""
    if one.proved is not None or not one.tried:
        return
    judged = judge(one.recording)
    if judged is None or judged.balanced_accuracy >= good_from(1 / judged.classes):
        return
    case = one.case

    def suspects_of(program: Program) -> tuple[Suspicion, ...]:
        found = _round(program, suspect(program), runs).suspects
        return tuple(each for each in found if each.certainty >= KEPT_IN_MIND)

    found = try_together(case, one.tried, suspects_of, runs, most_second)
    if found is not None:
        one.keep(found, say)


def _better(rescored: Tried | None, edited: Tried | None) -> Tried | None:
    """Join what scoring again and the edit say of one suspicion: the edit mends, both may prove."""
    if rescored is None or edited is None:
        return edited or rescored
    if edited.fails or (edited.proved and not rescored.fails):
        return edited
    return Tried(
        rescored.suspicion,
        rescored.proved,
        rescored.fails,
        (*rescored.experiments, *edited.experiments),
        edited.edit,
        edited.runs,
    )


def _chosen(one: Round, *, first: bool) -> list[Suspicion]:
    judged = judge(one.recording)
    least = KEPT_IN_MIND
    if judged is not None and level([judged]).low > 1 / judged.classes:
        good = judged.balanced_accuracy >= good_from(1 / judged.classes)
        least = SUSPECTED if good else HALF_WAY
    least = least if first else SUSPECTED
    found = [each for each in one.suspects if each.certainty >= least]
    if judged is not None and judged.unseen:
        found = [each for each in found if could_matter(each.code, judged.balanced_accuracy)]
    return found[:MOST_TRIED]


def _can_be_tried(recording: Recording) -> bool:
    return recording.outcome in (Outcome.finished, Outcome.crashed, Outcome.time_up)


def _runs_of(one: Round, runs: Runs) -> tuple[Recording, ...]:
    """Return the runs of the program as it is: with all seeds where there is time, or one."""
    judged = judge(one.recording)
    if judged is None or not _can_be_tried(one.recording):
        return (one.recording,)
    known = runs.knows(one.program.text, one.seeds)
    if not known and (level([judged]).low > 1 / judged.classes or not runs.has_time_for(len(one.seeds) - 1)):
        return (one.recording,)
    return tuple(runs.all(one.program.text, one.seeds))


def _words(tried: Tried) -> str:
    changed = tried.edit.words if tried.edit is not None else tried.experiments[0].change
    compared = "; ".join(
        f"{SCORES.get(one.measure, one.measure)} {one.before.value:.2f} -> {one.after.value:.2f}"
        for one in tried.experiments[: 1 if tried.partners else None]
    )
    return f"Tried: {changed} {compared or 'There was nothing to compare it with'}."
