"""Round after round, every way is trained with one seed, as time allows; and whether the script looked where it should.

R rounds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from tellapart.diagnose.recording import Outcome
from tellapart.diagnose.trials.judged import FEWEST, Judged
from tellapart.errors import OptionError
from tellapart.members.member import Progress
from tellapart.study.rounds import FEWEST_ROUNDS, Rounds

from .trained import PLANNED, Trained, Trainer, Way

COPIES = 0.9
"""Where at least this share of the judged pictures is left, those that another way was trained on are copies; where
less is left the script splits the pictures itself, in each way in another manner."""
FEWER = 0.8
"""Of the pictures: from so many fewer on, a script that reads them has to be seen to read fewer."""


@dataclass(frozen=True, eq=False)
class Compared:
    """What all rounds gave.

    Attributes
    ----------
    ways
        Those that could be trained, the script as it is first.
    judged
        Key of a way -> R judgements; with ``threshold`` that of the script as it is, measured by the classes' shares.
    rounds
        How many, what they took; it holds no scores.
    notes
        What could not be trained.
    same_pictures
        Whether all ways and rounds were judged on the same pictures.
    """

    ways: tuple[Way, ...]
    judged: Mapping[str, tuple[Judged, ...]]
    rounds: Rounds
    notes: tuple[str, ...]
    same_pictures: bool


def checked_first(found: Trained | None, name: str) -> Trained | None:
    """Return the first training of the script as it is; None where the clock cut it.

    Raises
    ------
    OptionError
        It does not train to its end, or shows no pictures to be judged on.
    """
    if found is None or found.cut:
        return None
    recording = found.recording
    if recording.outcome is not Outcome.finished:
        failure = recording.failure
        words = recording.outcome.value if failure is None else f"{failure.kind}: {failure.message}"
        where = name if failure is None or not failure.line else f"{name}, line {failure.line}"
        raise OptionError(
            "A script that is studied should train on PICTURES to its end.",
            found=words,
            where=where,
            advice=f"let it read the folder that is its first argument (or the variable PICTURES); "
            f"`tellapart diagnose {name} --pictures PICTURES` looks into it",
        )
    if found.judged is None:
        raise OptionError(
            "A script that is studied should judge itself on labelled pictures that it has not trained on.",
            found=f"fewer than {FEWEST} of them",
            where=name,
            advice="give fit validation_data, or go through the validation pictures after each epoch",
        )
    return found


def run_rounds(
    trainer: Trainer, ways: Sequence[Way], first: Trained, progress: Progress, name: str, *, line: bool
) -> Compared:
    """Train and judge; a way that fails in the first round is left out, and said to be.

    Parameters
    ----------
    first
        The script as it is, in the first round.
    name
        Of the script.
    line
        Whether it is also judged by the classes' shares.

    Raises
    ------
    OptionError
        The script does not read the pictures that it is given.
    """
    progress.stage("your script: trainings", PLANNED * len(ways))
    done: list[dict[str, Trained]] = []
    failed: dict[str, str] = {}
    for number in range(PLANNED):
        left = [way for way in ways if way.arm.key not in failed]
        if len(left) < 2 or (number and _seconds(done, trainer.at_once) > trainer.seconds_left()):
            break
        found = dict(zip([way.arm.key for way in left], trainer.train(left, number), strict=True))
        if any(one is None or one.cut for one in found.values()):
            break
        whole = {key: one for key, one in found.items() if one is not None}
        bad = {key: _why(one) for key, one in whole.items() if one.judged is None}
        if bad and number:
            break  # a seed with which one way fails: what was done before stands
        failed |= bad
        done.append({key: one for key, one in whole.items() if key not in failed})
        if not number:
            _check_reads(done[0], left[0].arm.key, name)
        progress.advance(len(left))
    kept = tuple(way for way in ways if way.arm.key not in failed)
    notes = tuple(
        f"Left out: {way.arm.words} ({failed[way.arm.key]})." for way in ways if way.arm.key in failed
    )
    judged = _judgements(done, kept, line=line)
    return Compared(kept, judged, _figures(done, kept, first, trainer.at_once), notes, _alike(judged))


def _why(one: Trained) -> str:
    failure = one.recording.failure
    if failure is not None:
        return f"the script ended with {failure.kind}: {failure.message}"
    if one.recording.outcome is not Outcome.finished:
        return f"the script ended: {one.recording.outcome.value}"
    return f"fewer than {FEWEST} pictures were left to judge it"


def _seconds(done: Sequence[Mapping[str, Trained]], at_once: int) -> float:
    """Return what a round takes, about: so many runs stand beside each other."""
    return float(np.mean([_beside([one.seconds for one in each.values()], at_once) for each in done]))


def _beside(seconds: Sequence[float], at_once: int) -> float:
    return max(sum(seconds) / at_once, *seconds)


def _check_reads(found: Mapping[str, Trained], base: str, name: str) -> None:
    whole = found.get(base)
    for one in found.values():
        if whole is None or one.fitted > FEWER * whole.fitted:
            continue
        middle = (1 + one.fitted / whole.fitted) / 2
        if len(one.known) > middle * len(whole.known) and one.files_read > middle * whole.files_read:
            raise OptionError(
                "A script that is studied should read its pictures from the folder that it is given.",
                found=f"given {one.fitted} training pictures instead of {whole.fitted} it trained on as many as before",
                where=name,
                advice="let it read the folder that is its first argument (sys.argv[1]) or the variable PICTURES",
            )


def _judgements(
    done: Sequence[Mapping[str, Trained]], ways: Sequence[Way], *, line: bool
) -> dict[str, tuple[Judged, ...]]:
    found: dict[str, list[Judged]] = {way.arm.key: [] for way in ways}
    moved: list[Judged | None] = []
    for each in done:
        known = np.unique(np.concatenate([one.known for one in each.values()]))
        own = {key: one.judged for key, one in each.items() if one.judged is not None}
        rest = {key: without(one, known) for key, one in own.items()}
        apart = all(len(rest[key].looks) >= max(FEWEST, COPIES * len(own[key].looks)) for key in own)
        for key, judged in (rest if apart else own).items():
            found[key].append(judged)
        shared = each[ways[0].arm.key].moved if line else None
        moved.append(without(shared, known) if apart and shared is not None else shared)
    tables = {key: tuple(some) for key, some in found.items()}
    lines = tuple(one for one in moved if one is not None)
    return tables | ({"threshold": lines} if lines and len(lines) == len(done) else {})


def without(judged: Judged, looks: np.ndarray) -> Judged:
    """Return a judgement without the pictures of some looks."""
    keep = ~np.isin(judged.looks, looks)
    return replace(judged, looks=judged.looks[keep], labels=judged.labels[keep], right=judged.right[keep])


def _alike(judged: Mapping[str, Sequence[Judged]]) -> bool:
    looks = [np.sort(one.looks) for some in judged.values() for one in some]
    return bool(looks) and all(np.array_equal(one, looks[0]) for one in looks)


def not_begun(seconds: float) -> Rounds:
    """Return rounds of which none was done, because the first training took more than so many seconds."""
    missing = 2 * seconds * FEWEST_ROUNDS
    return Rounds({}, {}, {}, np.zeros((0, 0), dtype=int), 0, PLANNED, missing)


def _figures(
    done: Sequence[Mapping[str, Trained]], ways: Sequence[Way], first: Trained, at_once: int
) -> Rounds:
    """Return what the trainings took, in the form that other studies have."""
    keys = [way.arm.key for way in ways]
    once = _seconds(done, at_once) if done else _beside([first.seconds] * max(2, len(ways)), at_once)
    return Rounds(
        logits={},
        fitted={key: float(np.mean([one[key].fitted for one in done] or [0])) for key in keys},
        seconds={key: float(np.median([one[key].seconds for one in done] or [np.nan])) for key in keys},
        folds=np.zeros((0, 0), dtype=int),
        done=len(done),
        planned=PLANNED,
        missing_seconds=max(0, FEWEST_ROUNDS - len(done)) * once,
    )
