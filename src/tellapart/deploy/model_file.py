"""The chosen members as one ONNX file: prepared pictures in, calibrated probabilities out."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import onnx

from tellapart.backbones.graph import Graph
from tellapart.evaluate.calibration import Calibrator
from tellapart.members.blend import Choice

SCHEMA = 1
KEY = "tellapart"  # of the metadata entry that holds all that prediction needs besides the graph


def build_model(choice: Choice, facts: dict[str, Any]) -> onnx.ModelProto:
    """Write the model.

    Parameters
    ----------
    choice
        Members, weights and calibrators.
    facts
        ``classes``, ``positive``, ``threshold``, ``not_sure_below``: kept in the metadata.

    Returns
    -------
    onnx.ModelProto
        One input per member, uint8 (N, H, W, 3), prepared by its view; output ``probabilities`` (N, K).
    """
    graph, tables, inputs = Graph("model"), [], []
    for fitted, calibrator in zip(choice.members, choice.calibrators, strict=True):
        assert fitted.write is not None  # noqa: S101 - only complete members are chosen
        images = graph.images(f"images_{fitted.name}")
        inputs.append({"name": images, "view": fitted.view.to_dict()})
        tables.append(_calibrated(graph, fitted.write(graph, images), calibrator))
    mixed = graph.average(tables, choice.weights)
    floor = graph.op("Max", mixed, graph.constant(np.array(1e-12, dtype=np.float32)))
    probabilities = _calibrated(graph, graph.op("Log", floor), choice.calibrator)
    metadata = {KEY: json.dumps({"schema": SCHEMA, **facts, "inputs": inputs})}
    model = graph.model({"probabilities": (probabilities, len(facts["classes"]))}, metadata)
    onnx.checker.check_model(model)
    return model


def _calibrated(graph: Graph, logits: str, calibrator: Calibrator) -> str:
    shifted = graph.affine(logits, 1 / calibrator.temperature, np.asarray(calibrator.shift))
    return graph.op("Softmax", shifted, axis=1)
