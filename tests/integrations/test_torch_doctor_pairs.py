"""Faults that the live doctor of PyTorch names, each beside its healthy twin, of which it says nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
import torch
from torch import nn
from torch.utils.data import Dataset

from .test_torch_doctor import drawn, net, of_one, watched

X, Y = drawn(96, 1)
V, W = drawn(48, 2)
X3, Y3 = drawn(96, 3, classes=3)
V3, W3 = drawn(48, 4, classes=3)
ALL, LABELS = torch.cat([X, V]), torch.cat([Y, W])
IN_ORDER = torch.argsort(LABELS, stable=True)


class Pairs(Dataset[tuple[torch.Tensor, torch.Tensor]]):
    """The training pictures with their own labels, or with those of any other."""

    def __init__(self, mixed: bool) -> None:
        self.mixed = mixed

    def __len__(self) -> int:
        return len(X)

    def __getitem__(self, at: int) -> tuple[torch.Tensor, torch.Tensor]:
        return X[at], Y[torch.randint(len(X), ()).item() if self.mixed else at]


def deep(bend: Callable[[], nn.Module]) -> nn.Sequential:
    torch.manual_seed(0)
    layers: list[nn.Module] = [nn.Flatten(), nn.Linear(432, 16), bend()]
    for _ in range(6):
        layers += [nn.Linear(16, 16), bend()]
    return nn.Sequential(*layers, nn.Linear(16, 2))


def with_bias(value: float) -> nn.Sequential:
    model = net()
    nn.init.constant_(model[0].bias, value)
    return model


def starting_at(spread: float) -> nn.Sequential:
    model = net()
    nn.init.normal_(model[-1].weight, std=spread)
    return model


def far_off(by: float, momentum: float) -> nn.Sequential:
    model = net(normalised=True)
    model[1].momentum = momentum
    model[1].running_mean += by
    return model


def detached(out: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    return nn.functional.cross_entropy(out.detach().requires_grad_(), labels)


def channels_last(channels: int) -> nn.Sequential:
    torch.manual_seed(0)
    model = net()
    model[0] = nn.Conv2d(channels, 8, 3, padding=1)
    return model


@dataclass(frozen=True)
class Pair:
    """A network and how it is trained, with the fault and without."""

    faulty: Callable[[], nn.Module]
    healthy: Callable[[], nn.Module] = net
    how: dict[str, Any] = field(default_factory=dict)
    twin: dict[str, Any] = field(default_factory=dict)


NHWC = {"x": X.permute(0, 2, 3, 1).contiguous(), "v": V.permute(0, 2, 3, 1).contiguous()}
THREE = {"x": X3, "y": Y3, "v": V3, "w": W3}
PAIRS = {
    "arch.linear_only": Pair(
        lambda: nn.Sequential(nn.Flatten(), nn.Linear(432, 8), nn.Linear(8, 2)),
        lambda: nn.Sequential(nn.Flatten(), nn.Linear(432, 8), nn.ReLU(), nn.Linear(8, 2)),
        {"rate": 0.002},
        {"rate": 0.01},  # learns at once: slower, it still gives one answer when few epochs are looked at
    ),
    "arch.wrong_output_width": Pair(
        lambda: net(1), lambda: net(3), THREE | {"loss": of_one(nn.BCEWithLogitsLoss())}, THREE
    ),
    "arch.dead_units": Pair(lambda: with_bias(-100.0), lambda: with_bias(0.1)),
    "arch.saturating_activations": Pair(
        lambda: deep(nn.Sigmoid), lambda: deep(nn.ReLU), {"rate": 1e-3}, {"rate": 0.01}
    ),
    "arch.batchnorm_mode": Pair(
        lambda: far_off(3.0, 0.0), lambda: far_off(0.0, 0.1), {"epochs": 6}, {"epochs": 6}
    ),
    "regularisation.dropout_on_output": Pair(lambda: net(2, nn.Dropout(0.5))),
    "optimizer.bad_initialisation": Pair(
        lambda: starting_at(100.0), lambda: starting_at(0.1), {"rate": 1e-3, "epochs": 1}
    ),
    "loop.detached_loss": Pair(net, how={"loss": detached}),
    "label.misaligned": Pair(net, how={"data": Pairs(mixed=True)}, twin={"data": Pairs(mixed=False)}),
    "prep.channel_order": Pair(lambda: channels_last(12), lambda: channels_last(3), NHWC),
    "split.ordered": Pair(
        net,
        how={
            "x": ALL[IN_ORDER][:80],
            "y": LABELS[IN_ORDER][:80],
            "v": ALL[IN_ORDER][80:],
            "w": LABELS[IN_ORDER][80:],
        },
    ),
    "loss.does_not_fit_output": Pair(
        lambda: net(1), how={"loss": lambda out, y: nn.CrossEntropyLoss()(out, torch.zeros_like(y))}
    ),
}


@pytest.mark.parametrize("code", PAIRS)
def test_a_fault_is_said_and_its_twin_is_not_blamed(code):
    pair = PAIRS[code]
    assert code in watched(pair.faulty(), **pair.how)
    assert watched(pair.healthy(), **pair.twin) == []
