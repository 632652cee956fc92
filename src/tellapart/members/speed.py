"""A short calibration on this machine, so that time can be quoted before it is spent."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from tellapart.backbones.features import Backbone, session
from tellapart.pictures.store import PictureStore
from tellapart.plan import Speed, canvas, detail_sides, probe_area
from tellapart.tuning_plan import tuning_canvas, tuning_sides

STEPS = 3  # the fastest counts: the first warms up, and others may use the machine


def measure_speed(
    found: dict[str, Any],
    store: PictureStore,
    backbone: Backbone,
    members: Sequence[str],
    read_seconds: float,
) -> Speed:
    """Time the backbone on a batch of pictures, and nets that are trained on a few steps at their smallest size."""
    feature = (
        time_backbone(backbone, probe_area(store.facts, backbone.area_px), store)
        if "probe" in members
        else 0.0
    )
    steps: dict[int, float] = {}
    if "detail" in members:
        sides = detail_sides(found)
        first = time_detail(canvas(found, sides[0]))
        steps = {side: first * (side / sides[0]) ** 2 for side in sides}
    tuning: dict[int, float] = {}
    if "finetune" in members:
        sides = tuning_sides(found)
        first = time_tuning(tuning_canvas(found, sides[0]))
        tuning = {side: first * (side / sides[0]) ** 2 for side in sides}
    return Speed(feature, steps, read_seconds, tuning)


def time_backbone(backbone: Backbone, area_px: int, store: PictureStore) -> float:
    """Return the seconds that features of one picture take, seen at about `area_px`."""
    from tellapart.members.extraction import BATCH, view_of

    engine, view = session(backbone.model), view_of(backbone, area_px)
    one = view.apply(store[0])
    batch = np.stack([one] * BATCH)
    seconds = []
    for _ in range(STEPS):
        began = time.perf_counter()
        engine.run(None, {"images": batch})
        seconds.append(time.perf_counter() - began)
    return min(seconds) / BATCH


def time_detail(size: tuple[int, int]) -> float:
    """Return the seconds of one training step of the detail net on pictures of this height and width, px."""
    import torch

    from tellapart.members.detail_net import BATCH, DetailNet

    net = DetailNet(2, np.zeros(3), np.ones(3))
    batch = torch.zeros((BATCH, 3, *size))
    seconds = []
    for _ in range(STEPS):
        began = time.perf_counter()
        net(batch).sum().backward()
        seconds.append(time.perf_counter() - began)
    return min(seconds)


def time_tuning(size: tuple[int, int]) -> float:
    """Return the seconds of one step of tuning the pretrained network on pictures of this height and width, px."""
    import torch

    from tellapart.backbones.lite import load_lite
    from tellapart.tuning_plan import BATCH

    net = load_lite().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimiser = torch.optim.AdamW(net.parameters(), lr=0.0)
    batch = torch.zeros((BATCH, 3, *size)).to(memory_format=torch.channels_last)
    seconds = []
    for _ in range(STEPS):
        began = time.perf_counter()
        optimiser.zero_grad()
        net(batch).sum().backward()
        optimiser.step()
        seconds.append(time.perf_counter() - began)
    return min(seconds)
