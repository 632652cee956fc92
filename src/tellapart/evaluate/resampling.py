"""The stratified bootstrap, as counts of how often each picture is drawn.

N pictures, R replicates. What takes (R, N) weights is computed for all replicates at once.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tellapart.evaluate.part import Floats, Integers

# Efron and Tibshirani (1993), section 13.3: percentiles want 1,000 replicates or more.
REPLICATES = 2000
# Numbers in one block of weights (16 MB): more would only spill the cache.
_BLOCK = 2_000_000


def bootstrap_weights(
    labels: Integers, clusters: Integers | None, rng: np.random.Generator, replicates: int = REPLICATES
) -> Iterator[Floats]:
    """Yield blocks of (r, N) draws with replacement, r summing to `replicates`.

    Every class keeps its number of pictures (of clusters, each counted under the label of its first
    picture); whole clusters are drawn together.
    """
    unit_of = np.arange(len(labels)) if clusters is None else clusters
    first = np.unique(unit_of, return_index=True)[1]
    unit_labels = labels[first]
    rows = max(1, _BLOCK // max(1, len(labels)))
    done = 0
    while done < replicates:
        size = min(rows, replicates - done)
        drawn = np.empty((size, len(first)))
        for c in np.unique(unit_labels):
            own = np.flatnonzero(unit_labels == c)
            picks = rng.integers(0, len(own), size=(size, len(own)))
            flat = picks + len(own) * np.arange(size)[:, None]
            drawn[:, own] = np.bincount(flat.ravel(), minlength=size * len(own)).reshape(size, len(own))
        yield drawn[:, unit_of]
        done += size
