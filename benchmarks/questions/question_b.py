"""Question B, "Precision decreases with each epoch in CNN", answered from rows."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.questions import batch_precision, page, sides
from benchmarks.questions.judging import Bank, compare, mean, sentence, values
from benchmarks.questions.outcomes import Outcome, over_seeds
from benchmarks.questions.page import RUN, SIDE_BY_SIDE, Page, Section, bullets, markdown
from benchmarks.questions.precision import (
    SHOWN,
    TRUE,
    base_rate,
    curves,
    largest_difference,
    silent_share,
    trend,
)
from benchmarks.questions.sides import Side
from tellapart.recipes.summary import MISREPORTED

NAME = "precision-decreases"
AP, BALANCED = "true_validation_average_precision", "true_validation_balanced_accuracy"
DESCRIBED, FASTER, COMMON = "as described", "learning rate .01", "common is class 1"
SETS = ("quarter", "cats_dogs")
DESCRIBED_PX, OTHER_PX = 100, (50, 200, 400)
SCRIPT, FIXED = (
    "benchmarks/diagnosis/founding/quarter_positive.py",
    "benchmarks/questions/fixed/quarter_positive.py",
)
QUESTION = (
    "A Keras network should tell two kinds of pictures apart, a quarter of which are class 1. It is "
    "trained at 100 x 100",
    "with SGD and a learning rate of .0001; the only figure shown is a precision that the author wrote. It does badly,",
    "and the precision falls with each epoch. Measured here on the drawn heads of `tellapart demo "
    "quarter`, and on photographs of cats",
    "and dogs thinned to 25 and 75 %.",
)
GROUPS = (f"{RUN} --only B-quarter", f"{RUN} --only B-cats --cats-dogs DIR")


def write(
    bank: Bank,
    found: Mapping[str, Sequence[Side]],
    rows: Mapping[str, Mapping[str, Any]],
    results: Path,
    diagnosed: Path,
) -> Page:
    """Return the page.

    Parameters
    ----------
    bank
        The trainings of rows.jsonl.
    found
        The three ways on each set.
    rows
        Those of side_by_side.jsonl, by key.
    results
        The folder of the committed studies.
    diagnosed
        The rows of `benchmarks.diagnosis.founding`.
    """
    return Page(
        "Why does precision fall with each epoch?",
        QUESTION,
        _answer(bank, found),
        [
            Section("What makes precision fall?", _causes(bank, diagnosed), (*GROUPS, page.DIAGNOSED)),
            Section("Is the bias of the classes the cause?", _bias(bank), GROUPS),
            *_studies(results, "balance", "Would rebalancing help?"),
            Section(
                "How much does picture size matter, would 400 x 400 be better?",
                _size(bank, rows),
                (f"{RUN} --only B-sizes --only B-quarter",),
            ),
            *_studies(results, "size", "Would larger pictures help?"),
            Section(
                "What does the home-made precision really compute?",
                _home_made(bank),
                ("python -m benchmarks.questions.answers", *GROUPS),
            ),
            Section("What would the right figures have been?", _right(bank), GROUPS),
            Section("What does better on the same pictures?", _sides(found, rows), (SIDE_BY_SIDE,)),
        ],
    )


def drawn(bank: Bank) -> dict[str, dict[str, list[Outcome]]]:
    """Return what is drawn: file -> variant -> trainings."""
    pictures = {
        name: {variant: list(bank.b(variant, name).values()) for variant in (DESCRIBED, FASTER, COMMON)}
        for name in SETS
    }
    return {
        drawing(name): {variant: trained for variant, trained in variants.items() if trained}
        for name, variants in pictures.items()
        if any(variants.values())
    }


def drawing(pictures: str) -> str:
    """Return the name of a set's drawing."""
    return f"{NAME}-{pictures.replace('_', '-')}.svg"


def _faster(bank: Bank, pictures: str) -> str:
    difference, epoch = compare(bank.b(DESCRIBED, pictures), bank.b(FASTER, pictures), AP)
    if difference.n == 0:
        return ""
    what = f"A learning rate of .01 in place of .0001 ({pictures}, epoch {epoch})"
    return sentence(what, "average precision on validation", difference)


