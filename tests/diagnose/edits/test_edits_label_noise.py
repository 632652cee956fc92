"""Labels that a program turns into others by itself: the edit leaves them as they were read."""

from __future__ import annotations

import pytest

from .applying import edits, first, run

PROGRAM = """
import random
import keras
import numpy as np

net = keras.Sequential([keras.layers.Dense(1)])
net.compile("sgd", "mse")
rng = np.random.default_rng(0)
kinds = np.array([0, 1] * 10)
shades = np.zeros((20, 4))
TURN
"""

TURNS = {
    "some, drawn": "some = np.random.choice(20, 8, replace=False)\nkinds[some] = 1 - kinds[some]",
    "in a function": (
        "def shake(k):\n    k = k.copy()\n    m = rng.random(len(k)) < 0.4\n    k[m] = (k[m] + 1) % 2\n    return k\n"
        "\n\nkinds = shake(kinds)"
    ),
    "one by one": "for i in range(20):\n    if random.random() < 0.5:\n        kinds[i] = 1 - kinds[i]",
    "any class": "kinds[rng.permutation(20)[:9]] = rng.integers(0, 2, 9)",
    "where": "kinds = np.where(rng.random(20) < 0.4, 1 - kinds, kinds)",
    "in a list": "kinds = np.array([1 - k if random.random() < 0.5 else k for k in kinds])",
    "by a rule": "kinds[::3] = 1 - kinds[::3]",
}


@pytest.mark.parametrize("turn", TURNS.values(), ids=TURNS)
def test_labels_stay_as_they_were_read(turn: str) -> None:
    text = PROGRAM.replace("TURN", turn)
    assert run(text)["kinds"].tolist() != [0, 1] * 10
    assert run(first(text, "label.noise"))["kinds"].tolist() == [0, 1] * 10


@pytest.mark.parametrize(
    "harmless",
    [
        "kinds = kinds[rng.permutation(20)]",
        "shades = 1.0 - shades / 255",
        "kinds = kinds.astype('float32')",
        "shades[rng.random(20) < 0.5] = shades[rng.random(20) < 0.5][:, ::-1] if False else 0",
    ],
)
def test_what_is_no_turning_stays(harmless: str) -> None:
    assert edits(PROGRAM.replace("TURN", harmless), "label.noise") == ()
