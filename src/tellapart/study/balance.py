"""Is it the imbalance of the classes? Weights, resampling and thinning against moving the line alone.

A class that is rare is called rarely, because the most probable class is usually another. That is a matter of where the
line is drawn, not of training: measured by each class's own share, the same scores call it as often as the others.
Only what other data or weights gain beyond that is the imbalance's doing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from tellapart.members.balance import UNEVEN
from tellapart.study.answer import (
    Answer,
    Effect,
    Verdict,
    at_chance,
    by,
    effect_of,
    flawless,
    rows_of,
    too_few_rounds,
    what_would_do,
)
from tellapart.study.arm import Arm
from tellapart.study.bench import Bench
from tellapart.study.effect import MATTERS, Scored, level, score
from tellapart.study.learners import Learner
from tellapart.study.planning import fit_into_time
from tellapart.study.rounds import Rounds, run_rounds

NATURAL = Arm("natural", "pictures as they come")
LINE = Arm("threshold", "as they come, each class measured by its share (threshold alone)")
TREATED = (
    Arm("weighted", "classes weighted evenly", balance="weighted"),
    Arm("resampled", "small classes drawn again", balance="resampled"),
    Arm("thinned", "large classes thinned", balance="thinned"),
)


def study_balance(bench: Bench, learner: Learner) -> Answer:
    """Answer by training on the classes as they come and evened out in three ways."""
    counts = np.bincount(bench.labels, minlength=bench.classes)
    ratio = float(counts.max() / counts.min())
    if ratio < UNEVEN:
        sentence = (
            f"No: the classes are even enough ({ratio:.1f} to 1, n = {len(bench.labels)}); there is no imbalance to "
            f"measure."
        )
        return Answer("no", sentence, (), ())
    _, bench, learner = fit_into_time(bench, learner, [(NATURAL, *TREATED)])
    rounds = run_rounds(bench, learner, (NATURAL, *TREATED))
    if not rounds.enough:
        return too_few_rounds(bench, rounds)
    scored = _scored(bench, rounds)
    even = _with_line(rounds)
    arms = (NATURAL, LINE, *TREATED)
    comparisons = 1 + len(TREATED)
    effects = (
        effect_of(scored, NATURAL, LINE, comparisons, "threshold alone against as they come"),
        *(
            effect_of(scored, LINE, arm, comparisons, f"{arm.words} against threshold alone")
            for arm in TREATED
        ),
    )
    verdict, sentence, enough = _sentence(bench, learner, effects, scored, even)
    notes = (
        f"The largest class has {ratio:.1f} times the pictures of the smallest. All figures are on the same pictures, "
        f"with the shares as they come. Recall is that of {bench.pictures.classes[bench.positive]!r}.",
    )
    found = Answer(
        verdict,
        sentence,
        rows_of(arms, scored, even),
        effects,
        notes,
        enough_seconds=enough,
    )
    return found.based_on(bench, rounds)


def _scored(bench: Bench, rounds: Rounds) -> dict[str, Scored]:
    """Score each arm as a program does that calls the most probable class; and once by the shares."""
    found = {
        arm.key: score(bench, _as_trained(bench, arm, rounds.logits[arm.key]), rounds.folds, as_trained=True)
        for arm in (NATURAL, *TREATED)
    }
    return found | {LINE.key: score(bench, rounds.logits[NATURAL.key], rounds.folds)}


def _as_trained(bench: Bench, arm: Arm, logits: np.ndarray) -> np.ndarray:
    """Give back the weights that the learner has taken from its logits."""
    return logits - np.log(bench.shares * bench.classes) if arm.balance == "weighted" else logits


def _with_line(rounds: Rounds) -> Rounds:
    """Give the arm that is not trained the cost of the one whose scores it takes."""
    from dataclasses import replace

    return replace(
        rounds,
        fitted=rounds.fitted | {LINE.key: rounds.fitted[NATURAL.key]},
        seconds=rounds.seconds | {LINE.key: rounds.seconds[NATURAL.key]},
    )


def _sentence(
    bench: Bench,
    learner: Learner,
    effects: Sequence[Effect],
    scored: Mapping[str, Scored],
    rounds: Rounds,
) -> tuple[Verdict, str, float | None]:
    line, treated = effects[0], effects[1:]
    best = max((level(one, "balanced_accuracy") for one in scored.values()), key=lambda e: e.low)
    if words := at_chance(best, bench.classes, learner.name):
        return "cannot tell", words, None
    natural = level(scored[NATURAL.key], "balanced_accuracy")
    if words := flawless(natural, "with the pictures as they come", "evening the classes out"):
        return "no", words, None
    strongest = max(treated, key=lambda effect: effect.main.value)
    n = f"n = {line.main.n}"
    beyond = f"beyond that {_name(strongest)} changes it by {by(strongest.main)}, {n}"
    if strongest.judged == "more":
        return (
            "yes",
            f"Yes, in part: {_name(strongest)} changes balanced accuracy by {by(strongest.main)} against moving the "
            f"threshold alone, which changes it by {by(line.main)}, {n}.",
            None,
        )
    widest = max(effect.main.high for effect in treated)
    if line.judged == "more":
        found = " and ".join(f"{level(scored[key], 'recall').value:.3f}" for key in (NATURAL.key, LINE.key))
        nothing = "nothing is gained beyond that" if widest < MATTERS else beyond
        return (
            "no",
            f"Not the imbalance but where the line is drawn: moving the threshold alone changes balanced accuracy by "
            f"{by(line.main)} (recall of {bench.pictures.classes[bench.positive]!r} {found}); {nothing}, {n}."
            if widest < MATTERS
            else f"Mostly not the imbalance but where the line is drawn: moving the threshold alone changes balanced "
            f"accuracy by {by(line.main)} (recall of {bench.pictures.classes[bench.positive]!r} {found}); {beyond}.",
            None,
        )
    if widest < MATTERS and line.main.high < MATTERS:
        return (
            "no",
            f"No: neither the threshold ({by(line.main)}) nor weights, resampling or thinning ({by(strongest.main)} at "
            f"best) change balanced accuracy by {MATTERS} or more, {n}.",
            None,
        )
    advice, enough = what_would_do(bench, rounds, max(effects, key=lambda effect: effect.main.high).main)
    return (
        "cannot tell",
        f"Cannot tell: the threshold alone changes balanced accuracy by {by(line.main)}, {_name(strongest)} by "
        f"{by(strongest.main)} against that, {n}; {advice}.",
        enough,
    )


def _name(effect: Effect) -> str:
    return {"weighted": "weighting", "resampled": "resampling", "thinned": "thinning"}[effect.of]
