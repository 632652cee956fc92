"""Question B, "Precision decreases with each epoch in CNN", answered from rows."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.questions import page, sides
from benchmarks.questions.figures_b import home_made, right_figures, size_matters, three_ways
from benchmarks.questions.judging import Bank, compare, mean, sentence, values
from benchmarks.questions.outcomes import Outcome, over_seeds
from benchmarks.questions.page import RUN, SIDE_BY_SIDE, Page, Section, bullets
from benchmarks.questions.precision import (
    AP,
    BALANCED,
    COMMON,
    DESCRIBED,
    FASTER,
    GROUPS,
    SETS,
    SHOWN,
    TRUE,
    base_rate,
    curves,
    largest_difference,
    silent_share,
    trend,
    trend_words,
)
from benchmarks.questions.sides import Side
from tellapart.recipes.summary import MISREPORTED

NAME = "precision-decreases"
ASKED = (
    (
        "described",
        "the training as described, its first 8 epochs",
        "benchmarks/questions/small/quarter_positive.py",
    ),
    ("own", page.OWN, ""),
)
"""What a study is asked of: name in its file's, words, script. Thirty epochs would allow too few trainings of each."""
QUESTION = (
    "A Keras network should tell two kinds of pictures apart, a quarter of which are class 1. It is "
    "trained at 100 x 100",
    "with SGD and a learning rate of .0001; the only figure shown is a precision that the author wrote. It does badly,",
    "and the precision falls with each epoch. Measured here on the drawn heads of `tellapart demo "
    "quarter`, and on photographs of cats",
    "and dogs thinned to 25 and 75 %.",
)


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
                size_matters(bank, rows),
                (f"{RUN} --only B-sizes --only B-quarter",),
            ),
            # The rows above are the answer for the program.
            *_studies(results, "size", "Would larger pictures help?", ASKED[1:]),
            Section(
                "What does the home-made precision really compute?",
                home_made(bank),
                ("python -m benchmarks.questions.answers", *GROUPS),
            ),
            Section("What would the right figures have been?", right_figures(bank), GROUPS),
            Section("What does better on the same pictures?", three_ways(found, rows), (SIDE_BY_SIDE,)),
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
        f"its true precision {trend_words(curves(described, TRUE))}.",
    ]
    faster, epoch = compare(described, bank.b(FASTER), AP)
    if faster.judged() == "helped":
        words += [
            "Its learning rate is too low: with it at .01, and all else as it was, average precision is",
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
    drawn_heads = found.get("quarter", ())
    for way in ("fixed", "tellapart"):
        figures = sides.seeds_of(drawn_heads, "fresh", "average_precision", way)
        if figures:
            pictures = sides.pictures_of(drawn_heads, way, "fresh")
            words += [
                f"{sides.WAYS[way]}: average precision {sides.over(figures)} on {pictures} fresh pictures."
            ]
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


def _studies(
    results: Path, question: str, title: str, asked: Sequence[tuple[str, str, str]] = ASKED
) -> list[Section]:
    return page.studies(results, question, title, "quarter", asked)
