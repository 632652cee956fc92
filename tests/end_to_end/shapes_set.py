"""Two classes that a beginner's set might have: filled spots and rings on a noisy ground."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image


def picture(rng: np.random.Generator, bright: bool) -> Image.Image:
    """A spot on a noisy ground: filled in one class, a ring in the other."""
    size = 40
    y, x = np.mgrid[:size, :size] - rng.uniform(14, 26, 2)[:, None, None]
    radius = np.hypot(x, y)
    spot = (radius < 9) if bright else (np.abs(radius - 8) < 2)
    grey = rng.normal(60, 12, (size, size)) + 140 * spot
    return Image.fromarray(np.clip(grey, 0, 255).astype(np.uint8)).convert("RGB")


def write_set(root: Path, counts: dict[str, int], seed: int = 0) -> Path:
    rng = np.random.default_rng(seed)
    for name, count in counts.items():
        (root / name).mkdir(parents=True)
        for number in range(count):
            picture(rng, bright=name == sorted(counts)[0]).save(root / name / f"{number:03d}.png")
    return root
