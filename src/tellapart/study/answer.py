"""What a study finds: one sentence, the arms with their figures, the paired effects."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal, Protocol

import numpy as np

from tellapart.evaluate.estimate import Estimate
from tellapart.evaluate.measures import to_json
from tellapart.study.arm import Arm
from tellapart.study.effect import MATTERS, MEASURES, Scored, gain, judge, level
from tellapart.study.rounds import FEWEST_ROUNDS, Rounds

Verdict = Literal["yes", "no", "cannot tell"]


class Asked(Protocol):
    """What is asked about, and until when.

    Attributes
    ----------
    labels
        (n,) of the training pictures.
    began, deadline
        On the monotonic clock.
    """

    @property
    def labels(self) -> np.ndarray: ...  # noqa: D102 - above

    @property
    def began(self) -> float: ...  # noqa: D102 - above

    @property
    def deadline(self) -> float: ...  # noqa: D102 - above

    def seconds_left(self) -> float:
        """Until the answer has to be written."""


@dataclass(frozen=True)
class Row:
    """One arm: its settings, what it was trained on, its figures out of fold, its cost."""

    key: str
    words: str
    settings: Mapping[str, Any]
    fitted: int
    measures: Mapping[str, Estimate]
    training_seconds: float
    seconds_a_picture: float | None = None


@dataclass(frozen=True)
class Effect:
    """By how much an arm differs from another, measure by measure; `judged` on the balanced accuracy."""

    of: str
    against: str
    words: str
    measures: Mapping[str, Estimate]

    @property
    def main(self) -> Estimate:
        """Of the balanced accuracy."""
        return self.measures["balanced_accuracy"]

    @property
    def judged(self) -> str:
        """``more``, ``less``, ``same`` or ``open``."""
        return judge(self.main)


@dataclass(frozen=True)
class CurvePoint:
    """What the fitted curve says for an amount: measured ones and those beyond."""

    pictures: int
    balanced_accuracy: Estimate
    gain: Estimate


@dataclass(frozen=True)
class Curve:
    """A learning curve: balanced accuracy = 1 - floor - scale * pictures ** -power.

    Attributes
    ----------
    points
        Amounts beyond what there is; gains are against what there is.
    band
        (pictures, value, low, high) along the curve.
    check_words, held
        Whether the curve of the smaller amounts foretold the largest.
    """

    floor: float
    scale: float
    power: float
    points: tuple[CurvePoint, ...]
    band: tuple[tuple[float, float, float, float], ...]
    check: Mapping[str, Any]
    check_words: str
    held: bool


@dataclass(frozen=True)
class Answer:
    """What was found.

    Attributes
    ----------
    verdict
        ``yes``, ``no`` or ``cannot tell`` to the question as asked; the sentence says it in full.
    notes
        What else a reader should know.
    enough_seconds
        The ``--time`` that would have been enough, where it was not; None else.
    studied, trainings
        Pictures, and trainings of each arm.
    """

    verdict: Verdict
    sentence: str
    rows: tuple[Row, ...]
    effects: tuple[Effect, ...]
    notes: tuple[str, ...] = ()
    curve: Curve | None = None
    enough_seconds: float | None = None
    studied: int = 0
    trainings: int = 0

    def based_on(self, bench: Asked, rounds: Rounds) -> Answer:
        """Return the answer with what it rests on."""
        return replace(self, studied=len(bench.labels), trainings=rounds.done)

    def noting(self, *notes: str) -> Answer:
        """Return the answer with further notes."""
        return replace(self, notes=(*self.notes, *notes))

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, without the question."""
        return {
            "answer": self.verdict,
            "sentence": self.sentence,
            "notes": list(self.notes),
            "enough_seconds": self.enough_seconds and round(self.enough_seconds),
            "studied_pictures": self.studied,
            "trainings_of_each": self.trainings,
            "arms": [_row(one) for one in self.rows],
            "effects": [
                {"of": one.of, "against": one.against, "words": one.words, "judged": one.judged}
                | to_json(one.measures)
                for one in self.effects
            ],
            "curve": None if self.curve is None else to_json(_plain(self.curve)),
        }


def _row(row: Row) -> dict[str, Any]:
    return {
        "key": row.key,
        "words": row.words,
        "settings": to_json(row.settings),
        "fitted_pictures": row.fitted,
        "training_seconds": to_json(round(row.training_seconds, 3)),
        "seconds_a_picture": row.seconds_a_picture and round(row.seconds_a_picture, 5),
    } | to_json(row.measures)


