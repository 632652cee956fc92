"""A small fully convolutional net for small decisive details, trained from scratch.

Mean **and** maximum of the last map go to the head: one place in the picture may decide alone (the maximum), or
its texture as a whole (the mean). On the pellets set the mean alone stays at a coin toss (issue 1).
Shapes: pictures uint8 (N, H, W, 3), float (N, C, H, W) inside; labels (N,) int; logits (N, K).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from tellapart.backbones.graph import Graph, folded
from tellapart.members.augment import augment
from tellapart.members.canvases import Canvases
from tellapart.members.group import BatchNorm, Group
from tellapart.members.policy import Policy

LAYERS = ((16, 2), (16, 1), (32, 2), (32, 1), (64, 2), (64, 1), (64, 1))
"""Channels and stride of each 3x3 convolution: 109,000 weights; a cell of the last map sees 67 px."""

BATCH = 16
PEAK_RATE = 5e-3  # one-cycle maximum; reached 100 % on pellets within ten epochs (issue 1)
WEIGHT_DECAY = 0.01  # AdamW's default
REPORTS = 8  # points of a learning curve


class DetailNet(nn.Module):
    """Seven 3x3 convolutions with batch norm, then a linear head on mean and maximum."""

    mean: torch.Tensor
    deviation: torch.Tensor

    def __init__(self, classes: int, mean: np.ndarray, deviation: np.ndarray) -> None:
        super().__init__()
        self.register_buffer("mean", torch.tensor(mean, dtype=torch.float32).view(1, 3, 1, 1))
        self.register_buffer("deviation", torch.tensor(deviation, dtype=torch.float32).view(1, 3, 1, 1))
        convs, norms, channels = [], [], 3
        for out, stride in LAYERS:
            convs.append(nn.Conv2d(channels, out, 3, stride, padding=1, bias=False))
            norms.append(BatchNorm(out))
            channels = out
        self.convs, self.norms = nn.ModuleList(convs), nn.ModuleList(norms)
        self.head = nn.Linear(2 * channels, classes)

    def forward(self, images_NCHW: torch.Tensor) -> torch.Tensor:
        """Float pictures, 0 to 255 -> (N, K) logits."""
        x = (images_NCHW - self.mean) / self.deviation
        for conv, norm in zip(self.convs, self.norms, strict=True):
            x = functional.relu(norm(conv(x)))
        return self.head(torch.cat([x.mean((2, 3)), x.amax((2, 3))], 1))

    def write(self, graph: Graph, images: str) -> str:
        """Write the net to `graph`; return the name of its (N, K) logits."""
        mean, deviation = (b.detach().numpy().reshape(1, 3, 1, 1) for b in (self.mean, self.deviation))
        x = graph.affine(graph.channels_first(images), 1 / deviation, -mean / deviation)
        for conv, norm in zip(self.convs, self.norms, strict=True):
            assert isinstance(conv, nn.Conv2d)  # noqa: S101
            assert isinstance(norm, nn.BatchNorm2d)  # noqa: S101
            arrays = (conv.weight, norm.weight, norm.bias, norm.running_mean, norm.running_var)
            weight, gamma, beta, mean, variance = (a.detach().numpy() for a in arrays if a is not None)
            weight, bias = folded(weight, gamma, beta, mean=mean, variance=variance, epsilon=norm.eps)
            x = graph.op("Relu", graph.conv(x, weight, bias, stride=conv.stride[0], pads=(1, 1, 1, 1)))
        pooled = graph.op("Concat", graph.mean(x), graph.maximum(x), axis=1)
        return graph.linear(pooled, self.head.weight.detach().numpy().T, self.head.bias.detach().numpy())


@dataclass(frozen=True)
class Schedule:
    """How long and how the net is trained; see `plan` for the reasons.

    `class_weights` (K,) scale the loss of each class.
    """

    steps: int
    policy: Policy
    class_weights: tuple[float, ...]


def train(
    canvases: Canvases,
    chosen: np.ndarray,
    labels: np.ndarray,
    schedule: Schedule,
    seed: int,
    report: Callable[[int, float, DetailNet], None] = lambda _step, _loss, _net: None,
) -> DetailNet:
    """Train one net with AdamW and one cycle of the learning rate (Smith and Topin 2018, arXiv 1708.07120).

    Parameters
    ----------
    canvases, chosen, labels
        The pictures, the indices to train on, and the (N,) labels of all.
    schedule, seed
        How, and the seed of weights, order and augmentation.
    report
        Called `REPORTS` times with the steps done, the mean training loss since the last call and the net.
    """
    group, generator = Group(), torch.Generator().manual_seed(seed)
    torch.manual_seed(seed)
    sample = canvases.take(chosen[:: max(1, len(chosen) // 256)]).astype(np.float32)
    net = DetailNet(
        len(schedule.class_weights), sample.mean((0, 1, 2)), np.maximum(sample.std((0, 1, 2)), 1.0)
    )
    net = net.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimiser = torch.optim.AdamW(net.parameters(), lr=PEAK_RATE, weight_decay=WEIGHT_DECAY)
    cycle = torch.optim.lr_scheduler.OneCycleLR(optimiser, PEAK_RATE, total_steps=schedule.steps)
    weights = torch.tensor(schedule.class_weights, dtype=torch.float32)
    targets, losses = torch.from_numpy(labels), []
    net.train()
    joined = group.joined(net)
    for step, batch in enumerate(batches(chosen, schedule.steps, generator), start=1):
        images = torch.from_numpy(canvases.take(batch)).permute(0, 3, 1, 2)
        images = augment(images, schedule.policy, generator, group.own)
        logits_nK = joined(images.to(memory_format=torch.channels_last))
        loss, value = group.loss(logits_nK, targets[batch], weights)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        cycle.step()
        losses.append(value)
        if group.first and step * REPORTS // schedule.steps > (step - 1) * REPORTS // schedule.steps:
            report(step, float(np.mean(losses)), net)
            losses.clear()
            net.train()
    with torch.no_grad():
        net.head.bias -= weights.log()  # so that its probabilities speak of the classes' own shares
    return net.eval()


def batches(chosen: np.ndarray, steps: int, generator: torch.Generator) -> Iterator[np.ndarray]:
    """Yield `steps` batches of indices from shuffled passes; a last, smaller batch of a pass is left out."""
    n, size = len(chosen), min(BATCH, len(chosen))
    while True:
        for batch in torch.randperm(n, generator=generator)[: n // size * size].split(size):
            if steps == 0:
                return
            steps -= 1
            yield chosen[batch.numpy()]


def logits(net: DetailNet, canvases: Canvases, chosen: np.ndarray) -> np.ndarray:
    """Return (n, K) float32 logits of the pictures at `chosen`."""
    rows = [np.empty((0, net.head.out_features), dtype=np.float32)]
    net.eval()
    with torch.inference_mode():
        for start in range(0, len(chosen), 4 * BATCH):
            images = torch.from_numpy(canvases.take(chosen[start : start + 4 * BATCH])).permute(0, 3, 1, 2)
            rows.append(net(images.float().to(memory_format=torch.channels_last)).numpy())
    return np.concatenate(rows)
