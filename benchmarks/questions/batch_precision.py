"""A small worked example: why the mean of the precision of batches is not the precision."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

EPSILON = 1e-7
"""Keras's, in the denominator of the home-made precision."""

BATCHES: tuple[tuple[tuple[int, ...], tuple[int, ...]], ...] = (
    ((1, 0, 0, 0), (1, 0, 0, 0)),
    ((1, 1, 0, 0), (1, 1, 1, 0)),
    ((1, 0, 0, 0), (0, 0, 0, 0)),
    ((0, 0, 0, 0), (1, 0, 0, 0)),
)
"""Truth and calls of four batches of four pictures: all right, some right, no call at all, one wrong call."""


@dataclass(frozen=True)
class Batch:
    """One batch: pictures called class 1, those of them that are, and the quotient with epsilon."""

    calls: int
    hits: int
    precision: float


def counted(batches: Sequence[tuple[Sequence[int], Sequence[int]]] = BATCHES) -> list[Batch]:
    """Count every batch."""
    found = []
    for truth, called in batches:
        hits = sum(t * c for t, c in zip(truth, called, strict=True))
        found.append(Batch(sum(called), hits, hits / (sum(called) + EPSILON)))
    return found


def shown(batches: Sequence[Batch]) -> float:
    """Return what Keras shows: the plain mean of the batches."""
    return sum(one.precision for one in batches) / len(batches)


def true(batches: Sequence[Batch]) -> float:
    """Return the precision: all hits over all calls."""
    return sum(one.hits for one in batches) / sum(one.calls for one in batches)


def example() -> list[str]:
    """Write the example as Markdown."""
    found = counted()
    lines = ["| batch | called class 1 | of them right | precision of the batch |", "|---|---|---|---|"]
    lines += [
        f"| {number} | {one.calls} | {one.hits} | {one.precision:.2f} |"
        for number, one in enumerate(found, 1)
    ]
    calls, hits = sum(one.calls for one in found), sum(one.hits for one in found)
    silent = [number for number, one in enumerate(found, 1) if one.calls == 0]
    lines += [
        f"| all pictures at once | {calls} | {hits} | {hits} / {calls} = **{true(found):.2f}** |",
        f"| mean of the {len(found)} batches, as Keras shows it | | | **{shown(found):.2f}** |",
        "",
        f"Batch {', '.join(map(str, silent))} calls nothing class 1: it has no precision, and the home-made function "
        f"counts it as 0. A batch with one call weighs as much as one with {max(one.calls for one in found)}.",
        "",
    ]
    return lines
