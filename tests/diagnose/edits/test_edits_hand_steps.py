"""Weights changed by hand in a loop, and parts of one set."""

from __future__ import annotations

import pytest

from .planted import TORCH, change, edits, mended, replaced, suspected

UPDATE = """loss.backward()
        with torch.no_grad():
            for w in net.parameters():
                {step}
                {zero}
"""
ZERO = "w.grad.zero_()"


def by_hand(step: str, zero: str = ZERO) -> str:
    """Return a program without an optimiser."""
    return replaced(
        TORCH, "optimizer = torch.optim.Adam(net.parameters(), lr=0.01)\n", "", "        optimizer.zero_grad()\n", "",
        "loss.backward()\n        optimizer.step()\n", UPDATE.format(step=step, zero=zero),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("w -= 0.1 * w.grad", "w += 0.1 * w.grad"),
        ("w += -0.1 * w.grad", "w -= -0.1 * w.grad"),
        ("w.sub_(w.grad, alpha=0.1)", "w.add_(w.grad, alpha=0.1)"),
        ("w.data = w.data - 0.1 * w.grad", "w.data = w.data + 0.1 * w.grad"),
        ("w.copy_(w - 0.1 * w.grad)", "w.copy_(w + 0.1 * w.grad)"),
    ],
)
def test_a_step_along_the_gradient_is_turned_round(right, wrong):
    assert not any(suspected(f"loop.{one}", by_hand(right)) for one in ("gradient_sign", "missing_step"))
    assert mended("loop.gradient_sign", by_hand(wrong)) == by_hand(right)


def test_gradients_that_add_up_are_zeroed_by_hand():
    faulty = by_hand("w -= 0.1 * w.grad", "")
    assert change(faulty, mended("loop.missing_zero_grad", faulty)) == [f"+                {ZERO}"]


ARRAYS = """
import keras
import numpy as np

x, y = np.load("x.npy"), np.load("y.npy")
n = int(0.8 * len(x))
a, b = x[:n], x[n:]
net = keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Flatten(), keras.layers.Dense(1, activation="sigmoid")])
net.compile("adam", "binary_crossentropy")
net.fit(a, y[:n], validation_data=({held}), epochs=3)
"""
CODE = "split.validation_is_training"


@pytest.mark.parametrize(
    ("held", "same"),
    [("b, y[n:]", False), ("x[n:], y[n:]", False), ("a, y[:n]", True), ("x[:n], y[:n]", True)],
)
def test_slices_are_the_same_pictures_where_they_are_cut_alike(held, same):
    assert bool(suspected(CODE, ARRAYS.format(held=held))) is same


FOLDER = """
import torch
from torch import nn
from torch.utils.data import DataLoader, random_split
from torchvision.datasets import ImageFolder

whole = ImageFolder("pictures")
one, two = random_split(whole, [80, 20])
net = nn.Sequential(nn.Flatten(), nn.Linear(300, 2))
descent = torch.optim.Adam(net.parameters())
for epoch in range(3):
    for x, y in DataLoader({first}, 8):
        descent.zero_grad()
        nn.functional.cross_entropy(net(x), y).backward()
        descent.step()
    with torch.no_grad():
        for x, y in DataLoader({second}, 8):
            print((net(x).argmax(1) == y).float().mean())
"""


@pytest.mark.parametrize(
    ("first", "second", "same"), [("one", "two", False), ("one", "one", True), ("whole", "whole", True)]
)
def test_two_parts_of_a_random_split_are_not_the_same(first, second, same):
    assert bool(suspected(CODE, FOLDER.format(first=first, second=second))) is same


def test_a_decision_keeps_the_second_axis_that_its_labels_have():
    faulty = replaced(
        TORCH, "5, 2)", "5, 1)", "nn.CrossEntropyLoss()", "nn.BCEWithLogitsLoss()",
        "criterion(out, yb)", "criterion(out, yb.float().unsqueeze(1))",
        "(net(X).argmax(1) == y)", "(net(X).argmax(1, keepdim=True) == y.unsqueeze(1))",
    )  # fmt: skip
    after = edits("metric.wrong_decision", faulty)[0].text
    assert "accuracy = ((net(X) > 0).long() == y.unsqueeze(1))" in after
