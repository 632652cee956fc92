"""A `Diagnosis` as the page shows it: every text visible, every figure with its interval, nothing empty."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tellapart.diagnose.answer import Diagnosis, Entry, Experiment, Remeasured, Verdict
from tellapart.diagnose.causes.catalogue import CAUSES
from tellapart.report.numbers import Figure, level
from tellapart.report.text import visible
from tellapart.report.wording import Verdict as Badge

from .code import Code, patch_rows, source_rows
from .curves import Learned, learned
from .experiments import GAP, Shown, is_clear, show
from .read import READ_VERDICTS, Read, read, seen_in

LONG_SENTENCE = 170
"""Letters of a headline; what is longer goes below it in small print."""

_VERDICTS = {
    Verdict.fails: ("it fails", Badge("bad", "✕", "This program does not do what it should.")),
    Verdict.healthy: ("healthy", Badge("good", "✓", "There is nothing that you have to change.")),
    Verdict.unknown: (
        "unknown",
        Badge("open", "?", "There was not enough to go by. Nothing is said for or against this training."),
    ),
}


@dataclass(frozen=True)
class Item:
    """A cause or a remark.

    Attributes
    ----------
    tag, badge
        Whether it is proved: in a word, and how that is shown.
    proof
        The same in a sentence.
    together
        Titles of the causes that only matter together with this one.
    """

    title: str
    code: str
    place: str
    source: Code
    words: str
    experiments: tuple[Shown, ...]
    tag: str
    badge: Badge
    proof: str
    fix: str
    patch: Code
    together: tuple[str, ...]


@dataclass(frozen=True)
class Held:
    """A figure that the script shows, beside the recomputed one."""

    name: str
    shown: str
    at: float | None
    true: Figure
    tag: str
    badge: Badge
    off: str


@dataclass(frozen=True)
class Level:
    """A figure at the top of the page."""

    title: str
    figure: Figure
    meaning: str


@dataclass(frozen=True)
class View:
    """Everything on the page, in the order in which it is read.

    Attributes
    ----------
    out
        Title, code and why of what it is not.
    patch
        The whole change, where it is more than that of one cause.
    """

    name: str
    headline: str
    lead: str
    tag: str
    badge: Badge
    levels: tuple[Level, ...]
    chance: float | None
    causes: tuple[Item, ...]
    patch: Code
    is_mended: bool
    learned: Learned | None
    held: tuple[Held, ...]
    remarks: tuple[Item, ...]
    out: tuple[tuple[str, str, str], ...]
    assumptions: tuple[str, ...]
    read: Read
    seconds: float


def view(found: Diagnosis, name: str, chance: float | None) -> View:
    """Bring a diagnosis into the form of the page."""
    # The figure at the end of the sentence stands below it, in a card of its own.
    summary = found.summary.replace(f" (balanced accuracy {found.level})", "")
    headline, lead = _headline(visible(summary))
    tag, badge = (_VERDICTS if found.was_run else READ_VERDICTS)[found.verdict]
    changes = sum(bool(one.patch) and one.proved for one in found.causes)
    told_once = any(one.patch == found.patch for one in found.causes)
    return View(
        name=visible(name),
        headline=headline,
        lead=lead,
        tag=tag,
        badge=badge,
        levels=tuple(_levels(found, changes)),
        chance=chance,
        causes=tuple(
            _item(one, chance, *(_proved(one, found.causes[:k]) if found.was_run else seen_in(one)))
            for k, one in enumerate(found.causes)
        ),
        patch=Code(()) if told_once else patch_rows(found.patch),
        is_mended=bool(found.fixed),
        learned=learned(found.curves, chance, changes=changes),
        held=tuple(_held(one) for one in found.remeasured),
        remarks=tuple(
            _item(one, chance, *(_remark(one) if found.was_run else seen_in(one))) for one in found.remarks
        ),
        out=tuple((_title(one.code), visible(one.code), visible(one.why)) for one in found.ruled_out),
        assumptions=tuple(visible(one) for one in found.assumptions),
        read=read(found),
        seconds=found.seconds,
    )


def _headline(summary: str) -> tuple[str, str]:
    """Split the answer into its first sentence and what follows; a long first one at its colon."""
    first, stop, rest = summary.partition(". ")
    head, rest = (first + stop.strip(), rest) if stop else (summary, "")
    if len(head) > LONG_SENTENCE and ": " in head:
        head, _, tail = summary.partition(": ")
        head, rest = f"{head}.", tail[:1].upper() + tail[1:]
    return head, rest


def _levels(found: Diagnosis, changes: int) -> Iterator[Level]:
    """Yield how good the program is as it is, and with what is proved to help."""
    if found.level is None:
        return
    yield Level(
        "Balanced accuracy as it is" if found.was_run else "Balanced accuracy",
        Figure("balanced accuracy", found.level, "score"),
        "Share of the pictures that is right, every class counting the same. "
        + ("Recounted by tellapart." if found.was_run else "As the run measured it, on its test part."),
    )
    last = next((one for one in reversed(found.causes) if one.proved and one.patch), None)
    scored = [] if last is None else [one for one in last.experiments if one.measure == "balanced_accuracy"]
    if scored:
        title = "Balanced accuracy with all changes" if changes > 1 else "Balanced accuracy with the change"
        # Of causes that only matter together the first experiment is that with all changes.
        figure = Figure("balanced accuracy", scored[0 if last and last.together else -1].after, "score")
        what = "all changes below were" if changes > 1 else "the change below was"
        yield Level(title, figure, f"The same, after {what} made in a copy of the program.")


def _item(one: Entry, chance: float | None, tag: str, badge: Badge, proof: str) -> Item:
    place = visible(one.file) + ("" if one.line is None else f", line {one.line}")
    return Item(
        title=visible(one.title),
        code=visible(one.code),
        place=place,
        source=source_rows(one.source, one.line),
        words=visible(one.words),
        experiments=tuple(show(each, chance) for each in one.experiments),
        tag=tag,
        badge=badge,
        proof=proof,
        fix=visible(one.fix),
        patch=patch_rows(one.patch),
        together=tuple(_title(code) for code in one.together if code != one.code),
    )


def _title(code: str) -> str:
    return CAUSES[code].title if code in CAUSES else visible(code)


def _proved(one: Entry, above: Sequence[Entry]) -> tuple[str, Badge, str]:
    if one.proved and any(GAP in each.measure and not is_clear_level(each) for each in one.experiments):
        words = "Before and after differ in this change alone, and it makes the figure right."
        return "proved", Badge("good", "✓", ""), words
    if one.proved:
        made = any(each.proved and each.patch for each in above)
        words = (
            "Before and after differ in this change alone, and the figure moved by more than chance explains."
        )
        words += " What is proved above was already mended." * made
        fell = any(is_clear_level(each) and each.effect.high < 0 for each in one.experiments)
        words += " It falls because it was too good before." * (fell and one.code.startswith("split."))
        return "proved", Badge("good", "✓", ""), words
    words = "The experiment leaves it open." if one.experiments else "No experiment was made."
    words = f"{words} It is suspected from reading the program and watching it run."
    return "not proved", Badge("open", "?", ""), f"{words} How sure: {level(one.confidence)}."


def is_clear_level(one: Experiment) -> bool:
    """Whether a level, not a gap, is seen to move."""
    return GAP not in one.measure and is_clear(one)


def _remark(one: Entry) -> tuple[str, Badge, str]:
    badge = Badge("plain", "i", "")
    if any(is_clear_level(each) for each in one.experiments):
        words = "It is more than chance, but too small or too unsure to count as a cause."
        return "some effect", badge, words
    if one.experiments:
        return "no clear effect", badge, "The experiment shows no effect that matters."
    return "not tried", badge, f"It looks odd. No experiment was made. How sure: {level(one.confidence)}."


def _held(one: Remeasured) -> Held:
    figure = Figure(one.name, one.true, "score")
    off = one.reported - one.true.value
    tag, badge = ("agrees", Badge("good", "✓", ""))
    if not one.agrees:
        tag, badge = ("wrong", Badge("bad", "✕", ""))
    finite = math.isfinite(off)
    words = "" if one.agrees or not finite else f"{abs(off):.3f} too {'high' if off > 0 else 'low'}"
    shown = f"{one.reported:.3f}" if math.isfinite(one.reported) else str(one.reported)
    return Held(
        visible(one.name), shown, one.reported if 0 <= one.reported <= 1 else None, figure, tag, badge, words
    )
