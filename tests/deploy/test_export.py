"""`export`: the file answers as the run does without anything of ours, or it is not written."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper
from PIL import Image
from typer.testing import CliRunner

from tellapart.backbones.graph import OPSET, Graph
from tellapart.cli import app
from tellapart.deploy.export.exporting import check_target, export_run, write_export
from tellapart.deploy.export.pictures import drawn_files, read_pairs
from tellapart.deploy.export.preparing import write_reduction, write_view
from tellapart.deploy.predictor import Predictor
from tellapart.pictures.decode import decode_image
from tellapart.pictures.view import View


def prepared_by_graph(view: View):
    """Return a session that does what is done to a picture before the network."""
    graph = Graph("prepare")
    result = write_view(graph, write_reduction(graph, graph.images("images")), view)
    output = helper.make_tensor_value_info(result, TensorProto.UINT8, [None] * 4)
    whole = helper.make_graph(graph.nodes, "prepare", graph.inputs, [output], graph.constants)
    model = helper.make_model(whole, opset_imports=[helper.make_opsetid("", OPSET)])
    model.ir_version = 9
    return onnxruntime.InferenceSession(model.SerializeToString())


@pytest.mark.parametrize(
    "view", [View("area", 64, 64, 32), View("area", 45, 45), View("canvas", 48, 80), View("canvas", 7, 5)]
)
def test_pictures_are_prepared_bit_for_bit_as_by_pillow(view):
    session, rng = prepared_by_graph(view), np.random.default_rng(0)
    sizes = [(1, 1), (2, 90), (64, 64), (63, 65), (400, 512), (513, 520), (700, 1030), (5, 1300)]
    for height, width in sizes:
        image = rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
        expected = view.apply(decode_image(Image.fromarray(image), "")[0])
        np.testing.assert_array_equal(session.run(None, {"images": image[None]})[0][0], expected)


def test_a_tall_picture_differs_by_the_rounding_of_the_other_order_at_most():
    view = View("area", 64, 64, 32)
    image = np.random.default_rng(0).integers(0, 256, (900, 40, 3), dtype=np.uint8)
    found = prepared_by_graph(view).run(None, {"images": image[None]})[0][0]
    assert np.abs(found.astype(int) - view.apply(decode_image(Image.fromarray(image), "")[0])).max() <= 2


def test_the_file_answers_as_predict_where_nothing_of_ours_nor_torch_can_be_imported(run, drawn, tmp_path):
    export_run(run, tmp_path / "out.onnx")
    file = drawn / "a" / "000.png"
    program = """
        import json, sys

        class Blocked:
            def find_spec(self, name, path=None, target=None):
                if name.split(".")[0] in ("torch", "tellapart", "onnx", "pandas", "scipy", "sklearn"):
                    raise ImportError(name)

        sys.meta_path.insert(0, Blocked())
        import numpy, onnxruntime
        from PIL import Image

        session = onnxruntime.InferenceSession(sys.argv[1])
        pixels = numpy.asarray(Image.open(sys.argv[2]).convert("RGB"))
        rows = session.run(["probabilities"], {"images": numpy.stack([pixels, pixels])})[0]
        facts = session.get_modelmeta().custom_metadata_map
        print(json.dumps([rows.tolist(), {key: json.loads(value) for key, value in facts.items()}]))
    """
    command = [sys.executable, "-c", textwrap.dedent(program), str(tmp_path / "out.onnx"), str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    rows, facts = json.loads(done.stdout)
    predictor = Predictor(run / "model.onnx")
    pixels = decode_image(Image.open(file), "")[0]
    expected = predictor.probabilities([pixels, pixels])
    np.testing.assert_allclose(rows, expected, atol=1e-6)
    assert facts["classes"] == ["-1", "=red()"]
    assert (facts["schema"], facts["positive"], facts["threshold"], facts["not_sure_below"]) == (
        1,
        "=red()",
        0.4,
        0.6,
    )


def test_the_certificate_says_on_what_it_rests(run, tmp_path):
    target = tmp_path / "out.onnx"
    done = CliRunner().invoke(app, ["export", str(run), "--to", str(target), "--json"])
    assert done.exit_code == 0, done.output
    certificate = json.loads((tmp_path / "out.onnx.certificate.json").read_text())
    assert json.loads(done.stdout) == certificate
    assert certificate["n"] == 60
    assert certificate["largest_difference"] < 5e-3  # a tall one is among them
    assert certificate["equal_labels"]["value"] == 1
    assert 0.93 < certificate["equal_labels"]["low"] < 0.95
    assert "60 of its pictures" in certificate["words"]
    assert {entry.name for entry in tmp_path.iterdir()} >= {"out.onnx", "out.onnx.certificate.json"}
    assert not list(tmp_path.glob("*.part"))


def test_a_model_that_answers_otherwise_is_not_written(run, tmp_path, write_model, refused):
    other = Predictor(write_model(tmp_path / "other.onnx", slope=0.05))
    model, pairs = (run / "model.onnx").read_bytes(), read_pairs(drawn_files(run))
    error = refused(write_export, model, other, pairs, tmp_path / "out.onnx")
    assert "60 of its pictures" in error.found
    assert not list(tmp_path.glob("out.onnx*"))


def test_pictures_that_were_moved_are_asked_for(run, drawn, tmp_path, refused):
    moved = drawn.rename(tmp_path / "moved")
    error = refused(export_run, run, tmp_path / "out.onnx")
    assert "60 of 60" in error.found
    assert "--pictures" in error.advice
    assert not list(tmp_path.glob("out.onnx*"))
    assert export_run(run, tmp_path / "out.onnx", moved)["n"] == 60


def test_broken_pictures_are_not_counted(run, drawn, tmp_path):
    (drawn / "a" / "000.png").write_bytes(b"no picture")
    (drawn / "b" / "001.png").unlink()
    assert export_run(run, tmp_path / "out.onnx")["n"] == 58


@pytest.mark.parametrize("name", ["model.pt", "folder.onnx", "no/such/model.onnx", "run/model.onnx"])
def test_impossible_targets(name, run, tmp_path):
    (tmp_path / "folder.onnx").mkdir()
    before = (run / "model.onnx").read_bytes()
    done = CliRunner().invoke(app, ["export", str(run), "--to", str(tmp_path / name)])
    assert "--to" in str(done.exception)
    assert (run / "model.onnx").read_bytes() == before
    with pytest.raises(ValueError, match="--to"):
        check_target(tmp_path / name, run)


def test_the_model_is_one_file_of_onnx_operators(run, tmp_path):
    export_run(run, tmp_path / "out.onnx")
    model = onnx.load(tmp_path / "out.onnx")
    assert [entry.domain for entry in model.opset_import] == [""]
    assert [entry.name for entry in model.graph.input] == ["images"]
    assert [entry.name for entry in model.graph.output] == ["probabilities"]
