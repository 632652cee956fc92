"""Member `probe`: frozen pretrained features and a regularised linear head."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from types import MappingProxyType

import numpy as np

from tellapart.backbones.features import Backbone
from tellapart.backbones.graph import Graph
from tellapart.members.balance import Balance, decide_balance
from tellapart.members.head import CLIP, STRENGTHS, Axes, Linear, fit_axes, fit_linear
from tellapart.members.member import Fitted, Job, Write
from tellapart.members.reach import Setup, reaches
from tellapart.members.rival import is_poor
from tellapart.members.scores import little_loss, log_losses, paired_gain, softmax
from tellapart.members.sight import Sight
from tellapart.pictures.features import Features, StoredFeatures
from tellapart.scale.executor import Advance
from tellapart.split import deal

QUICK_FOLDS, QUICK_STRENGTH = 5, 1e-3


@dataclass(frozen=True, eq=False)
class Heads:
    """What was chosen inside the folds on some features, and how it does.

    Attributes
    ----------
    final
        The setup of the model.
    balance
        How the classes are weighted.
    logits_NK
        Out of fold for the training part, the folds' average for the validation part, nan for the sealed one.
    """

    final: Setup
    balance: Balance
    logits_NK: np.ndarray

    @property
    def class_weights(self) -> np.ndarray:
        """(K,)."""
        return np.array(self.balance.weights)


@dataclass(frozen=True, eq=False)
class Looked:
    """How far the probe has looked.

    Attributes
    ----------
    heads, sight
        What was chosen, and what it looks at.
    words
        What was tried, and what came of it.
    seconds
        What it took.
    """

    heads: Heads
    sight: Sight
    words: tuple[str, ...]
    seconds: float


def fit_probe(job: Job, features_ND: StoredFeatures, backbone: Backbone) -> Fitted:
    """Cross-validate the head on the training part, then fit it on training and validation part.

    Standardisation and axes are fitted on the training part as a whole: they use no label, and with the features
    clipped an unseen picture cannot be told from them.
    """
    began = time.perf_counter()
    job.progress.stage("probe", job.split.folds.shape[0] * job.split.count)
    heads = choose_heads(job, features_ND, backbone.deepest)
    first = Looked(heads, Sight((backbone,)), (), time.perf_counter() - began)
    planned = {name: job.plan.quoted_seconds[name] for name in job.plan["probe.looks"]}
    if planned and "detail" in job.plan["members"] and is_poor(job, heads.logits_NK):
        # Nets from scratch may make them needless: on pellets a minute of looks came to .94, and a net has 1.00.
        waiting = replace(first, words=("more is looked at after the nets, if they leave anything to gain",))
        found = _member(job, features_ND, waiting, planned | job.plan.looks_cut)
        return replace(found, waiting_seconds=sum(planned.values()))
    return _member(job, features_ND, widen(job, features_ND, first, planned), job.plan.looks_cut)


def _member(
    job: Job,
    features_ND: StoredFeatures,
    looked: Looked,
    looks_left: Mapping[str, float] = MappingProxyType({}),
) -> Fitted:
    """Return the member; `looks_left` may be tried later: what each takes, seconds."""
    heads, sight = looked.heads, looked.sight
    backbone = sight.networks[0]
    labels, weights = job.pictures.labels, heads.class_weights
    development, final = job.split.indices("train", "validation"), heads.final

    def refit(more: np.ndarray) -> Write:
        linear = final.fit(np.concatenate([development, more]), labels, weights)
        return lambda graph, images: write_probe(graph, images, sight, final.reach.axes, linear)

    def widened(later: Job) -> Fitted:
        return _member(later, features_ND, widen(later, features_ND, looked, looks_left))

    return Fitted(
        name="probe",
        logits=heads.logits_NK,
        view=sight.view(job),
        write=refit(np.array([], dtype=np.int64)),
        refit=refit,
        seconds=looked.seconds,
        words=f"{features_ND.shape[1]} frozen features of {backbone.name}; chosen inside the folds: "
        f"{final.reach.words}, strength {final.strength:g}; {heads.balance.words()}; "
        f"{'; '.join((*looked.words, sight.words()))}",
        balance=heads.balance,
        networks=sight.networks,
        widened=widened if looks_left else None,
    )


def choose_heads(job: Job, features_ND: Features, deepest: int) -> Heads:
    """Choose depths, strength and the weights of the classes inside the folds."""
    labels, train = job.pictures.labels, job.split.indices("train")
    setups = [
        Setup(reach, strength)
        for reach in reaches(features_ND, deepest, train, _open(job))
        for strength in STRENGTHS
    ]
    shared = job.executor.share((tuple(setups), labels))
    losses = np.concatenate([_losses_by_fold(job, shared, len(setups), folds) for folds in job.split.folds])
    best = losses.argmin(1).tolist()
    scored = _cross_validated(job, shared, best, np.ones(job.classes))
    balance = decide_balance(
        labels[train],
        job.classes,
        scored[train],
        lambda weights: _cross_validated(job, shared, best, weights)[train],
    )
    if balance.is_weighted:
        scored = _cross_validated(job, shared, best, np.array(balance.weights))
    return Heads(setups[losses.sum(0).argmin()], balance, scored)


def widen(job: Job, features_ND: StoredFeatures, looked: Looked, looks: Mapping[str, float]) -> Looked:
    """Look through more networks and at more images of a picture, where that lowers the out-of-fold log loss.

    It has to fall by more than one standard error of the paired difference: each step makes an answer dearer. Depths
    and strength are chosen anew: with those of Lite0 alone a second network gained nothing on solar cells, else .024.

    Parameters
    ----------
    looks
        Their names in order, and what each takes, seconds.
    """
    began = time.perf_counter()
    heads, sight, words = looked.heads, looked.sight, list(looked.words)
    train = job.split.indices("train")
    labels = job.pictures.labels[train]
    for name, seconds in looks.items():
        if (wider := sight.wider(name)) is None:
            continue
        before = log_losses(softmax(heads.logits_NK[train]), labels)
        if before.mean() < little_loss(labels):
            words.append(
                f"{name} not tried: an out-of-fold log loss of {before.mean():.3f} leaves little to gain"
            )
            break
        # The sealed pictures are looked at so once more.
        needed = seconds * sight.price * (1 + np.mean(job.split.parts == "test"))
        if needed > job.seconds_left():
            words.append(f"no time for {name}")
            break
        new = wider.looks if wider.side > sight.side else wider.looks - sight.looks
        job.progress.stage(name, new * len(job.pictures))
        other = choose_heads(job, wider.features(job, features_ND), wider.deepest)
        gain, error = paired_gain(before, log_losses(softmax(other.logits_NK[train]), labels))
        words.append(
            f"with {name} the out-of-fold log loss {'falls' if gain > 0 else 'rises'} by {abs(gain):.4f} "
            f"(standard error {error:.4f})"
        )
        if gain > error:
            heads, sight = other, wider
    spent = looked.seconds + time.perf_counter() - began
    return replace(looked, heads=heads, sight=sight, words=tuple(words), seconds=spent)


def _open(job: Job) -> np.ndarray:
    """Return the pictures that are not sealed."""
    return np.flatnonzero(job.split.parts != "test")


Shared = tuple[tuple[Setup, ...], np.ndarray]
"""What all tasks need: the setups, whose rows are large, and the (N,) labels."""


def score_fold(
    shared: Shared,
    setup: int,
    fit: np.ndarray,
    scored: Sequence[np.ndarray],
    weights_K: np.ndarray,
    *,
    advance: Advance,
) -> list[np.ndarray]:
    """Fit one setup on the pictures at `fit`; return the (n, K) logits of those at each of `scored`."""
    one = shared[0][setup]
    linear = one.fit(fit, shared[1], weights_K)
    advance(1)
    return [one.logits(linear, at) for at in scored]


def _cross_validated(job: Job, shared: Shared, setups: Sequence[int], weights_K: np.ndarray) -> np.ndarray:
    """Return (N, K) logits: out of fold for the training part, the folds' average for the validation part."""
    validation = job.split.indices("validation")
    scored, repeats = np.zeros((len(job.pictures), job.classes)), job.split.folds.shape[0]
    rounds = list(job.split.rounds())
    begun = [
        job.executor.submit(
            score_fold,
            shared,
            setup,
            fit,
            (score, validation),
            weights_K,
            advance=job.progress.advance,
        )
        for (fit, score), setup in zip(rounds, setups, strict=True)
    ]
    for (_, score), task in zip(rounds, begun, strict=True):
        held_out, of_validation = task.result()
        scored[score] += held_out / repeats
        scored[validation] += of_validation / len(setups)
    scored[job.split.indices("test")] = np.nan
    return scored


