"""The detail net: it finds one small detail anywhere, its graph agrees with it, augmentation keeps what it says."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tellapart.backbones.features import session
from tellapart.backbones.graph import Graph
from tellapart.members.augment import augment
from tellapart.members.canvases import Canvases
from tellapart.members.detail_net import DetailNet, Schedule, logits, train
from tellapart.members.policy import Policy


def dots(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Noise; in class 1 with a 2 x 2 px dot somewhere."""
    rng = np.random.default_rng(seed)
    images = rng.integers(80, 140, (n, 48, 48, 1), dtype=np.uint8).repeat(3, axis=3)
    labels = np.arange(n) % 2
    for image, label in zip(images, labels, strict=True):
        row, column = rng.integers(4, 42, 2)
        if label:
            image[row : row + 3, column : column + 3] = 255
    return images, labels


@pytest.fixture(scope="module")
def canvases(tmp_path_factory):
    images, labels = dots(240, 0)
    file = tmp_path_factory.mktemp("canvases") / "c.u8"
    file.write_bytes(images.tobytes())
    return Canvases(file, 48, 48), images, labels


@pytest.fixture(scope="module")
def net(canvases):
    torch.set_num_threads(2)
    store, _, labels = canvases
    schedule = Schedule(150, Policy(mirror=True, turns=True), (1.0, 1.0))
    return train(store, np.arange(160), labels, schedule, seed=0)


def test_finds_a_small_detail_anywhere(net, canvases):
    store, _, labels = canvases
    found = logits(net, store, np.arange(160, 240)).argmax(1)
    assert np.mean(found == labels[160:]) > 0.95


def test_the_same_seed_trains_the_same_net_and_another_one_another(canvases):
    store, _, labels = canvases
    torch.set_num_threads(2)
    schedule = Schedule(20, Policy(mirror=True, turns=True), (1.0, 1.0))
    one, same, other = (
        logits(train(store, np.arange(160), labels, schedule, seed=seed), store, np.arange(200))
        for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(one, same)
    assert not np.array_equal(one, other)


def test_graph_agrees_with_the_net(net, canvases):
    store, images, _ = canvases
    graph = Graph("g")
    model = graph.model({"logits": (net.write(graph, graph.images("images")), 2)})
    found = session(model).run(None, {"images": images[:20]})[0]
    np.testing.assert_allclose(found, logits(net, store, np.arange(20)), atol=1e-3)


def test_take_reads_what_was_written(canvases):
    store, images, _ = canvases
    np.testing.assert_array_equal(store.take(np.array([7, 0, 239])), images[[7, 0, 239]])


@pytest.mark.parametrize(
    "policy", [Policy(True, True, 0, 0), Policy(True, False, 0, 0), Policy(False, False, 0, 0)]
)
def test_turns_and_mirrorings_only_move_pixels(policy):
    images = torch.randint(0, 256, (64, 3, 12, 12), dtype=torch.uint8)
    changed = augment(images, policy, torch.Generator().manual_seed(1))
    assert torch.equal(changed.flatten(2).sort(2).values, images.float().flatten(2).sort(2).values)
    same = sum(torch.equal(a, b) for a, b in zip(changed, images.float(), strict=True))
    kinds = 8 if policy.turns else 2 if policy.mirror else 1
    assert same == 64 if kinds == 1 else 64 / kinds / 3 < same < 3 * 64 / kinds


def test_mirrorings_alone_never_turn():
    column = torch.zeros((32, 3, 8, 8), dtype=torch.uint8)
    column[:, :, 0, 0] = 255  # top left; a mirroring may bring it to the top right only
    changed = augment(column, Policy(True, False, 0, 0), torch.Generator().manual_seed(0))
    assert changed[:, :, 1:].abs().sum() == 0


def test_a_shift_uncovers_the_edge_not_black():
    images = torch.full((16, 3, 32, 32), 200, dtype=torch.uint8)
    assert augment(images, Policy(False, False, 0.25, 0), torch.Generator().manual_seed(0)).min() == 200


def test_is_small():
    assert sum(p.numel() for p in DetailNet(2, np.zeros(3), np.ones(3)).parameters()) == pytest.approx(
        109_000, rel=0.02
    )
