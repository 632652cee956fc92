"""Would larger pictures help, or smaller ones do? Pictures are shrunk, and shown to the model at its usual size.

So the information is what varies, and nothing else. Sizes with more in them than the model's usual size can show are
shown to it larger, as they would be used.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from tellapart.pictures.decode import STORE_SIDE
from tellapart.study.answer import (
    Answer,
    Effect,
    Verdict,
    at_chance,
    by,
    effect_of,
    flawless,
    rows_of,
    said,
    too_few_rounds,
    what_would_do,
)
from tellapart.study.arm import Arm
from tellapart.study.bench import Bench
from tellapart.study.effect import MATTERS, Scored, level, score
from tellapart.study.learners import Learner
from tellapart.study.planning import fit_into_time
from tellapart.study.rounds import Rounds, run_rounds

SMALLEST = 8  # px; below it hardly anything can be told by anybody
SMALLEST_SHARE = 1 / 10  # of the pictures' own size
A_LITTLE = 1.05  # as much more than the model's usual size is no reason to show pictures larger


def study_size(bench: Bench, learner: Learner) -> Answer:
    """Answer by training on pictures of several sizes."""
    plans = _plans(bench, learner)
    if not plans:
        sentence = f"Cannot tell: pictures of {bench.longest_px} px leave nothing to shrink."
        return Answer("cannot tell", sentence, (), ())
    number, bench, _ = fit_into_time(bench, learner, [arms for _, arms in plans])
    learner, arms = plans[number][0].on(bench), plans[number][1]
    rounds = run_rounds(bench, learner, arms)
    if not rounds.enough:
        return too_few_rounds(bench, rounds)
    scored = {arm.key: score(bench, rounds.logits[arm.key], rounds.folds) for arm in arms}
    top = arms[-1]
    effects = tuple(
        effect_of(scored, arm, top, len(arms) - 1, f"{top.words} instead of {arm.words}") for arm in arms[:-1]
    )
    verdict, sentence, enough = _sentence(bench, learner, arms, effects, scored, rounds)
    rows = rows_of(arms, scored, rounds, lambda arm: learner.seconds_a_picture(side_of(bench, arm)))
    notes = (*_limits(bench, arms, richest=number == 0), *_looked_at(learner, arms))
    found = Answer(verdict, sentence, rows, effects, notes, enough_seconds=enough)
    return found.based_on(bench, rounds)


def side_of(bench: Bench, arm: Arm) -> int:
    """Return the longest side, px, of the information an arm has."""
    return bench.longest_px if arm.side_px is None else arm.side_px


def _plans(bench: Bench, learner: Learner) -> list[tuple[Learner, list[Arm]]]:
    """Return learners with their arms, the richest first; each list of arms rises, its last is the largest."""
    native = bench.longest_px
    fine, coarse = _ladder(native, 2**0.5), _ladder(native, 2.0)
    found: list[tuple[Learner, list[Arm]]] = []
    learners = [learner.looking_at(side) for side in reversed(learner.sides)]
    for one in learners:
        found += [(one, _arms(bench, one, sides)) for sides in (fine, coarse)]
    usual = learners[-1]
    below = [side for side in coarse if _square(bench, side) <= A_LITTLE * usual.usual_px]
    if len(below) >= 2:
        found.append((usual, _arms(bench, usual, below)))
    return [(one, arms) for one, arms in found if len(arms) >= 2]


def _ladder(native: int, factor: float) -> list[int]:
    """Return sizes, px, rising to the pictures' own."""
    least = max(SMALLEST, round(native * SMALLEST_SHARE))
    sides = [native]
    while native / factor ** len(sides) >= least:
        sides.append(round(native / factor ** len(sides)))
    return sorted(set(sides))


def _arms(bench: Bench, learner: Learner, sides: Sequence[int]) -> list[Arm]:
    return [_arm(bench, learner, side) for side in sides]


def _arm(bench: Bench, learner: Learner, side: int) -> Arm:
    square = _square(bench, side)
    larger = square > A_LITTLE * learner.usual_px
    look = 8 * round(square / 8) if larger else None
    own = None if side >= bench.longest_px else side
    words = f"{side} px"
    key = f"{side}px"
    return Arm(key, words, side_px=own, look_px=look)


