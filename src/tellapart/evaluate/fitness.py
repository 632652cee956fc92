"""Fitness for use: does the classifier reach the aim, and what would it do among 1,000 pictures."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from tellapart.evaluate.aim import Aim
from tellapart.evaluate.estimate import Estimate
from tellapart.evaluate.threshold import cost_per_picture

# With fewer pictures than this one more or one less moves the figure by more than .10: whether it
# lies above or below the bar is then an accident, unless the whole interval lies on one side.
FEWEST = 10


def fit_for_use(
    aim: Aim, test: Mapping[str, Any], *, classes: Sequence[str], positive: int | None
) -> dict[str, Any]:
    """Judge the classifier by the sealed part against the aim that was named.

    Parameters
    ----------
    aim
        What the threshold was chosen for.
    test
        What `tellapart.evaluate.measures.measure` returned for the sealed part.
    classes, positive
        Names, and the index of the positive class; None with more than two classes.

    Returns
    -------
    dict
        ``aim``, ``met``, ``words`` and, with a figure, ``figure`` (an `Estimate`).
        ``met`` is whether the point estimate reaches the bar; a cost is met where it is below that of
        calling all or none positive. None where no bar was named, the figure is not defined, or it
        rests on fewer than 10 pictures and its interval holds the bar.
    """
    if positive is None or len(classes) != 2 or aim.kind == "balanced accuracy":
        return _without_bar(aim, test)
    name, other = classes[positive], classes[1 - positive]
    found, spared = test["per_class"][name]["recall"], test["per_class"][other]["recall"]
    if aim.kind == "cost":
        return _judge_cost(aim, found, spared, test["per_class"][name]["n"] / max(1, test["n"]))
    if aim.kind == "min recall":
        figure, what = found, f"of {name} pictures are found"
    else:
        figure = test["per_class"][name]["precision"]
        if aim.prevalence is not None:
            figure = precision_where(figure, aim.prevalence, test["per_class"], name, other)
        what = f"of what is called {name} is {name}"
    return _judge_bar(aim, figure, what)


def _without_bar(aim: Aim, test: Mapping[str, Any]) -> dict[str, Any]:
    figure = test["balanced_accuracy"]
    words = "No aim was named, so there is no bar to reach."
    if figure.is_defined:
        words = f"No aim was named, so there is no bar to reach; the balanced accuracy is {figure}."
    return {"aim": aim.words, "met": None, "words": words, "figure": figure}


def _judge_bar(aim: Aim, figure: Estimate, what: str) -> dict[str, Any]:
    bar = 1.0 if aim.bar is None else aim.bar
    result: dict[str, Any] = {"aim": aim.words, "met": None, "figure": figure}
    if not figure.is_defined:
        return result | {"words": "The sealed part cannot say: there was nothing to count."}
    counted = f"{_percent(figure)} {what}"
    straddles = figure.low < bar <= figure.high
    if straddles and figure.n < FEWEST:
        return result | {"words": f"Too few pictures to say: {counted}; asked were {100 * bar:g} %."}
    met = figure.value >= bar
    words = f"{'Reached' if met else 'Not reached'}: {counted}; asked were {100 * bar:g} %."
    if straddles:
        words += " The interval holds both sides of the bar, so new pictures may turn out otherwise."
    return result | {"met": bool(met), "words": words}


def _judge_cost(aim: Aim, found: Estimate, spared: Estimate, share: float) -> dict[str, Any]:
    """Compare the cost with those of calling none and all positive, which need no classifier."""
    prevalence = share if aim.prevalence is None else aim.prevalence
    result: dict[str, Any] = {"aim": aim.words, "met": None}
    if not (found.is_defined and spared.is_defined):
        return result | {"words": "The sealed part cannot say: one of the classes does not occur."}
    miss, alarm = _complement(found), _complement(spared)
    value = cost_per_picture(aim, prevalence, found.value, alarm.value)
    misses, alarms = aim.cost_miss * prevalence, aim.cost_false_alarm * (1 - prevalence)
    # MOVER for a weighted sum (see intervals.mean_of_proportions), from the exact limits
    down = math.hypot(misses * (miss.value - miss.low), alarms * (alarm.value - alarm.low))
    up = math.hypot(misses * (miss.high - miss.value), alarms * (alarm.high - alarm.value))
    figure = Estimate(value, max(0.0, value - down), value + up, found.n + spared.n)
    rival = min(cost_per_picture(aim, prevalence, 0, 0), cost_per_picture(aim, prevalence, 1, 1))
    result["figure"] = figure
    counted = (
        f"{figure.value:.3g} a picture ({figure.low:.3g} to {figure.high:.3g}, n = {figure.n}), "
        f"against {rival:.3g} without a classifier"
    )
    straddles = figure.low < rival <= figure.high
    if straddles and min(found.n, spared.n) < FEWEST:
        return result | {"words": f"Too few pictures to say: it costs {counted}."}
    met = value < rival
    words = f"{'Cheaper' if met else 'Not cheaper'} than calling all or none positive: {counted}."
    return result | {"met": bool(met), "words": words}


def precision_where(
    precision: Estimate, prevalence: float, per_class: Mapping[str, Any], name: str, other: str
) -> Estimate:
    """Carry a precision over to another share of positives.

    The odds of being right are multiplied by the ratio of the odds of the positive class there and
    in the sealed part; the limits go along, because the map is monotone.
    """
    n_pos, n_neg = per_class[name]["n"], per_class[other]["n"]
    if not precision.is_defined or not n_pos or not n_neg:
        return Estimate.undefined(precision.n)
    ratio = prevalence * n_neg / ((1 - prevalence) * n_pos)

    def carry(p: float) -> float:
        return p * ratio / (p * ratio + 1 - p)

    return Estimate(carry(precision.value), carry(precision.low), carry(precision.high), precision.n)


def per_thousand(prevalence: float, recall: Estimate, specificity: Estimate) -> dict[str, Any]:
    """Say what happens among 1,000 pictures where it will be used.

    Parameters
    ----------
    prevalence
        Share of positives there, 0..1.
    recall, specificity
        Recall of the positive and of the other class on the sealed part, with exact limits.

    Returns
    -------
    dict
        ``positives``, ``missed`` and ``false_alarms`` among 1,000 (`Estimate`), ``precision`` (of what
        is called positive there, point estimate; nan where nothing is), and ``words``.
    """
    missed = _scaled(_complement(recall), 1000 * prevalence)
    alarms = _scaled(_complement(specificity), 1000 * (1 - prevalence))
    hits = 1000 * prevalence - missed.value
    called = hits + alarms.value
    words = "The sealed part lacks a class, so nothing can be said about 1,000 pictures."
    if missed.is_defined and alarms.is_defined:
        words = (
            f"Of 1,000 pictures {1000 * prevalence:g} are positive: {_count(missed)} of these slip through, "
            f"and there are {_count(alarms)} false alarms."
        )
    return {
        "positives": 1000 * prevalence,
        "missed": missed,
        "false_alarms": alarms,
        "precision": hits / called if called > 0 else math.nan,
        "words": words,
    }


def missed_words(recall: Estimate, name: str) -> str:
    """Say how many were missed, and what so few pictures still allow: "0 of 30", "up to 11.6 %"."""
    if not recall.is_defined:
        return f"There was no {name} picture to miss."
    missed = _complement(recall)
    return (
        f"{round(missed.value * recall.n)} of {recall.n} {name} missed, "
        f"which still allows up to {100 * missed.high:.3g} %."
    )


def _complement(share: Estimate) -> Estimate:
    return Estimate(1 - share.value, 1 - share.high, 1 - share.low, share.n)


def _scaled(share: Estimate, factor: float) -> Estimate:
    return Estimate(share.value * factor, share.low * factor, share.high * factor, share.n)


def _percent(e: Estimate) -> str:
    return f"{100 * e.value:.1f} % ({100 * e.low:.1f} to {100 * e.high:.1f} %, n = {e.n})"


def _count(e: Estimate) -> str:
    return (
        f"{e.value:.2g} ({e.low:.2g} to {e.high:.2g})"
        if e.high < 10
        else f"{e.value:.0f} ({e.low:.0f} to {e.high:.0f})"
    )
