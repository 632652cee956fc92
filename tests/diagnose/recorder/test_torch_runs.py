"""What is recorded of loops written by hand, against figures computed here."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tellapart.diagnose.recording import Outcome
from tellapart.diagnose.scoring import kept_scores, score_again

from .conftest import bright_or_dark

DATA = """
import numpy as np, torch
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset
torch.manual_seed(0)

drawn = np.load("PICTURES_FILE")
X, y, V, w = (torch.from_numpy(drawn[name]) for name in "XyVw")
X, V = (one.permute(0, 3, 1, 2).contiguous() for one in (X, V))
net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Dropout(.4), nn.Linear(400, 2))
"""


@pytest.fixture(scope="module")
def script(pictures_file):
    return DATA.replace("PICTURES_FILE", str(pictures_file))


def test_loop_with_loaders_that_forgets_evaluation_mode(run, script):
    found = run(
        script
        + """
training = DataLoader(TensorDataset(X, y), batch_size=16, shuffle=True)
validation = DataLoader(TensorDataset(V * 255, w), batch_size=8)
criterion, optimizer = nn.CrossEntropyLoss(), torch.optim.SGD(net.parameters(), lr=.05, momentum=.9)
for epoch in range(3):
    for pictures, labels in training:
        optimizer.zero_grad()
        loss = criterion(net(pictures), labels)
        loss.backward()
        optimizer.step()
    right = 0
    with torch.no_grad():
        for pictures, labels in validation:
            right += (net(pictures).argmax(1) == labels).sum().item()
    print(f"epoch {epoch}: {right / 21}")
"""
    )
    assert (found.outcome, found.notes) == (Outcome.finished, ())
    (training,) = found.trainings
    X, _ = bright_or_dark(60)
    train, validation = training.parts["train"], training.parts["validation"]
    assert set(training.parts) == {"train", "validation"}
    assert (train.pictures, train.known, validation.pictures) == (60, 60, 21)
    assert train.source["order"] == "RandomSampler"
    assert train.inputs.channel_means == pytest.approx(X.mean(axis=(0, 1, 2)), rel=1e-3)
    assert train.labels_kept == {"0": 30, "1": 30}
    assert validation.inputs.high > 200
    assert [one.batch_sizes for one in train.passes] == [(16, 16, 16, 12)] * 3
    assert [one.training_mode for one in validation.passes] == [1, 1, 1]
    assert training.n_steps == 12
    assert training.steps[0].learning_rates == (0.05,)
    assert [step.accumulated for step in training.steps[:3]] == [False] * 3
    assert set(training.steps[0].gradient_norms) == {"0", "1", "5"}
    assert training.initial_loss == pytest.approx(math.log(2), abs=0.7)
    assert (training.losses[0].name, training.losses[0].expects) == ("cross_entropy", "logits")
    assert (training.optimizers[0].name, training.optimizers[0].holds) == ("SGD", 1)
    assert [one.kind for one in training.model.layers] == [
        "Conv2d",
        "BatchNorm2d",
        "ReLU",
        "Flatten",
        "Dropout",
        "Linear",
    ]
    assert training.model.first_dense_inputs == 400
    for number, epoch in enumerate(training.epochs):
        assert epoch.true["validation"]["n"] == 21
        assert any(line.startswith(f"epoch {number}: ") for line in epoch.printed)
    in_each = [kept_scores(training, "validation", mode=mode).outputs for mode in ("eval", "train")]
    assert not np.allclose(*in_each)
    assert kept_scores(training, "validation", preparation="divided by 255") is not None


def test_raw_tensors_and_gradients_that_add_up(fork, script):
    found = fork(
        "torch",
        script
        + """
optimizer = torch.optim.SGD(net.parameters(), lr=1e-4)
for epoch in range(3):
    net.train()
    for start in range(0, 60, 20):
        loss = F.cross_entropy(net(X[start:start + 20]), y[start:start + 20])
        loss.backward()
        optimizer.step()
    net.eval()
    with torch.no_grad():
        outputs = net(V)
        print("accuracy", (outputs.argmax(1) == w).float().mean().item())
np.save("outputs.npy", outputs.numpy())
print(outputs.numpy().ravel().tolist())
""",
    )
    (training,) = found.trainings
    train, validation = training.parts["train"], training.parts["validation"]
    assert (train.pictures, validation.pictures) == (60, 21)
    assert len(training.epochs) == len(train.passes) == len(validation.passes) == 3
    assert [step.accumulated for step in training.steps[:3]] == [False, True, True]
    assert validation.labels_kept == {"0": 11, "1": 10}
    assert [one.training_mode for one in validation.passes] == [0, 0, 0]
    printed = [float(one.split()[1]) for one in found.output.splitlines() if one.startswith("accuracy")]
    true = [one.true["validation"]["accuracy"]["value"] for one in training.epochs]
    assert true == pytest.approx(printed, abs=1e-6)
    outputs = np.array(eval(found.output.splitlines()[-1])).reshape(21, 2)
    assert kept_scores(training, "validation").outputs == pytest.approx(outputs, abs=1e-5)
    w = bright_or_dark(21, seed=1)[1]
    assert score_again(training, "validation")["accuracy"]["value"] == (outputs.argmax(1) == w).mean()


def test_step_that_is_missing_and_layers_the_optimizer_does_not_hold(fork, script):
    found = fork(
        "torch",
        script
        + """
