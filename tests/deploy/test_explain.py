"""Heatmaps of models whose reasons are known."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence

import numpy as np
import pytest
from PIL import Image

from tellapart.backbones.graph import Graph
from tellapart.deploy.explain.check import cover_many, summarise
from tellapart.deploy.explain.explainer import Explainer
from tellapart.deploy.model_file import KEY
from tellapart.deploy.predictor import Predictor
from tellapart.explained import words
from tellapart.pictures.view import View

METHODS = ["gradients", "occlusion"]


def model(slope: float = 0.2, foreign: bool = False, mirrorings: Sequence[Sequence[int]] = ((),)) -> bytes:
    """`red` where the reddest spot, seen through 5 x 5 px, is red enough; pictures are laid on a canvas."""
    graph = Graph("model")
    redness = np.stack([np.full((5, 5), share / 25) for share in (1, -0.5, -0.5)])[None]
    images = graph.images("images")

    def strongest_of(image: str) -> str:
        x = graph.channels_first(image)
        return graph.maximum(
            graph.op("Relu", graph.conv(x, redness, np.zeros(1), stride=2, pads=(2, 2, 2, 2)))
        )

    strongest = graph.average([strongest_of(graph.reverse(images, axes)) for axes in mirrorings])
    if foreign:
        strongest = graph.op("Abs", strongest)
    logits = graph.linear(strongest, slope * np.array([[0, 1]]), slope * np.array([0, -20]))
    facts = {
        "schema": 1,
        "classes": ["plain", "red"],
        "positive": "red",
        "threshold": 0.5,
        "not_sure_below": 0.6,
        "inputs": [{"name": "images", "view": View("canvas", 64, 96).to_dict()}],
    }
    probabilities = graph.op("Softmax", logits, axis=1)
    written = graph.model({"probabilities": (probabilities, 2)}, {KEY: json.dumps(facts)})
    return written.SerializeToString()


@pytest.fixture(scope="module")
def explainers():
    predictor = Predictor(model())
    return {"gradients": Explainer(predictor), "occlusion": Explainer(predictor, occlusion_only=True)}


def planted(top: int, left: int, height: int = 80, width: int = 80, side: int = 10) -> np.ndarray:
    """A grey noisy picture with a red square."""
    picture = np.random.default_rng(top).normal(110, 5, (height, width, 3))
    picture[top : top + side, left : left + side] = (200, 40, 40)
    return np.clip(picture, 0, 255).astype(np.uint8)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    ("top", "left", "height", "width"), [(5, 60, 80, 80), (60, 8, 80, 80), (10, 170, 60, 200)]
)
def test_the_map_finds_what_was_planted(explainers, method, top, left, height, width):
    assert explainers[method].method == method
    picture = planted(top, left, height, width)
    heat = explainers[method].heatmap(picture, "red")
    assert heat.shape == (height, width)
    assert heat.dtype == np.float32
    assert heat.max() == pytest.approx(1, abs=0.1)
    y, x = np.unravel_index(heat.argmax(), heat.shape)
    assert abs(y - (top + 5)) <= 8
    assert abs(x - (left + 5)) <= 8


def centre(heat: np.ndarray) -> np.ndarray:
    """Row and column of the middle of what speaks for the class, px."""
    rows, columns = np.indices(heat.shape)
    return np.array([np.average(at, weights=heat.clip(0)) for at in (rows, columns)])


@pytest.mark.parametrize("axes", [(1,), (2,), (1, 2)])
def test_a_mirror_image_is_drawn_where_it_comes_from(axes):
    """The picture does not fill the canvas, and the net's cells are 2 px of it, 4 of the picture."""
    picture = planted(10, 150, 60, 200)
    for images in ((axes,), ((), axes)):
        heat = Explainer(Predictor(model(mirrorings=images))).heatmap(picture, "red")
        assert np.abs(centre(heat) - (14.5, 154.5)).max() < 2.1


@pytest.mark.parametrize("method", METHODS)
def test_what_speaks_for_one_class_speaks_against_the_other(explainers, method):
    picture = planted(40, 40)
    said, other = (explainers[method].heatmap(picture, name) for name in ("red", "plain"))
    np.testing.assert_allclose(said, -other, atol=1e-4)
    np.testing.assert_array_equal(said, explainers[method].heatmap(picture))  # `red` is what is predicted


@pytest.mark.parametrize("method", METHODS)
def test_a_picture_may_be_read_only_or_turned(explainers, method):
    picture = planted(40, 20, 64, 96)[:, ::-1]
    picture.flags.writeable = False
    heat = explainers[method].heatmap(picture, "red")
    assert np.abs(np.unravel_index(heat.argmax(), heat.shape) - np.array([45, 70])).max() <= 8


@pytest.mark.parametrize("method", METHODS)
def test_nothing_is_marked_where_nothing_decides(explainers, method):
    assert not explainers[method].heatmap(np.full((50, 70, 3), 90, dtype=np.uint8)).any()
    faint = Explainer(Predictor(model(slope=0.0005)), occlusion_only=method == "occlusion")
    assert np.abs(faint.heatmap(planted(40, 40), "red")).max() < 0.2


def test_networks_of_others_are_explained_by_occlusion():
    explainer = Explainer(Predictor(model(foreign=True)))
    assert explainer.method == "occlusion"
    assert explainer.heatmap(planted(40, 40), "red")[40:50, 40:50].mean() > 0.5


def test_a_class_that_is_none_is_refused(explainers, refused):
    error = refused(explainers["occlusion"].heatmap, planted(0, 0), "blue")
    assert "'plain', 'red'" in error.advice


def test_the_overlay_is_orange_where_the_map_is_high(explainers):
    picture = planted(40, 40)
    heat = np.zeros((80, 80), dtype=np.float32)
    heat[:40], heat[40:] = 1, -1
    found = np.asarray(Image.open(io.BytesIO(explainers["occlusion"].overlay(picture, heat)))).astype(int)
    assert found.shape == (80, 80, 3)
    assert (found[:38, :, 0] > found[:38, :, 2] + 50).all()
    assert (found[42:, :, 2] > found[42:, :, 0] + 50).all()


class Blind(Explainer):
    """Maps that know nothing."""

    def evidence(self, scene, number):
        return np.random.default_rng(int(scene.views["images"].sum())).random((24, 24)).astype(np.float32)


def test_the_check_tells_maps_that_mark_from_maps_that_do_not(explainers):
    spots = np.random.default_rng(0).integers(0, 70, (16, 2))
    pictures = [planted(int(top), int(left)) for top, left in spots]
    marks = summarise(cover_many(explainers["gradients"], pictures, seed=0))
    assert marks["marks_what_decides"] is True
    assert marks["n"] == 16
    assert marks["marked"]["value"] > 0.8
    assert marks["difference"]["low"] > 0.3
    assert words(marks).startswith("The maps mark what decides")
    blind = summarise(
        cover_many(Blind(explainers["gradients"].predictor, occlusion_only=True), pictures, seed=0)
    )
    assert blind["marks_what_decides"] is False
    assert blind["difference"]["low"] <= 0
    assert words(blind).startswith("The maps do not mark what decides")


def test_the_check_ends_when_its_time_is_up_and_claims_nothing(explainers):
    found = summarise(cover_many(explainers["gradients"], [planted(0, 0)] * 3, seed=0, seconds=-1))
    assert found["n"] == 0
    assert found["marks_what_decides"] is None
    assert found["marked"]["value"] is None
    assert "Too few" in words(found)
