"""A regularised linear head on frozen features: standardise, clip, rotate, L2 logistic regression.

Clipping: a column that is nearly constant on the training pictures becomes huge on an unseen one that differs; cut
at three deviations no single column can decide.
Rotating onto the principal axes changes nothing for an L2 head (it sees inner products only) but leaves at most
`MAX_AXES` columns instead of thousands: the fits become cheap enough to choose the strength inside the folds.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np

from tellapart.pictures.features import Features

STRENGTHS = (1e-4, 1e-3, 1e-2, 1e-1)
"""C of the logistic loss, summed over pictures; columns are standardised and thousands, hence the small values."""

CLIP = 3.0
MAX_AXES = 512
"""On 1,517 pictures 512 axes scored as 1,024 did (log loss .0979 against .0963) in half the time."""
ROWS_FOR_AXES = 4_000
"""Several for each axis; the cost in memory and time grows with them."""
ROWS_AT_ONCE = 1_024
ABSENT = -15.0  # logit of a class that a fold has no picture of: a probability of about 1e-7


@dataclass(frozen=True)
class Axes:
    """Standardised and clipped features on their principal axes.

    Attributes
    ----------
    mean_D, scale_D
        Of the training rows.
    axes_DR
        Orthonormal columns.
    """

    mean_D: np.ndarray
    scale_D: np.ndarray
    axes_DR: np.ndarray

    def apply(self, features_ND: Features, at: np.ndarray | None = None) -> np.ndarray:
        """Rows `at` (None: all) of (N, D) -> (n, R) float32; D columns are in memory for a few rows at a time."""
        at = np.arange(len(features_ND)) if at is None else at
        rows = np.empty((len(at), self.axes_DR.shape[1]), dtype=np.float32)
        for part in _parts(len(at)):
            rows[part] = self.standard(features_ND[at[part]]) @ self.axes_DR
        return rows

    def standard(self, features_ND: np.ndarray) -> np.ndarray:
        """Return the rows standardised and clipped, before rotation."""
        rows = features_ND - self.mean_D
        rows /= self.scale_D
        return np.clip(rows, -CLIP, CLIP, out=rows)


def _parts(count: int) -> list[slice]:
    return [slice(start, start + ROWS_AT_ONCE) for start in range(0, count, ROWS_AT_ONCE)]


def fit_axes(features_ND: Features, columns: int | None = None, at: np.ndarray | None = None) -> Axes:
    """Fit standardisation and principal axes of the first `columns` (None: all) on the rows `at` (None: all).

    No label is used. Of large sets evenly spaced rows are taken.
    """
    from scipy.linalg import eigh

    at = np.arange(len(features_ND)) if at is None else at
    few = at[np.linspace(0, len(at) - 1, min(len(at), ROWS_FOR_AXES)).astype(int)]
    mean, scale, standard = _standardised(features_ND[few], columns)
    n, d = standard.shape
    products = (standard @ standard.T if n <= d else standard.T @ standard).astype(np.float64, order="F")
    # LAPACK's dsyevd, as in numpy.linalg.eigh: the same numbers without two more copies of the largest arrays here.
    values, vectors = (
        found.astype(standard.dtype) for found in eigh(products, driver="evd", overwrite_a=True)
    )
    order = np.argsort(values)[::-1][:MAX_AXES]
    order = order[values[order] > max(values.max(), 1e-12) * 1e-6]
    axes = standard.T @ (vectors[:, order] / np.sqrt(values[order])) if n <= d else vectors[:, order]
    return Axes(mean, scale, np.ascontiguousarray(axes, dtype=np.float32))


def _standardised(rows_ND: np.ndarray, columns: int | None) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return mean (D,), scale (D,; infinite where a column is not to count) and the standardised rows."""
    mean = rows_ND.mean(0, dtype=np.float64).astype(np.float32)
    scale = rows_ND.std(0, dtype=np.float64).astype(np.float32)
    scale[scale < 1e-6] = np.inf  # a constant column says nothing
    scale[columns or len(scale) :] = np.inf
    return mean, scale, Axes(mean, scale, np.empty((len(scale), 0))).standard(rows_ND)


@dataclass(frozen=True)
class Linear:
    """logits = rows @ weight_RK + bias_K."""

    weight_RK: np.ndarray
    bias_K: np.ndarray

    def logits(self, rows_NR: np.ndarray) -> np.ndarray:
        """Return (N, K) logits."""
        return rows_NR @ self.weight_RK + self.bias_K


def fit_linear(
    rows_NR: np.ndarray, labels: np.ndarray, classes: int, strength: float, weights: np.ndarray | None = None
) -> Linear:
    """Fit the L2 logistic regression; `weights` (N,) are the pictures' weights. Absent classes get logit `ABSENT`."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    present = np.unique(labels)
    weight = np.zeros((rows_NR.shape[1], classes), dtype=np.float32)
    bias = np.full(classes, ABSENT, dtype=np.float32)
    if len(present) == 1:
        bias[present] = 0
        return Linear(weight, bias)
    model = LogisticRegression(C=strength, max_iter=200, tol=1e-3)
    with warnings.catch_warnings():
        # The weakest strengths may stop at the iteration limit: stopping early is only more regularisation.
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(rows_NR, labels, sample_weight=weights)
    if len(present) == 2:
        weight[:, present] = np.stack([-model.coef_[0] / 2, model.coef_[0] / 2], 1)
        bias[present] = (-model.intercept_[0] / 2, model.intercept_[0] / 2)
    else:
        weight[:, present] = model.coef_.T
        bias[present] = model.intercept_
    return Linear(weight, bias)
