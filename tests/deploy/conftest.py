"""A run that needs no training: the classes are told by their mean colour, seen through both kinds of view."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tellapart.backbones.graph import Graph
from tellapart.deploy.model_file import KEY
from tellapart.pictures.view import View

VIEWS = {"images_area": View("area", 32, 32, 8), "images_canvas": View("canvas", 24, 40)}


@pytest.fixture(scope="session")
def write_model() -> Callable[..., Path]:
    """Write a model.onnx of two classes, `-1` and `=red()`; the larger `slope`, the surer it is."""

    def write_model(file: Path, slope: float = 0.1) -> Path:
        graph = Graph("model")
        weight = slope * np.array([[1, -1], [-0.5, 0.5], [-0.5, 0.5]])
        logits = [
            graph.linear(graph.mean(graph.channels_first(graph.images(name))), weight, np.zeros(2))
            for name in VIEWS
        ]
        probabilities = graph.op("Softmax", graph.average(logits), axis=1)
        facts = {
            "schema": 1,
            "classes": ["-1", "=red()"],
            "positive": "=red()",
            "threshold": 0.4,
            "not_sure_below": 0.6,
            "inputs": [{"name": name, "view": view.to_dict()} for name, view in VIEWS.items()],
        }
        model = graph.model({"probabilities": (probabilities, 2)}, {KEY: json.dumps(facts)})
        file.write_bytes(model.SerializeToString())
        return file

    return write_model


@pytest.fixture
def drawn(tmp_path: Path, drawn_once: Path) -> Path:
    """A folder of one's own with the pictures of `drawn_once`."""
    return Path(shutil.copytree(drawn_once, tmp_path / "pictures"))


@pytest.fixture(scope="session")
def drawn_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """60 pictures of many sizes in two class folders, some larger than what is kept."""
    rng, home = np.random.default_rng(0), tmp_path_factory.mktemp("drawn")
    for number in range(60):
        height, width = (640, 900) if number % 30 == 0 else rng.integers(5, 60, 2)
        shade = rng.integers(0, 256, 3)
        pixels = np.clip(rng.normal(shade, 30, (height, width, 3)), 0, 255).astype(np.uint8)
        file = home / "ab"[number % 2] / f"{number:03d}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(file)
    return home


@pytest.fixture(scope="session")
def served_run(tmp_path_factory: pytest.TempPathFactory, write_model: Callable[..., Path]) -> Path:
    """A run folder to be served: nothing in it is changed."""
    folder = tmp_path_factory.mktemp("served")
    write_model(folder / "model.onnx")
    fit = {"aim": "balanced accuracy", "met": None, "words": "no aim was named"}
    (folder / "metrics.json").write_text(
        json.dumps({"schema": 1, "decision": "trustworthy", "fit_for_use": fit})
    )
    (folder / "versions.json").write_text(json.dumps({"tellapart": "0.0"}))
    return folder


@pytest.fixture
def run(tmp_path: Path, drawn: Path, write_model: Callable[..., Path]) -> Path:
    """The run folder: what export and predict read of one."""
    folder = tmp_path / "run"
    folder.mkdir()
    write_model(folder / "model.onnx")
    command = {"command": "train", "pictures": str(drawn)}
    (folder / "run.json").write_text(json.dumps({"schema": 1, "state": "finished", "command": command}))
    rows = [
        f"{file.relative_to(drawn)},{file.parent.name},train,0,\n" for file in sorted(drawn.rglob("*.png"))
    ]
    (folder / "split.csv").write_text("path,label,split,fold,group\n" + "".join(rows))
    return folder
