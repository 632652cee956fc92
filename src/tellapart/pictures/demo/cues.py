"""The cues of the set ``quarter``: what tells ``rare`` from ``common``, and how far.

Every cue of every picture is a number ``z`` drawn from a bell curve of width 1 whose middle lies half the
cue's ``separation`` above 0 in ``rare`` and as far below 0 in ``common``, all cues independently. The two
curves overlap, so no cue decides, and not all of them together: what is attainable follows from the
separations alone (see ``observer``). Drawing maps ``z`` to a visible quantity by a rising curve, which
loses nothing.

The separations are chosen so that the best possible average precision is about .97 with all cues and about
.86 without the fine ones, at one picture in four ``rare``; the cues that are hardest to read (slant and
rings) carry the least, so that a good part of the attainable can be learnt from some hundred pictures.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

LABELS = ("common", "rare")
PRIOR_RARE = 0.25
# ``z`` has a spread of 1 to 1.2 over both classes; its share of the way from ``low`` to ``high`` is then
# spread nearly evenly, and no value is lost in a clipped end.
_SPREAD = 1.2
# Visibility below which a cue counts as lost: see ``visibility`` for why. The cues lie far on either side.
LOST = 0.2


@dataclass(frozen=True)
class Cue:
    """One cue.

    Attributes
    ----------
    name
        As in ``truth.csv``.
    words
        What changes in the picture.
    low, high
        The quantity where ``z`` is far below and far above 0, in ``unit``.
    unit
        Of the quantity.
    separation
        Distance of the two classes' middles, in units of their common width.
    seen_400, seen_100
        Visibility at 400 px and reduced to 100 px, as measured by ``visibility``; without unit.
    """

    name: str
    words: str
    low: float
    high: float
    unit: str
    separation: float
    seen_400: float
    seen_100: float

    @property
    def fine(self) -> bool:
        """True where reducing the picture to 100 px wipes the cue out."""
        return self.seen_100 < LOST


CUES = (
    Cue("ear_tips", "rounding of the ear tips, rounded to pointed", 26.0, 3.0, "px", 1.25, 14.0, 110.0),
    Cue("muzzle", "half width of the muzzle, large to small", 64.0, 32.0, "px", 1.2, 20.0, 110.0),
    Cue("eye_slant", "slant of eyes and brows", -18.0, 32.0, "degrees", 0.7, 73.0, 260.0),
    Cue("stripes", "darkness of the bars on forehead and chest", 0.0, 0.65, "share", 1.1, 4.1, 38.0),
    Cue("coat_grain", "spacing of the grain, coarse to fine", 4.5, 3.0, "px", 1.35, 1.4, 0.03),
    Cue("chest_lay", "lay of the hairs, across to upright", 78.0, 12.0, "degrees", 1.3, 1.7, 0.02),
    Cue("whiskers", "width, broad and pale to thin and bright", 2.4, 1.0, "px", 1.15, 1.2, 0.05),
    Cue("iris_rings", "spacing of the rings, coarse to fine", 4.7, 3.2, "px", 0.7, 2.1, 0.12),
)
FINE = np.array([cue.fine for cue in CUES])
SEPARATIONS = np.array([cue.separation for cue in CUES])


def draw_cues(rng: np.random.Generator, rare: np.ndarray) -> np.ndarray:
    """Draw the cues of pictures.

    Parameters
    ----------
    rng
        The generator.
    rare
        bool, shape (n,): the class of each picture.

    Returns
    -------
    numpy.ndarray
        ``z``, float64, shape (n, cues), without unit.
    """
    side = np.where(rare, 0.5, -0.5)[:, None]
    return side * SEPARATIONS + rng.standard_normal((len(rare), len(CUES)))


def log_likelihood_ratio(z: np.ndarray, *, fine: bool = True) -> np.ndarray:
    """Return how much more probable cues are in ``rare`` than in ``common``.

    Parameters
    ----------
    z
        Cues, shape (n, cues).
    fine
        False: only the cues that are left at 100 px.

    Returns
    -------
    numpy.ndarray
        Natural logarithm of the ratio, shape (n,). Two bell curves of width 1 at distance d differ by d·z.
    """
    return z @ (SEPARATIONS if fine else np.where(FINE, 0.0, SEPARATIONS))


def quantities(z: np.ndarray) -> dict[str, float]:
    """Turn one picture's cues into what is drawn.

    Parameters
    ----------
    z
        Shape (cues,).

    Returns
    -------
    dict
        Cue name to quantity, in the cue's unit.
    """
    share = ndtr(z / _SPREAD)
    return {cue.name: float(cue.low + (cue.high - cue.low) * s) for cue, s in zip(CUES, share, strict=True)}
