"""The set ``quarter``: two kinds of drawn heads, one picture in four ``rare``.

A head's class draws nothing by itself: it shifts the middles of eight cues (``cues``), and the cues decide
what is drawn. Ground, light, pose, colours, hair and noise are drawn without looking at the class. Heads
turn to either side equally often, so a mirrored picture is as likely as the picture.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from .canvas import generator, to_uint8
from .cues import LABELS, draw_cues, quantities
from .ground import draw_ground, light
from .head import draw_head
from .shapes import Pose

SIZE_PX = 400
# The whole set is one heap without parts; its pictures are those of this name.
WHOLE = "whole"
COMMON_PER_RARE = 3


def draw_quarter(
    n_rare: int, seed: int = 0, part: str = "fresh"
) -> Iterator[tuple[np.ndarray, str, np.ndarray]]:
    """Draw pictures of heads without writing them.

    Parameters
    ----------
    n_rare
        How many ``rare`` ones; there are three times as many ``common`` ones, in between.
    seed
        Same seed and part, same pictures; a larger number only adds some.
    part
        Any name; ``whole`` gives the pictures that are written.

    Yields
    ------
    tuple
        The picture (uint8, shape (400, 400, 3)), its class, and its cues ``z`` (float64, shape (8,)).
    """
    for rare in range(n_rare):
        commons = range(COMMON_PER_RARE * rare, COMMON_PER_RARE * (rare + 1))
        for label, index in [("rare", rare), *(("common", common) for common in commons)]:
            image, z = draw_one(seed, part, label, index)
            yield image, label, z


def cues_of(seed: int, part: str, label: str, index: int) -> np.ndarray:
    """Return the cues ``z`` of one picture, float64, shape (8,), without drawing it."""
    rng = generator(seed, "quarter", "cues", part, label, index)
    return draw_cues(rng, np.array([label == LABELS[1]]))[0]


def draw_one(seed: int, part: str, label: str, index: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw one picture of a head.

    Parameters
    ----------
    seed, part, label, index
        Which one.

    Returns
    -------
    tuple
        The picture (uint8, shape (400, 400, 3)) and its cues ``z`` (float64, shape (8,)).
    """
    z = cues_of(seed, part, label, index)
    scene, grain = (generator(seed, "quarter", kind, part, label, index) for kind in ("scene", "grain"))
    return render(scene, grain, z), z


def render(scene: np.random.Generator, grain: np.random.Generator, z: np.ndarray) -> np.ndarray:
    """Draw a head with these cues and everything else at random.

    Parameters
    ----------
    scene
        For ground, light, pose, colours and the roots of the whiskers.
    grain
        For hair, blotches and sensor noise. How much is drawn from either never depends on the cues, so that
        the same generators give the same picture but for a changed cue (see ``visibility``).
    z
        The cues, shape (8,).

    Returns
    -------
    numpy.ndarray
        uint8, shape (400, 400, 3).
    """
    canvas = draw_ground(scene, SIZE_PX)
    pose = Pose(
        x=SIZE_PX / 2 + scene.uniform(-22, 22),
        y=SIZE_PX / 2 + scene.uniform(-8, 16),
        scale=scene.uniform(1.0, 1.2),
        angle=np.deg2rad(scene.normal(0.0, 4.0)),
        size_px=SIZE_PX,
    )
    glow = light(scene, SIZE_PX)
    sigma = np.float32(scene.uniform(0.7, 1.3))
    draw_head(canvas, scene, grain, pose, quantities(z))
    canvas *= glow
    noise = grain.standard_normal(canvas.shape, dtype=np.float32)
    noise *= sigma
    canvas += noise
    return to_uint8(canvas)
