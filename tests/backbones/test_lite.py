"""The embedded backbone against an independent implementation, and its ONNX graph against itself."""

from __future__ import annotations

import contextlib
import io

import numpy as np
import pytest
import torch

from tellapart.backbones.features import lite0, run_by_shape, session
from tellapart.backbones.lite import LITE0, load_lite


@pytest.fixture(scope="module")
def images() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (2, 224, 224, 3), dtype=np.uint8)


def test_maps_agree_with_an_independent_implementation(images):
    from efficientnet_lite_pytorch import EfficientNet

    with contextlib.redirect_stdout(io.StringIO()):
        other = EfficientNet.from_pretrained("efficientnet-lite0", weights_path=str(LITE0.file())).eval()
    x = torch.from_numpy(images).permute(0, 3, 1, 2).float()
    with torch.inference_mode():
        expected = other.extract_features((x - 127) / 128)
        assert torch.allclose(load_lite()(x), expected, atol=1e-5)


@pytest.mark.parametrize("shape", [(224, 224), (160, 320), (352, 128)])
def test_graph_agrees_with_the_module(shape):
    images = np.random.default_rng(1).integers(0, 256, (2, *shape, 3), dtype=np.uint8)
    x = torch.from_numpy(images).permute(0, 3, 1, 2).float()
    with torch.inference_mode():
        maps = load_lite().maps(x)
    rows = [row for m in maps for row in (m.amax((2, 3)), m.std((2, 3), correction=0), m.mean((2, 3)))]
    found = session(lite0().model).run(None, {"images": images})[0]
    np.testing.assert_allclose(found, torch.cat(rows, 1).numpy(), atol=2e-4)


def test_rows_come_back_in_order_whatever_the_shapes():
    images = [np.full((h, 4, 3), i, dtype=np.uint8) for i, h in enumerate((2, 3, 2, 3, 3, 2))]
    found = run_by_shape(lambda x: x.reshape(len(x), -1)[:, :1].astype(float), images, batch=2)
    assert found[:, 0].tolist() == [0, 1, 2, 3, 4, 5]
