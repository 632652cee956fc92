"""The set ``pellets``: round white pieces on a black ground, of which two may stick together.

One rule decides the class, and nothing else differs: in every picture some pieces lie close to another,
at a gap of 2 to 5 px; in ``stuck`` exactly one of these gaps is closed. Number of pieces, number of close
pairs, sizes, light, blur and noise are drawn before the class is looked at, from the same distributions.

Legend: gap = distance between two outlines in px, negative where pieces overlap.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter

from .canvas import cover, generator, to_uint8

SIZE_PX = 256
LABELS = ("normal", "stuck")
# All the gaps there are. Nothing lies between 0 and 2 px (no one could say what it is), and all other
# pieces keep 7 px, so that a close pair is one on purpose and is counted.
TOUCHING_PX = (-2.0, -0.2)
NEAR_MISS_PX = (2.0, 5.0)
FREE_PX = 7.0
PIECES = (9, 14)
CLOSE_PAIRS = (2, 4)
RADIUS_PX = (11.5, 15.5)
RADIUS_SPREAD = 0.07
MARGIN_PX = 4.0
TRIES = 60


@dataclass(frozen=True)
class PelletsTruth:
    """What a picture of pellets shows.

    Attributes
    ----------
    discs
        float64, shape (pieces, 3): centre x, centre y and radius in px.
    smallest_gap_px
        Between the two closest outlines; negative where they overlap.
    contact_xy
        The point where two pieces touch, in px; None in ``normal``.
    contact_box
        Around the two pieces that touch: left, top, right, bottom, px; None in ``normal``.
    near_misses
        How many pairs lie 2 to 5 px apart.
    """

    discs: np.ndarray
    smallest_gap_px: float
    contact_xy: tuple[float, float] | None
    contact_box: tuple[float, float, float, float] | None
    near_misses: int


def draw_pellets(
    n_per_class: int, seed: int = 0, part: str = "fresh"
) -> Iterator[tuple[np.ndarray, str, PelletsTruth]]:
    """Draw pictures of pellets without writing them.

    Parameters
    ----------
    n_per_class
        How many of each class; the classes alternate.
    seed
        Same seed and part, same pictures; a larger number only adds some.
    part
        Any name. ``train``, ``validation`` and ``test`` give the pictures that are written.

    Yields
    ------
    tuple
        The picture (uint8, shape (256, 256, 3)), its class, and what it shows.
    """
    for index in range(n_per_class):
        for label in LABELS:
            image, truth = draw_one(seed, part, label, index)
            yield image, label, truth


def draw_one(seed: int, part: str, label: str, index: int) -> tuple[np.ndarray, PelletsTruth]:
    """Draw one picture of pellets.

    Parameters
    ----------
    seed, part, label, index
        Which one.

    Returns
    -------
    tuple
        The picture (uint8, shape (256, 256, 3)) and what it shows.
    """
    rng = generator(seed, "pellets", part, label, index)
    discs = _place(rng, stuck=label == "stuck")
    return to_uint8(_render(rng, discs)), _truth(discs)


def _truth(discs: np.ndarray) -> PelletsTruth:
    """Measure the gaps between placed discs."""
    first, second = np.triu_indices(len(discs), 1)
    apart = np.hypot(*(discs[first, :2] - discs[second, :2]).T)
    gaps = apart - discs[first, 2] - discs[second, 2]
    closest = int(gaps.argmin())
    contact, box = None, None
    if gaps[closest] <= 0:
        a, b = discs[first[closest]], discs[second[closest]]
        towards = (b[:2] - a[:2]) / apart[closest]
        # The middle of the overlap lies half of it inside the outline of either.
        x, y = a[:2] + towards * (a[2] + gaps[closest] / 2)
        contact = (float(x), float(y))
        pair = np.stack([a, b])
        low, high = (pair[:, :2] + sign * pair[:, 2:] for sign in (-1, 1))
        box = (*low.min(0).tolist(), *high.max(0).tolist())
    return PelletsTruth(discs, float(gaps[closest]), contact, box, int(((gaps > 0) & (gaps < FREE_PX)).sum()))


def _place(rng: np.random.Generator, *, stuck: bool) -> np.ndarray:
    """Place pieces until a whole scene fits; the plan is drawn once, so that no plan is favoured."""
    pieces = int(rng.integers(PIECES[0], PIECES[1] + 1))
    close = int(rng.integers(CLOSE_PAIRS[0], CLOSE_PAIRS[1] + 1))
    radii = rng.uniform(*RADIUS_PX) * np.exp(rng.normal(0.0, RADIUS_SPREAD, pieces))
    gaps = np.full(pieces, np.nan)
    at = rng.choice(np.arange(1, pieces), close, replace=False)
    gaps[at] = rng.uniform(*NEAR_MISS_PX, close)
    touching = rng.uniform(*TOUCHING_PX)  # drawn in both classes: the rest of the stream stays alike
    if stuck:
        gaps[at[0]] = touching
    while True:
        discs = _try_scene(rng, radii, gaps)
        if discs is not None:
            return discs


def _try_scene(rng: np.random.Generator, radii: np.ndarray, gaps: np.ndarray) -> np.ndarray | None:
    """Place piece after piece, each freely or at its gap from an earlier one; None where it gets stuck."""
    discs = np.empty((0, 3))
    for radius, gap in zip(radii, gaps, strict=True):
        for _ in range(TRIES):
            near = None if np.isnan(gap) else int(rng.integers(len(discs)))
            spot = (
                rng.uniform(0.0, SIZE_PX - 1.0, 2)
                if near is None
                else _beside(rng, discs[near], radius + gap)
            )
            if _fits(discs, spot, radius, near):
                discs = np.vstack([discs, [*spot, radius]])
                break
        else:
            return None
    return discs


def _beside(rng: np.random.Generator, disc: np.ndarray, beyond_px: float) -> np.ndarray:
    """Return a point this far beyond a disc's outline, in a random direction."""
    angle = rng.uniform(0.0, 2 * np.pi)
    return disc[:2] + (disc[2] + beyond_px) * np.array([np.cos(angle), np.sin(angle)])


