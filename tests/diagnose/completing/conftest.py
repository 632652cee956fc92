"""Small folders of pictures that fragments are completed from."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

os.environ.setdefault("KERAS_BACKEND", "torch")


def draw(root: Path, per_class: int, seed: int) -> None:
    """Write noise of 20 x 20 pixels into two class folders, one brighter than the other."""
    rng = np.random.default_rng(seed)
    for number, name in enumerate(("dark", "light")):
        (root / name).mkdir(parents=True)
        for i in range(per_class):
            pixels = rng.integers(0, 150, (20, 20, 3)) + 100 * number
            Image.fromarray(pixels.astype(np.uint8)).save(root / name / f"{i:03}.png")


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a folder per class."""
    root = tmp_path_factory.mktemp("whole") / "cells"
    draw(root, 60, 0)
    return root


@pytest.fixture(scope="session")
def pictures_in_parts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with train/ and validation/."""
    root = tmp_path_factory.mktemp("parts") / "cells"
    draw(root / "train", 20, 0)
    draw(root / "validation", 10, 1)
    return root
