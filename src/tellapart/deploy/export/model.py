"""model.onnx of a run -> a model that takes decoded pictures of any size, uint8 (N, H, W, 3)."""

from __future__ import annotations

import json

import onnx
from onnx import helper

from tellapart.backbones.graph import Graph
from tellapart.deploy.export.preparing import write_reduction, write_view
from tellapart.deploy.predictor import Predictor

SCHEMA = 1
INPUT, OUTPUT = "images", "probabilities"
INPUT_WORDS = (
    "uint8 (N, H, W, 3): RGB from 0 to 255, upright (EXIF orientation applied), alpha laid over white, any height and "
    "width; resizing and scaling are done inside"
)


def build_export(model: onnx.ModelProto, predictor: Predictor) -> onnx.ModelProto:
    """Put what prepares pictures before the model of a run.

    Parameters
    ----------
    model
        model.onnx, with one input of prepared pictures per member.
    predictor
        The same file opened for prediction: its views and rules.

    Returns
    -------
    onnx.ModelProto
        `INPUT` uint8 (N, H, W, 3) -> `OUTPUT` float (N, K). Its metadata, each value JSON: ``schema``, ``classes`` (in
        the order of the columns), ``positive``, ``threshold``, ``not_sure_below``, ``input``.
    """
    graph = Graph("picture")
    reduced = write_reduction(graph, graph.images(INPUT))
    for name, view in predictor.views.items():
        graph.nodes.append(helper.make_node("Identity", [write_view(graph, reduced, view)], [name]))
    inner = model.graph
    whole = helper.make_graph(
        [*graph.nodes, *inner.node],
        "tellapart",
        graph.inputs,
        inner.output,
        [*graph.constants, *inner.initializer],
    )
    export = helper.make_model(whole, opset_imports=model.opset_import, producer_name="tellapart")
    export.ir_version = model.ir_version
    helper.set_model_props(export, {key: json.dumps(value) for key, value in _facts(predictor).items()})
    onnx.checker.check_model(export)
    return export


def _facts(predictor: Predictor) -> dict[str, object]:
    return {
        "schema": SCHEMA,
        "classes": list(predictor.classes),
        "positive": predictor.positive,
        "threshold": predictor.threshold,
        "not_sure_below": predictor.not_sure_below,
        "input": INPUT_WORDS,
    }
