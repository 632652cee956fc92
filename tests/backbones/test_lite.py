"""The embedded backbone against an independent implementation, and its ONNX graph against itself."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tellapart.backbones.features import lite0, lite2, run_by_shape, session
from tellapart.backbones.lite import LITE0, LITE2, load_lite


@pytest.fixture(scope="module")
def images() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (2, 224, 224, 3), dtype=np.uint8)


@pytest.mark.parametrize(("name", "weights"), [("lite0", LITE0), ("lite2", LITE2)])
def test_maps_agree_with_an_independent_implementation(images, name, weights):
    from efficientnet_lite_pytorch import EfficientNet
    from efficientnet_lite_pytorch.utils import get_model_params

    # It pads for one size of pictures, which has to be that of these.
    other = EfficientNet(*get_model_params(f"efficientnet-{name}", {"image_size": 224})).eval()
    other.load_state_dict(torch.load(weights.file(), weights_only=True))
    x = torch.from_numpy(images).permute(0, 3, 1, 2).float()
    with torch.inference_mode():
        expected = other.extract_features((x - 127) / 128)
        assert torch.allclose(load_lite(weights)(x), expected, atol=1e-5)


@pytest.mark.parametrize(
    ("weights", "backbone", "shape"),
    [
        (LITE0, lite0, (224, 224)),
        (LITE0, lite0, (160, 320)),
        (LITE0, lite0, (352, 128)),
        (LITE2, lite2, (160, 320)),
    ],
)
def test_graph_agrees_with_the_module(weights, backbone, shape):
    images = np.random.default_rng(1).integers(0, 256, (2, *shape, 3), dtype=np.uint8)
    x = torch.from_numpy(images).permute(0, 3, 1, 2).float()
    with torch.inference_mode():
        maps = load_lite(weights).maps(x)
    rows = [row for m in maps for row in (m.amax((2, 3)), m.std((2, 3), correction=0), m.mean((2, 3)))]
    found = session(backbone().model).run(None, {"images": images})[0]
    np.testing.assert_allclose(found, torch.cat(rows, 1).numpy(), atol=2e-4)
    assert found.shape[1] == backbone().width


def test_rows_come_back_in_order_whatever_the_shapes():
    images = [np.full((h, 4, 3), i, dtype=np.uint8) for i, h in enumerate((2, 3, 2, 3, 3, 2))]
    found = run_by_shape(lambda x: x.reshape(len(x), -1)[:, :1].astype(float), images, batch=2)
    assert found[:, 0].tolist() == [0, 1, 2, 3, 4, 5]
