"""Pictures side by side that prove findings, those that matter most first."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from tellapart.audit.copies import Copies, CopyPair
from tellapart.audit.groups import Suspected
from tellapart.audit.labels import LabelRanking
from tellapart.audit.leaks import sealed_part
from tellapart.pictures.collection import Pictures

MOST_SUSPECTS = 24
MOST_OF_ONE_KIND = 8  # two rows of four: enough to believe it or to see that it is wrong


def side_by_side(
    pictures: Pictures, copies: Copies, suspected: Suspected | None, labels: LabelRanking
) -> list[dict[str, Any]]:
    """Return pairs of pictures for a gallery.

    Returns
    -------
    list of dict
        ``code`` of the finding that a pair proves, ``indices`` and ``paths`` of the pictures, their ``labels``, and
        ``words`` on what they share. Copies with two labels come first, then copies in two parts (the sealed one
        before others), then other copies, then suspected series, then single pictures whose label looks wrong; in
        each the pictures that differ most in looks come first among near copies, because those are the ones to check.
    """
    shown: list[dict[str, Any]] = []
    for code, holds in _kinds(pictures):
        chosen = [pair for pair in sorted(copies.pairs, key=lambda pair: pair.detail) if holds(pair)]
        shown += [_entry(pictures, code, (p.first, p.second), _words(p)) for p in chosen[:MOST_OF_ONE_KIND]]
    return [*shown, *_series(pictures, suspected), *_suspects(pictures, labels)]


def _kinds(pictures: Pictures) -> list[tuple[str, Callable[[CopyPair], bool]]]:
    labels, parts, sealed = pictures.labels, pictures.parts, sealed_part(pictures)

    def parted(pair: CopyPair) -> bool:
        here, there = parts[pair.first], parts[pair.second]
        return bool(here != there and sealed in (here, there))

    return [
        ("copies.conflicting_labels", lambda pair: bool(labels[pair.first] != labels[pair.second])),
        ("copies.across_splits", parted),
        ("copies.near", lambda pair: not pair.exact),
        ("copies.exact", lambda pair: pair.exact),
    ]


def _words(pair: CopyPair) -> str:
    if pair.exact:
        return "equal in every pixel"
    return f"the second {pair.view}; detail in common {pair.detail:.2f}"


def _series(pictures: Pictures, suspected: Suspected | None) -> Iterator[dict[str, Any]]:
    if suspected is None:
        return
    sets = suspected.sets()
    for members in sets[:: max(1, len(sets) // MOST_OF_ONE_KIND)][:MOST_OF_ONE_KIND]:
        yield _entry(pictures, "groups.suspected", members[:2], f"near by {suspected.order}, and alike")


def _suspects(pictures: Pictures, labels: LabelRanking) -> Iterator[dict[str, Any]]:
    for one in labels.ranked[: min(labels.suspects, MOST_SUSPECTS)]:
        words = f"labelled {pictures.classes[one.given]!r}, looks like {pictures.classes[one.suggested]!r}"
        yield _entry(pictures, "labels.suspect", (one.index,), words)


def _entry(
    pictures: Pictures, code: str, indices: tuple[int, ...] | np.ndarray, words: str
) -> dict[str, Any]:
    return {
        "code": code,
        "indices": [int(i) for i in indices],
        "paths": [pictures.paths[i] for i in indices],
        "labels": [pictures.classes[pictures.labels[i]] for i in indices],
        "words": words,
    }
