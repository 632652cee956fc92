"""The set ``quarter``: two kinds of drawn heads, one picture in four ``rare``.

A head's class decides nothing directly: it shifts the middles of eight cues (``cues``), and the cues decide
what is drawn. Ground, light, pose, colours and noise are drawn without looking at the class. Heads face
either side equally often, so a mirrored picture is as likely as the picture.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from .canvas import generator, to_uint8
from .cues import LABELS, draw_cues, log_likelihood_ratio, quantities
from .ground import draw_ground, light
from .head import draw_head
from .shapes import Pose

SIZE_PX = 400


def draw_one(seed: int, part: str, label: str, index: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw one picture; returns uint8 (400, 400, 3) and its cues ``z``, shape (cues,)."""
    rng = generator(seed, "quarter", part, label, index)
    z = draw_cues(rng, np.array([label == "rare"]))[0]
    return render(rng, z), z


def render(rng: np.random.Generator, z: np.ndarray) -> np.ndarray:
    """Draw a head with these cues and everything else at random; uint8 (400, 400, 3)."""
    canvas = draw_ground(rng, SIZE_PX)
    pose = Pose(
        x=SIZE_PX / 2 + rng.uniform(-22, 22),
        y=SIZE_PX * 0.5 + rng.uniform(-8, 16),
        scale=rng.uniform(1.0, 1.2),
        angle=np.deg2rad(rng.normal(0.0, 4.0)),
        size_px=SIZE_PX,
    )
    glow = light(rng, SIZE_PX)
    sigma = rng.uniform(0.7, 1.3)
    draw_head(canvas, rng, pose, quantities(z))
    canvas *= glow
    noise = rng.standard_normal(canvas.shape, dtype=np.float32)
    noise *= np.float32(sigma)
    canvas += noise
    return to_uint8(canvas)
