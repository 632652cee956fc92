"""Tiny pictures for both founding trainings, and Keras on PyTorch with one thread."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

SIDE = 32


@pytest.fixture(scope="session")
def keras() -> Any:
    """Keras 3 on PyTorch; one thread, since the nets are tiny and threads would only wait for each other."""
    os.environ.setdefault("KERAS_BACKEND", "torch")
    import torch

    torch.set_num_threads(1)
    import keras

    if keras.backend.backend() != "torch":
        pytest.skip(f"tested on PyTorch; KERAS_BACKEND is {keras.backend.backend()}")
    return keras


@pytest.fixture(scope="session")
def parts_folder(draw_folders: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """15 training, 10 validation and 5 test pictures per class, of noise: nothing can be learnt from them."""
    counts = {
        f"{part}/{name}": n
        for part, n in (("train", 15), ("validation", 10), ("test", 5))
        for name in ("normal", "stuck")
    }
    return draw_folders(tmp_path_factory.mktemp("pieces"), counts, width=SIDE, height=SIDE)


@pytest.fixture(scope="session")
def class_folders(draw_folders: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """45 ``common`` and 15 ``rare`` pictures of noise."""
    return draw_folders(
        tmp_path_factory.mktemp("quarter"), {"common": 45, "rare": 15}, width=SIDE, height=SIDE
    )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let one warning of others pass here, and only here.

    Keras turns tensors into arrays with ``np.array(tensor)``; PyTorch's ``__array__`` has no ``copy`` yet, of which
    NumPy 2 warns. Nothing of ours can change it, and nothing is wrong with the result.
    """
    here = Path(__file__).parent
    copy = "ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning"
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.filterwarnings(copy))
