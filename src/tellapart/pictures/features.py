"""Features of all pictures on disk, read as they are asked for: large sets cost disk, not memory.

N pictures, D columns.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

ROWS_AT_ONCE = 256


@dataclass(frozen=True, eq=False)
class StoredFeatures:
    """(N, D) float32 in a .npy file, to be indexed by row numbers as an array is.

    The file is mapped anew for every few rows: mapped pages count as memory of the process while the mapping lasts.

    Attributes
    ----------
    file
        Where they are.
    first
        The first column that is seen; those before it are passed over.
    """

    file: Path
    first: int = 0

    @property
    def shape(self) -> tuple[int, int]:
        """N and D."""
        rows, columns = self._mapped().shape
        return rows, columns - self.first

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, at: np.ndarray) -> np.ndarray:
        """Return the rows numbered `at`, (n, D), in memory."""
        rows = np.empty((len(at), self.shape[1]), dtype=np.float32)
        for start in range(0, len(at), ROWS_AT_ONCE):
            part = slice(start, start + ROWS_AT_ONCE)
            rows[part] = self._mapped()[at[part], self.first :]
        return rows

    def last(self, count: int) -> StoredFeatures:
        """Return the last `count` columns."""
        return replace(self, first=self.first + self.shape[1] - count)

    def _mapped(self) -> np.ndarray:
        mapped: np.ndarray = np.load(self.file, mmap_mode="r", allow_pickle=False)
        return mapped


@dataclass(frozen=True, eq=False)
class JoinedFeatures:
    """Several tables of N rows side by side, made of the rows that are asked for.

    Attributes
    ----------
    tables
        (N, D_i) each.
    order
        (D,) which column of the tables side by side stands at each place.
    """

    tables: tuple[StoredFeatures, ...]
    order: np.ndarray

    @property
    def shape(self) -> tuple[int, int]:
        """N and D."""
        return len(self), len(self.order)

    def __len__(self) -> int:
        return len(self.tables[0])

    def __getitem__(self, at: np.ndarray) -> np.ndarray:
        """Return the rows numbered `at`, (n, D), in memory."""
        return np.concatenate([table[at] for table in self.tables], axis=1)[:, self.order]


@dataclass(frozen=True, eq=False)
class MeanFeatures:
    """The mean of several tables of equal shape, (N, D), made of the rows that are asked for."""

    tables: tuple[StoredFeatures | JoinedFeatures, ...]

    @property
    def shape(self) -> tuple[int, int]:
        """N and D."""
        return self.tables[0].shape

    def __len__(self) -> int:
        return len(self.tables[0])

    def __getitem__(self, at: np.ndarray) -> np.ndarray:
        """Return the rows numbered `at`, (n, D), in memory."""
        rows = self.tables[0][at]
        for table in self.tables[1:]:
            rows += table[at]
        rows /= len(self.tables)
        return rows


Features = np.ndarray | StoredFeatures | JoinedFeatures | MeanFeatures
"""(N, D) float32, in memory or on disk."""
