"""Which arms fit into the time, which member is studied."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tellapart.members.scores import balanced_accuracy, log_losses, paired_gain, softmax
from tellapart.study.arm import Arm, training_set
from tellapart.study.bench import Bench
from tellapart.study.learners import Learner, ProbeLearner
from tellapart.study.rounds import FEWEST_ROUNDS

USABLE = 0.85  # of the time left: quotes are rough
GOOD = 0.90  # balanced accuracy of the probe on the first fold from which the other member is not tried
FOR_LOOKS = 0.25  # of the time left: what the choice of the member may cost
FEWEST_PICTURES = 100  # that a study is cut down to


def cost(learner: Learner, arms: Sequence[Arm], n: int, rounds: int) -> float:
    """Return the seconds that some rounds of these arms take, about."""
    share = (learner.folds - 1) / learner.folds
    once = sum(learner.preparing(arm) for arm in arms)
    return once + rounds * sum(learner.training(arm, round(n * share * arm.share)) for arm in arms)


def fit_into_time(
    bench: Bench, learner: Learner, plans: Sequence[Sequence[Arm]]
) -> tuple[int, Bench, Learner]:
    """Return the first plan whose fewest rounds fit into the time left; with the last one, pictures may be left out.

    Parameters
    ----------
    bench, learner
        What is there.
    plans
        Lists of arms, the richest first.

    Returns
    -------
    number, bench, learner
        Of the plan; the bench with fewer pictures where not even the last one fits with all.
    """
    left, n = USABLE * bench.seconds_left(), len(bench.labels)
    rounds = max(FEWEST_ROUNDS, learner.folds)
    for number, arms in enumerate(plans):
        if cost(learner, arms, n, rounds) <= left:
            return number, bench, learner
    last = len(plans) - 1
    share = max(0.0, left) / cost(learner, plans[last], n, rounds)
    fewer = bench.at_most(max(FEWEST_PICTURES, int(n * share)))
    return last, fewer, (learner if fewer is bench else learner.on(fewer))


def choose_learner(bench: Bench, model: str | None) -> tuple[Learner, str]:
    """Return the member that is studied, and why it.

    Parameters
    ----------
    bench
        What it is studied on.
    model
        ``probe``, ``detail``, or None: the one of lower log loss on the first fold, where that is sure by one standard
        error.
    """
    if model == "probe":
        return ProbeLearner(bench), "asked for"
    if model == "detail":
        return _detail(bench)[0], "asked for"
    probe = ProbeLearner(bench)
    _, _, fit, score = next(bench.rounds(probe.folds, 1))
    truth, usual = bench.labels[score], Arm("look", "as usual")
    chosen, weights = training_set(usual, fit, bench.labels, bench.groups, bench.classes, bench.seed)
    theirs, _ = probe.begin(usual, chosen, weights, score, bench.seed).result()
    reached = balanced_accuracy((softmax(theirs) / bench.shares).argmax(1), truth)
    if reached >= GOOD:
        return probe, f"balanced accuracy {reached:.3f} on the first fold: nothing else was tried"
    detail, found = _detail(bench, (fit, score))
    if found is None:
        return probe, "the time is too short for small nets trained from scratch"
    gain, error = paired_gain(log_losses(softmax(theirs), truth), log_losses(softmax(found), truth))
    compared = f"log loss lower by {abs(gain):.3f} on the first fold (standard error {error:.3f})"
    if gain > error:
        return detail, f"{compared} than with frozen features"
    return (
        probe,
        f"small nets from scratch are not better for sure: {'lower' if gain > 0 else 'higher'} log loss",
    )


def _detail(
    bench: Bench, on: tuple[np.ndarray, np.ndarray] | None = None
) -> tuple[Learner, np.ndarray | None]:
    """Return the detail net with the turns and mirrorings that suit the first fold, and its logits there.

    Without time for looks pictures keep their position, which is always right.
    """
    from tellapart.members.policy import POLICIES
    from tellapart.study.nets import DetailLearner

    plain = DetailLearner(bench)
    fit, score = next((a, b) for _, _, a, b in bench.rounds(plain.folds, 1)) if on is None else on
    usual = Arm("look", "as usual")
    once = plain.training(usual, len(fit))
    if once > FOR_LOOKS * bench.seconds_left():
        return plain, None
    best, best_logits, least = plain, None, float("inf")
    for number, name in enumerate(("none", "turns")):
        if number and 2 * once > FOR_LOOKS * bench.seconds_left():
            break
        one = plain.changing(POLICIES[name])
        bench.progress.stage(f"detail: look, {name}", 1)
        logits, _ = one.begin(usual, fit, np.ones(bench.classes), score, bench.seed).result()
        loss = float(log_losses(softmax(logits), bench.labels[score]).mean())
        if loss < least:
            best, best_logits, least = one, logits, loss
    return best, best_logits
