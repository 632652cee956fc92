"""One scored part: labels, probabilities and clusters, checked once so that no measure checks again.

N pictures, K classes, G clusters.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Booleans = NDArray[np.bool_]


@dataclass(frozen=True)
class Part:
    """A part whose pictures have been scored.

    Attributes
    ----------
    labels : (N,) int, the true class of each picture
    probabilities : (N, K) float, rows sum to 1
    clusters : (N,) int codes 0..G-1 of the clusters of dependent pictures, or None when every
        picture stands alone
    """

    labels: Integers
    probabilities: Floats
    clusters: Integers | None

    @property
    def n(self) -> int:
        """Number of pictures."""
        return len(self.labels)

    @property
    def n_classes(self) -> int:
        """Number of classes the classifier knows, K."""
        return self.probabilities.shape[1]

    @property
    def class_counts(self) -> Integers:
        """(K,) pictures of each class in this part."""
        return np.bincount(self.labels, minlength=self.n_classes)

    @property
    def classes_present(self) -> Integers:
        """Classes that occur in this part."""
        return np.flatnonzero(self.class_counts)


def check_part(labels: ArrayLike, probabilities: ArrayLike, groups: ArrayLike | None = None) -> Part:
    """Check the arrays and return them as a `Part`.

    Parameters
    ----------
    labels : (N,) integers in 0..K-1
    probabilities : (N, K), K >= 2, rows sum to 1
    groups : (N,) ids of any kind; pictures that share an id are dependent (pictures of one object)

    Raises
    ------
    ValueError
        When shapes disagree, a label is no class, or the rows are not probabilities.
    """
    y = np.asarray(labels)
    p = np.asarray(probabilities, dtype=np.float64)
    if p.ndim != 2 or p.shape[1] < 2:
        raise ValueError(f"probabilities: expected shape (N, K) with K >= 2, found {p.shape}")
    if y.shape != (len(p),):
        raise ValueError(f"labels: expected shape ({len(p)},), found {y.shape}")
    if y.size and (y.dtype.kind not in "iu" or y.min() < 0 or y.max() >= p.shape[1]):
        raise ValueError(f"labels: expected integers from 0 to {p.shape[1] - 1}, found {y.dtype} {y[:5]} ...")
    if not np.isfinite(p).all() or (p < 0).any() or (np.abs(p.sum(axis=1) - 1) > 1e-3).any():
        raise ValueError("probabilities: expected rows of numbers from 0 to 1 that sum to 1")
    return Part(y.astype(np.int64), p, cluster_codes(groups, len(p)))


def cluster_codes(groups: Any, n: int) -> Integers | None:
    """Return (N,) codes 0..G-1 of the clusters, or None when no two pictures share one."""
    if groups is None:
        return None
    ids = np.asarray(groups)
    if ids.shape != (n,):
        raise ValueError(f"groups: expected shape ({n},), found {ids.shape}")
    distinct, codes = np.unique(ids.astype(str) if ids.dtype.kind == "O" else ids, return_inverse=True)
    return None if len(distinct) == n else codes.astype(np.int64)
