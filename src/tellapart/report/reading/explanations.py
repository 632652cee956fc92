"""explanations.json: whether the heatmaps mark what decides, and a few of them."""

from __future__ import annotations

from typing import Any

from tellapart.report.numbers import Figure, as_estimate, as_number
from tellapart.report.reading.values import boolean, jpeg, mapping, sequence, text, whole
from tellapart.report.summary import Explained, Explanations


def read_explanations(document: dict[str, Any]) -> Explanations | None:
    """Read explanations.json; None where there is none."""
    if not document:
        return None
    n = whole(document.get("n")) or 0
    marked, random, difference = (
        Figure(name, as_estimate(document.get(key), n))
        for key, name in (("marked", "marked"), ("random", "at random"), ("difference", "difference"))
    )
    return Explanations(
        words=text(document.get("words")),
        marks_what_decides=boolean(document.get("marks_what_decides")),
        method=text(document.get("method")),
        covered=as_number(document.get("covered_share")),
        marked=marked,
        random=random,
        difference=difference,
        left_out=whole(document.get("left_out")) or 0,
        pictures=tuple(_explained(mapping(block)) for block in sequence(document.get("pictures"))),
    )


def _explained(block: dict[str, Any]) -> Explained:
    return Explained(
        path=text(block.get("path")),
        label=text(block.get("label")),
        predicted=text(block.get("predicted")),
        probability=as_number(block.get("probability")),
        marked=as_number(block.get("marked")),
        random=as_number(block.get("random")),
        jpeg=jpeg(block.get("jpeg")),
    )
