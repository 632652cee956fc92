"""A learning curve: error = floor + scale * pictures ** -power, fitted by least squares.

The inverse power law fits error against the amount of data on many tasks and models (Hestness et al. 2017, arXiv
1712.00409; Figueroa et al. 2012, BMC Medical Informatics and Decision Making 12, for the fit on few points).
B curves fitted at once, A amounts.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

POWERS = np.linspace(0.1, 1.5, 29)
"""A slower one could not be told from a straight line on the amounts there are; a faster one from the floor."""


@dataclass(frozen=True)
class Curves:
    """B fitted curves; error(n) = floor + scale * (n / unit) ** -power, floor and scale not negative."""

    floor: np.ndarray
    scale: np.ndarray
    power: np.ndarray
    unit: float

    def error(self, pictures: float) -> np.ndarray:
        """(B,) error with so many pictures."""
        return np.asarray(self.floor + self.scale * (pictures / self.unit) ** -self.power)


def fit_curves(amounts: np.ndarray, errors_BA: np.ndarray, weights: np.ndarray) -> Curves:
    """Fit each row.

    Parameters
    ----------
    amounts : (A,) pictures, A >= 3
    errors_BA : (B, A) from 0 to 1
    weights : (A,) how much each amount counts

    Returns
    -------
    Curves
        Of least weighted squares over a grid of powers; floor and scale solved exactly for each.
    """
    unit = float(amounts.min())
    best = np.full(len(errors_BA), np.inf)
    found = np.zeros((3, len(errors_BA)))
    for power in POWERS:
        x = (amounts / unit) ** -power
        floor, scale = _line(x, errors_BA, weights)
        misfit = (weights * (floor[:, None] + scale[:, None] * x - errors_BA) ** 2).sum(1)
        better = misfit < best - 1e-15
        best = np.where(better, misfit, best)
        found = np.where(better, np.stack([floor, scale, np.full_like(floor, power)]), found)
    return Curves(found[0], found[1], found[2], unit)


def _line(x: np.ndarray, errors_BA: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Least squares of errors = floor + scale * x, neither below 0."""
    w = weights / weights.sum()
    mean_x, mean_y = (w * x).sum(), errors_BA @ w
    spread = (w * (x - mean_x) ** 2).sum()
    scale = ((errors_BA - mean_y[:, None]) * (w * (x - mean_x))).sum(1) / spread
    floor = mean_y - scale * mean_x
    through_zero = (errors_BA * (w * x)).sum(1) / (w * x * x).sum()
    scale = np.where(floor < 0, through_zero, scale)
    floor = np.where(floor < 0, 0.0, floor)
    return np.where(scale < 0, mean_y, floor), np.maximum(scale, 0.0)
