"""Suspect labels, by confident learning on the probabilities of a classifier that never saw the picture."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from tellapart.audit.blind import CLEARLY, predicted_evenly
from tellapart.audit.finding import Finding, finding
from tellapart.evaluate import labelled
from tellapart.evaluate.estimate import Estimate
from tellapart.evaluate.intervals import proportion
from tellapart.evaluate.part import check_part
from tellapart.pictures.collection import Pictures

MANY = 0.03
"""Share of suspect labels from which it is worth going through them before training again: the usual picture sets
hold 3.4 % wrong labels on average (Northcutt, Athalye and Mueller 2021, arXiv 2103.14749)."""


GOOD = 0.9
"""Balanced accuracy below which the share of suspects is no estimate of wrong labels: the classifier's own errors are
as many. They are then a note, whatever their number."""

CONTRADICTED = 0.1
"""A suspect's quality at most: the suggested class is .8 more probable than the given one. Below that a classifier that
is merely weak (two kinds that it sorts at .71) called every fifth of 660 right labels suspect; with it, few."""


@dataclass(frozen=True)
class LabelSuspect:
    """A label that looks wrong.

    Attributes
    ----------
    index
        The picture.
    given, suggested
        Class indices: what it is labelled, and what the classifier takes it for.
    quality
        How well the label fits, 0 (not at all) to 1.
    """

    index: int
    given: int
    suggested: int
    quality: float


@dataclass(frozen=True, eq=False)
class LabelRanking:
    """All scored pictures, the most doubtful label first; how many are suspect; how good the classifier is."""

    ranked: tuple[LabelSuspect, ...] = ()
    suspects: int = 0
    classifier: Estimate = field(default_factory=Estimate.undefined)


def rank_labels(labels: np.ndarray, out_of_fold: np.ndarray) -> LabelRanking:
    """Rank labels by doubt.

    Parameters
    ----------
    labels
        (N,) int.
    out_of_fold
        (N, K) probabilities; rows with NaN are left out.

    Returns
    -------
    LabelRanking
        Empty where the probabilities tell the classes hardly better than chance: then they say nothing of labels.

    References
    ----------
    Northcutt, Jiang and Chuang (2021), Confident Learning, J. Artif. Intell. Res. 70, 1373-1411 (cleanlab).
    """
    at = np.flatnonzero(np.isfinite(out_of_fold).all(axis=1))
    given, probabilities = labels[at], out_of_fold[at]
    present = np.unique(given)
    if len(present) < 2:
        return LabelRanking()
    # cleanlab counts classes from what it is given: a class that has no scored picture is taken out.
    probabilities = probabilities[:, present] / probabilities[:, present].sum(axis=1, keepdims=True)
    given = np.searchsorted(present, given)
    classifier = labelled.balanced_accuracy(
        check_part(given, probabilities), predicted_evenly(probabilities, given)
    )
    if classifier.low <= 1 / len(present) + CLEARLY:
        return LabelRanking()
    quality, suspect = _doubt(given, probabilities)
    suggested = probabilities.argmax(axis=1)
    order = np.lexsort((quality, ~suspect))
    ranked = tuple(
        LabelSuspect(int(at[i]), int(present[given[i]]), int(present[suggested[i]]), float(quality[i]))
        for i in order
    )
    return LabelRanking(ranked, int(suspect.sum()), classifier)


def _doubt(given: np.ndarray, probabilities: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return (N,) quality of each label, 0 to 1, and (N,) bool which are suspect."""
    from cleanlab.filter import find_label_issues
    from cleanlab.rank import get_label_quality_scores

    quality = get_label_quality_scores(given, probabilities, method="normalized_margin")
    issue = find_label_issues(
        given, probabilities, filter_by="prune_by_noise_rate", n_jobs=1, min_examples_per_class=1
    )
    return np.asarray(quality), np.asarray(issue, dtype=bool) & (quality <= CONTRADICTED)


def find_in_labels(pictures: Pictures, ranking: LabelRanking) -> Iterator[Finding]:
    """Yield a finding if labels are suspect; each file with its given and suggested label in the evidence."""
    if not ranking.suspects:
        return
    suspects = ranking.ranked[: ranking.suspects]
    share = proportion(len(suspects), len(ranking.ranked))
    yield finding(
        "labels.suspect",
        "warn" if share.low >= MANY and ranking.classifier.value >= GOOD else "note",
        f"{len(suspects)} of {len(ranking.ranked)} labels look wrong "
        f"({100 * share.value:.1f} %, {100 * share.low:.1f} to {100 * share.high:.1f} %)",
        advice="Look through them in this order, the most doubtful first, and correct what is wrong; "
        "some are right and merely hard.",
        evidence={
            "suspects": len(suspects),
            "share": share,
            "classifier_balanced_accuracy": ranking.classifier,
            "ranking": [
                {
                    "path": pictures.paths[one.index],
                    "given": pictures.classes[one.given],
                    "suggested": pictures.classes[one.suggested],
                    "quality": round(one.quality, 4),
                }
                for one in suspects[:50]
            ],
        },
        files=[(pictures.paths[one.index],) for one in suspects],
    )