def _answer(bank: Bank, found: Mapping[str, Sequence[Side]]) -> list[str]:
    described = bank.b(DESCRIBED)
    if not described:
        return []
    base = base_rate(described)
    reached = over_seeds(values(described, AP).values())
    learnt = "more than guessing" if reached.low > base else "not to be told from guessing"
    words = [
        "Precision is: of the pictures that were called class 1, how many are. A network that guesses has the share of",
        f"class 1 as its precision, here {base:.2f}, whatever it calls, and one that calls three pictures "
        "has a precision that",
        f"jumps. As described, the network ends at an average precision of {reached} on validation, "
        f"{learnt} ({base:.2f});",
        f"its true precision {trend(curves(described, TRUE))}.",
    ]
    faster, epoch = compare(described, bank.b(FASTER), AP)
    if faster.judged() == "helped":
        words += [
            "It is far too slow: with the learning rate at .01, and all else as it was, average precision is",
            f"{faster.after:.3f} after the same {epoch} epochs (difference {faster}). So it is not the "
            "uneven classes that",
            "keep it from learning there: they were the same.",
        ]
        real, _ = compare(bank.b(DESCRIBED, "cats_dogs"), bank.b(FASTER, "cats_dogs"), AP)
        if real.n and real.judged() != "helped":
            words += ["On the photographs of cats and dogs that alone was not seen to be enough."]
    elif faster.n:
        words += [sentence("A learning rate of .01", "average precision", faster)]
    off = largest_difference(described)
    if math.isfinite(off) and off > MISREPORTED:
        words += [
            "And the figure shown is not the precision but a mean over batches, in its worst epoch "
            f"{off:.2f} away from it",
            f"(mean of {len(described)} seeds); where nothing is called class 1 it shows 0.",
        ]
    for way in ("fixed", "tellapart"):
        figures = sides.seeds_of(found.get("quarter", ()), "fresh", "average_precision", way)
        if figures:
            words += [f"{sides.WAYS[way]}: average precision {sides.over(figures)} on 400 fresh pictures."]
    return words


def _causes(bank: Bank, diagnosed: Path) -> list[str]:
    said = []
    for pictures in SETS:
        described = bank.b(DESCRIBED, pictures)
        if not described:
            continue
        said += [
            f"On {pictures}, as described, the true precision {trend(curves(described, TRUE))}; the one shown "
            f"{trend(curves(described, SHOWN))}.",
            _faster(bank, pictures),
            f"On {pictures}, in {silent_share(described):.0%} of the epochs nothing was called class 1.",
        ]
    if not said:
        return []
    about = (
        "Four things do it most often: a network that learns nothing, so that each epoch calls other "
        "pictures by chance "
        "([learning rate too low](../causes/optimizer.learning_rate_too_low.md)); a figure that is "
        "averaged over batches "
        "([metric.batch_averaged](../causes/metric.batch_averaged.md)); few calls, so that one more "
        "wrong one shows; and a "
        "network that calls more pictures class 1 as it learns: then recall rises while precision falls, "
        "and nothing is "
        "wrong. What the rows show:\n"
    )
    told = page.diagnosed(diagnosed, "quarter_positive.py")
    missing = [f"What `tellapart diagnose` says: not measured yet: `{page.DIAGNOSED}`\n"]
    pictures = [f"![curves, {name}]({drawing(name)})\n" for name in SETS if bank.b(DESCRIBED, name)]
    return [about, *bullets([one for one in said if one]), *(told or missing), *pictures]


def _bias(bank: Bank) -> list[str]:
    said = []
    for pictures in SETS:
        described, common = bank.b(DESCRIBED, pictures), bank.b(COMMON, pictures)
        faster, epoch = compare(described, bank.b(FASTER, pictures), AP)
        if faster.judged() == "helped":
            said.append(
                f"On {pictures} the same 25 to 75 do not keep a network with another learning rate from "
                "learning (average "
                f"precision {faster.before:.3f} → {faster.after:.3f}, epoch {epoch}, difference {faster})."
            )
        elif faster.n:
            said.append(
                f"On {pictures} another learning rate was not seen to mend it, so that the rows do not "
                "clear the classes."
            )
        if described and common:
            difference, epoch = compare(described, common, BALANCED)
            said += [
                f"On {pictures} the base rate alone moves what precision looks like: guessing has "
                f"{base_rate(described):.2f} "
                f"with the rare class as class 1, {base_rate(common):.2f} with the common one, and the "
                "last precision shown was "
                f"{mean(described, SHOWN)} and {mean(common, SHOWN)}.",
                sentence(
                    f"Turning the classes round ({pictures}, epoch {epoch})", "balanced accuracy", difference
                ),
            ]
    if not said:
        return []
    helped = [
        name
        for name in SETS
        if compare(bank.b(DESCRIBED, name), bank.b(FASTER, name), AP)[0].judged() == "helped"
    ]
    first = f"Not of its failure to learn on {' and '.join(helped)}." if helped else "The rows cannot tell."
    return [f"{first}\n", *bullets(said)]


def _studies(results: Path, question: str, title: str) -> list[Section]:
    return [
        Section(
            f"{title} Asked of {words}",
            page.study(results, f"{question}-{name}"),
            (page.study_command(question, "quarter", script, "4h", f"{question}-{name}"),),
        )
        for name, words, script in (
            ("described", "the training as described", SCRIPT),
            ("fixed", "the mended program", FIXED),
        )
    ]


