"""Finished rows -> docs/questions: one page of tables, one drawing a table, each with its command and duration."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from benchmarks.questions.drawings import drawing
from benchmarks.questions.outcomes import Outcome, over_pictures, over_seeds

PAGE = "reproduction.md"
FLIPS_OPTION = "--augment"
"""Training A on pictures that are mirrored alone: a table of its own."""

HEADER = """# The two founding trainings, reproduced

Written by `python -m benchmarks.questions.run`; do not edit. Intervals in brackets are 95 % over seeds (Student's t);
the last column is the 95 % interval over pictures (the mean of the seeds' own). *Reported*
is what Keras shows; *true* is computed over the whole part. *Fresh* pictures were drawn from another seed and never
trained on. `–`: not measured, or not defined (a precision where nothing is called class 1).
"""

Figure = Callable[[Outcome], float]
Column = tuple[str, Figure, bool]
"""Title, the figure of one training, whether it is a share."""


def write(outcomes: Sequence[Outcome], folder: Path) -> Path:
    """Write the page and its drawings; returns the page."""
    folder.mkdir(parents=True, exist_ok=True)
    text = [HEADER]
    # A shorter trial run of the same training does not stand beside the longer one.
    longest: dict[tuple[object, ...], Outcome] = {}
    for one in sorted(outcomes, key=lambda one: one.epochs):
        longest[*_table(one), one.row.variant, one.row.seed] = one
    ordered = sorted(longest.values(), key=lambda one: (_table(one), one.row.seed))
    for key, group in groupby(ordered, key=_table):
        found = list(group)
        name = "-".join(str(part) for part in key).replace("_", "-").replace(" ", "-")
        text.append(_section(found, f"{name}.svg"))
        (folder / f"{name}.svg").write_text(drawing(_by_variant(found)), encoding="utf-8")
    page = folder / PAGE
    page.write_text("\n".join(text), encoding="utf-8")
    return page


def _table(one: Outcome) -> tuple[str, str, str, str]:
    """Rows that stand in one table."""
    epochs = "whole" if one.row.whole else "half"
    flips = "-flips" if FLIPS_OPTION in one.row.options else ""
    return one.row.recipe, one.row.pictures, f"{one.row.size:03d}px", f"{epochs}{flips}"


def _by_variant(outcomes: Sequence[Outcome]) -> dict[str, list[Outcome]]:
    """Variants in the order of their groups, each with its seeds."""
    found: dict[str, list[Outcome]] = {}
    for one in sorted(outcomes, key=lambda one: (one.row.group, one.row.options, one.row.seed)):
        found.setdefault(one.row.variant, []).append(one)
    return found


def _section(outcomes: Sequence[Outcome], file: str) -> str:
    row = outcomes[0].row
    a = row.recipe == "plastic_pieces"
    kind = "" if not a else (", whole epochs" if row.whole else ", half epochs as described")
    kind += ", mirrored alone" if FLIPS_OPTION in row.options else ""
    lines = [f"\n## {row.recipe} on {row.pictures}, {row.size} px{kind}\n"]
    for table in (_tables_a if a else _tables_b)(outcomes):
        lines += _markdown(table, _by_variant(outcomes))
    lines += [f"![{row.recipe}, {row.pictures}, {row.size} px]({file})\n", *_cost(outcomes)]
    return "\n".join(lines)


@dataclass(frozen=True)
class Table:
    """A title, its columns, and of which part and measure after which epoch the interval over pictures is shown."""

    title: str
    columns: list[Column]
    part: str
    measure: str
    epoch: int


def _tables_a(outcomes: Sequence[Outcome]) -> list[Table]:
    """One table a checkpoint: those epochs at which fresh pictures were measured, 8 whole epochs or more in."""
    first = 8 if outcomes[0].row.whole else 16
    longest = max(one.epochs for one in outcomes)
    checkpoints = [epoch for epoch in (first, 2 * first, 4 * first) if epoch < longest] + [longest]
    tables = []
    for epoch in checkpoints:
        columns: list[Column] = [
            ("training accuracy, reported", _at("accuracy", epoch), True),
            ("validation accuracy, reported", _at("val_accuracy", epoch), True),
            ("validation accuracy, true", _at("true_validation_accuracy", epoch), True),
            ("validation loss, true", _at("true_validation_log_loss", epoch), False),
            ("fresh accuracy, true", _at("true_fresh_accuracy", epoch), True),
        ]
        tables.append(Table(f"After epoch {epoch}", columns, "fresh", "accuracy", epoch))
    return tables


def _tables_b(outcomes: Sequence[Outcome]) -> list[Table]:
    shown = "val_precision"
    true = "true_validation_precision"
    columns: list[Column] = [
        ("average precision, first epoch", _at("true_validation_average_precision", 1), True),
        ("last epoch", _last("true_validation_average_precision"), True),
        ("guessing", _base_rate, True),
        ("balanced accuracy, last epoch", _last("true_validation_balanced_accuracy"), True),
    ]
    precision: list[Column] = [
        ("training precision, reported: first epoch", _at("precision", 1), True),
        ("last", _last("precision"), True),
        ("validation precision, reported: first", _at(shown, 1), True),
        ("highest", lambda one: max(one.curves[shown]), True),
        ("lowest after it", _lowest_after_highest, True),
        ("last", _last(shown), True),
        ("true: last", _last(true), True),
        ("largest difference, reported and true", _largest_difference, True),
        ("epochs with no picture called class 1", _no_calls, True),
    ]
    epochs = max(one.epochs for one in outcomes)
    return [
        Table(f"What is learnt in {epochs} epochs", columns, "validation", "average_precision", epochs),
        Table("What the metric says", precision, "validation", "precision", epochs),
    ]


def _at(name: str, epoch: int) -> Figure:
    return lambda one: one.at(name, epoch)


def _last(name: str) -> Figure:
    return lambda one: one.at(name, one.epochs)


def _base_rate(one: Outcome) -> float:
    counts = one.parts["validation"]
    return counts[one.about["class_1"]] / sum(counts.values())


def _lowest_after_highest(one: Outcome) -> float:
    values = one.curves["val_precision"]
    return min(values[values.index(max(values)) :])


def _largest_difference(one: Outcome) -> float:
    both = zip(one.curves["val_precision"], one.curves["true_validation_precision"], strict=True)
    return max((abs(a - b) for a, b in both if math.isfinite(b)), default=math.nan)


def _no_calls(one: Outcome) -> float:
    values = one.curves["true_validation_precision"]
    return sum(math.isnan(value) for value in values) / len(values)


def _markdown(table: Table, variants: dict[str, list[Outcome]]) -> list[str]:
    pictures = f"pictures: {table.part} {table.measure.replace('_', ' ')}"
    heads = ["variant", "seeds", *(head for head, _, _ in table.columns), pictures]
    lines = [f"### {table.title}\n", f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    for variant, outcomes in variants.items():
        figures = [over_seeds((of(one) for one in outcomes), share=share) for _, of, share in table.columns]
        if all(figure.n == 0 for figure in figures):
            continue  # this variant was not trained for so long
        over = over_pictures(outcomes, table.part, table.measure, table.epoch)
        lines.append(f"| {' | '.join([variant, str(len(outcomes)), *map(str, figures), over])} |")
    return [*lines, ""]


def _cost(outcomes: Sequence[Outcome]) -> list[str]:
    lines = [
        "Commands (of seed 0; others alike), and how long one took on one core; on two cores two rows run at a time.\n"
    ]
    lines += ["| variant | command | minutes of one core | date |", "|---|---|---|---|"]
    for variant, found in _by_variant(outcomes).items():
        one = found[0]
        core = sum(each.about["cpu_seconds"] for each in found) / len(found) / 60
        stopped = ", stopped by its time limit" if one.about["stopped_by"] else ""
        lines.append(f"| {variant} | `{one.about['command']}` | {core:.0f}{stopped} | {one.about['date']} |")
    about = outcomes[0].about
    versions = ", ".join(f"{name} {value}" for name, value in about["versions"].items())
    return [*lines, "", f"Machine: {about['machine']}; {versions}.\n"]
