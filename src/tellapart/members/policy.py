"""What may be done to a picture without changing its label; what does it is `augment`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Policy:
    """What may be done to a picture without changing its label.

    Attributes
    ----------
    mirror
        Left and right may be exchanged.
    turns
        Quarter turns (and with `mirror` all eight positions of a square).
    shift
        Largest shift, as a share of the side; what is uncovered repeats the edge.
    light
        Brightness and contrast vary by this share.
    tilt
        Largest rotation either way, degrees; what is uncovered repeats the edge.
    zoom
        Sides are enlarged or shrunk by up to this share.
    """

    mirror: bool
    turns: bool
    shift: float = 1 / 16
    light: float = 0.1
    tilt: float = 0.0
    zoom: float = 0.0

    def words(self) -> str:
        """Name the turns and mirrorings."""
        if self.turns:
            return "quarter turns and mirrorings" if self.mirror else "quarter turns"
        return "mirrorings" if self.mirror else "neither turns nor mirrorings"


POLICIES = {
    "turns": Policy(mirror=True, turns=True),
    "mirrorings": Policy(mirror=True, turns=False),
    "none": Policy(mirror=False, turns=False),
}
"""Those that members choose among."""