def _size(bank: Bank, rows: Mapping[str, Mapping[str, Any]]) -> list[str]:
    described = bank.b(DESCRIBED)
    said, learnt = [], False
    for size in OTHER_PX:
        difference, epoch = compare(described, bank.b(DESCRIBED, size=size), AP)
        if difference.n:
            what = f"{size} px instead of {DESCRIBED_PX} (as described, epoch {epoch})"
            said.append(sentence(what, "average precision on validation", difference))
            learnt = learnt or difference.after > 2 * base_rate(described)
    if not said:
        return []
    if not learnt:
        said.append(
            "At none of these sizes does the training as described get to twice the average precision of "
            "guessing: what "
            "the size is worth to a network that learns, these rows do not show."
        )
    if sides.ATTAINABLE in rows:
        best = rows[sides.ATTAINABLE]["large_sample"]
        words = " and ".join(
            f"{best[size]['average_precision']['value']:.3f} with what is left at {size.replace('_', ' ')}"
            for size in best
        )
        said.append(
            f"What is there to be gained: the best possible average precision on these drawings is {words}."
        )
    return bullets(said)


def _home_made(bank: Bank) -> list[str]:
    lines = [
        "For each batch it divides the hits by the calls, and Keras shows the mean of these quotients. That is not the "
        "precision. Four batches of four pictures:\n",
        *batch_precision.example(),
    ]
    said = []
    for pictures in SETS:
        for variant in (DESCRIBED, COMMON, FASTER):
            trained = bank.b(variant, pictures)
            if trained:
                said.append(
                    f"On {pictures}, {variant}: up to {largest_difference(trained):.2f} away from the "
                    "precision of the whole "
                    f"validation part (mean of {len(trained)} seeds); nothing called class 1 in "
                    f"{silent_share(trained):.0%} "
                    "of the epochs, where it shows 0."
                )
    return [*lines, *(bullets(said) if said else [f"In the trainings: not measured yet: `{GROUPS[0]}`\n"])]


def _right(bank: Bank) -> list[str]:
    rows = []
    for pictures in SETS:
        for variant in (DESCRIBED, FASTER, COMMON):
            trained = bank.b(variant, pictures)
            if not trained:
                continue
            calls = [one.final["validation"]["precision"]["n"] for one in trained.values()]
            rows.append(
                [
                    f"{pictures}, {variant}",
                    str(len(trained)),
                    mean(trained, SHOWN),
                    f"{mean(trained, TRUE)}, of {min(calls)} to {max(calls)} calls",
                    mean(trained, BALANCED),
                    str(over_seeds(values(trained, AP, 1).values())),
                    mean(trained, AP),
                    f"{base_rate(trained):.2f}",
                ]
            )
    if not rows:
        return []
    heads = (
        "training", "seeds", "precision shown, last", "true precision, last", "balanced accuracy, last",
        "average precision, first", "last", "guessing",
    )  # fmt: skip
    about = (
        "Over the whole validation part: precision with the number of calls it rests on; balanced "
        "accuracy, which is .5 for "
        "guessing whatever the classes' shares; and average precision, which does not hang on the "
        "threshold and is the share "
        "of class 1 for guessing.\n"
    )
    return [about, *markdown(heads, rows)]


def _sides(found: Mapping[str, Sequence[Side]], rows: Mapping[str, Mapping[str, Any]]) -> list[str]:
    lines: list[str] = []
    for pictures in SETS:
        three = found.get(pictures, ())
        if not any(one.way != "described" for one in three):
            continue
        lines += [f"### {pictures}\n", *sides.table(three, pictures, rows)]
        fixed = {one.seed: one.epochs["precision"] for one in three if one.way == "fixed"}
        said = (
            [f"With `fixed.py` the precision over the whole validation part {trend(fixed)}."] if fixed else []
        )
        if pictures == "quarter" and sides.ATTAINABLE in rows:
            best = rows[sides.ATTAINABLE]["large_sample"]
            for way in ("fixed", "tellapart"):
                said += [
                    _reached(three, way, name, best) for name in ("balanced_accuracy", "average_precision")
                ]
        lines += bullets([one for one in said if one])
    return lines


def _reached(three: Sequence[Side], way: str, measure: str, best: Mapping[str, Any]) -> str:
    """Compare with what can be reached at the size that the way looks at."""
    sizes = {one.size_px for one in three if one.way == way}
    seen = "100_px" if sizes and 0 < max(sizes) <= DESCRIBED_PX else "400_px"
    words = sides.reached(three, way, measure, best[seen][measure]["value"])
    return words and f"{words[:-1]}, with what is left at {seen.replace('_', ' ')}."
