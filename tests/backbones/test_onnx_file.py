"""Any ONNX file: what fits gives the same numbers, what does not is refused with a reason."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from tellapart.backbones.catalogue import load_backbone
from tellapart.backbones.entry import IMAGENET_DEVIATION, IMAGENET_MEAN
from tellapart.backbones.features import session
from tellapart.backbones.graph import Graph
from tellapart.backbones.licence import UNKNOWN

WEIGHT = np.random.default_rng(1).normal(size=(5, 3, 2, 2)).astype(np.float32)
FLOAT, UINT8 = TensorProto.FLOAT, TensorProto.UINT8


def write(file, *, kind=FLOAT, shape=("N", 3, "H", "W"), maps=False, facts=None, change=None):
    """Write a net of one convolution, then a mean; `change(graph, rows)` may end it in another way."""
    graph = Graph("net")
    graph.inputs.append(helper.make_tensor_value_info("x", kind, shape))
    x = "x"
    if kind == UINT8:
        x = graph.op("Cast", x, to=FLOAT)
    if shape[3] == 3:
        x = graph.op("Transpose", x, perm=[0, 3, 1, 2])
    x = graph.conv(x, WEIGHT, np.zeros(5), stride=2, pads=[0] * 4)
    if not maps:
        x = graph.mean(x)
    elif shape[3] == 3:
        x = graph.op("Transpose", x, perm=[0, 2, 3, 1])
    if change:
        x = change(graph, x)
    model = graph.model({"rows": (x, 5)}, facts)
    for domain in {node.domain for node in model.graph.node} - {""}:
        model.opset_import.append(helper.make_opsetid(domain, 1))
    if maps:
        model.graph.output[0].CopyFrom(helper.make_tensor_value_info("rows", FLOAT, ["N", None, None, None]))
    onnx.save(model, file)
    return str(file)


def expected(images, mean=IMAGENET_MEAN, deviation=IMAGENET_DEVIATION, scale=255):
    """The convolution's map by NumPy, (N, 5, h, w)."""
    x = ((images / scale - mean) / deviation).transpose(0, 3, 1, 2)
    n, c, h, w = x.shape
    cells = x.reshape(n, c, h // 2, 2, w // 2, 2)
    return np.einsum("ncaibj,ocij->noab", cells, WEIGHT)


def rows(backbone, images):
    return session(backbone.model).run(None, {"images": images})[0]


@pytest.fixture
def images():
    return np.random.default_rng(0).integers(0, 256, (3, 64, 96, 3), dtype=np.uint8)


@pytest.mark.parametrize("shape", [("N", 3, "H", "W"), ("N", "H", "W", 3)])
@pytest.mark.parametrize("maps", [False, True])
def test_floats_without_metadata_take_imagenets_scaling_and_it_is_said(shape, maps, tmp_path, images):
    backbone = load_backbone(write(tmp_path / "net.onnx", shape=shape, maps=maps))
    found = rows(backbone, images)
    np.testing.assert_allclose(found[:, -5:], expected(images).mean((2, 3)), atol=1e-3)
    assert found.shape[1] == backbone.deepest == (15 if maps else 5)
    assert backbone.embedding == 5
    assert "ImageNet's scaling assumed" in backbone.source
    assert backbone.licence == UNKNOWN
    assert backbone.fixed_px is None


@pytest.mark.parametrize("shape", [("N", 3, "H", "W"), ("N", "H", "W", 3)])
def test_bytes_are_taken_as_they_are(shape, tmp_path, images):
    backbone = load_backbone(write(tmp_path / "net.onnx", kind=UINT8, shape=shape))
    plain = expected(images, 0, 1, 1).mean((2, 3))
    np.testing.assert_allclose(rows(backbone, images), plain, rtol=1e-3, atol=1e-3)


def test_metadata_say_the_scaling_and_the_licence(tmp_path, images):
    facts = {"mean": "[0.4, 0.5, 0.6]", "std": "[0.2, 0.25, 0.3]", "license": "mit"}
    backbone = load_backbone(write(tmp_path / "net.onnx", facts=facts))
    scaled = expected(images, (0.4, 0.5, 0.6), (0.2, 0.25, 0.3)).mean((2, 3))
    np.testing.assert_allclose(rows(backbone, images), scaled, atol=1e-3)
    assert "scaled as its metadata says: mean 0.4, 0.5, 0.6" in backbone.source
    assert backbone.licence == "mit"


def test_the_standards_own_metadata(tmp_path, images):
    facts = {"Image.NominalPixelRange": "Normalized_1_1", "Image.BitmapPixelFormat": "Bgr8"}
    backbone = load_backbone(write(tmp_path / "net.onnx", facts=facts))
    scaled = expected(images[..., ::-1], 0.5, 0.5).mean((2, 3))
    np.testing.assert_allclose(rows(backbone, images), scaled, atol=1e-3)


def test_one_picture_at_a_time_becomes_a_batch_and_a_fixed_size_a_canvas(tmp_path):
    backbone = load_backbone(write(tmp_path / "net.onnx", shape=(1, 3, 32, 48)))
    images = np.random.default_rng(0).integers(0, 256, (3, 32, 48, 3), dtype=np.uint8)
    assert backbone.fixed_px == (32, 48)
    np.testing.assert_allclose(rows(backbone, images), expected(images).mean((2, 3)), atol=1e-3)


def test_an_older_opset_is_rewritten(tmp_path, images):
    file = write(tmp_path / "net.onnx")
    old = onnx.load(file)
    old.opset_import[0].version = 13
    onnx.save(old, file)
    np.testing.assert_allclose(rows(load_backbone(file), images), expected(images).mean((2, 3)), atol=1e-3)


def test_weights_in_a_file_beside_it(tmp_path, images, refused):
    whole = onnx.load(write(tmp_path / "whole.onnx"))
    file = tmp_path / "net.onnx"
    onnx.save(whole, file, save_as_external_data=True, location="net.data", size_threshold=0)
    np.testing.assert_allclose(
        rows(load_backbone(str(file)), images), expected(images).mean((2, 3)), atol=1e-3
    )
    (tmp_path / "net.data").unlink()
    assert "another file" in refused(load_backbone, str(file)).found


def test_weights_outside_its_folder_are_not_read(tmp_path, refused):
    file = tmp_path / "folder" / "net.onnx"
    file.parent.mkdir()
    write(file)
    onnx.save(onnx.load(file), file, save_as_external_data=True, location="data", size_threshold=0)
    file.write_bytes(file.read_bytes().replace(b"data", b"../s"))
    (tmp_path / "s").write_bytes((file.parent / "data").read_bytes())
    assert "another file" in refused(load_backbone, str(file)).found


def custom(graph, x):
    return graph.op("TheirOwn", x, domain="their.domain")


def unknown(graph, x):
    return graph.op("NoSuchOperator", x)


def one_at_a_time(graph, x):
    return graph.op("Reshape", x, graph.constant(np.array([1, 5])))


def across_the_batch(graph, x):
    return graph.op("Sub", x, graph.op("ReduceMean", x, graph.constant(np.array([0])), keepdims=1))


def whole_numbers(graph, x):
    return graph.op("Cast", x, to=TensorProto.INT64)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"shape": ("N", 1, 28, 28)}, "not 3 channels"),
        ({"shape": ("N", 3, 28, "W")}, "one side fixed"),
        ({"kind": TensorProto.DOUBLE}, "no pictures"),
        ({"change": custom}, "their.domain.TheirOwn"),
        ({"change": unknown}, "NoSuchOperator"),
        ({"change": one_at_a_time}, "one picture at a time"),
        ({"change": across_the_batch}, "for a batch"),
        ({"facts": {"mean": "[0.5]", "std": "grey"}}, "metadata"),
    ],
)
def test_what_does_not_fit_is_refused(options, words, tmp_path, refused):
    assert words in refused(load_backbone, write(tmp_path / "net.onnx", **options)).found


def test_no_output_of_floats(tmp_path, refused):
    file = write(tmp_path / "net.onnx", change=whole_numbers)
    model = onnx.load(file)
    model.graph.output[0].type.tensor_type.elem_type = TensorProto.INT64
    onnx.save(model, file)
    assert "no output of floats" in refused(load_backbone, file).found


def test_no_image_input(tmp_path, refused):
    graph = Graph("text")
    graph.inputs.append(helper.make_tensor_value_info("ids", FLOAT, ["N", 5]))
    onnx.save(graph.model({"rows": (graph.op("Identity", "ids"), 5)}), tmp_path / "text.onnx")
    assert "no pictures" in refused(load_backbone, str(tmp_path / "text.onnx")).found


@pytest.mark.parametrize("content", [b"", b"no graph at all" * 9, "half"])
def test_a_damaged_file(content, tmp_path, refused):
    file = tmp_path / "net.onnx"
    whole = write(file)
    file.write_bytes(file.read_bytes()[:400] if content == "half" else content)
    refused(load_backbone, whole)


def test_a_file_that_is_not_there(tmp_path, refused):
    assert refused(load_backbone, str(tmp_path / "net.onnx")).found == "no such file"
