"""The measures by which a change proves a cause; all are recomputed by us, none is the script's word."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tellapart.diagnose.answer import Experiment
from tellapart.diagnose.recording import Outcome, Recording
from tellapart.diagnose.trials.effect import gain, level
from tellapart.diagnose.trials.judged import Judged, judge, with_seen
from tellapart.diagnose.watching.comparing import Discrepancy, compare
from tellapart.evaluate.estimate import Estimate


@dataclass(frozen=True)
class Pair:
    """Runs of a program as it is and of one that was changed, by seed.

    Attributes
    ----------
    before, after
        Of equal length.
    """

    change: str
    seeds: tuple[int, ...]
    before: tuple[Recording, ...]
    after: tuple[Recording, ...]


def by_score(pair: Pair) -> Experiment | None:
    """Compare how many pictures are told apart; None where one side cannot be judged."""
    judged = _comparable(pair)
    return None if judged is None else _compared(pair, "balanced_accuracy", *judged)


def by_order(pair: Pair) -> Experiment | None:
    """Compare how well two classes are told apart wherever the line between them is drawn.

    Only of a training whose answers are at chance: where one class is rare, a network that learns orders the pictures
    long before it calls the first one rare. None where it is not, or cannot be judged so.
    """
    judged = _comparable(pair)
    if judged is None or level(judged[0]).low > 1 / judged[0][0].classes:
        return None
    before, after = ([one.ordered for one in side] for side in judged)
    a, b = [one for one in before if one], [one for one in after if one]
    if len(a) != len(before) or len(b) != len(after):
        return None
    return _compared(pair, "roc_auc", a, b)


def _comparable(pair: Pair) -> tuple[list[Judged], list[Judged]] | None:
    after = judged_all(pair.after)
    if after is None:
        return None
    found = [judge(one) or _guessing(one, other) for one, other in zip(pair.before, after, strict=True)]
    before = [one for one in found if one is not None]
    if len(before) != len(found):
        return None
    if any(a.unseen and not b.unseen for a, b in zip(before, after, strict=True)):
        return None  # the change trains on the pictures that judge
    if any(set(b.labels) < set(a.labels) for a, b in zip(before, after, strict=True)):
        return None  # a class is left that nobody judges: the change moved it out of the part
    return before, after


def _guessing(run: Recording, mended: Judged) -> Judged | None:
    """Judge a program that ends with an error before anything could be judged: its network knows nothing."""
    return mended.guessed if run.outcome is Outcome.crashed and run.trainings else None


def _compared(pair: Pair, measure: str, before: list[Judged], after: list[Judged]) -> Experiment:
    return Experiment(pair.change, measure, level(before), level(after), gain(before, after), pair.seeds)


def by_untouched_pictures(pair: Pair) -> Experiment | None:
    """Compare the score on the pictures the script judges by with that on pictures no training saw."""
    before = [with_seen(one) for one in pair.before]
    after = judged_all(pair.after)
    if after is None or any(one is None for one in before) or not all(one.unseen for one in after):
        return None
    known = [one for one in before if one is not None]
    return Experiment(
        pair.change, "balanced_accuracy", level(known), level(after), gain(known, after), pair.seeds
    )


def by_figure(pair: Pair, wrong: Discrepancy) -> Experiment | None:
    """Compare how far the script's own figure is from the recomputed one; None where one side does not show it."""
    before = [_gap(one, wrong) for one in pair.before]
    after = [_gap(one, wrong) for one in pair.after]
    a, b = [one for one in before if one], [one for one in after if one]
    if len(a) != len(before) or len(b) != len(after):
        return None
    effect = _mean_of([Estimate(y.value - x.value, y.low - x.value, y.high - x.value, y.n)
                       for x, y in zip(a, b, strict=True)])  # fmt: skip
    name = f"reported {wrong.reported.part} {wrong.reported.measure} less the recomputed one"
    return Experiment(
        pair.change,
        name,
        _mean_of(a),
        _mean_of(b),
        effect,
        pair.seeds,
    )


def rescored(
    change: str, seeds: tuple[int, ...], runs: Sequence[Recording], part: str, preparation: str
) -> Experiment | None:
    """Compare the same weights on the same pictures, as the script prepares them and as the training part is."""
    before = [judge(one, part=part) for one in runs]
    after = [judge(one, part=part, preparation=preparation) for one in runs]
    a, b = [one for one in before if one], [one for one in after if one]
    if len(a) != len(before) or len(b) != len(after):
        return None
    return Experiment(change, "balanced_accuracy", level(a), level(b), gain(a, b), seeds)


def judged_all(runs: Sequence[Recording]) -> list[Judged] | None:
    """Judge several runs; None where one of them cannot be."""
    found = [judge(one) for one in runs]
    known = [one for one in found if one is not None]
    return known if len(known) == len(found) else None


def _gap(recording: Recording, wrong: Discrepancy) -> Estimate | None:
    """Return reported less recomputed of the same part and measure: at the same time, else at its last epoch."""
    alike = [one for one in compare(recording) if is_of(one, wrong)]
    if not alike:
        return None
    same = [one for one in alike if _when(one) == _when(wrong)]
    held = max(same or alike, key=_when)
    shown = held.reported.value
    return Estimate(shown - held.true, shown - held.high, shown - held.low, held.n)


def _when(one: Discrepancy) -> tuple[bool, int]:
    return one.reported.after, one.reported.epoch or 0


def is_of(one: Discrepancy, other: Discrepancy) -> bool:
    """Say whether two comparisons are about the same part and measure."""
    a, b = one.reported, other.reported
    return (a.part, a.measure, a.of) == (b.part, b.measure, b.of)


def _mean_of(gaps: list[Estimate]) -> Estimate:
    """Return the mean over seeds, with the mean interval: that a figure is wrong is seen in each run by itself."""
    value, low, high = (
        float(np.mean([getattr(one, end) for one in gaps])) for end in ("value", "low", "high")
    )
    return Estimate(value, low, high, min(one.n for one in gaps))
