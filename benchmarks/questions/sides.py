"""Three ways to train on the same pictures, side by side: finished rows of both files -> one table a set.

``described`` is taken from rows.jsonl, ``fixed`` and ``tellapart`` from side_by_side.jsonl.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from benchmarks.questions.outcomes import Outcome, OverSeeds, over_seeds
from benchmarks.questions.page import SIDE_BY_SIDE
from tellapart.evaluate.estimate import Estimate

WAYS = {
    "described": "as described",
    "fixed": "`fixed.py`",
    "tellapart": "`tellapart train`",
}
SETS = {"pellets": "plastic_pieces", "quarter": "quarter_positive", "cats_dogs": "quarter_positive"}
"""Set -> which founding training is run on it."""

FIXED = {
    "plastic_pieces": "what `tellapart diagnose` names, both, and mirroring alone (sheared and zoomed as well, not "
    "every seed had learnt after a hundred half epochs)",
    "quarter_positive": "what `tellapart diagnose` hands back, a learning rate of .01",
}
"""What the mended program changes; benchmarks/questions/fixed holds it."""

DESCRIBED_PX = {"plastic_pieces": 256, "quarter_positive": 100}
COLUMNS = {
    "pellets": (("test", "accuracy"), ("fresh", "accuracy")),
    "quarter": (
        ("own", "balanced_accuracy"),
        ("own", "average_precision"),
        ("fresh", "balanced_accuracy"),
        ("fresh", "average_precision"),
    ),
    "cats_dogs": (("own", "balanced_accuracy"), ("own", "average_precision")),
}
"""``own``: the pictures that each way keeps from training itself: its validation part, or the sealed test."""

ATTAINABLE = "quarter/attainable"
BEST_POSSIBLE = (
    "*Best possible*: by the cues that the heads were drawn from, all of them or those left at 100 px; for fresh "
    "pictures on these very pictures, else over many draws.\n"
)


@dataclass(frozen=True)
class Side:
    """One training of one way.

    Attributes
    ----------
    parts
        Part -> measure -> estimate over pictures.
    epochs
        Measure -> values by epoch over the whole validation part; nan where not defined.
    size_px, trained_epochs
        As trained; 0 where the way has none.
    seconds, core_seconds
        By the clock, and of all cores together.
    """

    pictures: str
    way: str
    seed: int
    parts: Mapping[str, Mapping[str, Estimate]]
    epochs: Mapping[str, Sequence[float]] = field(default_factory=dict)
    size_px: int = 0
    trained_epochs: int = 0
    seconds: float = math.nan
    core_seconds: float = math.nan

    def estimate(self, part: str, measure: str) -> Estimate:
        """Return a figure; undefined where it was not measured."""
        if part == "own":
            part = "test" if self.way == "tellapart" else "validation"
        return self.parts.get(part, {}).get(measure, Estimate.undefined())


def described(outcomes: Iterable[Outcome], pictures: str) -> list[Side]:
    """Return the trainings as described on a set: at the described size, or else at the largest there is."""
    found = [
        one
        for one in outcomes
        if one.row.recipe == SETS[pictures]
        and one.row.pictures == pictures
        and one.row.variant == "as described"
        and one.row.whole == (SETS[pictures] == "quarter_positive")
    ]
    sizes = {one.row.size for one in found}
    wanted = DESCRIBED_PX[SETS[pictures]]
    size = wanted if wanted in sizes else max(sizes, default=wanted)
    longest = {one.row.seed: one for one in sorted(found, key=lambda one: one.epochs) if one.row.size == size}
    return [from_outcome(one) for _, one in sorted(longest.items())]


def from_outcome(one: Outcome) -> Side:
    """Take a finished training of rows.jsonl."""
    return Side(
        one.row.pictures,
        "described",
        one.row.seed,
        _parts(one.final),
        {
            name.removeprefix("true_validation_"): values
            for name, values in one.curves.items()
            if name.startswith("true_validation_")
        },
        one.row.size,
        one.epochs,
        one.about["clock_seconds"],
        one.about["cpu_seconds"],
    )


def from_row(row: Mapping[str, Any]) -> Side:
    """Take a row of side_by_side.jsonl."""
    epochs = {
        name: [math.nan if value is None else value for value in values]
        for name, values in row["epochs"].items()
    }
    return Side(
        row["set"],
        row["way"],
        row["seed"],
        _parts(row["parts"]),
        epochs,
        row["size_px"],
        len(next(iter(epochs.values()), ())),
        row["seconds"],
        row["core_seconds"],
    )


def _parts(document: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Estimate]]:
    return {
        part: {
            name: Estimate(**{key: math.nan if value is None else value for key, value in kept.items()})
            for name, kept in measures.items()
        }
        for part, measures in document.items()
    }


def together(outcomes: Iterable[Outcome], rows: Iterable[Mapping[str, Any]], pictures: str) -> list[Side]:
    """Return everything that is there for a set, ways in order; of two fixed programs the later one counts."""
    kept = {(row["way"], row["seed"]): from_row(row) for row in rows if row.get("set") == pictures}
    return described(outcomes, pictures) + [
        kept[way, seed] for way in WAYS for seed in sorted(seed for name, seed in kept if name == way)
    ]


def seeds_of(sides: Iterable[Side], part: str, measure: str, way: str) -> dict[int, float]:
    """Return a figure of a way by seed, where it is defined."""
    found = {one.seed: one.estimate(part, measure).value for one in sides if one.way == way}
    return {seed: value for seed, value in found.items() if math.isfinite(value)}


def pictures_of(sides: Iterable[Side], way: str, part: str) -> int:
    """Return on how many pictures of a part a way was measured."""
    return max((one.estimate(part, "accuracy").n for one in sides if one.way == way), default=0)


def over(figures: Mapping[int, float]) -> str:
    """Write the mean over seeds of a share with its interval."""
    return str(over_seeds(figures.values()))


def table(sides: Sequence[Side], pictures: str, rows: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Return the table of a set: mean over seeds (interval over seeds), and the interval over pictures."""
    columns = COLUMNS[pictures]
    names = [f"{'its own unseen pictures' if p == 'own' else p}: {m.replace('_', ' ')}" for p, m in columns]
    precision = (
        ["precision over the whole validation set, first epochs → last"] if pictures != "pellets" else []
    )
    heads = ["way", "seeds", *names, *precision, "clock", "cores"]
    lines = [f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    for way, words in WAYS.items():
        found = [one for one in sides if one.way == way]
        if not found:
            continue
        cells = [_cell([one.estimate(part, measure) for one in found]) for part, measure in columns]
        cells += [_precision(found)] if precision else []
        cells += [_minutes(found, lambda one: one.seconds), _minutes(found, lambda one: one.core_seconds)]
        lines.append(f"| {words}{_how(found)} | {len(found)} | {' | '.join(cells)} |")
    if pictures == "quarter" and ATTAINABLE in rows:
        known = rows[ATTAINABLE]
        for size in known["fresh"]:
            best = {part: known["fresh" if part == "fresh" else "large_sample"][size] for part, _ in columns}
            cells = [_attainable(best[part][measure]) for part, measure in columns]
            lines.append(f"| best possible at {size.replace('_', ' ')} | | {' | '.join(cells)} | | | |")
    if len(lines) == 2:
        return []
    missing = [words for way, words in WAYS.items() if way not in {one.way for one in sides}]
    lines += ["", f"`fixed.py`: {FIXED[SETS[pictures]]}.\n"]
    if pictures == "quarter":
        lines += [BEST_POSSIBLE]
    return [*lines, *([f"{', '.join(missing)}: not measured yet: `{SIDE_BY_SIDE}`\n"] if missing else [])]


def _how(found: Sequence[Side]) -> str:
    sizes, epochs = {one.size_px for one in found}, {one.trained_epochs for one in found}
    if sizes == {0}:
        return ""
    words = " or ".join(str(count) for count in sorted(epochs))
    return f" ({max(sizes)} px, {words} epochs)"


def _cell(found: Sequence[Estimate]) -> str:
    defined = [one for one in found if one.is_defined]
    if not defined:
        return "–"
    low, high = (sum(getattr(one, end) for one in defined) / len(defined) for end in ("low", "high"))
    over = over_seeds(one.value for one in defined)
    return f"{over}; pictures {low:.3f} to {high:.3f}, n = {defined[0].n}"


def _attainable(known: Mapping[str, Any]) -> str:
    return f"{known['value']:.3f} ({known['low']:.3f} to {known['high']:.3f}), n = {known['n']:,}"


def reached(sides: Iterable[Side], way: str, measure: str, best: float) -> str:
    """Say whether a way comes to the `best` possible on the same fresh pictures, by its interval over pictures."""
    found = [one.estimate("fresh", measure) for one in sides if one.way == way]
    found = [one for one in found if one.is_defined]
    if not found:
        return ""
    value, low, high = (
        sum(getattr(one, end) for one in found) / len(found) for end in ("value", "low", "high")
    )
    words = "comes within its interval of" if high >= best else "stays below"
    figures = f"{value:.3f}, pictures {low:.3f} to {high:.3f}, n = {found[0].n}, {len(found)} seeds"
    name = measure.replace("_", " ")
    return f"{WAYS[way]} {words} the best possible {name} on the same fresh pictures, {best:.3f} ({figures})."


SHOWN = 5
"""Epochs at each end over which a precision is averaged: one alone hangs on a handful of calls."""


def ends(values: Sequence[float]) -> tuple[float, float]:
    """Return the mean of the first and of the last `SHOWN` epochs in which the figure is defined."""
    defined = [value for value in values if math.isfinite(value)]
    if len(defined) < 2 * SHOWN:
        return math.nan, math.nan
    return sum(defined[:SHOWN]) / SHOWN, sum(defined[-SHOWN:]) / SHOWN


def _precision(found: Sequence[Side]) -> str:
    pairs = [ends(one.epochs.get("precision", ())) for one in found]
    first, last = over_seeds(pair[0] for pair in pairs), over_seeds(pair[1] for pair in pairs)
    return "–" if first.n == 0 else f"{first} → {last}"


def _minutes(found: Sequence[Side], seconds: Callable[[Side], float]) -> str:
    mean: OverSeeds = over_seeds((seconds(one) for one in found), share=False)
    return "–" if mean.n == 0 else f"{mean.value / 60:.1f} min"
