"""Features averaged over mirror images: taken where the folds show a gain, and the same in the model file."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from tellapart.backbones.features import Backbone, session
from tellapart.backbones.graph import Graph
from tellapart.members.extraction import extract
from tellapart.members.head import Linear, fit_axes
from tellapart.members.member import Fitted, Job
from tellapart.members.probe import fit_probe, write_probe
from tellapart.members.scores import little_loss
from tellapart.members.sight import MIRRORINGS, Sight
from tellapart.pictures.features import JoinedFeatures, MeanFeatures, StoredFeatures
from tellapart.pictures.read import read_pictures
from tellapart.pictures.store import decode_all
from tellapart.pipeline import look_further
from tellapart.plan import BOTH_WAYS, LARGER, SECOND, SIDEWAYS, Plan, Setting, probe_looks
from tellapart.progress import Quiet
from tellapart.split import Split, cross_validate

COUNT, SIDE, CELL = 80, 32, 4


def grid_backbone(cell: int = CELL) -> Backbone:
    """The brightness of 8 x 8 cells, or of larger ones: what is left stays left."""
    graph = Graph("cells")
    x = graph.channels_first(graph.images("images"))
    grey = graph.conv(
        x, np.full((1, 3, cell, cell), 1 / (3 * cell * cell)), np.zeros(1), stride=cell, pads=[0] * 4
    )
    width = (SIDE // cell) ** 2
    model = graph.model({"features": (graph.op("Flatten", grey), width)})
    return Backbone("cells", "", "", model, SIDE * SIDE, SIDE, width, width)


def edge_backbone() -> Backbone:
    """How much the brightness of the channels changes from pixel to pixel, down and across."""
    graph = Graph("edges")
    kernels = np.array([[[1, 1], [-1, -1]], [[1, -1], [1, -1]]]) / 12
    x = graph.channels_first(graph.images("images"))
    edges = graph.relu6(graph.conv(x, np.repeat(kernels[:, None], 3, 1), np.zeros(2), stride=1, pads=[0] * 4))
    model = graph.model({"features": (graph.mean(edges), 2)})
    return Backbone("edges", "", "", model, SIDE * SIDE, 16, 2, 2)


def make_job(
    tmp_path,
    draw,
    seconds: float = 1e6,
    looks: Sequence[str] = (SIDEWAYS, BOTH_WAYS),
    side: int = SIDE,
    members: Sequence[str] = ("probe",),
) -> Job:
    rng = np.random.default_rng(0)
    for number in range(COUNT):
        file = tmp_path / "pictures" / "ab"[number % 2] / f"{number:02d}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        pixels = np.clip(128 + draw(number % 2) + cells(rng, side), 0, 255).astype(np.uint8)
        Image.fromarray(np.repeat(pixels[..., None], 3, 2)).save(file)
    work = tmp_path / "work"
    work.mkdir()
    store, pictures = decode_all(read_pictures(tmp_path / "pictures"), work)
    parts = np.full(COUNT, "train", dtype="<U10")
    parts[::10], parts[1::10] = "test", "validation"
    folds = cross_validate(pictures.labels, parts, np.arange(COUNT), folds=4, repeats=1, seed=0)
    settings = {"probe.area_px": SIDE * SIDE, "probe.looks": list(looks), "members": list(members)}
    plan = Plan(
        {},
        tuple(Setting(k, v, "") for k, v in settings.items()),
        dict.fromkeys([*looks, "evaluate and report"], 30.0),
    )
    return Job(
        pictures, store, Split(parts, folds, "test"), plan, 0, work, time.monotonic() + seconds, Quiet()
    )


def cells(rng: np.random.Generator, side: int) -> np.ndarray:
    return np.kron(rng.normal(0, 20, (side // CELL, side // CELL)), np.ones((CELL, CELL)))


def everywhere(label: int) -> np.ndarray:
    """Brighter or darker as a whole: the same in every mirror."""
    return np.full((SIDE, SIDE), 3.0 if label else -3.0)


def sideways(label: int, most: float = 5.0) -> np.ndarray:
    """Brighter to the left or to the right: the mirror takes it away."""
    slope = np.tile(np.linspace(-most, most, SIDE), (SIDE, 1))
    return slope if label else -slope


def plainly_sideways(label: int) -> np.ndarray:
    return sideways(label, 30.0)


LARGE = SIDE * 3 // 2


def finely_striped(label: int) -> np.ndarray:
    """Stripes of one pixel each, faint, lying or standing: gone where the picture is reduced to two thirds."""
    stripes = np.tile(np.array([[4.0], [-4.0]]), (LARGE // 2, LARGE))
    return stripes if label else stripes.T


def fitted(job: Job, cell: int = CELL, backbone: Backbone | None = None) -> Fitted:
    backbone = backbone or grid_backbone(cell)
    file = job.work / "features.npy"
    return fit_probe(job, extract(backbone, SIDE * SIDE, job.store, file), backbone)


def test_mirror_images_are_looked_at_where_the_label_is_the_same_in_them(tmp_path):
    found = fitted(make_job(tmp_path, everywhere))
    assert f"looked at: {MIRRORINGS[2].words}, through cells" in found.words


def test_enlarged_pictures_are_looked_at_where_they_show_more(tmp_path):
    job = make_job(tmp_path, finely_striped, looks=[LARGER], side=LARGE)
    found = fitted(job, backbone=edge_backbone())
    assert f"with {LARGER} the out-of-fold log loss falls by" in found.words
    assert f"{MIRRORINGS[0].words}, at 1.5 times the usual side, through edges" in found.words
    assert (found.view.height, found.view.width) == (LARGE, LARGE)
    graph = Graph("model")
    assert found.write is not None
    model = graph.model({"logits": (found.write(graph, graph.images("images")), 2)})
    images = np.stack([found.view.apply(job.store[i]) for i in range(COUNT)])
    (answers,) = session(model).run(None, {"images": images})
    np.testing.assert_array_equal(answers.argmax(1), job.pictures.labels)


def test_enlarged_pictures_are_not_where_the_network_takes_one_size(tmp_path):
    job = make_job(tmp_path, finely_striped, looks=[LARGER], side=LARGE)
    found = fitted(job, backbone=replace(edge_backbone(), fixed_px=(SIDE, SIDE)))
    assert LARGER not in found.words


def test_what_follows_an_enlarged_picture_needs_as_much_more_time(tmp_path):
    job = make_job(tmp_path, finely_striped, seconds=60, looks=[LARGER, SIDEWAYS], side=LARGE)
    found = fitted(job, backbone=edge_backbone())
    assert f"no time for {SIDEWAYS}; looked at: {MIRRORINGS[0].words}, at 1.5 times" in found.words


def test_they_are_not_where_the_label_is_the_side(tmp_path):
    found = fitted(make_job(tmp_path, sideways))
    assert found.words.endswith(f"looked at: {MIRRORINGS[0].words}, through cells")
    assert f"with {SIDEWAYS} the out-of-fold log loss rises by" in found.words


def test_they_are_not_where_little_is_left_to_gain(tmp_path):
    found = fitted(make_job(tmp_path, plainly_sideways), cell=2)
    assert f"{SIDEWAYS} not tried: an out-of-fold log loss of 0.0" in found.words


@pytest.mark.parametrize(("counts", "expected"), [([50, 50], 0.02), ([30] * 5, 0.02), ([99, 1], 0.0016)])
def test_what_is_little_is_less_where_a_class_is_rare(counts, expected):
    assert little_loss(np.repeat(np.arange(len(counts)), counts)) == pytest.approx(expected, abs=1e-4)


def test_without_time_they_are_left_out(tmp_path):
    found = fitted(make_job(tmp_path, everywhere, seconds=0))
    assert f"no time for {SIDEWAYS}; looked at: {MIRRORINGS[0].words}" in found.words


def looks_cut(job: Job) -> Job:
    """Return the job with the looks that did not fit into the time, as a plan notes them: the last was cut first."""
    settings = tuple(
        replace(one, value=[]) if one.name == "probe.looks" else one for one in job.plan.settings
    )
    notes = tuple({"what": name, "why": "", "seconds": 30.0} for name in (BOTH_WAYS, SIDEWAYS))
    return replace(job, plan=replace(job.plan, settings=settings, quoted_seconds={}, left_out=notes))


def test_what_was_cut_is_looked_at_when_time_is_left_after_all(tmp_path):
    job = make_job(tmp_path, everywhere)
    plain = fitted(looks_cut(job))
    assert f"looked at: {MIRRORINGS[0].words}" in plain.words
    assert plain.widened is not None
    later, at_once = plain.widened(job), fitted(job)
    assert later.words == at_once.words
    np.testing.assert_array_equal(later.logits, at_once.logits)
    assert later.seconds >= plain.seconds
    assert later.widened is at_once.widened is None


def test_where_it_is_poor_the_nets_come_first(tmp_path):
    at_once = fitted(
        make_job(tmp_path / "alone", finely_striped, looks=[LARGER], side=LARGE), backbone=edge_backbone()
    )
    job = make_job(tmp_path / "with", finely_striped, looks=[LARGER], side=LARGE, members=("probe", "detail"))
    found = fitted(job, backbone=edge_backbone())
    assert found.words.endswith(f"looked at: {MIRRORINGS[0].words}, through edges")
    assert found.waiting_seconds == 30
    (later,) = look_further(job, [found])
    np.testing.assert_array_equal(later.logits, at_once.logits)
    # Not where a net leaves nothing to gain.
    sure = replace(found, logits=10 * np.eye(2)[job.pictures.labels], widened=None)
    kept, _ = look_further(job, [found, sure])
    assert kept is found


def test_where_it_does_well_they_do_not(tmp_path):
    job = make_job(tmp_path, plainly_sideways, looks=[SIDEWAYS], members=("probe", "detail"))
    found = fitted(job)
    assert found.waiting_seconds == 0
    assert found.widened is None


def test_without_time_what_was_cut_stays_so(tmp_path):
    job = looks_cut(make_job(tmp_path, everywhere))
    plain = fitted(job)
    assert plain.widened is not None
    found = plain.widened(replace(job, deadline=time.monotonic()))
    assert f"no time for {SIDEWAYS}; looked at: {MIRRORINGS[0].words}" in found.words
    np.testing.assert_array_equal(found.logits, plain.logits)


@pytest.mark.parametrize("mirroring", MIRRORINGS)
def test_the_graph_gives_the_mean_of_the_mirror_images(mirroring):
    backbone, rng = grid_backbone(), np.random.default_rng(1)
    images = rng.integers(0, 256, (3, SIDE, 2 * SIDE, 3), dtype=np.uint8)
    graph = Graph("mirrored")
    features = Sight((backbone,), mirroring).write(graph, graph.images("images"))
    run = session(graph.model({"features": (features, 0)})).run
    alone = session(backbone.model).run
    expected = np.mean(
        [
            alone(None, {"images": np.flip(images, [axis + 1 for axis in axes])})[0]
            for axes in mirroring.reversed_axes
        ],
        axis=0,
    )
    np.testing.assert_allclose(run(None, {"images": images})[0], expected, rtol=1e-5)


def test_a_network_that_is_used_again_is_not_stored_again():
    sizes = []
    for mirroring in (MIRRORINGS[0], MIRRORINGS[2]):
        graph = Graph("mirrored")
        Sight((grid_backbone(),), mirroring).write(graph, graph.images("images"))
        sizes.append(sum(len(one.raw_data) for one in graph.constants if "cells" in one.name))
    assert sizes[0] == sizes[1] > 0


def test_the_model_answers_as_the_folds_were_scored(tmp_path):
    """What was fitted on all pictures, written as a graph, agrees with its features beside it."""
    job = make_job(tmp_path, everywhere)
    found = fitted(job)
    graph = Graph("model")
    assert found.write is not None
    logits = found.write(graph, graph.images("images"))
    opened = session(graph.model({"logits": (logits, 2)}))
    images = np.stack([job.store[i] for i in range(COUNT)])
    (answers,) = opened.run(None, {"images": images})
    (turned,) = opened.run(None, {"images": images[:, ::-1, ::-1]})
    np.testing.assert_allclose(answers, turned, atol=1e-4)
    test = job.split.indices("test")
    assert np.mean(answers[test].argmax(1) == job.pictures.labels[test]) >= 0.75


def test_features_of_two_networks_stand_with_the_deepest_last(tmp_path):
    """The first keeps 3 of 64 columns for its deepest map, the second 2; the graph gives them network by network."""
    networks = tuple(replace(grid_backbone(), deepest=deepest) for deepest in (3, 2))
    rng = np.random.default_rng(3)
    tables = [rng.normal(size=(4, 64)).astype(np.float32) for _ in networks]
    for number, table in enumerate(tables):
        np.save(tmp_path / f"{number}.npy", table)
    sight = Sight(networks)
    joined = JoinedFeatures(tuple(StoredFeatures(tmp_path / f"{n}.npy") for n in (0, 1)), sight.order())
    rows = joined[np.arange(4)]
    assert (joined.shape, len(joined), sight.deepest) == ((4, 128), 4, 5)
    np.testing.assert_array_equal(rows[:, -5:], np.hstack([tables[0][:, -3:], tables[1][:, -2:]]))
    np.testing.assert_array_equal(rows[:, :61], tables[0][:, :61])
    np.testing.assert_array_equal(rows[:, np.argsort(sight.order())], np.hstack(tables))


def test_the_graph_of_two_networks_answers_as_their_features_do():
    """Two networks whose cells differ, each with its own deepest columns: the head finds every column again."""
    networks = tuple(replace(grid_backbone(step), deepest=deepest) for step, deepest in ((4, 3), (8, 2)))
    rng, sight = np.random.default_rng(4), Sight(networks)
    images = rng.integers(0, 256, (20, SIDE, SIDE, 3), dtype=np.uint8)
    side_by_side = [session(one.model).run(None, {"images": images})[0] for one in networks]
    features = np.hstack(side_by_side)[:, sight.order()]
    axes = fit_axes(features, features.shape[1] - sight.deepest)
    linear = Linear(rng.normal(size=(axes.axes_DR.shape[1], 2)).astype(np.float32), np.zeros(2, np.float32))
    graph = Graph("model")
    logits = write_probe(graph, graph.images("images"), sight, axes, linear)
    (found,) = session(graph.model({"logits": (logits, 2)})).run(None, {"images": images})
    np.testing.assert_allclose(found, linear.logits(axes.apply(features)), atol=1e-3)


def test_a_second_network_stands_beside_the_built_in_one_alone():
    assert list(probe_looks("efficientnet-lite0")) == [LARGER, SECOND, SIDEWAYS, BOTH_WAYS]
    assert SECOND not in probe_looks("some/other.onnx")
    assert [one.name for one in Sight((grid_backbone(),)).wider(SECOND).networks] == ["cells", SECOND]


def test_means_are_made_of_the_rows_asked_for(tmp_path):
    rng = np.random.default_rng(2)
    arrays = [rng.normal(size=(300, 5)).astype(np.float32) for _ in range(3)]
    tables = []
    for number, array in enumerate(arrays):
        np.save(tmp_path / f"{number}.npy", array)
        tables.append(StoredFeatures(tmp_path / f"{number}.npy"))
    mean = MeanFeatures(tuple(tables))
    assert (len(mean), mean.shape) == (300, (300, 5))
    at = np.array([299, 0, 7])
    np.testing.assert_allclose(mean[at], np.mean([a[at] for a in arrays], axis=0), rtol=1e-5)
