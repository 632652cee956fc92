"""The pretrained EfficientNet-Lite0 with a head on mean **and** maximum of its last map, tuned end to end.

The head is fitted first, on the frozen network: a random one would at once spoil what the layers below have learnt
(Kumar et al. 2022, arXiv 2202.10054). Then all layers learn, the slower the nearer they are to the pixels (Howard and
Ruder 2018, arXiv 1801.06146), and what is kept is the running average of their weights (Izmailov et al. 2018, arXiv
1803.05407). Batch norms keep the statistics of the pretraining: those of 16 pictures are too noisy.
Shapes: pictures uint8 (N, H, W, 3), float (N, C, H, W) inside, sides multiples of 32; labels (N,) int; logits (N, K).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from tellapart.backbones.graph import Graph
from tellapart.backbones.lite import Lite, load_lite, write_maps
from tellapart.members.augment import augment
from tellapart.members.canvases import Canvases
from tellapart.members.detail_net import Schedule, batches
from tellapart.members.group import Group
from tellapart.members.head import CLIP, Axes, Linear
from tellapart.tuning_plan import BATCH, REPORTS

PEAK_RATE = 1e-4
"""Of the head and the last convolution; one cycle of AdamW. Three times as much overfits few pictures: on 80 ants and
bees at 128 px the held-out log loss fell to .29 after 25 of 50 steps and rose to .48; with this, 30 steps gave .30."""
PER_BLOCK = 0.8  # times the rate of the block after it: the first layers learn at a thirtieth
WEIGHT_DECAY = 0.01  # AdamW's default
WARM_UP = 0.2  # share of the steps in which the rate rises
AVERAGED = 0.1  # share of the steps over which the running average reaches back


class TunedNet(nn.Module):
    """Lite0, then standardised and clipped as the probe's features are, then a linear head.

    Parameters
    ----------
    axes, linear
        The head as it was fitted on the pooled features (N, 2D) of the frozen network.
    """

    mean: torch.Tensor
    scale: torch.Tensor

    def __init__(self, axes: Axes, linear: Linear) -> None:
        super().__init__()
        self.lite = load_lite()
        self.register_buffer("mean", torch.from_numpy(axes.mean_D.copy()))
        # A constant column, whose scale is infinite, says nothing.
        self.register_buffer("scale", torch.from_numpy(1 / axes.scale_D))
        weight = axes.axes_DR @ linear.weight_RK
        self.head = nn.Linear(*weight.shape)
        with torch.no_grad():
            self.head.weight.copy_(torch.from_numpy(np.ascontiguousarray(weight.T)))
            self.head.bias.copy_(torch.from_numpy(linear.bias_K))

    def forward(self, images_NCHW: torch.Tensor) -> torch.Tensor:
        """Float pictures, 0 to 255 -> (N, K) logits."""
        standard = (pool(self.lite(images_NCHW)) - self.mean) * self.scale
        return self.head(standard.clamp(-CLIP, CLIP))

    def write(self, graph: Graph, images: str) -> str:
        """Write the net to `graph`; return the name of its (N, K) logits."""
        x = write_maps(graph, graph.channels_first(images), self.lite)[-1]
        pooled = graph.op("Concat", graph.mean(x), graph.maximum(x), axis=1)
        mean, scale = self.mean.numpy(), self.scale.numpy()
        standard = graph.affine(pooled, scale, -mean * scale)
        low, high = (graph.constant(np.array(value, dtype=np.float32)) for value in (-CLIP, CLIP))
        clipped = graph.op("Clip", standard, low, high)
        return graph.linear(clipped, self.head.weight.detach().numpy().T, self.head.bias.detach().numpy())


def pool(x: torch.Tensor) -> torch.Tensor:
    """(N, C, h, w) -> (N, 2C): mean and maximum."""
    return torch.cat([x.mean((2, 3)), x.amax((2, 3))], 1)


def layered(net: TunedNet) -> list[dict[str, Any]]:
    """Return AdamW's groups: rates fall from the head towards the pixels; biases and norms are not decayed."""
    lite, groups = net.lite, []
    depths: list[list[nn.Module]] = [
        [net.head],
        [lite.conv_head, lite.bn1],
        *([block] for block in reversed(lite.blocks)),
        [lite.conv_stem, lite.bn0],
    ]
    for depth, modules in enumerate(depths):
        rate = PEAK_RATE * PER_BLOCK ** max(0, depth - 1)
        parameters = [one for module in modules for one in module.parameters()]
        matrices = [one for one in parameters if one.ndim > 1]
        vectors = [one for one in parameters if one.ndim == 1]
        groups.append({"params": matrices, "lr": rate, "weight_decay": WEIGHT_DECAY})
        groups.append({"params": vectors, "lr": rate, "weight_decay": 0.0})
    return groups


