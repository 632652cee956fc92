"""Which changes of the training pictures help, which harm? Each alone against none, and left out against all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from tellapart.members.policy import Policy
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
from tellapart.study.arm import NOTHING, Arm
from tellapart.study.bench import Bench
from tellapart.study.effect import Scored, level, score
from tellapart.study.learners import Learner
from tellapart.study.planning import fit_into_time
from tellapart.study.rounds import Rounds, run_rounds

PARTS: dict[str, tuple[str, dict[str, Any]]] = {
    "mirror": ("left and right exchanged", {"mirror": True}),
    "turns": ("quarter turns", {"turns": True}),
    "rotation": ("rotation by up to 15 degrees", {"tilt": 15.0}),
    "zoom": ("zoom by up to 15 %", {"zoom": 0.15}),
    "shift": ("shift by up to 10 %", {"shift": 0.1}),
    "light": ("brightness and contrast by up to 20 %", {"light": 0.2}),
}
"""As strong as tutorials have them: what a reader will have switched on."""

NONE = Arm("none", "none", policy=NOTHING)
ALL = Arm(
    "all", "all of them", policy=replace(NOTHING, **{k: v for _, p in PARTS.values() for k, v in p.items()})
)


def study_augmentation(bench: Bench, learner: Learner) -> Answer:
    """Answer by training with each change alone, with all, and with all but one."""
    alone = [Arm(name, words, policy=replace(NOTHING, **part)) for name, (words, part) in PARTS.items()]
    without = [
        Arm(f"without-{name}", f"all but {words}", policy=_without(part))
        for name, (words, part) in PARTS.items()
    ]
    plans = [[NONE, ALL, *alone, *without], [NONE, ALL, *alone]]
    number, bench, learner = fit_into_time(bench, learner, plans)
    arms = plans[number]
    rounds = run_rounds(bench, learner, arms)
    if not rounds.enough:
        return too_few_rounds(bench, rounds)
    scored = {arm.key: score(bench, rounds.logits[arm.key], rounds.folds) for arm in arms}
    comparisons = len(arms) - 1
    effects = [
        effect_of(scored, NONE, arm, comparisons, f"{arm.words} against none") for arm in (ALL, *alone)
    ]
    if number == 0:
        effects += [
            effect_of(scored, left, ALL, comparisons, f"{words} added to all others")
            for left, (words, _) in zip(without, PARTS.values(), strict=True)
        ]
    verdict, sentence, enough = _sentence(bench, learner, effects, scored, rounds)
    notes = [_how(learner)]
    if number:
        notes.append("Leaving each out of all did not fit into the time.")
    found = Answer(
        verdict,
        sentence,
        rows_of(arms, scored, rounds),
        tuple(effects),
        tuple(notes),
        enough_seconds=enough,
    )
    return found.based_on(bench, rounds)


def _without(part: Mapping[str, Any]) -> Policy:
    assert ALL.policy is not None  # noqa: S101
    return replace(ALL.policy, **{key: getattr(NOTHING, key) for key in part})


def _how(learner: Learner) -> str:
    if learner.name == "probe":
        return (
            "A changed copy of every training picture stands beside the picture itself; the features are frozen. A "
            "network that is trained whole may profit from other changes: --model detail."
        )
    return "Every training picture is changed anew each time it is seen."


def _sentence(
    bench: Bench, learner: Learner, effects: Sequence[Effect], scored: Mapping[str, Scored], rounds: Rounds
) -> tuple[Verdict, str, float | None]:
    best = max((level(one, "balanced_accuracy") for one in scored.values()), key=lambda e: e.low)
    if words := at_chance(best, bench.classes, learner.name):
        return "cannot tell", words, None
    whole, parts = effects[0], effects[1:]
    judged = {
        name: [one for one in parts if name in (one.of, one.against.removeprefix("without-"))]
        for name in PARTS
    }
    helps = [name for name, found in judged.items() if _any(found, "more") and not _any(found, "less")]
    harms = [name for name, found in judged.items() if _any(found, "less") and not _any(found, "more")]
    both = [name for name, found in judged.items() if _any(found, "less") and _any(found, "more")]
    n, together = f"n = {whole.main.n}", f"all together change balanced accuracy by {by(whole.main)}"
    if not helps and not harms and not both:
        widest = max(parts, key=lambda one: one.main.high - one.main.low)
        if all(one.judged == "same" for one in effects):
            return "no", f"None matters: {together}, {n}, and no part by 0.02 or more.", None
        advice, enough = what_would_do(bench, rounds, widest.main)
        if words := flawless(level(scored[NONE.key], "balanced_accuracy"), "without any change", "changes"):
            return "no", words, None
        told = "which of them does cannot be told"
        if whole.judged == "more":
            return "yes", f"Together they help: {together}, {n}; {told}: {advice}.", None
        if whole.judged == "less":
            return "no", f"Together they harm: {together}, {n}; {told}: {advice}.", None
        return (
            "cannot tell",
            f"Cannot tell: {together}, {n}, and no part is told from none; {advice}.",
            enough,
        )
    said = [f"{_list(helps, judged, 'more')} help{'s' * (len(helps) == 1)}"] if helps else []
    said += [f"{_list(harms, judged, 'less')} harm{'s' * (len(harms) == 1)}"] if harms else []
    said += [f"{', '.join(both)}: help alone or with the others, and harm the other way"] if both else []
    rest = [name for name in PARTS if name not in (*helps, *harms, *both)]
    quiet = f"; of {', '.join(rest)} no effect is seen" if rest else ""
    sentence = "; ".join(said)
    return ("yes" if helps else "no"), f"{sentence[0].upper()}{sentence[1:]}{quiet}; {together}, {n}.", None


def _any(effects: Sequence[Effect], judged: str) -> bool:
    return any(one.judged == judged for one in effects)


def _list(names: Sequence[str], judged: Mapping[str, Sequence[Effect]], kind: str) -> str:
    parts = []
    for name in names:
        one = next(effect for effect in judged[name] if effect.judged == kind)
        where = "added to the others " if one.of == ALL.key else ""
        parts.append(f"{name} ({where}{by(one.main)})")
    return ", ".join(parts)
