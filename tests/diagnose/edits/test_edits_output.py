"""Edits of what comes out of a network."""

from __future__ import annotations

import pytest

from .planted import KERAS, change, edits, mended, planted, replaced, run

CASES = planted("output")


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_one_of_the_edits_gives_the_healthy_text_back_or_one_as_small(case):
    healthy, faulty = case.texts()
    mended(case.code, faulty)
    found = edits(case.code, faulty)
    assert all(len(change(faulty, one.text)) <= 2 for one in found)
    assert any(one.text == healthy for one in found) or "nll" in case.script


ADDED = """
from keras.models import Sequential
from keras.layers import Activation, Conv2D, Dense, Flatten, ReLU, Softmax

model = Sequential()
model.add(Conv2D(8, 3, activation='relu', input_shape=(12, 12, 3)))
model.add(Flatten())
model.add(Dense(1))   # the answer
model.add(Activation('sigmoid'))
model.compile('adam', 'binary_crossentropy', ['accuracy'])
model.fit(X, y, epochs=5)
"""
MODULE = """
import torch as t
from torch.nn import BCELoss, Conv2d, CrossEntropyLoss, Linear, Module, Sigmoid
import torch.nn.functional as F

class Net(Module):
    def __init__(self):
        super().__init__()
        self.c = Conv2d(3, 8, 3)
        self.act = Sigmoid()
        self.f = Linear(8 * 10 * 10, 2)
    def forward(self, x):
        x = F.relu(self.c(x)).flatten(1)
        return self.f(x)

net = Net()
crit = CrossEntropyLoss()
opt = t.optim.SGD(net.parameters(), lr=0.01)
for x, y in data:
    opt.zero_grad()
    crit(net(x), y).backward()
    opt.step()
"""


@pytest.mark.parametrize(
    ("code", "text", "faults", "lines"),
    [
        (
            "output.softmax_one_unit",
            ADDED,
            ("Activation('sigmoid')", "Softmax()"),
            ["-model.add(Softmax())", "+model.add(Activation('sigmoid'))"],
        ),
        (
            "output.wrong_activation",
            ADDED,
            ("Activation('sigmoid')", "ReLU()"),
            ["-model.add(ReLU())", "+model.add(Activation('sigmoid'))"],
        ),
        (
            "output.logits_as_probabilities",
            ADDED,
            ("model.add(Activation('sigmoid'))\n", ""),
            [
                "-model.add(Dense(1))   # the answer",
                "+model.add(Dense(1, activation='sigmoid'))   # the answer",
            ],
        ),
        (
            "output.double_softmax",
            MODULE,
            ("self.f(x)", "F.softmax(self.f(x), dim=-1)"),
            ["-        return F.softmax(self.f(x), dim=-1)", "+        return self.f(x)"],
        ),
        (
            "output.double_softmax",
            MODULE,
            ("self.f(x)", "self.f(x).softmax(1)"),
            ["-        return self.f(x).softmax(1)", "+        return self.f(x)"],
        ),
        (
            "output.double_softmax",
            MODULE,
            ("self.f(x)", "self.act(self.f(x))"),
            ["-        return self.act(self.f(x))", "+        return self.f(x)"],
        ),
        (
            "output.softmax_one_unit",
            MODULE,
            (
                "self.f(x)", "F.softmax(self.f(x), 1)", "10, 2", "10, 1", "= CrossEntropyLoss", "= BCELoss",
                "net(x), y", "net(x), y.float().unsqueeze(1)",
            ),
            ["-        return F.softmax(self.f(x), 1)", "+        return t.sigmoid(self.f(x))"],
        ),
        (
            "output.wrong_activation",
            MODULE,
            ("self.f(x)", "F.relu(self.f(x))"),
            ["-        return F.relu(self.f(x))", "+        return self.f(x)"],
        ),
        (
            "output.logits_as_probabilities",
            MODULE,
            ("10, 2", "10, 1", "= CrossEntropyLoss", "= BCELoss", "net(x), y", "net(x), y.float().unsqueeze(1)"),
            ["-crit = BCELoss()", "+crit = t.nn.BCEWithLogitsLoss()"],
        ),
    ],
)  # fmt: skip
def test_every_way_of_writing_an_activation_is_found(code, text, faults, lines):
    faulty = replaced(text, *faults)
    assert change(faulty, mended(code, faulty)) == lines


def test_a_threshold_of_a_half_asks_for_probabilities():
    faulty = replaced(
        MODULE,
        "10, 2",
        "10, 1",
        "= CrossEntropyLoss",
        "= BCELoss",
        "net(x), y",
        "net(x), y.float().unsqueeze(1)",
    )
    faulty += "for x, y in held:\n    right = ((net(x) > 0.5) == y.unsqueeze(1)).sum()\n"
    assert "return t.sigmoid(self.f(x))" in mended("output.logits_as_probabilities", faulty)


def test_softmax_over_one_unit_under_a_loss_for_several_gets_a_whole_set_too():
    faulty = replaced(
        ADDED, "Activation('sigmoid')", "Activation('softmax')", "'binary_cross", "'categorical_cross"
    )
    found = edits("output.softmax_one_unit", faulty)
    assert "Activation('sigmoid')" in found[0].text
    assert "Activation('sigmoid')" in found[1].text
    assert "'binary_crossentropy'" in found[1].text


RUNS = [
    ("output.softmax_one_unit", KERAS, ('Dense(1, activation="sigmoid")', 'Dense(1, activation="softmax")')),
    ("output.logits_as_probabilities", KERAS, ('Dense(1, activation="sigmoid")', "Dense(1)")),
]


@pytest.mark.parametrize(("code", "text", "faults"), RUNS)
def test_the_mended_program_learns(code, text, faults):
    faulty = replaced(text, *faults)
    assert run(mended(code, faulty))["accuracy"] >= 0.95


def test_the_faulty_one_does_not():
    assert run(replaced(KERAS, *RUNS[0][2]))["accuracy"] == 0.5
