"""Could chance, or always naming the most frequent class, have done as well? Exact tests.

The tests ask whether predictions and labels are independent; `power` asks whether a part of this
size could have told at all.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy import special, stats

from tellapart.evaluate.clusters import effective_share
from tellapart.evaluate.labelled import confusion_matrix
from tellapart.evaluate.part import Floats, Integers, Part

# Level of the decision, one-sided: Benjamin et al. (2018), "Redefine statistical significance",
# Nature Human Behaviour 2. It also keeps shuffled labels from being called trustworthy in 1 % of runs.
ALPHA = 0.005
# Random tables or permutations where no exact distribution is at hand: the smallest p is 1/20,000;
# fewer, but never less than 1,999 (smallest p .0005), where many clusters would make it slow.
PERMUTATIONS, FEWEST_PERMUTATIONS, MOST_LABELS = 19_999, 1_999, 4_000_000
# What "could have told" means: a balanced accuracy that most would call useful, seen more often than not.
WORTHWHILE, ENOUGH_POWER = 0.8, 0.5
_SMALLEST = float(np.finfo(np.float64).tiny)


def chance_test(part: Part, predicted: Integers, positive: int | None, seed: int) -> dict[str, Any]:
    """Test whether predictions and labels are independent.

    Returns
    -------
    dict
        ``accuracy``: what predictions with these shares of classes would get by chance;
        ``balanced_accuracy``: 1/K; ``p_value``: one-sided, never 0. With two classes it is twice the
        smaller of ``p_value_labels`` (Fisher's exact test of the confusion at the threshold) and
        ``p_value_ranking`` (Mann and Whitney's test of the scores), so that a classifier whose
        threshold was moved far out for an aim is still recognised. With more classes: random
        tables with the same margins, balanced accuracy as the statistic. With clusters: labels are
        permuted among the pairs of cluster and label, which is conservative where one cluster
        holds several labels.
    """
    k, present = part.n_classes, part.classes_present
    confusion = confusion_matrix(part.labels, predicted, k)
    result: dict[str, Any] = {"accuracy": float("nan"), "balanced_accuracy": float("nan")}
    if part.n:
        result["accuracy"] = float((confusion.sum(axis=0) * confusion.sum(axis=1)).sum()) / part.n**2
    if len(present) < 2:
        return result | {"p_value": 1.0}
    result["balanced_accuracy"] = 1 / len(present)
    rng = np.random.default_rng(seed)
    units = None if part.clusters is None else _units(part)
    if k > 2 or positive is None:
        if units is None:
            return result | {"p_value": table_test(confusion, rng)}
        return result | {"p_value": _permutation_test(part, predicted, units, rng)}
    by_label = fisher_test(confusion) if units is None else _permutation_test(part, predicted, units, rng)
    by_ranking = _ranking_test(part, positive, units)
    both = min(1.0, 2 * min(by_label, by_ranking))
    return result | {"p_value": both, "p_value_labels": by_label, "p_value_ranking": by_ranking}


def majority_test(part: Part, predicted: Integers) -> dict[str, float]:
    """Test accuracy against the share of the most frequent class: exact binomial, one-sided.

    Clusters shrink the counts to effective ones (the incomplete beta function takes any count).
    """
    if part.n == 0:
        return {"accuracy": float("nan"), "p_value": 1.0}
    share = float(part.class_counts.max()) / part.n
    right = (predicted == part.labels).astype(float)
    size = part.n * effective_share(right - right.mean(), np.zeros_like(part.labels), part.clusters)
    return {"accuracy": share, "p_value": binomial_tail(float(right.mean()) * size, size, share)}


def binomial_tail(successes: float, n: float, share: float) -> float:
    """Chance of at least so many successes among n; counts need not be whole. Never 0."""
    if successes <= 0:
        return 1.0
    if share >= 1:
        return 1.0
    return max(_SMALLEST, float(special.betainc(successes, n - successes + 1, share)))


def fisher_test(confusion: ArrayLike) -> float:
    """Fisher's exact test of a (2, 2) confusion, one-sided: more on the diagonal than by chance."""
    table = np.asarray(confusion)
    n, rows, columns = int(table.sum()), table.sum(axis=1), table.sum(axis=0)
    return max(_SMALLEST, float(stats.hypergeom.sf(table[1, 1] - 1, n, rows[1], columns[1])))


def table_test(confusion: Integers, rng: np.random.Generator, tables: int = PERMUTATIONS) -> float:
    """Test of a (K, K) confusion against random tables with the same margins; never 0.

    References
    ----------
    Patefield (1981), AS 159 (the tables); Phipson and Smyth (2010), SAGMB 9 (p never 0).
    """
    rows, columns = confusion.sum(axis=1), confusion.sum(axis=0)
    kept = rows > 0
    drawn = stats.random_table(rows, columns, seed=rng).rvs(tables)
    random_recall = np.diagonal(drawn, axis1=1, axis2=2)[:, kept] / rows[kept]
    observed = (np.diagonal(confusion)[kept] / rows[kept]).sum()
    return (1 + int((random_recall.sum(axis=1) >= observed - 1e-9).sum())) / (tables + 1)


def _units(part: Part) -> Integers:
    """(N,) code of the pair of cluster and label each picture belongs to."""
    clusters = np.arange(part.n) if part.clusters is None else part.clusters
    return np.unique(clusters * part.n_classes + part.labels, return_inverse=True)[1]


def unit_counts(part: Part) -> Integers:
    """(K,) independent units of each class: pictures, or pairs of cluster and label."""
    if part.clusters is None:
        return part.class_counts
    units = _units(part)
    first = np.unique(units, return_index=True)[1]
    return np.bincount(part.labels[first], minlength=part.n_classes)


def _permutation_test(part: Part, predicted: Integers, units: Integers, rng: np.random.Generator) -> float:
    """Balanced accuracy when the units' labels are permuted, in blocks that fit in memory."""
    n_units, k = int(units.max()) + 1, part.n_classes
    first = np.unique(units, return_index=True)[1]
    unit_labels = part.labels[first]
    called = np.zeros((n_units, k))
    np.add.at(called, (units, predicted), 1.0)
    sizes = called.sum(axis=1)
    observed = _mean_recall(unit_labels[None], called, sizes)[0]
    wanted = int(np.clip(MOST_LABELS // n_units, FEWEST_PERMUTATIONS, PERMUTATIONS))
    block = max(1, 500_000 // n_units)
    as_good, done = 0, 0
    while done < wanted:
        rows = min(block, wanted - done)
        shuffled = rng.permuted(np.broadcast_to(unit_labels, (rows, n_units)), axis=1)
        as_good += int((_mean_recall(shuffled, called, sizes) >= observed - 1e-9).sum())
        done += rows
    return (1 + as_good) / (wanted + 1)


def _mean_recall(labels: Integers, called: Floats, sizes: Floats) -> Floats:
    """(R,) mean recall for (R, units) labels; (units, K) pictures called each class; (units,) sizes."""
    present = np.unique(labels[0])
    total = np.zeros(len(labels))
    for c in present:
        own = (labels == c).astype(float)
        total += (own @ called[:, c]) / (own @ sizes)
    return total / len(present)


def _ranking_test(part: Part, positive: int, units: Integers | None) -> float:
    """Mann and Whitney's test, one-sided, of the scores or of the units' mean scores."""
    scores, labels = part.probabilities[:, positive], part.labels
    if units is not None:
        scores = np.bincount(units, weights=scores) / np.bincount(units)
        labels = labels[np.unique(units, return_index=True)[1]]
    high, low = scores[labels == positive], scores[labels != positive]
    if len(np.unique(scores)) == 1:
        return 1.0
    p = float(stats.mannwhitneyu(high, low, alternative="greater").pvalue)
    return float(np.clip(p, _SMALLEST, 1.0))


def power(class_counts: ArrayLike, balanced_accuracy: float = WORTHWHILE, alpha: float = ALPHA) -> float:
    """Chance that the test recognises a classifier of this balanced accuracy in a part of this size.

    Every class is taken to have that recall. Two classes: exact, over both binomials, with
    Fisher's test at alpha / 2 (as `chance_test` pays for testing twice). More classes: 200 drawn
    confusions, errors spread evenly, fixed seed.

    Parameters
    ----------
    class_counts : (K,) independent units of each class; classes without any are ignored
    """
    counts = np.asarray(class_counts, dtype=np.int64)
    counts = counts[counts > 0]
    if len(counts) < 2:
        return 0.0
    if len(counts) == 2:
        return _power_of_two(int(counts[0]), int(counts[1]), balanced_accuracy, alpha / 2)
    k = len(counts)
    rng = np.random.default_rng(0)
    recalls = np.full((k, k), (1 - balanced_accuracy) / (k - 1))
    np.fill_diagonal(recalls, balanced_accuracy)
    drawn = np.stack([rng.multinomial(n, row, size=200) for n, row in zip(counts, recalls, strict=True)], 1)
    # 1,999 tables resolve .0005, enough to tell .005
    return float(np.mean([table_test(confusion, rng, 1999) <= alpha for confusion in drawn]))


def _power_of_two(n_0: int, n_1: int, recall: float, alpha: float) -> float:
    """Sum over right answers in both classes, leaving out what hardly ever happens."""
    right_0, right_1 = (_likely(n, recall) for n in (n_0, n_1))
    a, b = np.meshgrid(right_0, right_1, indexing="ij")
    p = stats.hypergeom.sf(b - 1, n_0 + n_1, n_1, (n_0 - a) + b)
    chance = stats.binom.pmf(a, n_0, recall) * stats.binom.pmf(b, n_1, recall)
    return float(chance[p <= alpha].sum())


def _likely(n: int, recall: float) -> Integers:
    low, high = stats.binom.ppf([1e-6, 1 - 1e-6], n, recall)
    return np.arange(int(low), int(high) + 1)


def counts_that_would_tell(
    class_counts: ArrayLike, balanced_accuracy: float = WORTHWHILE, wanted: float = 0.8
) -> list[int] | None:
    """Fewest pictures of each class, in about these shares, that would tell with the wanted power.

    Power 80 % is the usual plan (Cohen 1988). A class without pictures is given the smallest share.

    Returns
    -------
    list of K ints, or None when 5,000 pictures would not do (a balanced accuracy hardly above chance)
    """
    counts = np.asarray(class_counts, dtype=float)
    counts = np.where(counts > 0, counts, max(1.0, counts[counts > 0].min() if counts.any() else 1.0))
    shares = counts / counts.sum()

    def at(total: int) -> Integers:
        return np.maximum(1, np.ceil(total * shares - 1e-9)).astype(np.int64)

    low, high = 2, 16
    while power(at(high), balanced_accuracy) < wanted:
        low, high = high, high * 2
        if high > 5_000:
            return None
    while high - low > max(1, high // 50):
        middle = (low + high) // 2
        if power(at(middle), balanced_accuracy) < wanted:
            low = middle
        else:
            high = middle
    return [int(n) for n in at(high)]
