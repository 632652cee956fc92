"""Training B: its figures, the wrong one and the right ones, over sizes and beside other ways to train."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.questions import batch_precision, sides
from benchmarks.questions.judging import Bank, compare, mean, sentence, values
from benchmarks.questions.outcomes import over_seeds
from benchmarks.questions.page import bullets, markdown
from benchmarks.questions.precision import (
    AP,
    BALANCED,
    COMMON,
    DESCRIBED,
    DESCRIBED_PX,
    FASTER,
    GROUPS,
    OTHER_PX,
    SETS,
    SHOWN,
    TRUE,
    base_rate,
    largest_difference,
    silent_share,
    trend,
)
from benchmarks.questions.sides import Side

WAYS_DRAWING = "precision-decreases-ways.svg"


def size_matters(bank: Bank, rows: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Answer how much the picture size matters."""
    usual = bank.b(FASTER)
    said, learnt = [], False
    for size in OTHER_PX:
        difference, epoch = compare(usual, bank.b(FASTER, size=size), AP)
        if difference.n:
            what = f"{size} px instead of {DESCRIBED_PX} ({FASTER}, epoch {epoch})"
            said.append(sentence(what, "average precision on validation", difference))
            learnt = learnt or difference.after > 2 * base_rate(usual)
    if not said:
        return []
    if not learnt:
        said.append(
            "At none of these sizes does the training get to twice the average precision of "
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


def home_made(bank: Bank) -> list[str]:
    """Answer what the home-made precision computes."""
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


def right_figures(bank: Bank) -> list[str]:
    """Answer what the right figures would have been."""
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


def three_ways(found: Mapping[str, Sequence[Side]], rows: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Show what does better on the same pictures."""
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
            best = rows[sides.ATTAINABLE]["fresh"]
            for way in ("fixed", "tellapart"):
                said += [
                    _reached(three, way, name, best) for name in ("balanced_accuracy", "average_precision")
                ]
        lines += bullets([one for one in said if one])
    mended = any(one.way == "fixed" for name in SETS for one in found.get(name, ()))
    return [*lines, *([f"![precision by epoch, a line a seed]({WAYS_DRAWING})\n"] if mended else [])]


def _reached(three: Sequence[Side], way: str, measure: str, best: Mapping[str, Any]) -> str:
    """Compare with what can be reached at the size that the way looks at."""
    sizes = {one.size_px for one in three if one.way == way}
    seen = "100_px" if sizes and 0 < max(sizes) <= DESCRIBED_PX else "400_px"
    words = sides.reached(three, way, measure, best[seen][measure]["value"])
    return words and f"{words[:-1]}, with what is left at {seen.replace('_', ' ')}."
