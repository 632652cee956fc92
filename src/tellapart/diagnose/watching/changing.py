"""Whether a part shows the same pictures from pass to pass, or changes them each time."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median

from tellapart.diagnose.observed import Part

SETTLED = 0.1
"""A part's pictures are all known when hardly any of the last pass are new."""
BEYOND_KNOWN = 1.02
"""A set of known size that shows more different pictures than it has changes them; one in fifty may be a set that
grew or was counted before it was filtered."""
NEW_LOOKS = 1.2
"""Where the size is not known: a part that is shown whole in each pass has as many looks as pictures."""


@dataclass(frozen=True)
class Change:
    """Pictures that look otherwise than in the pass before.

    Attributes
    ----------
    share
        How many of a pass, on the middle pass.
    sure
        Whether they are changed for certain; else they may be other pictures each time.
    """

    share: float
    sure: bool

    @property
    def words(self) -> str:
        """Say so."""
        return f"from pass to pass {self.share:.0%} of them look otherwise"


def change(part: Part) -> Change | None:
    """Return how a part's pictures change from pass to pass; None where they do not."""
    later = [one.changed for one in part.passes if one.changed is not None]
    if not later:
        return None
    share = float(median(later))
    if part.known is not None:
        return Change(share, True) if part.pictures > BEYOND_KNOWN * part.known and share else None
    most = max(one.distinct for one in part.passes)
    return Change(share, False) if part.pictures > NEW_LOOKS * most and share else None


def settled(part: Part, passes: int | None = None) -> bool:
    """Whether looks repeat, so that all that were seen are all there are.

    Parameters
    ----------
    part
        Any part.
    passes
        How many of its passes count; None all.
    """
    counted = part.passes[:passes]
    fresh = None if not counted else counted[-1].fresh
    return fresh is None or fresh <= SETTLED
