"""Findings about shortcuts: the label can be told without looking at the object.

How grave one is depends on how nearly it reaches the real classifier, and on whether it can be the object after all:
the size of a picture hardly ever is, its brightness and border often are (rust is red to the edge), and the name of
a file is nothing that a classifier of pixels ever sees.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tellapart.audit.blind import Blind
from tellapart.audit.finding import Finding, Severity, finding
from tellapart.evaluate.decision import Shortcut

WORDS = {
    "size": "the size, shape and format of the picture",
    "brightness": "brightness and colours, without any shapes",
    "border": "the border of the picture",
    "metadata": "the file's name and metadata",
}

WORTH_NOTING = 0.5
"""Share of the real classifier's skill from which brightness and border are mentioned: on photographs of ants and
bees, where nothing is wrong, brightness keeps a third of it."""

CONFIRMED = 0.5
"""Brightness counts only where the border alone keeps at least half of what it keeps: light, camera and background
reach the border, while brightness that only the middle has comes from the object (two pieces are brighter than one)."""

ADVICE = {
    "size": "Find out why the classes differ in size, shape or format (other camera, other source, other cropping); "
    "collect them alike, or crop all to one shape, and train again.",
    "brightness": "Look whether the classes were taken in other light or with another camera. If so, take them alike. "
    "If colour or brightness is what tells them apart by nature, all is well.",
    "border": "Look whether the classes have other backgrounds. If so, take them on one background or crop closer. If "
    "the surface itself is the object and fills the picture, all is well.",
    "metadata": "Names do no harm by themselves: a classifier sees pixels only. But ask whether the classes come from "
    "other sources that also differ in their pixels.",
}


def find_shortcuts(blind: Sequence[Blind]) -> Iterator[Finding]:
    """Yield a finding for each way to tell the label without the object that is worth a word."""
    by_kind = {one.kind: one for one in blind}
    for one in blind:
        severity = gravity(one, by_kind.get("border"))
        if severity is not None:
            yield _finding(one, severity)


def gravity(one: Blind, border: Blind | None) -> Severity | None:
    """Say how grave a shortcut is; None where it is not worth a word."""
    if not one.is_clear:
        return None
    share = one.kept.value
    if one.kind == "size":
        if one.is_nearly_as_well or one.tells_a_class:
            return "stop"
        return "note" if share < WORTH_NOTING else "warn"  # without a classifier the share is nan: warn
    if one.kind == "metadata":
        return "note" if one.is_nearly_as_well else None
    if not share >= WORTH_NOTING:
        return None
    if one.kind == "brightness" and (border is None or not border.kept.value >= CONFIRMED * share):
        return None
    return "warn" if one.is_nearly_as_well else "note"


def for_decision(blind: Sequence[Blind]) -> tuple[Shortcut, ...]:
    """Return what `tellapart.evaluate.decision.decide` should weigh: only what cannot well be the object."""
    sizes = [one for one in blind if one.kind == "size" and one.is_clear]
    whole = [Shortcut(WORDS[one.kind], one.balanced_accuracy) for one in sizes]
    of_one = [
        Shortcut(WORDS[one.kind], one.one_class[0], told=one.class_told, classifier=one.one_class[1])
        for one in sizes
        if one.tells_a_class
    ]
    return (*whole, *of_one)


def _finding(one: Blind, severity: Severity) -> Finding:
    figure = one.balanced_accuracy
    title = (
        f"The label can be told from {WORDS[one.kind]}: balanced accuracy {figure.value:.2f} "
        f"({figure.low:.2f} to {figure.high:.2f})"
    )
    if one.classifier.is_defined:
        title += f", where the classifier has {one.classifier.value:.2f} and chance {one.chance:.2f}"
    if one.kind == "size" and one.tells_a_class:
        title = (
            f"{one.class_told!r} can be told from all others by {WORDS[one.kind]} alone: balanced accuracy "
            f"{one.one_class[0].value:.2f}, where the classifier has {one.one_class[1].value:.2f}"
        )
    evidence = {
        "balanced_accuracy": figure,
        "chance": one.chance,
        "classifier_balanced_accuracy": one.classifier,
        "share_of_skill": one.kept,
    }
    if one.chance < 0.5:
        evidence |= {
            "class_told_best": one.class_told,
            "class_balanced_accuracy": one.one_class[0],
            "class_classifier_balanced_accuracy": one.one_class[1],
            "class_share_of_skill": one.one_class[2],
        }
    return finding(f"shortcut.{one.kind}", severity, title, advice=ADVICE[one.kind], evidence=evidence)
