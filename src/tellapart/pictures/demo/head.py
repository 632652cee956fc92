"""The drawn animal heads of the set ``quarter``, back to front.

Legend: ``u, v`` as in ``shapes``; colours 0 to 255; ``look`` holds what differs from head to head without
telling the class; ``cue`` holds the quantities that do (see ``cues``). Sizes named "canvas px" do not grow
with the head, so that a fine cue stays as fine in a near head as in a far one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .canvas import cover, filtered, frequencies, paint, white_spectrum
from .ground import colour
from .shapes import Pose, Window, ellipse, triangle, turned

HEAD_HALF = (104.0, 92.0)
CHEST = (0.0, 178.0)
CHEST_HALF = (138.0, 112.0)
EYE = (47.0, -10.0)
EYE_HALF = (33.0, 24.0)
IRIS = 23.0
BROW_V = -33.0
MUZZLE_V = 40.0
# Brightness (0 to 255) of the grain, the hairs and the blotches of the coat. The blotches, of random
# strength, are larger than 12 px: they cover what little of the fine patterns a reduction lets through.
GRAIN = 19.0
HAIRS = 20.0
HAIR_SPACING_PX = 3.8
BLOTCHES = (6.0, 9.0)
# Widths, in relative frequency and in radians, of the bands the patterns are made of: narrow enough that
# nothing coarser than 8 canvas px, the finest that 100 px can show, is in them.
BAND = 0.10
FAN = 0.2
WHISKER_INK = 0.85
WHISKER_INK_SPREAD = 0.2


@dataclass(frozen=True)
class Look:
    """What differs from head to head and tells nothing.

    Attributes
    ----------
    coat, skin, iris
        Colours, float32 (3,), 0 to 255.
    pale
        How much paler muzzle and chest are than the coat, 0 to 1.
    yaw
        Shift of the face towards one side, px at scale 1.
    ears
        Distance of either ear's middle from the head's, px at scale 1.
    pupil
        Radius of the pupil, px at scale 1.
    blotches
        Strength of the blotches, brightness.
    """

    coat: np.ndarray
    skin: np.ndarray
    iris: np.ndarray
    pale: float
    yaw: float
    ears: float
    pupil: float
    blotches: float


def draw_look(rng: np.random.Generator) -> Look:
    """Draw what differs from head to head and tells nothing."""
    return Look(
        coat=colour(rng, (0.03, 0.12), (0.15, 0.62), (125.0, 185.0)),
        skin=colour(rng, (0.95, 1.03), (0.25, 0.45), (150.0, 200.0)),
        iris=colour(rng, (0.10, 0.55), (0.45, 0.75), (165.0, 205.0)),
        pale=float(rng.uniform(0.25, 0.5)),
        yaw=float(rng.uniform(-9.0, 9.0)),
        ears=float(rng.uniform(56.0, 66.0)),
        pupil=float(rng.uniform(5.0, 7.0)),
        blotches=float(rng.uniform(*BLOTCHES)),
    )


@dataclass(frozen=True)
class Fur:
    """Fields of hair over the whole canvas, float32 (size, size), brightness to add.

    Attributes
    ----------
    coat
        Grain and blotches.
    left, right
        Hairs of either half of the chest, with blotches.
    blotches
        The blotches alone.
    """

    coat: np.ndarray
    left: np.ndarray
    right: np.ndarray
    blotches: np.ndarray


def draw_fur(rng: np.random.Generator, pose: Pose, look: Look, cue: dict[str, float]) -> Fur:
    """Draw the fields of hair."""
    size = pose.size_px
    wave_y, wave_x, log_f = frequencies(size)
    spectrum = white_spectrum(rng, size)
    blotches = look.blotches * filtered(
        spectrum, np.exp(-0.5 * ((log_f - np.log(1 / 22.0)) / 0.3) ** 2), size
    )
    grain = filtered(spectrum, np.exp(-0.5 * ((log_f + np.log(cue["coat_grain"])) / BAND) ** 2), size)
    band = np.exp(-0.5 * ((log_f + np.log(HAIR_SPACING_PX)) / BAND) ** 2)
    halves = []
    for side in (-1.0, 1.0):
        # A hair hangs from the middle outwards; its pattern waves at a right angle to it.
        wave = pose.angle - side * np.deg2rad(cue["chest_lay"])
        across = wave_x * np.float32(np.cos(wave)) + wave_y * np.float32(np.sin(wave))
        fan = np.exp((across * across - 1.0) / (2 * FAN * FAN))
        halves.append(HAIRS * filtered(spectrum, band * fan, size) + blotches)
    return Fur(GRAIN * grain + blotches, halves[0], halves[1], blotches)


def draw_head(
    canvas: np.ndarray,
    scene: np.random.Generator,
    grain: np.random.Generator,
    pose: Pose,
    cue: dict[str, float],
) -> None:
    """Draw a head and its chest over a ground, in place.

    Parameters
    ----------
    canvas
        float32, shape (3, size, size), 0 to 255; changed in place.
    scene, grain
        The picture's generators, for the look and for the hair.
    pose
        Where the head is.
    cue
        The quantities that tell the class.
    """
    look = draw_look(scene)
    fur = draw_fur(grain, pose, look, cue)
    _draw_chest(canvas, pose, look, fur, cue["stripes"])
    for side in (-1, 1):
        _draw_ear(canvas, pose, look, fur, side, cue["ear_tips"])
    _draw_skull(canvas, pose, look, fur, cue["stripes"])
    _draw_muzzle(canvas, pose, look, cue["muzzle"])
    for side in (-1, 1):
        _draw_eye(canvas, grain, pose, look, fur.blotches, side, cue)
    for side in (-1, 1):
        _draw_whiskers(canvas, (scene, grain), pose, look, side, cue["whiskers"])


def _lay(
    canvas: np.ndarray, w: Window, paint_with: np.ndarray, distance: np.ndarray, pose: Pose, soft: float = 1.2
) -> None:
    """Paint a shape given by its distance in head px."""
    paint(canvas[:, w.rows, w.columns], paint_with, cover(distance * np.float32(pose.scale), soft))


def _shaded(colour_3: np.ndarray, shade: np.ndarray, fur: np.ndarray) -> np.ndarray:
    """Return a coat colour under a shade (factor) with hair (brightness) added, (3, H, W)."""
    return shade * (colour_3[:, None, None] + fur)


def _draw_chest(canvas: np.ndarray, pose: Pose, look: Look, fur: Fur, stripes: float) -> None:
    w = pose.window(*CHEST, max(CHEST_HALF))
    u, v = w.u - CHEST[0], w.v - CHEST[1]
    distance = ellipse(u, v, *CHEST_HALF)
    at = w.rows, w.columns
    hair = np.where(u < 0, fur.left[at], fur.right[at])
    tone = look.coat + look.pale * 0.6 * (235.0 - look.coat)
    # Darker towards the outline and under the chin.
    shade = 0.72 + 0.28 * np.clip(-distance / 40.0, 0, 1) * np.clip((w.v - 80.0) / 30.0, 0.3, 1)
    bars = np.zeros_like(u)
    for middle in (-68.0, -36.0, -4.0):
        arc = ellipse(u, v - np.float32(middle + 75.0), 150.0, 75.0)
        bars = np.maximum(
            bars, cover((np.abs(arc) - 6.0) * np.float32(pose.scale), 5.0) * (v < middle + 70.0)
        )
    shade = shade * (1.0 - np.float32(0.75 * stripes) * bars)
    _lay(canvas, w, _shaded(tone, shade, hair), distance, pose)


def _draw_ear(canvas: np.ndarray, pose: Pose, look: Look, fur: Fur, side: int, rounding: float) -> None:
    middle = side * look.ears
    corners = np.array([[middle - 44.0, -40.0], [middle + side * 20.0, -142.0], [middle + 44.0, -40.0]])
    w = pose.window(middle, -85.0, 75.0)
    at = w.rows, w.columns
    inner = rounding * 0.5
    for inset, grow, tone, hair in (
        (rounding, rounding, look.coat * 0.93, fur.coat[at]),
        (inner + 12.0, inner, look.skin, np.zeros_like(w.u)),
    ):
        # Shrunk by the rounding and grown again: the sides stay, only the tip gets round.
        distance = triangle(w.u, w.v, _inset(corners, inset)) - np.float32(grow)
        shade = 0.7 + 0.3 * np.clip(-distance / 14.0, 0, 1)
        _lay(canvas, w, _shaded(tone, shade, hair), distance, pose)


def _inset(corners: np.ndarray, by: float) -> np.ndarray:
    """Move the sides of a triangle inwards."""
    sides = np.linalg.norm(np.roll(corners, -2, 0) - np.roll(corners, -1, 0), axis=1)
    middle = sides @ corners / sides.sum()
    a, b = corners[1] - corners[0], corners[2] - corners[0]
    radius = abs(a[0] * b[1] - a[1] * b[0]) / sides.sum()
    return middle + (corners - middle) * max(1.0 - by / radius, 0.02)


def _draw_skull(canvas: np.ndarray, pose: Pose, look: Look, fur: Fur, stripes: float) -> None:
    w = pose.window(0.0, 0.0, max(HEAD_HALF))
    distance = ellipse(w.u, w.v, *HEAD_HALF)
    shade = 0.74 + 0.26 * np.clip(-distance / 34.0, 0, 1)
    u = w.u - look.yaw
    bars = np.zeros_like(u)
    for middle, half_u, half_v in ((0.0, 8.0, 30.0), (-26.0, 7.0, 22.0), (26.0, 7.0, 22.0)):
        bars = np.maximum(bars, cover(ellipse(u - middle, w.v + 64.0, half_u, half_v) * pose.scale, 4.0))
    shade = shade * (1.0 - np.float32(stripes) * bars)
    _lay(canvas, w, _shaded(look.coat, shade, fur.coat[w.rows, w.columns]), distance, pose)


def _draw_muzzle(canvas: np.ndarray, pose: Pose, look: Look, half: float) -> None:
    w = pose.window(look.yaw * 1.4, MUZZLE_V, 72.0)
    u, v = w.u - look.yaw * 1.4, w.v - MUZZLE_V
    half_v = half * 0.68
    distance = ellipse(u, v, half, half_v)
    tone = look.coat + look.pale * (245.0 - look.coat)
    shade = 0.84 + 0.16 * np.clip(-distance / 16.0, 0, 1)
    _lay(canvas, w, _shaded(tone, shade, np.zeros_like(u)), distance, pose, 3.0)
    nose_v = v + 0.5 * half_v
    _lay(canvas, w, look.skin * 0.45, ellipse(u, nose_v, 0.27 * half + 3.0, 0.16 * half + 3.0), pose)
    stem = np.maximum(np.abs(u) - 1.6, np.abs(nose_v - 0.38 * half) - 0.22 * half)
    smile = np.maximum(
        np.abs(ellipse(np.abs(u) - 0.26 * half, nose_v - 0.52 * half, 0.27 * half, 0.24 * half)) - 1.7,
        0.5 * half - nose_v,
    )
    _lay(canvas, w, look.skin * 0.4, np.minimum(stem, smile), pose)


def _draw_eye(
    canvas: np.ndarray,
    grain: np.random.Generator,
    pose: Pose,
    look: Look,
    blotches: np.ndarray,
    side: int,
    cue: dict[str, float],
) -> None:
    middle = side * EYE[0] + look.yaw
    w = pose.window(middle, EYE[1], 52.0)
    u, v = w.u - middle, w.v - EYE[1]
    # Positive slant lifts the outer corners, on both sides.
    along, across = turned(u, v, -side * np.deg2rad(cue["eye_slant"]))
    eye = ellipse(along, across, *EYE_HALF)
    # A dark mark above the eye lies as the eye does.
    brow = ellipse(along, across - np.float32(BROW_V), 30.0, 5.5)
    _lay(canvas, w, look.coat * 0.35, brow, pose, 2.0)
    _lay(canvas, w, look.coat * 0.3, eye - 3.0, pose)
    _lay(canvas, w, np.array([236.0, 232.0, 224.0]), eye, pose)
    out = np.sqrt(u * u + v * v)
    # The rings swell and fade within the iris: ended sharply, they would leave a coarse trace.
    swell = np.clip(
        1.8 * np.sin(np.pi * np.clip((out - look.pupil) / (IRIS - look.pupil), 0.0, 1.0)), 0.0, 1.0
    )
    rings = swell * np.cos(2 * np.pi * (out * pose.scale / cue["iris_rings"] + grain.random()))
    iris = look.iris[:, None, None] * (0.66 + 0.5 * rings) + 2.0 * blotches[w.rows, w.columns]
    _lay(canvas, w, iris, np.maximum(out - IRIS, eye + 1.0), pose)
    _lay(canvas, w, np.array([14.0, 12.0, 14.0]), np.maximum(out - look.pupil, eye + 1.0), pose)
    _lay(canvas, w, np.array([250.0, 250.0, 250.0]), np.hypot(u + 5.0, v + 6.0) - 2.6, pose)


def _draw_whiskers(
    canvas: np.ndarray,
    rngs: tuple[np.random.Generator, np.random.Generator],
    pose: Pose,
    look: Look,
    side: int,
    width: float,
) -> None:
    """Six whiskers on a side; ``width`` in canvas px. How much white each carries does not depend on it."""
    rng, grain = rngs
    sigma = width / 2.355
    for k in range(6):
        ink = WHISKER_INK * np.exp(grain.normal(0.0, WHISKER_INK_SPREAD))
        strength = ink / (sigma * 2.507)
        root = side * 24.0 + look.yaw * 1.4, MUZZLE_V - 12.0 + 5.0 * k
        angle = np.deg2rad(-26.0 + 11.0 * k + rng.normal(0.0, 3.0))
        length, bend = rng.uniform(88.0, 112.0), rng.normal(0.0, 0.0008)
        w = pose.window(root[0] + side * 50.0, root[1] + 10.0, 75.0)
        along, across = turned((w.u - root[0]) * side, w.v - root[1], angle)
        off = (across - np.float32(bend) * along * along) * np.float32(pose.scale)
        profile = np.exp(-0.5 * (off / sigma) ** 2)
        taper = np.clip(along / 6.0, 0, 1) * np.clip((length - along) / 30.0, 0, 1)
        paint(
            canvas[:, w.rows, w.columns],
            np.array([252.0, 250.0, 244.0]),
            np.minimum(strength * profile * taper, 1.0),
        )