optimizer = torch.optim.Adam(net[0].parameters())
for epoch in range(2):
    for pictures, labels in DataLoader(TensorDataset(X, y), batch_size=30):
        F.cross_entropy(net(pictures), labels).backward()
        if epoch == 1:
            optimizer.step()
""",
    )
    (training,) = found.trainings
    assert [step.stepped for step in training.steps] == [False, False, True, True]
    first, second = training.epochs
    assert set(first.weight_changes.values()) == {0.0}
    assert second.weight_changes["0"] > 0 == second.weight_changes["5"]
    assert training.optimizers[0].holds == pytest.approx(112 / (112 + 8 + 802))


def test_loss_that_becomes_nan(fork, script):
    found = fork(
        "torch",
        script
        + """
optimizer = torch.optim.SGD(net.parameters(), lr=.1)
for step in range(6):
    optimizer.zero_grad()
    loss = torch.log(F.softmax(net(X), 1)[:, 0] * (0 if step == 3 else 1)).mean()
    (loss * 0 if step == 3 else loss).backward()
    optimizer.step()
""",
    )
    (training,) = found.trainings
    assert training.first_not_finite == 3
    assert training.steps[3].loss is not None
    assert not math.isfinite(training.steps[3].loss)


def test_dead_units_and_activations_without_layers(fork, script):
    found = fork(
        "torch",
        script
        + """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.head = nn.Conv2d(3, 4, 3), nn.Linear(400, 2)
        nn.init.constant_(self.conv.bias, 100.)
        nn.init.constant_(self.conv.bias[:3], -100.)
    def forward(self, x):
        return torch.softmax(self.head(F.relu(self.conv(x)).flatten(1)), 1)
net = Net()
optimizer = torch.optim.SGD(net.parameters(), lr=.1)
for step in range(2):
    F.cross_entropy(net(X), y).backward()
    optimizer.step()
""",
    )
    (training,) = found.trainings
    assert training.model.operations == ("conv2d", "relu", "flatten", "linear", "softmax")
    assert training.model.layers[0].never_active == 0.75
    assert training.parts["train"].rows_sum_to_one == 1
    assert training.losses[0].expects == "logits"


def test_interrupted_training_keeps_what_there_is(fork, script):
    found = fork(
        "torch",
        script
        + """
import signal
optimizer = torch.optim.SGD(net.parameters(), lr=.1)
signal.setitimer(signal.ITIMER_REAL, 2)  # the recorder's own alarm, now that importing has taken its time
while True:
    optimizer.zero_grad()
    F.cross_entropy(net(X), y).backward()
    optimizer.step()
    with torch.no_grad():
        (net(V).argmax(1) == w).sum()
""",
    )
    assert found.outcome is Outcome.time_up
    (training,) = found.trainings
    assert training.n_steps >= 2
    assert score_again(training, "validation")["n"] == 21


def test_a_list_of_pairs_is_a_data_set(fork, script):
    found = fork(
        "torch",
        script
        + """
for epoch in range(3):
    pairs = list(zip(X, y))  # made anew in each epoch: no data set has a weak reference to a list
    for pictures, labels in DataLoader(pairs, batch_size=16, shuffle=True):
        loss = F.cross_entropy(net(pictures), labels)
        net.zero_grad()
        loss.backward()
    with torch.no_grad():
        for pictures, labels in DataLoader(list(zip(V, w)), batch_size=7):
            net(pictures)
""",
    )
    assert (found.outcome, found.failure) == (Outcome.finished, None)
    (training,) = found.trainings
    assert set(training.parts) == {"train", "validation"}
    assert (training.parts["train"].known, training.parts["validation"].pictures) == (60, 21)
    assert [one.pictures for one in training.parts["train"].passes] == [60] * 3


def test_one_line_for_training_and_judging_makes_two_parts(fork, script):
    found = fork(
        "torch",
        script
        + """
optimizer = torch.optim.SGD(net.parameters(), lr=.1)
for epoch in range(2):
    for training in (True, False):
        for pictures, labels in zip(*(one.split(16) for one in ((X, y) if training else (V, w)))):
            with torch.set_grad_enabled(training):
                loss = F.cross_entropy(net(pictures), labels)
            if training:
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
""",
    )
    (training,) = found.trainings
    assert [(name, one.pictures) for name, one in training.parts.items()] == [
        ("train", 60),
        ("validation", 21),
    ]


def test_labels_that_signs_are_compared_with_are_known(fork, script):
    found = fork(
        "torch",
        script
        + """
one = nn.Sequential(nn.Flatten(), nn.Linear(X[0].numel(), 1))
optimizer = torch.optim.SGD(one.parameters(), lr=.1)
for epoch in range(2):
    optimizer.zero_grad()
    nn.SoftMarginLoss()(one(X)[:, 0], 2. * y - 1).backward()
    optimizer.step()
    with torch.no_grad():
        (one(V)[:, 0].sign() == 2 * w - 1).float().mean()
""",
    )
    trained = max(found.trainings, key=lambda one: one.n_steps)
    assert score_again(trained, "validation")["n"] == 21
