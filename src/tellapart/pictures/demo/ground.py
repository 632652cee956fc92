"""Grounds behind the drawn heads: a soft gradient, out-of-focus clutter, and the light of the scene.

Nothing here looks at the class or at a cue.
"""

from __future__ import annotations

import colorsys

import numpy as np
from PIL import Image

from .canvas import cover, paint
from .shapes import ellipse, turned

# Everything in a ground is out of focus, so it is drawn at a quarter of the size and enlarged.
SHRINK = 4


def colour(
    rng: np.random.Generator, hue: tuple[float, float], grey: tuple[float, float], value: tuple[float, float]
) -> np.ndarray:
    """Draw a colour.

    Parameters
    ----------
    rng
        The picture's generator.
    hue, grey, value
        Ranges of hue (0 to 1, may run past 1), saturation (0 to 1) and brightness (0 to 255).

    Returns
    -------
    numpy.ndarray
        float32, shape (3,), 0 to 255.
    """
    h, s, v = rng.uniform(*hue) % 1.0, rng.uniform(*grey), rng.uniform(*value)
    return np.array(colorsys.hsv_to_rgb(h, s, v), np.float32)


def draw_ground(rng: np.random.Generator, size_px: int) -> np.ndarray:
    """Draw a ground.

    Parameters
    ----------
    rng
        The picture's generator.
    size_px
        Height and width.

    Returns
    -------
    numpy.ndarray
        float32, shape (3, size, size), 0 to 255.
    """
    small = size_px // SHRINK
    axis = np.linspace(-1.0, 1.0, small, dtype=np.float32)
    x, y = axis[None, :], axis[:, None]
    hue = rng.uniform(0.0, 1.0)
    first, second = (colour(rng, (hue - 0.12, hue + 0.12), (0.05, 0.4), (80.0, 210.0)) for _ in range(2))
    along, _ = turned(x, y, rng.uniform(0.0, 2 * np.pi))
    mix = np.clip(0.5 + 0.5 * along, 0.0, 1.0)
    canvas = first[:, None, None] + mix * (second - first)[:, None, None]
    for _ in range(int(rng.integers(4, 9))):
        _draw_clutter(rng, canvas, x * (size_px / 2), y * (size_px / 2), hue)
    layers = [Image.fromarray(layer).resize((size_px, size_px), Image.Resampling.BICUBIC) for layer in canvas]
    return np.stack([np.asarray(layer) for layer in layers])


def _draw_clutter(
    rng: np.random.Generator, canvas: np.ndarray, x: np.ndarray, y: np.ndarray, hue: float
) -> None:
    """Lay one blurred ellipse or bar over the ground, in place; x and y in px of the whole frame."""
    half = float(x[0, -1])
    at_x, at_y, angle = rng.uniform(-half, half), rng.uniform(-half, half), rng.uniform(0, np.pi)
    u, v = turned(x - np.float32(at_x), y - np.float32(at_y), angle)
    long, short = rng.uniform(25, 110), rng.uniform(12, 50)
    if rng.random() < 0.6:
        distance = ellipse(u, v, long, short)
    else:
        distance = np.maximum(np.abs(u) - np.float32(long), np.abs(v) - np.float32(short))
    paint(
        canvas,
        colour(rng, (hue - 0.25, hue + 0.25), (0.05, 0.45), (70.0, 220.0)),
        cover(distance, rng.uniform(8.0, 24.0)) * np.float32(rng.uniform(0.3, 0.8)),
    )


def light(rng: np.random.Generator, size_px: int) -> np.ndarray:
    """Draw the light of a scene: brightness, a fall-off to one side, a slight tint.

    Parameters
    ----------
    rng
        The picture's generator.
    size_px
        Height and width.

    Returns
    -------
    numpy.ndarray
        float32 factor, shape (3, size, size).
    """
    axis = np.linspace(-1.0, 1.0, size_px, dtype=np.float32)
    along, _ = turned(axis[None, :], axis[:, None], rng.uniform(0.0, 2 * np.pi))
    tint = rng.uniform(0.88, 1.08) * rng.uniform(0.97, 1.03, 3)
    return tint.astype(np.float32)[:, None, None] * (1.0 + np.float32(rng.uniform(0.0, 0.12)) * along)
