"""Tiny networks with random weights, saved as others save theirs."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

SIDE = 64  # px


@pytest.fixture(scope="session", autouse=True)
def _offline() -> None:
    os.environ["HF_HUB_OFFLINE"] = "1"  # before huggingface_hub is imported: a test never asks a network


@pytest.fixture(scope="session")
def vit_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A vision transformer with a class token, saved with a classifier as most checkpoints are."""
    from transformers import ViTConfig, ViTForImageClassification

    torch.manual_seed(0)
    sizes = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32}
    net = ViTForImageClassification(ViTConfig(**sizes, image_size=SIDE, patch_size=16))
    return _saved(net, tmp_path_factory.mktemp("vit") / "tiny-vit")


@pytest.fixture(scope="session")
def convnext_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A convolutional network of two stages."""
    from transformers import ConvNextConfig, ConvNextModel

    torch.manual_seed(0)
    net = ConvNextModel(ConvNextConfig(num_stages=2, hidden_sizes=[4, 16], depths=[1, 1]))
    return _saved(net, tmp_path_factory.mktemp("convnext") / "tiny-convnext")


@pytest.fixture(scope="session")
def swin_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network whose shifted windows hold for one size."""
    from transformers import SwinConfig, SwinModel

    torch.manual_seed(0)
    sizes = {"embed_dim": 8, "depths": [1], "num_heads": [1], "window_size": 4, "patch_size": 4}
    return _saved(
        SwinModel(SwinConfig(image_size=SIDE, **sizes)), tmp_path_factory.mktemp("swin") / "tiny-swin"
    )


def _saved(net: torch.nn.Module, folder: Path) -> Path:
    from transformers import ViTImageProcessorPil
    from transformers.utils import logging

    logging.disable_progress_bar()
    net.save_pretrained(folder)
    # Unlike any default, so that a default in its place would be noticed.
    scaling = {"image_mean": [0.4, 0.5, 0.6], "image_std": [0.2, 0.25, 0.3]}
    ViTImageProcessorPil(size={"height": SIDE, "width": SIDE}, **scaling).save_pretrained(folder)
    (folder / "README.md").write_text("---\nlicense: apache-2.0\ntags: [vision]\n---\n# Tiny\n")
    return folder


@pytest.fixture
def copied(tmp_path: Path) -> Callable[[Path], Path]:
    """Copy a folder, to spoil the copy."""
    import shutil

    return lambda folder: Path(shutil.copytree(folder, tmp_path / folder.name))
