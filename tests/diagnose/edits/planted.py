"""What the tests of the edits share: from a faulty text to its edits, and to what a program does when it is run."""

from __future__ import annotations

import contextlib
import difflib
import io
import warnings
from functools import cache

from diagnose.reading.cases import CASES, Case
from tellapart.diagnose.edits import Edit, propose
from tellapart.diagnose.reading import Program, Suspicion, read_program, suspect


def planted(*groups: str) -> list[Case]:
    """Return the planted faults of some groups of causes."""
    return [case for case in CASES if case.code.partition(".")[0] in groups]


@cache
def read(text: str) -> Program:
    return read_program(text)


def suspected(code: str, text: str) -> list[Suspicion]:
    return [one for one in suspect(read(text)) if one.code == code]


def edits(code: str, text: str, recording=None) -> tuple[Edit, ...]:
    """Return the edits for the first suspicion of a text; for one without a place where reading suspects nothing."""
    found = suspected(code, text) or [Suspicion(code, None, "", 0.5, "")]
    return propose(read(text), found[0], recording)


def mended(code: str, text: str, recording=None) -> str:
    """Return the text after the best edit, which takes the suspicion away."""
    found = edits(code, text, recording)
    assert found, f"no edit for {code}"
    assert 1 <= len(found) <= 3
    assert all(one.code == code and one.words.endswith(".") for one in found)
    assert not suspected(code, found[0].text), found[0].text
    return found[0].text


def change(before: str, after: str) -> list[str]:
    """Return the lines taken out and put in, with their signs."""
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=0)
    return [line for line in list(lines)[2:] if not line.startswith("@@")]


def run(text: str) -> dict[str, object]:
    """Run a program here and return its names; what ends it is under ``error``."""
    names: dict[str, object] = {"__name__": "__main__"}
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        try:
            exec(compile(text, "planted.py", "exec"), names)
        except (RuntimeError, ValueError) as error:
            names["error"] = error
    return names


TORCH = """
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(0)
y = torch.arange(96) % 2
X = 0.3 * torch.rand(96, 3, 12, 12)
X[:, :, 3:8, 3:8] += 0.6 * y.float().view(-1, 1, 1, 1)
loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(X, y), batch_size=16, shuffle=True)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3)
        self.drop = nn.Dropout(0.1)
        self.out = nn.Linear(8 * 5 * 5, 2)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv(x)), 2)
        x = self.drop(torch.flatten(x, 1))
        return self.out(x)


net = Net()
before = [one.detach().clone() for one in net.parameters()]
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(net.parameters(), lr=0.01)
for epoch in range(4):
    net.train()
    for xb, yb in loader:
        optimizer.zero_grad()
        out = net(xb)
        loss = criterion(out, yb)
        loss.backward()
        optimizer.step()

net.eval()
with torch.no_grad():
    accuracy = (net(X).argmax(1) == y).float().mean().item()
"""

KERAS = """
import keras
import numpy as np
from keras import layers

keras.utils.set_random_seed(0)
y = np.arange(96) % 2
X = 0.3 * np.random.rand(96, 12, 12, 3).astype("float32")
X[:, 3:8, 3:8] += 0.6 * y.reshape(-1, 1, 1, 1)

net = keras.Sequential([
    keras.Input((12, 12, 3)),
    layers.Conv2D(8, 3, activation="relu"),
    layers.MaxPooling2D(2),
    layers.Flatten(),
    layers.Dense(1, activation="sigmoid"),
])
net.compile(optimizer=keras.optimizers.Adam(learning_rate=0.01), loss="binary_crossentropy", metrics=["accuracy"])
net.fit(X, y, epochs=6, batch_size=16, verbose=0)
accuracy = float(np.mean((net.predict(X, verbose=0)[:, 0] > 0.5) == y))
"""


def replaced(text: str, *pairs: str) -> str:
    """Return a text with every first of two strings put in place by the second."""
    for old, new in zip(pairs[::2], pairs[1::2], strict=True):
        assert old in text, old
        text = text.replace(old, new)
    return text
