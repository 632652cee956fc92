"""An estimate: a value that cannot be printed without its interval and its n."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Estimate:
    """A figure with its 95 % interval.

    Attributes
    ----------
    value, low, high
        The point estimate and the ends of its 95 % interval, in the figure's own unit;
        ``nan`` where the figure is not defined (written as ``null``).
    n
        How many independent pictures (or pairs, or seeds) it rests on.
    """

    value: float
    low: float
    high: float
    n: int

    @classmethod
    def undefined(cls, n: int = 0) -> Estimate:
        """Return the estimate of a figure that this part cannot give."""
        return cls(math.nan, math.nan, math.nan, n)

    @property
    def is_defined(self) -> bool:
        """Whether there is a value at all."""
        return math.isfinite(self.value)

    def within(self, lowest: float, highest: float) -> Estimate:
        """Return the estimate with an interval that does not promise what the figure cannot be."""
        return Estimate(self.value, max(self.low, lowest), min(self.high, highest), self.n)

    def to_dict(self) -> dict[str, Any]:
        """Return the estimate as the interface writes it; what is not finite becomes None."""
        return {
            key: (float(value) if math.isfinite(value) else None)
            for key, value in (("value", self.value), ("low", self.low), ("high", self.high))
        } | {"n": int(self.n)}

    def __str__(self) -> str:
        return f"{self.value:.3f} ({self.low:.3f} to {self.high:.3f}, n = {self.n})"
