"""Choosing among members on out-of-fold scores: the best alone, or a convex combination where that is better."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tellapart.errors import OptionError
from tellapart.evaluate.calibration import Calibrator, fit_calibrator
from tellapart.members.member import Fitted
from tellapart.members.scores import best_share, log_losses, paired_gain


@dataclass(frozen=True)
class Choice:
    """Which members are used, each calibrated, and with what share.

    Attributes
    ----------
    members, calibrators, weights
        Those used; weights sum to 1.
    calibrator
        Applied to the logarithm of the combination.
    probabilities
        (n, K) of the pictures the choice was made on.
    words
        What was chosen, and why.
    """

    members: tuple[Fitted, ...]
    calibrators: tuple[Calibrator, ...]
    weights: tuple[float, ...]
    calibrator: Calibrator
    probabilities: np.ndarray
    words: str


def choose(fitted: Sequence[Fitted], rows: np.ndarray, labels: np.ndarray) -> Choice:
    """Choose on the pictures at `rows`, whose true classes are `labels` (n,).

    A combination is taken where it lowers the log loss of the best alone by more than one standard error of the
    paired difference; members enter in the order of their own log loss.

    Raises
    ------
    OptionError
        No member was trained on all folds in the time there was.
    """
    complete = [one for one in fitted if one.complete]
    if not complete:
        raise OptionError(
            "--time should be enough to train one member on all folds.",
            found="; ".join(f"{one.name}: {one.words}" for one in fitted),
            advice="give more time, or add the member probe, which takes seconds",
        )
    calibrators = {one.name: fit_calibrator(one.logits[rows], labels) for one in complete}
    tables = {one.name: calibrators[one.name].apply(one.logits[rows]) for one in complete}
    order = sorted(complete, key=lambda one: log_losses(tables[one.name], labels).mean())
    used, weights, mixed = [order[0]], [1.0], tables[order[0].name]
    words = [f"{order[0].name} has the least out-of-fold log loss ({log_losses(mixed, labels).mean():.4f})"]
    for one in order[1:]:
        share = best_share(mixed, tables[one.name], labels)
        candidate = (1 - share) * mixed + share * tables[one.name]
        gain, error = paired_gain(log_losses(mixed, labels), log_losses(candidate, labels))
        taken = gain > error
        words.append(
            f"{one.name} {'is' if taken else 'is not'} blended in: with its best share of {share:.0%} the log loss "
            f"falls by {gain:.4f} (standard error {error:.4f})"
        )
        if taken:
            used, weights, mixed = [*used, one], [*(w * (1 - share) for w in weights), share], candidate
    calibrator = fit_calibrator(np.log(np.clip(mixed, 1e-12, None)), labels)
    return Choice(
        members=tuple(used),
        calibrators=tuple(calibrators[one.name] for one in used),
        weights=tuple(weights),
        calibrator=calibrator,
        probabilities=calibrator.apply(np.log(np.clip(mixed, 1e-12, None))),
        words="; ".join(words),
    )
