"""How the probe looks at features: which depths, on which axes, how strictly.

N pictures, D features, R principal axes, K classes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tellapart.members.head import Axes, Linear, fit_axes, fit_linear
from tellapart.pictures.features import Features


@dataclass(frozen=True)
class Reach:
    """One way to look at the features: the columns taken, on their principal axes.

    What tells the classes apart on natural pictures lies deep; on cells and parts the deepest map, which knows
    ImageNet's things, only adds noise (nuclei: out-of-fold AUC .979 with it, .985 without). Hence both are tried.
    """

    words: str
    axes: Axes
    rows: np.ndarray


@dataclass(frozen=True)
class Setup:
    """What is chosen inside the folds."""

    reach: Reach
    strength: float

    def fit(self, at: np.ndarray, labels: np.ndarray, weights_K: np.ndarray) -> Linear:
        """Fit the head on the pictures `at`; the classes' weights are taken back from its logits."""
        own = None if np.all(weights_K == 1) else weights_K[labels[at]]
        linear = fit_linear(self.reach.rows[at], labels[at], len(weights_K), self.strength, own)
        return Linear(linear.weight_RK, linear.bias_K - np.log(weights_K).astype(np.float32))

    def logits(self, linear: Linear, at: np.ndarray) -> np.ndarray:
        """Return (n, K) logits of the pictures `at`."""
        return linear.logits(self.reach.rows[at])


def reaches(features_ND: Features, deepest: int, train: np.ndarray, open_part: np.ndarray) -> list[Reach]:
    """Return the ways to look: axes are fitted on the rows `train`, and applied to the rows `open_part`.

    The last `deepest` features are the deepest. Where no others are there is one way only.
    """
    width = features_ND.shape[1]
    found = []
    for words, columns in (("all depths", width), ("all depths but the deepest", width - deepest)):
        if columns > 0:
            axes = fit_axes(features_ND, columns, train)
            rows = np.zeros((len(features_ND), axes.axes_DR.shape[1]), dtype=np.float32)
            rows[open_part] = axes.apply(features_ND, open_part)
            found.append(Reach(words, axes, rows))
    return found