def _losses_by_fold(job: Job, shared: Shared, setups: int, folds: np.ndarray) -> np.ndarray:
    """Return (folds, setups): for every fold the log loss on the others, each of them scored by a fit without both.

    With two folds there are no others: all depths at a middling strength are then the best by decree.
    """
    count = int(folds.max()) + 1
    if count < 3:
        return np.tile([0.0 if setup == len(STRENGTHS) // 2 else 1.0 for setup in range(setups)], (count, 1))
    totals = np.zeros((count, setups))
    pairs = list(combinations(range(count), 2))
    begun = [job.executor.submit(losses_of_pair, shared, job.classes, folds, pair) for pair in pairs]
    for (one, other), task in zip(pairs, begun, strict=True):
        totals[[one, other]] += task.result()
    return totals


def losses_of_pair(
    shared: Shared, classes: int, folds: np.ndarray, pair: tuple[int, int], *, advance: Advance
) -> np.ndarray:
    """Fit every setup without two folds; return (2, setups), the log losses summed over the other of the two."""
    (setups, labels), (one, other) = shared, pair
    fit, losses = np.flatnonzero((folds >= 0) & (folds != one) & (folds != other)), np.zeros((2, len(setups)))
    for s, setup in enumerate(setups):
        linear = setup.fit(fit, labels, np.ones(classes))
        for row, inner in enumerate((other, one)):
            scored = np.flatnonzero(folds == inner)
            losses[row, s] = log_losses(softmax(setup.logits(linear, scored)), labels[scored]).sum()
    advance(0)
    return losses


def quick_probe(
    features_ND: Features, labels: np.ndarray, classes: int, seed: int
) -> Callable[[np.ndarray], np.ndarray]:
    """Return (N,) groups -> (N, K) out-of-fold probabilities at a middling strength, groups whole.

    For the audit, which compares ways to split and looks for wrong labels: choosing the strength would change little.
    """
    reach: list[np.ndarray] = []

    def probe(groups: np.ndarray) -> np.ndarray:
        if not reach:
            reach.append(fit_axes(features_ND).apply(features_ND))
        rows = reach[0]
        folds, scores = deal(labels, groups, QUICK_FOLDS, seed), np.full((len(labels), classes), np.nan)
        for fold in np.unique(folds):
            fit, score = folds != fold, folds == fold
            linear = fit_linear(rows[fit], labels[fit], classes, QUICK_STRENGTH)
            scores[score] = softmax(linear.logits(rows[score]))
        return scores

    return probe


def write_probe(graph: Graph, images: str, sight: Sight, axes: Axes, linear: Linear) -> str:
    """Write networks and head to `graph`; `images` is the uint8 input (N, H, W, 3)."""
    features = sight.write(graph, images)
    at = np.argsort(sight.order())  # where the features of the graph stand among those of the axes
    scale, mean = axes.scale_D[at], axes.mean_D[at]
    standard = graph.affine(features, 1 / scale, -mean / scale)
    low, high = (graph.constant(np.array(value, dtype=np.float32)) for value in (-CLIP, CLIP))
    clipped = graph.op("Clip", standard, low, high)
    return graph.linear(clipped, (axes.axes_DR @ linear.weight_RK)[at], linear.bias_K)
