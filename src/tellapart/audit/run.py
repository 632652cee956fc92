"""The audit, top to bottom: pictures in, findings out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from tellapart.audit.blind import Blind, blind_classifiers
from tellapart.audit.classes import find_in_classes
from tellapart.audit.copies import Copies, find_copies
from tellapart.audit.files import find_in_files
from tellapart.audit.finding import Finding, by_gravity
from tellapart.audit.groups import Suspected, suspect_groups
from tellapart.audit.labels import LabelRanking, find_in_labels, rank_labels
from tellapart.audit.leaks import Leak, find_copies_and_groups, leak
from tellapart.audit.looks import Looks, look_at
from tellapart.audit.pairs import side_by_side
from tellapart.audit.series import Probe, Series, find_series, judge_series
from tellapart.audit.shift import find_shift
from tellapart.audit.shortcuts import find_shortcuts, for_decision
from tellapart.evaluate.decision import Shortcut
from tellapart.pictures.collection import Pictures
from tellapart.pictures.features import Features
from tellapart.pictures.store import PictureStore

SCHEMA = 1

Advance = Callable[[str, int, int], None]
"""Called with the stage in words, the pictures or pairs done since the last call, and of how many (0: not known)."""


@dataclass(frozen=True, eq=False)
class Kinship:
    """What belongs together, and what that rests on.

    Attributes
    ----------
    looks, copies, series
        See there; `series` is None where nothing is suspected.
    groups
        (N,) int: what no split may part: the user's groups, copies, and series where a score by picture is surely
        too high.
    """

    looks: Looks
    copies: Copies
    series: Series | None
    groups: np.ndarray


def find_kinship(
    pictures: Pictures,
    store: PictureStore,
    *,
    looks: Looks | None = None,
    copies: Copies | None = None,
    features: Features | None = None,
    probe: Probe | None = None,
    seed: int = 0,
    advance: Advance = lambda _words, _done, _of: None,
) -> Kinship:
    """Find copies and series.

    Parameters
    ----------
    pictures, store
        N pictures and their decoded pixels, in the same order.
    looks, copies
        If they are known already.
    features
        (N, D) float32 of a pretrained network; without them series are compared by their detail alone.
    probe
        A classifier that shows how much series inflate a score; asked only where some are suspected.
    seed
        Draws random pairs.
    advance
        See `Advance`.
    """
    if looks is None:
        looks = look_at(store, advance=lambda n: advance("audit: looking", n, len(store)))
    if copies is None:
        copies = find_copies(looks, store, seed=seed, advance=lambda n: advance("audit: copies", n, 0))
    advance("audit: series", 0, 0)
    groups = copies.join(pictures.group_numbers())
    suspected = suspect_groups(pictures, looks, copies, features, seed=seed)
    series = judge_series(pictures.labels, suspected, groups, probe)
    if series is not None and series.is_inflated:
        groups = series.suspected.groups
    return Kinship(looks, copies, series, groups)


@dataclass(frozen=True, eq=False)
class Audit:
    """What is wrong with the pictures.

    Attributes
    ----------
    findings
        The gravest first.
    kinship, leak, labels, blind
        What they rest on: what belongs together, what the sealed part shares with the others, all labels ranked by
        doubt, and the classifiers that never saw the object.
    """

    pictures: int
    classes: dict[str, int]
    findings: tuple[Finding, ...]
    kinship: Kinship
    leak: Leak
    labels: LabelRanking
    blind: tuple[Blind, ...]

    @property
    def stops(self) -> tuple[Finding, ...]:
        """The findings to be printed before any score."""
        return tuple(one for one in self.findings if one.severity == "stop")

    @property
    def suspected(self) -> Suspected | None:
        """Groups that nobody declared; None where there are none."""
        return None if self.kinship.series is None else self.kinship.series.suspected

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
        return side_by_side(pictures, self.kinship.copies, self.suspected, self.labels)

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
    kinship: Kinship,
    *,
    features: Features | None = None,
    out_of_fold: np.ndarray | None = None,
    probe: Probe | None = None,
    seed: int = 0,
    advance: Advance = lambda _words, _done, _of: None,
) -> Audit:
    """Say what is wrong with the pictures.

    Parameters
    ----------
    pictures, store
        N pictures and their decoded pixels, in the same order.
    kinship
        What belongs together.
    features
        (N, D) float32 of a pretrained network; without them the looks of parts are not compared.
    out_of_fold
        (N, K) probabilities of a classifier for pictures it was not fitted on, in folds that kept
        ``kinship.groups`` whole; NaN rows where there are none.
    probe
        Gives `out_of_fold` where that is None. Without either labels and shortcuts are not judged.
    seed
        Draws folds and trees.
    advance
        See `Advance`.

    Returns
    -------
    Audit
    """
    copies, looks = kinship.copies, kinship.looks
    advance("audit: shortcuts and labels", 0, 0)
    # Series that inflate nothing measurable still are the units: with them the intervals are honest.
    units = kinship.groups if kinship.series is None else kinship.series.suspected.groups
    if out_of_fold is None and probe is not None:
        out_of_fold = probe(units)
    blind = blind_classifiers(pictures, looks, store.facts, units, out_of_fold, seed=seed)
    ranking = LabelRanking() if out_of_fold is None else rank_labels(pictures.labels, out_of_fold)
    findings = [
        *find_in_files(pictures, looks, store.facts),
        *find_copies_and_groups(pictures, copies),
        *find_series(pictures, kinship.series),
        *find_in_classes(pictures, units),
        *find_in_labels(pictures, ranking),
        *find_shortcuts(blind),
        *find_shift(pictures, units, features, seed=seed),
    ]
    return Audit(
        pictures=len(pictures),
        classes=pictures.counts(),
        findings=by_gravity(findings),
        kinship=kinship,
        leak=leak(pictures, kinship.groups),
        labels=ranking,
        blind=blind,
    )