def _fits(discs: np.ndarray, spot: np.ndarray, radius: float, near: int | None) -> bool:
    """Say whether a piece is inside the frame and keeps away from all but the one it is meant to be near."""
    edge = radius + MARGIN_PX
    if not np.all((spot >= edge) & (spot <= SIZE_PX - 1 - edge)):
        return False
    gaps = np.hypot(*(discs[:, :2] - spot).T) - discs[:, 2] - radius
    if near is not None:
        gaps = np.delete(gaps, near)
    return bool(np.all(gaps >= FREE_PX))


def _render(rng: np.random.Generator, discs: np.ndarray) -> np.ndarray:
    """Draw placed discs; returns float32 (3, 256, 256), 0 to 255."""
    angle, tilt = rng.uniform(0, 2 * np.pi), rng.uniform(0.25, 0.6)
    light = np.array([np.cos(angle) * tilt, np.sin(angle) * tilt, np.sqrt(1 - tilt**2)], np.float32)
    grey = np.zeros((SIZE_PX, SIZE_PX), np.float32)
    for x, y, radius in discs:
        _draw_piece(grey, light, (x, y, radius), rng.uniform(0.94, 1.0))
    ground, white = rng.uniform(6.0, 18.0), rng.uniform(205.0, 245.0)
    tint = 1.0 + rng.uniform(-0.025, 0.025, 3).astype(np.float32)
    ramp = _uneven_light(rng)
    grey = gaussian_filter(ramp * (ground + (white - ground) * grey), rng.uniform(0.5, 0.8))
    noise = rng.standard_normal((3, SIZE_PX, SIZE_PX), dtype=np.float32)
    # Sensor noise: a floor, and a part that grows with the light as counted photons do.
    sigma = rng.uniform(1.5, 3.0) * np.sqrt(0.5 + grey / 160.0)
    return grey * tint[:, None, None] + noise * sigma


def _uneven_light(rng: np.random.Generator) -> np.ndarray:
    """Return a slight brightening towards one side of the frame, float32 (256, 256)."""
    angle, strength = rng.uniform(0, 2 * np.pi), rng.uniform(0.0, 0.12)
    axis = np.linspace(-1, 1, SIZE_PX, dtype=np.float32)
    return (1 + strength * (np.cos(angle) * axis[None, :] + np.sin(angle) * axis[:, None])).astype(np.float32)


def _draw_piece(
    grey_HW: np.ndarray, light: np.ndarray, disc: tuple[float, float, float], albedo: float
) -> None:
    """Draw one piece over the canvas in place: a flat-topped plastic bead with a rounded rim and a glint."""
    x, y, radius = disc
    reach = int(np.ceil(radius)) + 2
    left, top = int(x) - reach, int(y) - reach
    rows = slice(max(top, 0), min(top + 2 * reach + 2, SIZE_PX))
    columns = slice(max(left, 0), min(left + 2 * reach + 2, SIZE_PX))
    dy = (np.arange(rows.start, rows.stop, dtype=np.float32) - np.float32(y))[:, None] / np.float32(radius)
    dx = (np.arange(columns.start, columns.stop, dtype=np.float32) - np.float32(x))[None, :] / np.float32(
        radius
    )
    out = np.minimum(np.sqrt(dx * dx + dy * dy), 1.0)
    # The surface of a pill: nearly flat in the middle, steep at the rim.
    lean = out**3 * 0.75 / np.maximum(out, 1e-3)
    nx, ny = dx * lean, dy * lean
    facing = (nx * light[0] + ny * light[1] + light[2]) / np.sqrt(nx * nx + ny * ny + 1.0)
    glint = 0.10 * np.exp(-((dx - 0.4 * light[0]) ** 2 + (dy - 0.4 * light[1]) ** 2) / 0.06)
    shade = albedo * (0.35 + 0.62 * np.clip(facing, 0.0, 1.0)) + glint
    alpha = cover((np.sqrt(dx * dx + dy * dy) - 1.0) * np.float32(radius))
    patch = grey_HW[rows, columns]
    patch += alpha * (np.minimum(shade, 1.08) - patch)
