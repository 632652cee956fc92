"""Findings about copies and groups: inside a part, across labels, across the parts that the user gave."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from tellapart.audit.copies import Copies, together
from tellapart.audit.finding import Finding, Severity, finding
from tellapart.evaluate.decision import LEAK
from tellapart.evaluate.estimate import Estimate
from tellapart.evaluate.intervals import proportion
from tellapart.pictures.collection import PARTS, Pictures

FEW_COPIES = 0.01
"""Share of copies up to which they are a note: they weigh a little more in training, and our own split keeps them
together."""


@dataclass(frozen=True, eq=False)
class Leak:
    """What of a sealed part is known from the training side.

    Attributes
    ----------
    part
        The sealed part by the user's name, ``""`` where the user gave no parts.
    touched
        (N,) bool: sealed pictures of which another part has a copy or a member of the group.
    drop
        (N,) bool: those pictures of other parts; without them the score is honest.
    share
        Share of the sealed pictures that is touched; undefined without given parts.
    """

    part: str
    touched: np.ndarray
    drop: np.ndarray
    share: Estimate

    @property
    def is_leaking(self) -> bool:
        """Whether the share is above the limit of the decision ``leaking``."""
        return bool(self.share.value > LEAK)


def sealed_part(pictures: Pictures) -> str:
    """Return the given part that is the sealed test: ``test``, else ``validation``, else ``""``."""
    return next((part for part in ("test", "validation") if np.any(pictures.parts == part)), "")


def leak(pictures: Pictures, groups: np.ndarray, *, part: str | None = None) -> Leak:
    """Find what of a given part is known from the other ones.

    Parameters
    ----------
    pictures
        N pictures.
    groups
        (N,) int: pictures with one number are copies or belong together.
    part
        ``test`` or ``validation``; None: the sealed one.
    """
    part = sealed_part(pictures) if part is None else part
    inside = pictures.parts == part
    if not part or not np.any(inside):
        nothing = np.zeros(len(pictures), dtype=bool)
        return Leak("", nothing, nothing, Estimate.undefined())
    return _between(inside, ~inside, groups, part)


def _between(inside: np.ndarray, outside: np.ndarray, numbers: np.ndarray, part: str) -> Leak:
    touched = inside & np.isin(numbers, numbers[outside])
    drop = outside & np.isin(numbers, numbers[inside])
    return Leak(part, touched, drop, proportion(int(touched.sum()), int(inside.sum())))


def find_copies_and_groups(pictures: Pictures, copies: Copies) -> Iterator[Finding]:
    """Yield what copies and declared groups do to a score."""
    yield from _within(pictures, copies)
    yield from _conflicting(pictures, copies)
    yield from _across(pictures, copies.numbers, "copies.across_splits")
    yield from _across(pictures, pictures.group_numbers(), "groups.across_splits")


def _paths(pictures: Pictures, sets: list[np.ndarray]) -> list[list[str]]:
    return [[pictures.paths[i] for i in indices] for indices in sets]


def _within(pictures: Pictures, copies: Copies) -> Iterator[Finding]:
    exact = together(copies.exact)
    near = [members for members in copies.sets() if len(np.unique(copies.exact[members])) > 1]
    for code, sets, words in (
        ("copies.exact", exact, "are equal to another picture in every pixel"),
        (
            "copies.near",
            near,
            "are copies of another picture, recompressed, resized, brightened, turned, mirrored or cropped",
        ),
    ):
        if not sets:
            continue
        extra = sum(len(members) - 1 for members in sets)
        evidence = {"sets": len(sets), "extra_pictures": extra, "share": proportion(extra, len(pictures))}
        if code == "copies.near":
            best = [pair for pair in copies.pairs if not pair.exact]
            evidence |= {
                "pairs": len(best),
                "turned_or_mirrored": sum(pair.view != "as it is" for pair in best),
                "common_detail_asked_for": round(copies.bar, 3),
                "common_detail_least": round(min(pair.detail for pair in best), 3),
            }
        yield finding(
            code,
            "warn" if extra > FEW_COPIES * len(pictures) else "note",
            f"{extra} of {len(pictures)} pictures {words}",
            advice="Keep one of each. Our own splits never part copies, but each counts again in training and score.",
            evidence=evidence,
            files=_paths(pictures, sets),
        )


def _conflicting(pictures: Pictures, copies: Copies) -> Iterator[Finding]:
    sets = [members for members in copies.sets() if len(np.unique(pictures.labels[members])) > 1]
    if sets:
        count = sum(len(members) for members in sets)
        yield finding(
            "copies.conflicting_labels",
            "warn",
            f"{len(sets)} picture{'s stand' if len(sets) > 1 else ' stands'} in more than one class",
            advice="One of the labels is wrong: look at them, keep the right one and delete the other file.",
            evidence={"sets": len(sets), "pictures": count},
            files=_paths(pictures, sets),
        )


def _across(pictures: Pictures, numbers: np.ndarray, code: str) -> Iterator[Finding]:
    given = [part for part in PARTS if np.any(pictures.parts == part)]
    sets = [members for members in together(numbers) if len(np.unique(pictures.parts[members])) > 1]
    if len(given) < 2 or not sets:
        return
    sealed = sealed_part(pictures)
    shares = {
        part: _between(pictures.parts == part, pictures.parts != part, numbers, part).share
        for part in given
        if part != "train"
    }
    worst = shares[sealed]
    severity: Severity = "stop" if worst.value > LEAK else "warn"
    of_copies = code.startswith("copies")
    if worst.value > 0:
        thing = "a copy" if of_copies else "a picture of the same group"
        title = f"{100 * worst.value:.1f} % of the {sealed} pictures have {thing} in another part"
    else:
        thing = "sets of copies" if of_copies else "groups"
        title = f"{len(sets)} {thing} stand in more than one part, none of them in {sealed!r}"
    yield finding(
        code,
        severity,
        title,
        advice="A score on them is partly a test of memory. 'tellapart train' leaves the training pictures concerned "
        "out and gives both scores; better, split anew so that nothing stands on two sides.",
        evidence={"sets": len(sets)} | {f"share_of_{part}": share for part, share in shares.items()},
        files=_paths(pictures, _test_first(pictures, sets)),
    )


def _test_first(pictures: Pictures, sets: list[np.ndarray]) -> list[np.ndarray]:
    """Put sets with a picture of the sealed part first: they matter most."""
    sealed = sealed_part(pictures)
    return sorted(sets, key=lambda members: not np.any(pictures.parts[members] == sealed))
