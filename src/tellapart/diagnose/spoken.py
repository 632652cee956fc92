"""A diagnosis in words, as the terminal shows it."""

from __future__ import annotations

from collections.abc import Iterator

from .answer import Diagnosis, Entry, Experiment


def in_words(found: Diagnosis) -> str:
    """Return the answer: the sentence, the causes with their proof, the patch, what it is not."""
    return "\n".join(_lines(found))


def _lines(found: Diagnosis) -> Iterator[str]:
    yield f"\n{found.summary}"
    for one in found.causes:
        yield from _entry(one)
    if found.patch:
        yield f"\nThe whole change:\n\n{found.patch.rstrip()}"
    wrong = [one for one in found.remeasured if not one.agrees]
    if wrong:
        yield "\nFigures that the script shows, and what they are:"
        yield from (f"  {one.name}: shown {one.reported:.3f}, recomputed {one.true}" for one in wrong)
    for one in found.remarks:
        yield f"\nBy the way, [{one.code}] {one.words}{_proof(one)}"
    if found.ruled_out:
        yield f"\n{len(found.ruled_out)} other causes were looked for and ruled out; the report says by what."
    if found.assumptions:
        yield "\nTaken for granted:"
        yield from (f"  {one}." for one in found.assumptions)


def _entry(one: Entry) -> Iterator[str]:
    place = f"{one.file}, line {one.line}" if one.line else one.file
    yield f"\n{one.title}  [{one.code}]"
    yield f"  {place}" + (f":  {one.source.strip().splitlines()[0]}" if one.source.strip() else "")
    yield f"  {one.words}"
    yield from (f"  {_experiment(each)}" for each in one.experiments)
    yield f"  {'Proved' if one.proved else 'Not proved'}. What to do: {one.fix}"


def _experiment(one: Experiment) -> str:
    return (
        f"{one.change} {one.measure.replace('_', ' ').capitalize()}: {one.before.value:.3f} -> {one.after.value:.3f}, "
        f"a difference of {one.effect.value:+.3f} ({one.effect.low:+.3f} to {one.effect.high:+.3f}; "
        f"{len(one.seeds)} seed{'s' * (len(one.seeds) > 1)}, {one.effect.n} pictures)."
    )


def _proof(one: Entry) -> str:
    return "".join(f" {_experiment(each)}" for each in one.experiments)