def _square(bench: Bench, side: int) -> float:
    """Side of the square, px, with as many pixels as a picture of this longest side."""
    height, width = (float(px) for px in np.median(bench.store.shapes, axis=0))
    return side * (min(height, width) / max(height, width)) ** 0.5


def _sentence(
    bench: Bench,
    learner: Learner,
    arms: Sequence[Arm],
    effects: Sequence[Effect],
    scored: Mapping[str, Scored],
    rounds: Rounds,
) -> tuple[Verdict, str, float | None]:
    best = max((level(one, "balanced_accuracy") for one in scored.values()), key=lambda e: e.low)
    lost = [i for i, effect in enumerate(effects) if effect.judged == "more"]
    if not lost and (words := at_chance(best, bench.classes, learner.name)):
        return "cannot tell", words, None
    top, measured = arms[-1].words, f"n = {effects[0].main.n}"
    whole = side_of(bench, arms[-1]) >= bench.longest_px
    beyond = (
        f"The pictures have no more than {bench.longest_px} px"
        if whole
        else f"Above {top} nothing was measured"
    )
    if lost and lost[-1] == len(arms) - 2:
        last = effects[lost[-1]]
        return (
            "yes",
            f"Yes, larger pictures may well help: from {arms[-2].words} to {top} balanced accuracy still rises, by "
            f"{by(last.main)}, {measured}, to {said(level(scored[arms[-1].key], 'balanced_accuracy'))}. {beyond}; "
            f"enlarging these adds nothing, taking them larger may.",
            None,
        )
    if lost:
        small, above = effects[lost[-1]], effects[lost[-1] + 1]
        known = "nothing that matters is gained" if above.judged == "same" else "it cannot be told"
        return (
            "yes",
            f"Yes, larger than {arms[lost[-1]].words} helps: {top} instead changes balanced accuracy by "
            f"{by(small.main)}; above {arms[lost[-1] + 1].words} {known} ({by(above.main)}), {measured}.",
            None,
        )
    if words := flawless(level(scored[arms[-1].key], "balanced_accuracy"), f"at {top}", "larger pictures"):
        down = f"From {arms[0].words} to {top} it changes by"
        return "no", f"{words} {down} {by(effects[0].main)}.", None
    same = [effect.judged == "same" for effect in effects]
    first = next((i for i in range(len(same)) if all(same[i:])), None)
    if first is not None:
        below = (
            "" if first == 0 else f"; of the sizes below it cannot be told ({by(effects[first - 1].main)})"
        )
        return (
            "no",
            f"No: from {arms[first].words} to {top} balanced accuracy changes by {by(effects[first].main)}, less than "
            f"{MATTERS} either way, {measured}{below}.",
            None,
        )
    advice, enough_seconds = what_would_do(bench, rounds, effects[-1].main)
    return (
        "cannot tell",
        f"Cannot tell: no difference between {arms[0].words} and {top} is seen, but from {arms[-2].words} to {top} "
        f"balanced accuracy may change by {by(effects[-1].main)}, {measured}; {advice}.",
        enough_seconds,
    )


def _limits(bench: Bench, arms: Sequence[Arm], *, richest: bool) -> list[str]:
    native = bench.longest_px
    notes = [
        f"The pictures are {native} px long as they are read (median): enlarging them beyond that adds no information, "
        f"so that nothing can be gained by it."
    ]
    files = int(np.median([max(fact.height, fact.width) for fact in bench.store.facts]))
    if files > native:
        notes.append(
            f"The files themselves are {files} px long; {STORE_SIDE} px are kept of them, and larger "
            f"sizes were not measured."
        )
    if not richest:
        largest = side_of(bench, arms[-1])
        notes.append(f"More or larger sizes than these (up to {largest} px) did not fit into the time.")
    return notes


def _looked_at(learner: Learner, arms: Sequence[Arm]) -> list[str]:
    larger = [arm.words for arm in arms if arm.look_px is not None]
    shown = f"Every size is shown to the model at {learner.usual_px} px, so that only what is in the pictures differs"
    if not larger:
        return [f"{shown}. The cost is that of the size itself, neither shrunk nor enlarged."]
    return [
        f"{shown}; {', '.join(larger)} hold more than that and are shown at their own size. The cost is that of "
        f"the size itself."
    ]