def tune(
    net: TunedNet,
    canvases: Canvases,
    chosen: np.ndarray,
    labels: np.ndarray,
    schedule: Schedule,
    seed: int,
    report: Callable[[int, float, TunedNet], None] = lambda _step, _loss, _net: None,
    go_on: Callable[[int], bool] = lambda _: True,
) -> TunedNet | None:
    """Tune a net whose head is fitted; return the average of its weights, or None where `go_on` said no.

    Parameters
    ----------
    net
        Is changed.
    canvases, chosen, labels
        The pictures, the indices to train on, and the (N,) labels of all.
    schedule, seed
        How, and the seed of order and augmentation.
    report
        Called `REPORTS` times with the steps done, the mean training loss since the last call and the averaged net.
    go_on
        Asked after each step, with the steps done.
    """
    group, generator = Group(), torch.Generator().manual_seed(seed)
    torch.manual_seed(seed)
    net = net.to(memory_format=torch.channels_last).eval()  # type: ignore[call-overload]  # frozen statistics
    groups, steps = layered(net), schedule.steps
    optimiser = torch.optim.AdamW(groups)
    cycle = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, [group["lr"] for group in groups], total_steps=max(2, steps), pct_start=WARM_UP
    )
    averaged = AveragedModel(net, multi_avg_fn=get_ema_multi_avg_fn(1 - 1 / max(2.0, AVERAGED * steps)))
    kept = averaged.module
    assert isinstance(kept, TunedNet)  # noqa: S101 - for the type checker
    weights = torch.tensor(schedule.class_weights, dtype=torch.float32)
    targets, losses = torch.from_numpy(labels), []
    joined = group.joined(net)
    for step, batch in enumerate(batches(chosen, steps, generator), start=1):
        images = torch.from_numpy(canvases.take(batch)).permute(0, 3, 1, 2)
        images = augment(images, schedule.policy, generator, group.own)
        logits_nK = joined(images.to(memory_format=torch.channels_last))
        loss, value = group.loss(logits_nK, targets[batch], weights)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        cycle.step()
        averaged.update_parameters(net)
        losses.append(value)
        if not group.agree(go_on(step)):
            return None
        if group.first and step * REPORTS // steps > (step - 1) * REPORTS // steps:
            report(step, float(np.mean(losses)), kept)
            losses.clear()
    with torch.no_grad():
        kept.head.bias.sub_(weights.log())  # so that its probabilities speak of the classes' own shares
    return kept.eval()


def logits(net: TunedNet, canvases: Canvases, chosen: np.ndarray) -> np.ndarray:
    """Return (n, K) float32 logits of the pictures at `chosen`."""
    found = list(rows_of(net, canvases, chosen))
    return np.concatenate([np.empty((0, net.head.out_features), dtype=np.float32), *found])


def frozen_rows(
    lite: Lite, canvases: Canvases, chosen: np.ndarray, change: Callable[[torch.Tensor], torch.Tensor]
) -> Iterator[np.ndarray]:
    """Yield (n, 2D) pooled features of the frozen network for the pictures at `chosen`, changed by `change`."""
    return rows_of(lambda images: pool(lite(change(images))), canvases, chosen)


def rows_of(
    function: Callable[[torch.Tensor], torch.Tensor], canvases: Canvases, chosen: np.ndarray
) -> Iterator[np.ndarray]:
    """Yield what `function` makes of each batch of float pictures."""
    for start in range(0, len(chosen), BATCH):
        with torch.inference_mode():
            images = torch.from_numpy(canvases.take(chosen[start : start + BATCH])).permute(0, 3, 1, 2)
            rows = function(images.float().to(memory_format=torch.channels_last)).numpy()
        yield rows
