"""Nets that two processes train together are those that one trains, but for rounding."""

from __future__ import annotations

import json
import multiprocessing
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import distributed

from tellapart.members.canvases import Canvases
from tellapart.members.detail_net import Schedule, train
from tellapart.members.head import Axes, Linear
from tellapart.members.policy import POLICIES
from tellapart.members.tuned_net import TunedNet, tune

N, SIDE, PROCESSES = 32, 64, 2
WIDE = 2 * 1280  # features of the network, mean and maximum
SCHEDULE = Schedule(4, POLICIES["mirrorings"], (1.0, 3.0))
LABELS = np.arange(N) % 2


def with_head() -> TunedNet:
    axes = Axes(np.zeros(WIDE, np.float32), np.ones(WIDE, np.float32), np.eye(WIDE, 8, dtype=np.float32))
    return TunedNet(axes, Linear(np.full((8, 2), 0.01, np.float32), np.zeros(2, np.float32)))


def trained(canvases: Canvases, reported: list[tuple[int, float]]) -> dict[str, dict[str, np.ndarray]]:
    """Return the weights of both nets, and note each step that was reported."""
    torch.set_num_threads(1)
    chosen = np.arange(N)
    detail = train(canvases, chosen, LABELS, SCHEDULE, 7, lambda step, loss, _: reported.append((step, loss)))
    tuned = tune(with_head(), canvases, chosen, LABELS, SCHEDULE, 7)
    assert tuned is not None
    nets = {"detail": detail, "finetune": tuned}
    return {
        name: {key: value.numpy() for key, value in net.state_dict().items()} for name, net in nets.items()
    }


def beside(rank: int, folder: Path) -> None:
    distributed.init_process_group("gloo", f"file://{folder}/meet", rank=rank, world_size=PROCESSES)
    canvases = Canvases(folder / "pictures.u8", SIDE, SIDE)
    reported: list[tuple[int, float]] = []
    for name, weights in trained(canvases, reported).items():
        np.savez(folder / f"{name}-{rank}.npz", **weights)
    late = tune_until(canvases, 3 if rank else 2)
    (folder / f"said-{rank}").write_text(json.dumps([reported, late]))
    distributed.destroy_process_group()


def tune_until(canvases: Canvases, last: int) -> bool:
    """Return whether the training ends for a process although another's clock alone said so."""
    return (
        tune(with_head(), canvases, np.arange(N), LABELS, SCHEDULE, 7, go_on=lambda step: step < last) is None
    )


def test_two_processes_train_the_net_that_one_trains(tmp_path):
    drawn = np.random.default_rng(0).integers(0, 256, (N, SIDE, SIDE, 3), dtype=np.uint8)
    (tmp_path / "pictures.u8").write_bytes(drawn.tobytes())
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=beside, args=(rank, tmp_path)) for rank in range(PROCESSES)]
    for one in processes:
        one.start()
    reported: list[tuple[int, float]] = []
    before = torch.get_num_threads()
    alone = trained(Canvases(tmp_path / "pictures.u8", SIDE, SIDE), reported)
    torch.set_num_threads(before)
    for one in processes:
        one.join()
        assert one.exitcode == 0
    for name, weights in alone.items():
        for rank in range(PROCESSES):
            with np.load(tmp_path / f"{name}-{rank}.npz") as found:
                off = np.concatenate([abs(found[key] - value).ravel() for key, value in weights.items()])
                # AdamW divides by the gradient: of a few that are rounding alone it makes whole steps. Batch norms
                # with statistics of each process's own would leave .004 here.
                assert np.quantile(off, 0.9) < 1e-4, name
    # The first alone reports, and all end where one has no time left.
    said = [json.loads((tmp_path / f"said-{rank}").read_text()) for rank in range(PROCESSES)]
    assert np.array(said[0][0]) == pytest.approx(np.array(reported), rel=5e-3)
    assert (said[0][1], said[1]) == (True, [[], True])
