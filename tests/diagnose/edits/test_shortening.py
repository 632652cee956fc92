"""Programs that train for fewer epochs, and are otherwise the same."""

from __future__ import annotations

import pytest

from tellapart.diagnose.edits.shortening import shortened

KERAS = """import keras
model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(2, activation="softmax")])
model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
model.fit(x, y, {given})
"""
TORCH = """import torch
from torch import nn
net = nn.Linear(4, 2)
optimizer = torch.optim.Adam(net.parameters())
criterion = nn.CrossEntropyLoss()
{first}
for epoch in {given}:
    for inputs, labels in loader:
        optimizer.zero_grad()
        loss = criterion(net(inputs), labels)
        loss.backward()
        optimizer.step()
"""


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("epochs=100", "epochs=7"),
        ("32, 100", "32, 7"),
        ("nb_epoch=100", "nb_epoch=7"),
        ("epochs=EPOCHS", "epochs=7"),
    ],
)
def test_fit(before, after):
    assert shortened(KERAS.format(given=before), "a.py", 7) == KERAS.format(given=after)


@pytest.mark.parametrize("given", ["epochs=7", "epochs=2", "batch_size=8"])
def test_fit_that_is_as_short_already(given):
    text = KERAS.format(given=given)
    assert shortened(text, "a.py", 7) == text


@pytest.mark.parametrize(
    ("first", "before", "after"),
    [
        ("", "range(100)", "range(7)"),
        ("", "range(1, 101)", "range(1, 8)"),
        ("n = 100", "range(n)", "range(7)"),
        ("from tqdm import tqdm", "tqdm(range(100))", "tqdm(range(7))"),
    ],
)
def test_loop(first, before, after):
    text = TORCH.format(first=first, given=before)
    assert shortened(text, "a.py", 7) == TORCH.format(first=first, given=after)


def test_loop_that_is_as_short_already():
    text = TORCH.format(first="", given="range(5)")
    assert shortened(text, "a.py", 7) == text


def test_two_trainings_are_both_shorter():
    text = KERAS.format(given="epochs=50") + "model.fit(x, y, epochs=30)\nmodel.fit(x, y, epochs=3)\n"
    after = KERAS.format(given="epochs=7") + "model.fit(x, y, epochs=7)\nmodel.fit(x, y, epochs=3)\n"
    assert shortened(text, "a.py", 7) == after
