"""The live doctor of PyTorch: what it says of planted faults, its silence, and that it changes nothing."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset, TensorDataset

from tellapart.errors import WrongKindError
from tellapart.torch import Doctor

from .pictures import pictures

Fault = tuple[nn.Module, dict[str, Any]]


def drawn(n: int, seed: int, classes: int = 2) -> tuple[torch.Tensor, torch.Tensor]:
    x, y = pictures(n, seed, classes)
    return torch.tensor(x).permute(0, 3, 1, 2).contiguous(), torch.tensor(y)


X, Y = drawn(96, 1)
V, W = drawn(48, 2)


def net(outputs: int = 2, *last: nn.Module, normalised: bool = False) -> nn.Sequential:
    torch.manual_seed(0)
    norm = [nn.BatchNorm2d(8)] if normalised else []
    pool = [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(0.3)]
    return nn.Sequential(nn.Conv2d(3, 8, 3), *norm, nn.ReLU(), *pool, nn.Linear(8, outputs), *last)


def fit(
    model: nn.Module,
    x: torch.Tensor = X,
    y: torch.Tensor = Y,
    v: torch.Tensor = V,
    w: torch.Tensor = W,
    *,
    loss: Callable[..., torch.Tensor] | None = None,
    rate: float = 0.02,
    epochs: int = 4,
    batch: int = 16,
    shuffle: bool = True,
    zero: bool = True,
    step: bool = True,
    evaluation: bool = True,
    optimizer: Any = torch.optim.Adam,
    data: Dataset[Any] | None = None,
    after: Callable[[], None] = lambda: None,
) -> None:
    loss = loss or nn.CrossEntropyLoss()
    steps = optimizer(model.parameters(), lr=rate)
    for _ in range(epochs):
        model.train()
        for a, b in DataLoader(data or TensorDataset(x, y), batch_size=batch, shuffle=shuffle):
            if zero:
                steps.zero_grad()
            loss(model(a), b).backward()
            if step:
                steps.step()
        if evaluation:
            model.eval()
        with torch.no_grad():
            for a, _ in DataLoader(TensorDataset(v, w), batch_size=24):
                model(a)
        after()


def watched(model: nn.Module, **options: Any) -> list[str]:
    doctor = Doctor(model, say=lambda words: None)
    with doctor:
        fit(model, **options)
    return [one.code for one in doctor.findings]


def by_class(labels: torch.Tensor) -> torch.Tensor:
    return torch.argsort(labels, stable=True)


def of_one(loss: nn.Module) -> Callable[..., torch.Tensor]:
    return lambda out, labels: loss(out[:, 0], labels.float())


def with_nan(pixels: torch.Tensor) -> torch.Tensor:
    pixels = pixels.clone()
    pixels[3, 0, 5, 5] = torch.nan
    return pixels


FAULTS: dict[str, Callable[[], Fault]] = {
    "output.softmax_one_unit": lambda: (net(1, nn.Softmax(dim=1)), {"loss": of_one(nn.BCELoss())}),
    "output.double_softmax": lambda: (net(2, nn.Softmax(dim=1)), {}),
    "output.logits_as_probabilities": lambda: (net(), {"loss": nn.NLLLoss()}),
    "output.wrong_activation": lambda: (net(2, nn.ReLU()), {}),
    "loss.bad_reduction": lambda: (net(), {"loss": nn.CrossEntropyLoss(reduction="sum")}),
    "prep.unscaled": lambda: (net(), {"x": X * 255, "v": V * 255}),
    "prep.double_scaled": lambda: (net(), {"x": X / 255, "v": V / 255}),
    "prep.train_validation_mismatch": lambda: (net(), {"v": V * 255}),
    "data.unshuffled_training": lambda: (net(), {"x": X[by_class(Y)], "y": Y[by_class(Y)], "shuffle": False}),
    "data.unreadable_pictures": lambda: (net(), {"x": with_nan(X), "rate": 1e-4}),
    "split.validation_is_training": lambda: (net(), {"v": X, "w": Y}),
    "split.leak": lambda: (net(), {"v": torch.cat([X[:20], V]), "w": torch.cat([Y[:20], W])}),
    "loop.missing_zero_grad": lambda: (net(), {"zero": False}),
    "loop.missing_step": lambda: (net(), {"step": False}),
    "loop.missing_eval_mode": lambda: (net(normalised=True), {"evaluation": False}),
    "loop.gradient_sign": lambda: (net(), {"optimizer": partial(torch.optim.SGD, maximize=True)}),
    "optimizer.learning_rate_too_low": lambda: (net(), {"rate": 1e-9, "epochs": 5}),
    "optimizer.learning_rate_too_high": lambda: (net(), {"rate": 1e4, "optimizer": torch.optim.SGD}),
    "live.not_finite": lambda: (net(), {"loss": lambda out, y: nn.CrossEntropyLoss()(out, y) * torch.inf}),
    "live.nothing_moves": lambda: (net(), {"rate": 0.0}),
    "live.one_class": lambda: (
        net(),
        {"x": torch.rand(96, 3, 12, 12), "y": (torch.arange(96) % 12 > 0).long()},
    ),
}


@pytest.mark.parametrize("code", FAULTS)
def test_a_planted_fault_is_said(code):
    model, options = FAULTS[code]()
    assert code in watched(model, **options)


@pytest.mark.parametrize(
    ("model", "options"),
    [
        (net, {}),
        (lambda: net(normalised=True), {"batch": 24}),
        (lambda: net(1), {"loss": of_one(nn.BCEWithLogitsLoss())}),
        (lambda: net(2, nn.LogSoftmax(dim=1)), {"loss": nn.NLLLoss()}),
        (lambda: net(1, nn.Flatten(0)), {"loss": lambda out, y: nn.MSELoss()(out, y + torch.rand(len(y)))}),
    ],
    ids=["usual", "normalised", "one output", "log probabilities", "amounts"],
)
def test_nothing_is_said_of_a_sound_training(model, options):
    assert watched(model(), epochs=6, **options) == []


def test_held_out_loss_grows_while_training_loss_falls():
    torch.manual_seed(0)
    x, v = torch.rand(24, 3, 6, 6), torch.rand(48, 3, 6, 6)
    model = nn.Sequential(nn.Flatten(), nn.Linear(108, 64), nn.ReLU(), nn.Linear(64, 2))
    said = watched(model, x=x, y=torch.arange(24) % 2, v=v, w=torch.arange(48) % 2, rate=0.01, epochs=34)
    assert "live.held_out_loss_grows" in said


def test_two_passes_before_one_backward_are_both_training():
    class Twins(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.net = net()

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.net(x)

    model = Twins()
    optimizer = torch.optim.Adam(model.parameters(), 0.01)
    with Doctor(model, say=lambda words: None) as doctor:
        for _ in range(4):
            for a, b in DataLoader(TensorDataset(X, Y), batch_size=16, shuffle=True):
                optimizer.zero_grad()
                first = model(a)
                second = model(a.flip(3))
                nn.CrossEntropyLoss()((first + second) / 2, b).backward()
                optimizer.step()
    assert doctor.findings == ()


def everything(model: nn.Module) -> Iterator[np.ndarray]:
    yield from (one.detach().numpy().copy() for one in model.state_dict().values())
    yield torch.rand(3).numpy()
    yield np.random.random(3)  # noqa: NPY002 - the generator that a user's program may use
    yield np.array([random.random(), *(one.training for one in model.modules())])


def test_training_is_the_same_with_and_without():
    found = []
    for attended in (False, True):
        model = net(normalised=True)
        torch.manual_seed(3)
        np.random.seed(3)  # noqa: NPY002
        random.seed(3)
        if attended:
            with Doctor(model, say=lambda words: None):
                fit(model, epochs=5)
        else:
            fit(model, epochs=5)
        found.append(list(everything(model)))
    for one, other in zip(*found, strict=True):
        np.testing.assert_array_equal(one, other)


def test_torch_is_as_it_was_afterwards():
    before = torch.Tensor.backward, torch.Tensor.__eq__, nn.functional.cross_entropy, DataLoader.__iter__
    model = net()
    with pytest.raises(RuntimeError), Doctor(model, say=lambda words: None):
        model(torch.zeros(2, 1, 12, 12))  # one channel, where three are expected
    assert before == (
        torch.Tensor.backward,
        torch.Tensor.__eq__,
        nn.functional.cross_entropy,
        DataLoader.__iter__,
    )
    assert not model._forward_hooks
    assert not model._forward_pre_hooks


def test_a_step_that_fails_is_explained_and_still_fails():
    doctor = Doctor(net(), say=lambda words: None)
    with pytest.raises(IndexError), doctor:
        fit(doctor.model, y=Y + 1)
    assert [one.code for one in doctor.findings] == ["label.wrong_encoding"]


def test_each_thing_is_said_once_when_it_is_seen_and_summed_up():
    said: list[str] = []
    at: list[int] = []
    model = net(2, nn.Softmax(dim=1))
    with Doctor(model, say=said.append) as doctor:
        fit(model, after=lambda: at.append(len(said)))
    assert at[0] >= 1  # before the first epoch was over
    assert sum("output.double_softmax" in one for one in said) == 2  # the finding, and the summary
    assert said[0].startswith("tellapart, epoch 1, step 4: Probabilities go into a loss that applies softmax")
    assert "tellapart diagnose" in said[0]
    assert "24 steps" in said[-1]
    assert (doctor.findings[0].epoch, doctor.findings[0].step) == (1, 4)


def test_without_a_step_it_says_so():
    said: list[str] = []
    with Doctor(net(), say=said.append):
        pass
    assert said == ["tellapart: no training step was seen, so nothing was watched."]


def test_what_is_no_model_is_refused(refused):
    assert "tellapart.keras" in refused(Doctor, "a model").advice
    doctor = Doctor(net(), say=lambda words: None)
    with doctor:
        refused(doctor.__enter__)
    assert issubclass(WrongKindError, TypeError)
