"""A diagnosis in words, as the terminal shows it."""

from __future__ import annotations

from collections.abc import Iterator

from .answer import SCORES, Diagnosis, Entry, Experiment
from .read_files import Curves, RunRead


def in_words(found: Diagnosis) -> str:
    """Return the answer: the sentence, the causes with their proof, the patch, what it is not."""
    return "\n".join(_lines(found))


def _lines(found: Diagnosis) -> Iterator[str]:
    yield f"\n{found.summary}"
    if found.history is not None:
        yield from _curves(found.history)
    for one in found.causes:
        yield from _entry(one)
    if found.run is not None:
        yield from _run(found.run)
    if found.patch:
        yield f"\nThe whole change:\n\n{found.patch.rstrip()}"
    wrong = [one for one in found.remeasured if not one.agrees]
    if wrong:
        yield "\nFigures that the script shows, and what they are:"
        yield from (f"  {one.name}: shown {one.reported:.3f}, recomputed {one.true}" for one in wrong)
    for one in found.remarks:
        if found.was_run:
            yield f"\nBy the way, [{one.code}] {one.words}{_proof(one)}"
        else:
            yield from _entry(one)
    if found.ruled_out:
        yield f"\n{len(found.ruled_out)} other causes were looked for and ruled out; the report says by what."
    if found.assumptions:
        yield "\nTaken for granted:"
        yield from (f"  {one}." for one in found.assumptions)
    if found.limits:
        yield "\nWhat this cannot know:"
        yield from (f"  {one}." for one in found.limits)
    if found.next_steps:
        yield "\nWhat to do next:"
        yield from (f"  {one}" for one in found.next_steps)


def _run(run: RunRead) -> Iterator[str]:
    """Yield what the members reached, and what holds the run back."""
    scores = [(one.name, one.figures.get("balanced_accuracy")) for one in run.summary.members]
    if any(figure is not None for _, figure in scores):
        yield "\nBalanced accuracy out of fold:"
        yield from (f"  {name:<22} {figure}" for name, figure in scores if figure is not None)
    for point in run.points:
        yield f"\n{point.title}  [{point.code}]"
        yield f"  {point.file}:  {point.words}"
        yield f"  What to do: {point.advice}"


def _curves(curves: Curves) -> Iterator[str]:
    """Yield what was understood of a history, one line for each figure."""
    yield f"\n{len(curves.epochs)} epochs, {curves.epochs[0]} to {curves.epochs[-1]}:"
    for one in curves.series:
        known = [f"{value:.4g}" for value in one.values if value is not None]
        if known:
            yield f"  {one.name:<22} {known[0]} -> {known[-1]}  (column “{one.column}”)"
    if curves.unread:
        yield f"  not read: {', '.join(curves.unread)}"


def _entry(one: Entry) -> Iterator[str]:
    place = f"{one.file}, line {one.line}" if one.line else one.file
    yield f"\n{one.title}  [{one.code}]"
    yield f"  {place}" + (f":  {one.source.strip().splitlines()[0]}" if one.source.strip() else "")
    yield f"  {one.words}"
    yield from (f"  {_experiment(each)}" for each in one.experiments)
    yield f"  {'Proved' if one.proved else 'Not proved'}. What to do: {one.fix}"


def _experiment(one: Experiment) -> str:
    measure = SCORES.get(one.measure, one.measure)
    return (
        f"{one.change} {measure[0].upper()}{measure[1:]}: {one.before.value:.3f} -> {one.after.value:.3f}, "
        f"a difference of {one.effect.value:+.3f} ({one.effect.low:+.3f} to {one.effect.high:+.3f}; "
        f"{len(one.seeds)} seed{'s' * (len(one.seeds) > 1)}, {one.effect.n} pictures)."
    )


def _proof(one: Entry) -> str:
    return "".join(f" {_experiment(each)}" for each in one.experiments)
