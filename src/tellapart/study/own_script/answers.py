"""What the trainings of a script say to each question, in one sentence.

A amounts, B replicates, R rounds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from tellapart.diagnose.trials.effect import gain, level
from tellapart.diagnose.trials.judged import Judged
from tellapart.evaluate.resampling import bootstrap_weights
from tellapart.study.amount import REPLICATES, draw_out, told_by
from tellapart.study.answer import (
    Answer,
    Asked,
    Effect,
    Row,
    Verdict,
    at_chance,
    by,
    flawless,
    rows_settings,
    said,
    too_few_rounds,
    what_would_do,
)
from tellapart.study.effect import MATTERS

from .rounds import Compared

WHAT = "your script"
LINE = "threshold"
Told = tuple[Verdict, str, float | None]


def answer(question: str, asked: Asked, found: Compared, classes: int, seed: int) -> Answer:
    """Return the answer to a question.

    Parameters
    ----------
    question
        One of `tellapart.study.options.QUESTIONS`.
    asked
        The training pictures and the time.
    found
        What all rounds gave.
    classes, seed
        How many; of the bootstrap.
    """
    if len(found.ways) < 2:
        sentence = "Cannot tell: none of the other ways to train could be judged; the notes say why."
        return Answer("cannot tell", sentence, (), (), found.notes).based_on(asked, found.rounds)
    if not found.rounds.enough:
        return too_few_rounds(asked, found.rounds)
    return {"amount": _amount, "balance": _balance, "size": _size, "augmentation": _augmentation}[question](
        asked, found, classes, seed
    )


def _amount(asked: Asked, found: Compared, classes: int, seed: int) -> Answer:
    ways = found.ways[::-1]  # rising
    keys = [way.arm.key for way in ways]
    if len(keys) < 4:
        sentence = (
            f"Cannot tell: {len(asked.labels)} training pictures are too few to train on a half, a quarter and an "
            f"eighth of them."
        )
        return Answer("cannot tell", sentence, _rows(found), (), found.notes).based_on(asked, found.rounds)
    amounts = np.array([found.rounds.fitted[key] for key in keys])
    rng = np.random.default_rng(seed)
    runs = [found.judged[key] for key in keys]
    errors_BA = errors_drawn(runs, rng, paired=found.same_pictures)
    own_A = np.array([1 - level(some).value for some in runs])
    n = round(float(amounts[-1]))
    curve = draw_out(amounts, errors_BA, own_A, n, rng)
    top, comparisons = keys[-1], len(keys) - 1
    effects = tuple(
        _effect(found, key, top, comparisons, f"all instead of {_words(found, key)}") for key in keys[:-1]
    )
    reached = level(found.judged[top])
    now = f"now {said(reached)} on held-out pictures, n = {reached.n}"
    told: Told = (
        ("cannot tell", words, None)
        if (words := at_chance(reached, classes, WHAT))
        else told_by(curve, reached, now, n, lambda open_: what_would_do(asked, found.rounds, open_))
    )
    notes = (
        curve.check_words,
        "Every way trains as many epochs as your script says: with fewer pictures these are fewer steps, and what more "
        "pictures gain is in part what more steps would.",
    )
    rows = _rows(found)[::-1]
    done = Answer(told[0], told[1], rows, effects, (*notes, *found.notes), curve, told[2])
    return done.based_on(asked, found.rounds)


def _balance(asked: Asked, found: Compared, classes: int, _seed: int) -> Answer:
    base, others = found.ways[0].arm.key, [way.arm.key for way in found.ways[1:]]
    line = LINE in found.judged
    against = LINE if line else base
    words = "threshold alone" if line else "as they come"
    comparisons = len(others) + line
    moved = [_effect(found, base, LINE, comparisons, "threshold alone against as they come")] if line else []
    treated = [
        _effect(found, against, key, comparisons, f"{_words(found, key)} against {words}") for key in others
    ]
    best = max((level(some) for some in found.judged.values()), key=lambda one: one.low)
    strongest = max(treated, key=lambda one: one.main.value)
    name, n = _words(found, strongest.of), f"n = {strongest.main.n}"
    beyond = f"{name}: {by(strongest.main)} against {words}, {n}"
    widest = max(one.main.high for one in treated)
    told: Told
    if sentence := at_chance(best, classes, WHAT):
        told = "cannot tell", sentence, None
    elif sentence := flawless(
        level(found.judged[base]), "with the pictures as they come", "evening them out"
    ):
        told = "no", sentence, None
    elif strongest.judged == "more":
        told = "yes", f"Yes, in part: balanced accuracy changes with {beyond}.", None
    elif moved and moved[0].judged == "more":
        mostly = "Not" if widest < MATTERS else "Mostly not"
        told = (
            "no",
            f"{mostly} the imbalance but where the line is drawn: moving the threshold alone changes balanced accuracy "
            f"by {by(moved[0].main)}; {beyond}.",
            None,
        )
    elif max([widest, *(one.main.high for one in moved)]) < MATTERS:
        told = "no", f"No: nothing changes balanced accuracy by {MATTERS} or more; best {beyond}.", None
    else:
        told = _open(asked, found, [*moved, *treated], f"at best balanced accuracy changes with {beyond}")
    return _done(asked, found, told, (*moved, *treated))


def _size(asked: Asked, found: Compared, classes: int, _seed: int) -> Answer:
    base, own = found.ways[0].arm.key, found.ways[0].arm
    others = [way.arm for way in found.ways[1:]]
    effects = tuple(
        _effect(found, base, one.key, len(others), f"{one.words} instead of {own.words}") for one in others
    )
    sides = {one.key: one.look_px or 0 for one in (own, *others)}
    better = [one for one in effects if one.judged == "more"]
    worse = [one for one in effects if one.judged == "less"]
    same = [one for one in effects if one.judged == "same"]
    best = max((level(found.judged[way.arm.key]) for way in found.ways), key=lambda one: one.low)
    told: Told
    if sentence := at_chance(best, classes, WHAT):
        told = "cannot tell", sentence, None
    elif better:
        top = max(better, key=lambda one: one.main.value)
        kind = "larger" if sides[top.of] > sides[base] else "smaller"
        told = (
            "yes",
            f"Yes, {kind} pictures help your script: {_words(found, top.of)} instead of {own.words} changes balanced "
            f"accuracy by {by(top.main)}, n = {top.main.n}.",
            None,
        )
    elif len(worse) + len(same) == len(effects):
        kept = ", ".join(f"{_words(found, one.of)}: {by(one.main)}" for one in effects)
        told = (
            "no",
            f"No: no other size is better for your script than its {own.words} ({kept}), n = {effects[0].main.n}.",
            None,
        )
    elif sentence := flawless(level(found.judged[base]), f"at {own.words}", "another size"):
        told = "no", sentence, None
    else:
        known = ", ".join(f"{_words(found, one.of)}: {by(one.main)}" for one in effects)
        told = _open(
            asked,
            found,
            effects,
            f"against the {own.words} of your script balanced accuracy changes ({known})",
        )
    notes = (
        "The size is changed where the script writes it: what is in the pictures and what its network looks at change "
        "together. Pictures of different sizes are not paired one by one, which widens the intervals.",
    )
    done = _done(asked, found, told, effects, notes)
    order = sorted(done.rows, key=lambda row: sides[row.key])
    return replace(done, rows=tuple(order))


def _augmentation(asked: Asked, found: Compared, classes: int, _seed: int) -> Answer:
    base, others = found.ways[0].arm.key, [way.arm.key for way in found.ways[1:]]
    effects = tuple(_effect(found, key, base, len(others), _added(key, found)) for key in others)
    helps = [one for one in effects if one.judged == "more"]
    harms = [one for one in effects if one.judged == "less"]
    best = max((level(some) for some in found.judged.values()), key=lambda one: one.low)
    told: Told
    if sentence := at_chance(best, classes, WHAT):
        told = "cannot tell", sentence, None
    elif helps or harms:
        parts = [f"{one.words}: balanced accuracy {by(one.main)}" for one in (*helps, *harms)]
        start = "They help" if helps and not harms else "They harm" if not helps else "Some help, some harm"
        told = ("yes" if helps else "no"), f"{start}: {'; '.join(parts)}, n = {effects[0].main.n}.", None
    elif all(one.judged == "same" for one in effects):
        told = "no", f"None matters: no change by {MATTERS} or more, n = {effects[0].main.n}.", None
    else:
        known = "; ".join(f"{one.words}: {by(one.main)}" for one in effects)
        told = _open(asked, found, effects, f"balanced accuracy changes with {known}")
    return _done(asked, found, told, effects)


def _added(key: str, found: Compared) -> str:
    one = _words(found, key).removeprefix("all but ")
    return "all against none" if key == "none" else f"{one} added to the others"


def errors_drawn(
    runs: Sequence[Sequence[Judged]], rng: np.random.Generator, *, paired: bool, replicates: int = REPLICATES
) -> np.ndarray:
    """(B, A) of 1 - balanced accuracy with pictures and rounds drawn again, one column for each entry of `runs`.

    Parameters
    ----------
    paired
        Whether all were judged on the same pictures: then the same ones are drawn for all.
    """
    rounds = len(runs[0])
    drawn_BR = rng.multinomial(rounds, np.full(rounds, 1 / rounds), size=replicates) / rounds
    if not paired:
        each = [[_drawn_alone(one, rng, replicates) for one in some] for some in runs]
        return 1 - np.stack([np.einsum("br,rb->b", drawn_BR, np.array(some)) for some in each], axis=1)
    first = runs[0][0]
    labels = first.labels[np.argsort(first.looks)]
    right_ARm = np.array([[one.right[np.argsort(one.looks)] for one in some] for some in runs])
    weights_Bm = np.concatenate(list(bootstrap_weights(labels, None, rng, replicates)))
    recalls = []
    for c in np.unique(labels):
        own = weights_Bm[:, labels == c]
        shares = np.einsum("bm,arm->bar", own / own.sum(1, keepdims=True), right_ARm[:, :, labels == c])
        recalls.append(np.einsum("bar,br->ba", shares, drawn_BR))
    return np.asarray(1 - np.mean(recalls, axis=0))


def _drawn_alone(one: Judged, rng: np.random.Generator, replicates: int) -> np.ndarray:
    """(B,) balanced accuracies with the pictures drawn again: right ones of a class are binomial then."""
    own = [one.right[one.labels == c] for c in np.unique(one.labels)]
    return np.asarray(np.mean([rng.binomial(len(r), r.mean(), replicates) / len(r) for r in own], axis=0))


def _effect(found: Compared, against: str, of: str, comparisons: int, words: str) -> Effect:
    return Effect(
        of, against, words, {"balanced_accuracy": gain(found.judged[against], found.judged[of], comparisons)}
    )


def _words(found: Compared, key: str) -> str:
    return next((way.arm.words for way in found.ways if way.arm.key == key), key)


def _rows(found: Compared) -> tuple[Row, ...]:
    rows = [
        Row(
            way.arm.key,
            way.arm.words,
            rows_settings(way.arm),
            round(found.rounds.fitted[way.arm.key]),
            {"balanced_accuracy": level(found.judged[way.arm.key])},
            found.rounds.seconds[way.arm.key],
        )
        for way in found.ways
    ]
    if LINE in found.judged:
        base = rows[0]
        words = "as they come, each class measured by its share (threshold alone)"
        figures = {"balanced_accuracy": level(found.judged[LINE])}
        rows.insert(1, Row(LINE, words, base.settings, base.fitted, figures, base.training_seconds))
    return tuple(rows)


def _open(asked: Asked, found: Compared, effects: Sequence[Effect], words: str) -> Told:
    widest = max(effects, key=lambda one: one.main.high - one.main.low)
    advice, enough = what_would_do(asked, found.rounds, widest.main)
    return "cannot tell", f"Cannot tell: {words}; {advice}.", enough


def _done(
    asked: Asked, found: Compared, told: Told, effects: Sequence[Effect], notes: Sequence[str] = ()
) -> Answer:
    verdict, sentence, enough = told
    made = Answer(
        verdict, sentence, _rows(found), tuple(effects), (*notes, *found.notes), enough_seconds=enough
    )
    return made.based_on(asked, found.rounds)
