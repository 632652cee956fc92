"""The report of ``tellapart study``: the answer, a plot, the figures, how they were measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tellapart.evaluate.estimate import Estimate
from tellapart.report.charts.chart import Chart
from tellapart.report.charts.study import Place, draw_effects, draw_levels
from tellapart.report.numbers import Figure, as_estimate, as_number, duration
from tellapart.report.page import render_page
from tellapart.report.reading.values import mapping, sequence, text, texts
from tellapart.report.text import clean, visible

MEASURES = {
    "balanced_accuracy": "balanced accuracy",
    "recall": "recall",
    "roc_auc": "ROC AUC",
    "average_precision": "average precision",
    "log_loss": "log loss",
}
OF_MEMBER = "Out of fold, on training pictures; the sealed part was not opened."
OF_SCRIPT = "Of your script, on pictures that it was not trained on."
TONES = {"yes": "good", "no": "plain", "cannot tell": "open"}
JUDGED = {
    "more": "higher",
    "less": "lower",
    "same": "no difference of 0.02 or more",
    "open": "cannot be told",
}


@dataclass(frozen=True)
class Line:
    """A line of a table: what, its figures by measure, and the rest in words."""

    words: str
    figures: tuple[Figure, ...]
    fitted: str = ""
    cost: str = ""
    judged: str = ""


def render_study(document: Mapping[str, Any], name: str) -> str:
    """Render study.json as one HTML page that needs nothing else.

    Parameters
    ----------
    document
        As in study.json.
    name
        Of the pictures' folder.
    """
    found = clean(dict(document))
    answer = text(found.get("answer"), "cannot tell")
    model = mapping(found.get("model"))
    of_script = _of_script(found)
    measures = tuple(MEASURES)[: 1 if of_script else None]  # of a script nothing else is counted
    return render_page(
        "study.html.j2",
        name=visible(name),
        asked=text(found.get("asked")),
        sentence=text(found.get("sentence")),
        answer=answer,
        tone=TONES.get(answer, "open"),
        chart=_chart(found),
        measures=tuple(MEASURES[key] for key in measures),
        caption=OF_SCRIPT if of_script else OF_MEMBER,
        pairing="seeds and, where they are the same, pictures"
        if of_script
        else "the same pictures, folds and seeds",
        arms=tuple(_arm(one, measures) for one in sequence(found.get("arms"))),
        effects=tuple(_effect(one, measures) for one in sequence(found.get("effects"))),
        points=tuple(map(_point, sequence(mapping(found.get("curve")).get("points")))),
        notes=texts(found.get("notes")),
        facts=_facts(found, model),
    )


def study_in_words(document: Mapping[str, Any]) -> str:
    """Return study.json as text: the answer in one sentence, then a line for each arm and each difference."""
    found = clean(dict(document))
    arms, effects = ([_line_of(one) for one in sequence(found.get(key))] for key in ("arms", "effects"))
    wide = max((len(words) for words, _ in arms + effects), default=0)
    lines = [text(found.get("sentence"))]
    measured = "Balanced accuracy on pictures that it was not trained on"
    title_of_arms = measured if _of_script(found) else "Balanced accuracy out of fold"
    for title, some in ((title_of_arms, arms), ("Differences", effects)):
        if some:
            lines += ["", title, *(f"  {words:<{wide}}  {figure}" for words, figure in some)]
    notes = texts(found.get("notes"))
    return "\n".join([*lines, *([""] if notes else []), *notes])


def _line_of(block: Any) -> tuple[str, str]:
    one = mapping(block)
    return text(one.get("words")), str(_figure(one, "balanced_accuracy"))


def _figure(block: Mapping[str, Any], measure: str) -> Figure:
    return Figure(MEASURES.get(measure, measure), as_estimate(block.get(measure)), "score")


def _of_script(found: Mapping[str, Any]) -> bool:
    return mapping(found.get("model")).get("name") == "script"


def _arm(block: Any, measures: Sequence[str]) -> Line:
    one = mapping(block)
    seconds, each = as_number(one.get("training_seconds")), as_number(one.get("seconds_a_picture"))
    cost = duration(seconds) if each is None else f"{duration(seconds)}; {1000 * each:.0f} ms a picture"
    figures = tuple(_figure(one, measure) for measure in measures)
    return Line(text(one.get("words")), figures, f"{as_number(one.get('fitted_pictures')) or 0:,.0f}", cost)


def _effect(block: Any, measures: Sequence[str]) -> Line:
    one = mapping(block)
    figures = tuple(_figure(one, measure) for measure in measures)
    return Line(text(one.get("words")), figures, judged=JUDGED.get(text(one.get("judged")), ""))


def _point(block: Any) -> Line:
    one = mapping(block)
    figures = (_figure(one, "balanced_accuracy"), Figure("gain", as_estimate(one.get("gain")), "score"))
    return Line(f"{as_number(one.get('pictures')) or 0:,.0f}", figures)


def _facts(found: Mapping[str, Any], model: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    classes = mapping(found.get("classes"))
    left_out = as_number(found.get("left_out_pictures")) or 0
    counted = ", ".join(f"{name}: {as_number(count) or 0:,.0f}" for name, count in classes.items())
    return (
        ("Training pictures", counted + (f"; {left_out:,.0f} left out to fit the time" if left_out else "")),
        ("Model", f"{text(model.get('name'))}: {text(model.get('words'))} ({text(model.get('why'))})"),
        ("Trainings of each kind", f"{as_number(found.get('trainings_of_each')) or 0:,.0f}"),
        ("Positive class", text(found.get("positive"))),
        ("Seed", f"{as_number(found.get('seed')) or 0:.0f}"),
        ("Time", duration(as_number(found.get("seconds")))),
    )


def _chart(found: Mapping[str, Any]) -> Chart | None:
    arms = [mapping(one) for one in sequence(found.get("arms"))]
    if not arms:
        return None
    question, how = (
        found.get("question"),
        "on pictures not trained on" if _of_script(found) else "out of fold",
    )
    chance = 1 / max(2, len(mapping(found.get("classes"))))
    if question == "size":
        places = [_place(one, text(one.get("words")).removesuffix(" px")) for one in arms]
        return draw_levels(
            places, "Balanced accuracy at each size", "longest side of the pictures, px", chance, how=how
        )
    if question == "amount":
        places = [_place(one, one.get("fitted_pictures")) for one in arms]
        band = [_along(mapping(point)) for point in sequence(mapping(found.get("curve")).get("band"))]
        return draw_levels(
            places, "Balanced accuracy with more pictures", "training pictures", chance, band, how
        )
    return _effects_chart([mapping(one) for one in sequence(found.get("effects"))], str(question))


def _place(arm: Mapping[str, Any], at: Any) -> Place:
    return as_number(at) or 1.0, as_estimate(arm.get("balanced_accuracy"))


def _along(point: Mapping[str, Any]) -> tuple[float, float, float, float]:
    values = [as_number(point.get(key)) or 0.0 for key in ("pictures", "value", "low", "high")]
    return values[0], values[1], values[2], values[3]


def _effects_chart(effects: list[Mapping[str, Any]], question: str) -> Chart:
    """Draw effects against the plain arm and, where there are any, those of a part added to all others."""
    plain: dict[str, Estimate] = {}
    other: dict[str, Estimate] = {}
    for one in effects:
        of, against = text(one.get("of")), text(one.get("against"))
        kind = other if against.startswith("without-") or against == "threshold" else plain
        kind[against.removeprefix("without-") if against.startswith("without-") else of] = as_estimate(
            one.get("balanced_accuracy")
        )
    words = (
        ("alone against none", "added to all others")
        if question == "augmentation"
        else ("against pictures as they come", "against the threshold alone")
    )
    names = list(dict.fromkeys([*plain, *other]))
    series = {label: found for label, found in zip(words, (plain, other), strict=True) if found}
    return draw_effects(names, series)
