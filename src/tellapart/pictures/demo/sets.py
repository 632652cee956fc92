"""The demo sets by name: which pictures each has, how one is drawn, and what is written beside them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from . import cues, observer, pellets, quarter
from .writing import Entry


@dataclass(frozen=True)
class Kind:
    """One demo set.

    Attributes
    ----------
    name
        As on the command line.
    generator
        Version of the drawing: raised whenever the same seed gives other pictures.
    per_class
        Training pictures per class (``pellets``) or ``rare`` pictures (``quarter``) unless told otherwise.
    entries
        ``per_class`` to the pictures.
    draw
        Seed and entry to the picture (uint8, (H, W, 3)) and its row of the truth.
    beside
        Entries and rows to further documents, by file name.
    """

    name: str
    generator: int
    per_class: int
    entries: Callable[[int], list[Entry]]
    draw: Callable[[int, Entry], tuple[np.ndarray, dict[str, Any]]]
    beside: Callable[[Sequence[dict[str, Any]]], dict[str, dict[str, Any]]]


def _pellets_entries(per_class: int) -> list[Entry]:
    counts = {"train": per_class, "validation": 50, "test": 30}
    return [
        Entry(f"{part}/{label}", part, label, index)
        for part, count in counts.items()
        for label in pellets.LABELS
        for index in range(count)
    ]


def _pellets_draw(seed: int, entry: Entry) -> tuple[np.ndarray, dict[str, Any]]:
    image, truth = pellets.draw_one(seed, entry.part, entry.label, entry.index)
    contact_x, contact_y = truth.contact_xy or (None, None)
    return image, {
        "part": entry.part,
        "pieces": len(truth.discs),
        "near_misses": truth.near_misses,
        "smallest_gap_px": truth.smallest_gap_px,
        "contact_x": contact_x,
        "contact_y": contact_y,
    }


def _quarter_entries(per_class: int) -> list[Entry]:
    counts = {"rare": per_class, "common": quarter.COMMON_PER_RARE * per_class}
    return [
        Entry(label, quarter.WHOLE, label, index) for label, count in counts.items() for index in range(count)
    ]


def _quarter_draw(seed: int, entry: Entry) -> tuple[np.ndarray, dict[str, Any]]:
    image, z = quarter.draw_one(seed, entry.part, entry.label, entry.index)
    return image, {
        "probability_rare": float(observer.probability_rare(z[None])[0]),
        "probability_rare_100_px": float(observer.probability_rare(z[None], fine=False)[0]),
    } | {cue.name: float(value) for cue, value in zip(cues.CUES, z, strict=True)}


def _quarter_beside(rows: Sequence[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    z = np.array([[row[cue.name] for cue in cues.CUES] for row in rows])
    rare = np.array([row["label"] == "rare" for row in rows])
    return {"attainable.json": observer.attainable(z, rare)}


KINDS = {
    kind.name: kind
    for kind in (
        Kind("pellets", 1, 250, _pellets_entries, _pellets_draw, lambda _rows: {}),
        Kind("quarter", 1, 300, _quarter_entries, _quarter_draw, _quarter_beside),
    )
}
