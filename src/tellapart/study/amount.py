"""How much would more pictures help? A learning curve, checked on what it was not fitted on, and drawn out.

m scored pictures, R repeats, A amounts, B replicates of the bootstrap, K classes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from tellapart.evaluate.estimate import Estimate
from tellapart.evaluate.part import cluster_codes
from tellapart.evaluate.resampling import bootstrap_weights
from tellapart.study.answer import (
    Answer,
    Curve,
    CurvePoint,
    Verdict,
    at_chance,
    by,
    effect_of,
    flawless,
    rows_of,
    said,
    too_few_rounds,
    what_would_do,
)
from tellapart.study.arm import Arm
from tellapart.study.bench import Bench
from tellapart.study.curve import Curves, fit_curves
from tellapart.study.effect import MATTERS, Scored, level, score
from tellapart.study.learners import Learner
from tellapart.study.planning import fit_into_time
from tellapart.study.rounds import run_rounds

FINE = (0.125, 0.18, 0.25, 0.35, 0.5, 0.7, 1.0)
COARSE = (0.125, 0.25, 0.5, 1.0)
FEWEST = 12  # training pictures of the smallest amount
FEWEST_OF_CLASS = 3
TIMES = (1.5, 2.0, 4.0)
"""How many times as many pictures the curve is drawn out to; what it was measured over spans a factor of eight."""
REPLICATES = 1000
SHOWN = 40  # points of the drawn curve


def study_amount(bench: Bench, learner: Learner) -> Answer:
    """Answer by training on growing shares of the pictures."""
    plans = [_arms(bench, learner, shares) for shares in (FINE, COARSE)]
    if len(plans[-1]) < 4:
        return Answer("cannot tell", _too_few(bench, learner), (), ())
    number, bench, learner = fit_into_time(bench, learner, plans)
    arms = plans[number]
    rounds = run_rounds(bench, learner, arms)
    if not rounds.enough:
        return too_few_rounds(bench, rounds)
    scored = {arm.key: score(bench, rounds.logits[arm.key], rounds.folds) for arm in arms}
    rows = rows_of(arms, scored, rounds)
    amounts = np.array([rounds.fitted[arm.key] for arm in arms])
    errors_BA, own_A = _errors(bench, [scored[arm.key] for arm in arms])
    curve = draw_out(amounts, errors_BA, own_A, len(bench.labels), np.random.default_rng(bench.seed))
    effects = tuple(
        effect_of(scored, arm, arms[-1], len(arms) - 1, f"all instead of {arm.words}") for arm in arms[:-1]
    )
    reached = level(scored[arms[-1].key], "balanced_accuracy")
    now = f"now {said(reached)} out of fold, n = {reached.n}"
    verdict, sentence, enough = (
        ("cannot tell", words, None)
        if (words := at_chance(reached, bench.classes, learner.name))
        else told_by(curve, reached, now, len(bench.labels), lambda gain: what_would_do(bench, rounds, gain))
    )
    notes = [
        f"In folds {amounts[-1]:.0f} of the {len(bench.labels)} pictures are trained on at most; the curve says what "
        f"all of them, and more, would give.",
        curve.check_words,
    ]
    found = Answer(verdict, sentence, rows, effects, tuple(notes), curve, enough)
    return found.based_on(bench, rounds)


def _arms(bench: Bench, learner: Learner, shares: Sequence[float]) -> list[Arm]:
    """Leave out shares that hold too few pictures to learn anything from."""
    fitted = _fitted(learner)
    counts = np.bincount(bench.labels, minlength=bench.classes)
    found = []
    for share in shares:
        if share * fitted * counts.sum() >= FEWEST and share * fitted * counts.min() >= FEWEST_OF_CLASS:
            words = f"{share:.3g} of the pictures" if share < 1 else "all pictures"
            found.append(Arm(f"share-{share:g}", words, share=share))
    return found


def _fitted(learner: Learner) -> float:
    """Return the share of the pictures that are trained on in a fold."""
    return (learner.folds - 1) / learner.folds


def _too_few(bench: Bench, learner: Learner) -> str:
    counts = np.bincount(bench.labels, minlength=bench.classes)
    name = bench.pictures.classes[int(counts.argmin())]
    of_class = max(FEWEST / bench.classes, FEWEST_OF_CLASS) / (COARSE[0] * _fitted(learner))
    return (
        f"Cannot tell: {len(bench.labels)} training pictures, {counts.min()} of them {name!r}, are too few to train on "
        f"a half, a quarter and an eighth of them; {int(np.ceil(of_class))} of each class would do."
    )


def _errors(bench: Bench, scored: Sequence[Scored]) -> tuple[np.ndarray, np.ndarray]:
    """1 - balanced accuracy: (B, A) with pictures and repeats drawn again, and (A,) as they are."""
    first = scored[0]
    right_AmR = np.stack([one.rights.T for one in scored]).astype(float)
    rng = np.random.default_rng(bench.seed)
    repeats = right_AmR.shape[2]
    clusters = cluster_codes(first.groups, len(first.groups))
    blocks = []
    for weights in bootstrap_weights(first.labels, clusters, rng, REPLICATES):
        drawn = rng.multinomial(repeats, np.full(repeats, 1 / repeats), size=len(weights)) / repeats
        blocks.append(1 - _balanced(weights, right_AmR, first.labels, drawn))
    ones = np.ones((1, len(first.labels)))
    return np.concatenate(blocks), 1 - _balanced(
        ones, right_AmR, first.labels, np.full((1, repeats), 1 / repeats)
    )[0]


def _balanced(
    weights_Bm: np.ndarray, right_AmR: np.ndarray, labels: np.ndarray, drawn_BR: np.ndarray
) -> np.ndarray:
    """(B, A) balanced accuracy of weighted pictures and repeats."""
    recalls = []
    for c in np.unique(labels):
        own = weights_Bm[:, labels == c]
        total = np.maximum(own.sum(1), 1e-12)
        by_repeat = np.einsum("bm,amr->bar", own, right_AmR[:, labels == c]) / total[:, None, None]
        recalls.append(np.einsum("bar,br->ba", by_repeat, drawn_BR))
    return np.asarray(np.mean(recalls, axis=0))


def draw_out(
    amounts: np.ndarray, errors_BA: np.ndarray, own_A: np.ndarray, n: int, rng: np.random.Generator
) -> Curve:
    """Fit a curve, check it by foretelling the largest amount from the smaller ones, and draw it out.

    Parameters
    ----------
    amounts : (A,) pictures, rising
    errors_BA, own_A
        1 - balanced accuracy: replicates, and as measured.
    n
        All pictures there are.
    rng
        Of what the replicates leave out: a net trained again from another seed errs otherwise.
    """
    weights = 1 / (errors_BA.var(0) + 1e-4)  # not more exact than a hundredth: the law itself is not
    check, words, held = _check(amounts, errors_BA, own_A, weights, rng)
    everywhere = np.ones(len(amounts), bool)
    errors_BA = _with_training_noise(amounts, errors_BA, own_A, weights, everywhere, rng)
    fitted = fit_curves(amounts, errors_BA, weights)
    own = fit_curves(amounts, own_A[None], weights)
    size, units = len(errors_BA), n
    now = own.error(n)[0]
    points = []
    for times in TIMES:
        later = own.error(times * n)[0]
        gains = fitted.error(n) - fitted.error(times * n)
        points.append(
            CurvePoint(
                round(times * n),
                _limits(1 - later, 1 - fitted.error(times * n), units),
                _limits(now - later, gains, units),
            )
        )
    at = np.geomspace(amounts.min(), TIMES[-1] * n, SHOWN)
    band = tuple(_along(own, fitted, float(x)) for x in at)
    return Curve(
        float(own.floor[0]),
        float(own.scale[0] * own.unit ** own.power[0]),
        float(own.power[0]),
        tuple(points),
        band,
        check | {"replicates": size},
        words,
        held,
    )


def _along(own: Curves, fitted: Curves, pictures: float) -> tuple[float, float, float, float]:
    low, high = np.quantile(1 - fitted.error(pictures), (0.025, 0.975))
    return pictures, float(1 - own.error(pictures)[0]), float(low), float(high)


def _with_training_noise(
    amounts: np.ndarray,
    errors_BA: np.ndarray,
    own_A: np.ndarray,
    weights: np.ndarray,
    known_A: np.ndarray,
    rng: np.random.Generator,
) -> np.ndarray:
    """Add to the replicates the scatter about the curve that drawing pictures again does not explain.

    `known_A` are the amounts that it is measured on: r squared, less its variance over the replicates, for each
    amount beyond the three that the curve takes. Student's t with as many degrees of freedom.
    """
    freedom = int(known_A.sum()) - 3
    if freedom < 1:
        return errors_BA
    x, w = amounts[known_A], weights[known_A]

    def left(errors: np.ndarray) -> np.ndarray:
        curves = fit_curves(x, errors, w)
        return errors - np.stack([curves.error(one) for one in x], axis=1)

    excess = left(own_A[None, known_A])[0] ** 2 - left(errors_BA[:, known_A]).var(0)
    variance = max(0.0, float(np.average(excess, weights=w)) * len(x) / freedom)
    noise = rng.standard_t(freedom, errors_BA.shape) * np.sqrt(variance)
    return np.asarray(np.clip(errors_BA + noise, 0.0, 1.0))


def _check(
    amounts: np.ndarray,
    errors_BA: np.ndarray,
    own_A: np.ndarray,
    weights: np.ndarray,
    rng: np.random.Generator,
) -> tuple[dict[str, object], str, bool]:
    """Foretell the largest amount from those of at most half of it, and compare on the same replicates."""
    small = amounts <= 0.55 * amounts[-1]
    if small.sum() < 3:
        small = np.arange(len(amounts)) < len(amounts) - 1
    # Not measured on the amount that is foretold: a curve that breaks off there would look noisy.
    errors_BA = _with_training_noise(amounts, errors_BA, own_A, weights, small, rng)

    def foretold(errors: np.ndarray) -> np.ndarray:
        curves: Curves = fit_curves(amounts[small], errors[:, small], weights[small])
        return 1 - curves.error(amounts[-1])

    value, drawn = float(foretold(own_A[None])[0]), foretold(errors_BA)
    measured = 1 - float(own_A[-1])
    n = round(float(amounts[-1]))
    difference = _limits(measured - value, 1 - errors_BA[:, -1] - drawn, n)
    held = difference.low <= 0 <= difference.high
    words = (
        f"Checked: fitted on up to {amounts[small][-1]:.0f} pictures, the curve foretells {value:.3f} for {n}; "
        f"measured {measured:.3f}, a difference of {by(difference)}: it {'holds' if held else 'does not hold'}."
    )
    check = {
        "fitted_up_to": round(float(amounts[small][-1])),
        "foretold_for": n,
        "foretold": _limits(value, drawn, n),
        "measured": _limits(measured, 1 - errors_BA[:, -1], n),
        "difference": difference,
    }
    return check, words, held


def _limits(value: float, drawn: np.ndarray, n: int) -> Estimate:
    low, high = np.quantile(drawn, (0.025, 0.975))
    return Estimate(float(value), min(float(low), float(value)), max(float(high), float(value)), n)


def told_by(
    curve: Curve, reached: Estimate, now: str, n: int, further: Callable[[Estimate], tuple[str, float | None]]
) -> tuple[Verdict, str, float | None]:
    """Return what a curve says.

    Parameters
    ----------
    curve, reached, now, n
        With all n pictures; `now` says it.
    further
        What would narrow an open effect.
    """
    if words := flawless(reached, "with all pictures", "more of them"):
        return "no", words, None
    twice = next(one for one in curve.points if one.pictures == round(2 * n))
    four = curve.points[-1]
    if not curve.held:
        return "cannot tell", f"Cannot tell: {curve.check_words.removeprefix('Checked: ')}", None
    if four.gain.high < MATTERS:
        return (
            "no",
            f"No: even four times the pictures ({four.pictures:,}) would raise balanced accuracy by {by(four.gain)} "
            f"only; {now}.",
            None,
        )
    if twice.gain.value >= MATTERS and twice.gain.low > MATTERS / 4:
        return (
            "yes",
            f"Yes: twice the pictures ({twice.pictures:,} instead of {n:,}) would raise balanced accuracy by about "
            f"{by(twice.gain)}, four times by {by(four.gain)}; {now}.",
            None,
        )
    if twice.gain.high < MATTERS:
        return (
            "no",
            f"Hardly: twice the pictures ({twice.pictures:,} instead of {n:,}) would raise balanced accuracy by "
            f"{by(twice.gain)}, four times by {by(four.gain)}; {now}.",
            None,
        )
    advice, enough = further(twice.gain)
    return (
        "cannot tell",
        f"Cannot tell for sure: twice the pictures ({twice.pictures:,} instead of {n:,}) would raise balanced accuracy "
        f"by {by(twice.gain)}; {now}; {advice}.",
        enough,
    )
