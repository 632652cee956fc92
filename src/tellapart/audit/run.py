"""The audit, top to bottom: pictures in, findings out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from tellapart.audit.blind import Blind, blind_classifiers, predicted_evenly
from tellapart.audit.classes import find_in_classes
from tellapart.audit.copies import Copies, find_copies
from tellapart.audit.files import find_in_files
from tellapart.audit.finding import Finding, by_gravity, finding
from tellapart.audit.groups import Suspected, suspect_groups
from tellapart.audit.labels import LabelRanking, find_in_labels, rank_labels
from tellapart.audit.leaks import Leak, find_copies_and_groups, leak
from tellapart.audit.looks import Looks, look_at
from tellapart.audit.pairs import side_by_side
from tellapart.audit.shift import find_shift
from tellapart.audit.shortcuts import find_shortcuts, for_decision
from tellapart.evaluate.decision import Shortcut
from tellapart.evaluate.estimate import Estimate
from tellapart.pictures.collection import Pictures
from tellapart.pictures.store import PictureStore

SCHEMA = 1

INFLATED = 0.01
"""A score by picture that is surely this much higher than by group is not to be believed (the limit of a leak)."""

Probe = Callable[[np.ndarray], np.ndarray]
"""(N,) int groups -> (N, K) out-of-fold probabilities of folds that keep groups whole; NaN where not scored."""


@dataclass(frozen=True, eq=False)
class Audit:
    """What is wrong with the pictures.

    Attributes
    ----------
    findings
        The gravest first.
    copies, suspected, leak, labels, blind
        What they rest on: copies, groups nobody declared (or None), what the sealed part shares with the others,
        all labels ranked by doubt, and the classifiers that never saw the object.
    """

    pictures: int
    classes: dict[str, int]
    findings: tuple[Finding, ...]
    copies: Copies
    suspected: Suspected | None
    leak: Leak
    labels: LabelRanking
    blind: tuple[Blind, ...]

    @property
    def stops(self) -> tuple[Finding, ...]:
        """The findings to be printed before any score."""
        return tuple(one for one in self.findings if one.severity == "stop")

    @property
    def shortcuts(self) -> tuple[Shortcut, ...]:
        """What `tellapart.evaluate.decision.decide` should weigh."""
        return for_decision(self.blind)

    @property
    def leak_share(self) -> float | None:
        """Share of the sealed pictures known from the training side; None where the user gave no parts."""
        return self.leak.share.value if self.leak.share.is_defined else None

    def pairs(self, pictures: Pictures) -> list[dict[str, Any]]:
        """Return pictures side by side that prove findings, see `tellapart.audit.pairs`."""
        return side_by_side(pictures, self.copies, self.suspected)

    def to_dict(self) -> dict[str, Any]:
        """Return audit.json."""
        return {
            "schema": SCHEMA,
            "pictures": self.pictures,
            "classes": dict(self.classes),
            "findings": [one.to_dict() for one in self.findings],
        }


def audit_pictures(
    pictures: Pictures,
    store: PictureStore,
    *,
    looks: Looks | None = None,
    copies: Copies | None = None,
    features: np.ndarray | None = None,
    out_of_fold: np.ndarray | None = None,
    probe: Probe | None = None,
    seed: int = 0,
    advance: Callable[[str, int, int], None] = lambda _words, _done, _of: None,
) -> Audit:
    """Say what is wrong with the pictures.

    Parameters
    ----------
    pictures, store
        N pictures and their decoded pixels, in the same order.
    looks, copies
        If they are known already; otherwise they are found here.
    features
        (N, D) float32 of a pretrained network; without them looks of parts and groups are not compared by them.
    out_of_fold
        (N, K) probabilities of a classifier for pictures it was not fitted on, in folds that kept
        ``copies.join(pictures.group_numbers())`` whole; NaN rows where there are none.
    probe
        Gives `out_of_fold` for a grouping. Asked for it where it is None, and, where groups are suspected, for the
        scores by picture and by suspected group. Without it and `out_of_fold` labels and shortcuts are not judged.
    seed
        Draws folds, trees and random pairs.
    advance
        Called with the stage in words, what is done, and of how much (0: not known).

    Returns
    -------
    Audit
    """
    looks = (
        look_at(store, advance=lambda n: advance("looking at pictures", n, len(store)))
        if looks is None
        else looks
    )
    if copies is None:
        copies = find_copies(looks, store, seed=seed, advance=lambda n: advance("comparing pairs", n, 0))
    groups = copies.join(pictures.group_numbers())
    suspected = suspect_groups(pictures, looks, copies, features, seed=seed)
    units = groups if suspected is None else suspected.groups
    advance("asking small classifiers", 0, 0)
    if out_of_fold is None and probe is not None:
        out_of_fold = probe(units)
    blind = blind_classifiers(pictures, looks, store.facts, units, out_of_fold, seed=seed)
    ranking = LabelRanking() if out_of_fold is None else rank_labels(pictures.labels, out_of_fold)
    findings = [
        *find_in_files(pictures, looks, store.facts),
        *find_copies_and_groups(pictures, copies),
        *_suspected(pictures, suspected, groups, probe),
        *find_in_classes(pictures, units),
        *find_in_labels(pictures, ranking),
        *find_shortcuts(blind),
        *find_shift(pictures, units, features, seed=seed),
    ]
    return Audit(
        pictures=len(pictures),
        classes=pictures.counts(),
        findings=by_gravity(findings),
        copies=copies,
        suspected=suspected,
        leak=leak(pictures, copies),
        labels=ranking,
        blind=blind,
    )


def _suspected(
    pictures: Pictures, suspected: Suspected | None, groups: np.ndarray, probe: Probe | None
) -> Iterator[Finding]:
    if suspected is None:
        return
    sets = suspected.sets()
    evidence: dict[str, Any] = {
        "groups": len(sets),
        "pictures": sum(len(members) for members in sets),
        "neighbours_alike": suspected.alike,
        "expected_by_chance": round(suspected.expected, 4),
        "order": suspected.order,
    }
    title = (
        f"{evidence['pictures']} pictures look like {len(sets)} series of shots of the same thing, "
        f"near by {suspected.order}"
    )
    inflated = False
    if probe is not None:
        scores = by_picture_and_group(
            pictures.labels, probe(groups), probe(suspected.groups), suspected.groups
        )
        evidence |= scores
        gap = scores["score_gap"]
        inflated = gap.low > INFLATED
        title += f"; splitting by picture scores {100 * gap.value:.0f} points higher than by series"
    yield finding(
        "groups.suspected",
        "stop" if inflated else "warn",
        title,
        advice="If the series are right, save the proposed groups.csv beside the pictures: the score by series is the "
        "one that will hold for new things. If not, ignore this.",
        evidence=evidence,
        files=[[pictures.paths[i] for i in members] for members in sorted(sets, key=len, reverse=True)],
    )


def by_picture_and_group(
    labels: np.ndarray, by_picture: np.ndarray, by_group: np.ndarray, groups: np.ndarray
) -> dict[str, Estimate]:
    """Return the balanced accuracy of two splits and their paired difference, groups counted as the units."""
    from tellapart.evaluate.labelled import balanced_accuracy
    from tellapart.evaluate.paired import paired_difference
    from tellapart.evaluate.part import check_part

    at = np.flatnonzero(np.isfinite(by_picture).all(axis=1) & np.isfinite(by_group).all(axis=1))
    own, units = labels[at], groups[at]
    guesses = [predicted_evenly(scores[at], own) for scores in (by_picture, by_group)]
    certain = [np.eye(by_picture.shape[1])[guess] for guess in guesses]
    first, second = (
        balanced_accuracy(check_part(own, rows, units), guess)
        for rows, guess in zip(certain, guesses, strict=True)
    )
    gap = paired_difference(own, *certain, measure="balanced_accuracy", groups=units)
    return {"score_by_picture": first, "score_by_group": second, "score_gap": gap}