def _plain(curve: Curve) -> dict[str, Any]:
    points = [
        {"pictures": one.pictures, "balanced_accuracy": one.balanced_accuracy, "gain": one.gain}
        for one in curve.points
    ]
    band = [dict(zip(("pictures", "value", "low", "high"), point, strict=True)) for point in curve.band]
    own = {key: value for key, value in vars(curve).items() if key not in ("points", "band")}
    return own | {"points": points, "band": band}


def rows_of(
    arms: Sequence[Arm],
    scored: Mapping[str, Scored],
    rounds: Rounds,
    cost: Callable[[Arm], float | None] = lambda _: None,
) -> tuple[Row, ...]:
    """Return a row for each arm, in their order."""
    return tuple(
        Row(
            arm.key,
            arm.words,
            rows_settings(arm),
            round(rounds.fitted[arm.key]),
            {measure: level(scored[arm.key], measure) for measure in MEASURES},
            rounds.seconds[arm.key],
            cost(arm),
        )
        for arm in arms
    )


def rows_settings(arm: Arm) -> dict[str, Any]:
    """Return what an arm asks for, as far as it asks for anything."""
    found = {key: value for key, value in asdict(arm).items() if key not in ("key", "words")}
    return {key: value for key, value in found.items() if value is not None}


def effect_of(
    scored: Mapping[str, Scored], against: Arm, of: Arm, comparisons: int, words: str | None = None
) -> Effect:
    """Return by how much `of` is above `against`."""
    before, after = scored[against.key], scored[of.key]
    return Effect(
        of.key,
        against.key,
        words or f"{of.words} against {against.words}",
        {measure: gain(before, after, measure, comparisons) for measure in MEASURES},
    )


def said(estimate: Estimate) -> str:
    """Write an estimate for a sentence."""
    return f"{estimate.value:.3f} ({estimate.low:.3f} to {estimate.high:.3f})"


def by(estimate: Estimate) -> str:
    """Write a difference for a sentence, with its sign."""
    return f"{estimate.value:+.3f} ({estimate.low:+.3f} to {estimate.high:+.3f})"


def too_few_rounds(bench: Asked, rounds: Rounds) -> Answer:
    """Say that the time was too short for the fewest trainings that show anything."""
    spent = bench.deadline - bench.began - max(0.0, bench.seconds_left())
    enough = 1.2 * (spent + rounds.missing_seconds) + 30
    sentence = (
        f"Cannot tell: the time was enough for {rounds.done} of the {FEWEST_ROUNDS} trainings of each kind that are "
        f"needed at least; --time {in_minutes(enough)} would do."
    )
    return Answer("cannot tell", sentence, (), (), enough_seconds=enough).based_on(bench, rounds)


def at_chance(best: Estimate, classes: int, what: str) -> str:
    """Say that nothing can be told because nothing was learnt; empty where something was."""
    if best.low > 1 / classes:
        return ""
    return (
        f"Cannot tell: {what} does not tell the classes apart better than chance in the first place (balanced accuracy "
        f"{said(best)}, chance {1 / classes:.3f}, n = {best.n})."
    )


def flawless(reached: Estimate, where: str, what: str) -> str:
    """Say that nothing is left to gain; empty where something is."""
    if reached.value < 1:
        return ""
    return (
        f"No: {where} no error is left (balanced accuracy {said(reached)}, n = {reached.n}); whether {what} would "
        f"help, these pictures are too easy to show."
    )


def what_would_do(bench: Asked, rounds: Rounds, effect: Estimate) -> tuple[str, float | None]:
    """Say what would narrow an open effect: more time where trainings were left out, else more pictures."""
    if rounds.done < rounds.planned and rounds.done > 0:
        spent = float(np.nansum(list(rounds.seconds.values()))) * rounds.planned
        enough = 1.2 * (spent + (bench.deadline - bench.began) * 0.3) + 30
        return f"--time {in_minutes(enough)} would allow all {rounds.planned} trainings of each kind", enough
    half = (effect.high - effect.low) / 2
    needed = int(np.ceil(effect.n * (half / MATTERS) ** 2 / 100) * 100)
    return f"about {needed:,} pictures would show a difference of {MATTERS}", None


def in_minutes(seconds: float) -> str:
    """Write a duration as `--time` takes it."""
    return f"{int(np.ceil(seconds / 60))}m"
