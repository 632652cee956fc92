"""What is written in a roundabout way: through objects, helpers, settings and schedules."""

from __future__ import annotations

import textwrap

import pytest

from tellapart.diagnose.reading import Suspicion, read_program, suspect

TORCH = """
import sys
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

class Meter:
    def __init__(self):
        self.reset()
    def reset(self):
        self.right = 0
        self.n = 0
    def update(self, out, y):
        self.right += (out.argmax(1) == y).sum().item()
        self.n += len(y)
    @property
    def value(self):
        return self.right / self.n

class Stepper:
    def __init__(self, optimizer, every):
        self.optimizer, self.every, self.count = optimizer, every, 0
    def backward(self, loss):
        (loss / self.every).backward()
        self.count += 1
        if self.count % self.every == 0:
            self.optimizer.step()
            self.optimizer.zero_grad()

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.AdaptiveMaxPool2d(1), nn.Flatten())
        self.head = nn.Linear(8, 2)
    def forward(self, x):
        return self.head(self.stem(x))

x, y = torch.load(sys.argv[1]), torch.load(sys.argv[2])
train = DataLoader(TensorDataset(x, y), batch_size=16, shuffle=True)
held = DataLoader(TensorDataset(x[:9], y[:9]), batch_size=16)
net = Net()
optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)
schedule = torch.optim.lr_scheduler.StepLR(optimizer, step_size=10, gamma=0.1)
stepper = Stepper(optimizer, 4)
meter = Meter()
for epoch in range(20):
    net.train()
    for a, b in train:
        stepper.backward(nn.functional.cross_entropy(net(a), b))
    schedule.step()
    meter.reset()
    net.eval()
    with torch.no_grad():
        for a, b in held:
            meter.update(net(a), b)
    print(epoch, meter.value)
"""

KERAS = """
import sys
from functools import partial
import keras
from keras import layers
from keras.src.legacy.preprocessing.image import ImageDataGenerator

class Pictures:
    def __init__(self, root):
        self.root = root
    def of(self, part):
        return ImageDataGenerator(rescale=1 / 255).flow_from_directory(
            f"{self.root}/{part}", target_size=(96, 96), class_mode="binary")

pictures = Pictures(sys.argv[1])
conv = partial(layers.Conv2D, kernel_size=3, activation="relu")
model = keras.Sequential([
    keras.Input((96, 96, 3)), conv(16), conv(32), layers.GlobalMaxPooling2D(), layers.Dense(1, activation="sigmoid")])
model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
model.fit(pictures.of("train"), validation_data=pictures.of("validation"), epochs=20)
"""

BINARY = """
import sys
import torch
from torch import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.last = nn.Conv2d(3, 8, 3), nn.Linear(8, 1)
    def forward(self, x):
        return self.last(torch.relu(self.conv(x)).amax((2, 3))).squeeze(-1)

x, y = torch.load(sys.argv[1]), torch.load(sys.argv[2]).float()
net = Net()
optimizer = torch.optim.Adam(net.parameters())
for epoch in range(20):
    for at in range(0, len(x), 16):
        optimizer.zero_grad()
        nn.functional.binary_cross_entropy_with_logits(net(x[at:at + 16]), y[at:at + 16]).backward()
        optimizer.step()
    with torch.no_grad():
        print(epoch, ((net(x) > 0).float() == y).float().mean())
"""

FROZEN = """net = Net()
net.requires_grad_(False)
"""

CASES = [
    # (code, script, healthy, faulty)
    ("metric.not_reset", TORCH, "    meter.reset()\n", ""),
    ("loop.missing_zero_grad", TORCH, "            self.optimizer.zero_grad()\n", ""),
    ("loop.missing_step", TORCH, "            self.optimizer.step()\n", ""),
    ("arch.frozen", TORCH, "net = Net()\n", FROZEN + "net.stem.requires_grad_(True)\n"),
    ("optimizer.learning_rate_too_low", TORCH, "step_size=10, gamma=0.1", "step_size=1, gamma=0.1"),
    ("optimizer.learning_rate_too_low", TORCH, "StepLR(optimizer, step_size=10,", "ExponentialLR(optimizer,"),
    (
        "optimizer.learning_rate_too_low",
        TORCH,
        "StepLR(optimizer, step_size=10,",
        "MultiStepLR(optimizer, milestones=[2, 3, 4],",
    ),
    ("split.validation_is_training", KERAS, 'pictures.of("validation")', 'pictures.of("train")'),
    ("split.validation_is_training", KERAS, 'f"{self.root}/{part}"', 'f"{self.root}/train"'),
    ("arch.linear_only", KERAS, ', activation="relu")', ")"),
    ("metric.wrong_decision", BINARY, ".squeeze(-1)", ""),
]


def codes(text: str, least: float = 0.3) -> dict[str, Suspicion]:
    return {one.code: one for one in suspect(read_program(text)) if one.certainty >= least}


@pytest.mark.parametrize(
    ("code", "script", "healthy", "faulty"), CASES, ids=[f"{c[0]}-{c[3][:20]}" for c in CASES]
)
def test_a_fault_is_seen_and_its_twin_is_not_accused(
    code: str, script: str, healthy: str, faulty: str
) -> None:
    assert healthy in script
    assert code not in codes(script)
    assert code in codes(script.replace(healthy, faulty))


@pytest.mark.parametrize("taken", [".squeeze(-1)", "[:, 0]", ".flatten()", ".view(-1)"])
def test_one_score_a_picture_taken_inside_the_network_is_held_against_plain_labels(taken: str) -> None:
    assert "metric.wrong_decision" not in codes(BINARY.replace(".squeeze(-1)", taken))


def test_what_is_left_of_a_network_that_was_frozen_as_a_whole_can_learn() -> None:
    thawed = TORCH.replace("net = Net()\n", FROZEN + "net.head.requires_grad_(True)\n")
    assert "arch.frozen" not in codes(thawed)


def test_numbers_made_in_loops_that_are_written_out_are_still_known() -> None:
    text = """
    from keras import layers, Sequential
    for fold in make_folds():
        width = 8
        model = Sequential()
        for _ in range(3):
            width *= 2
            model.add(layers.Conv2D(width, 3, activation="relu"))
    """
    (model,) = read_program(textwrap.dedent(text)).models
    assert [one.units for one in model.layers] == [16, 32, 64]


FREEZING = """
import keras
from keras import layers

def freeze(model, upto=None):
    for layer in model.layers[:upto]:
        layer.trainable = False

model = keras.Sequential([keras.Input((96, 96, 3)), layers.Flatten(), layers.Dense(1, activation="sigmoid")])
freeze(model)
model.compile("adam", "binary_crossentropy")
model.fit(x, y, epochs=20)
"""


def test_a_network_is_frozen_where_the_text_does_so_and_not_where_a_part_is() -> None:
    position = codes(FREEZING)["arch.frozen"].position
    assert position is not None
    assert FREEZING.splitlines()[position.line - 1].strip() == "layer.trainable = False"
    assert "arch.frozen" not in codes(FREEZING.replace("upto=None", "upto=1"))


def test_asking_for_a_layer_of_a_sequential_network_leaves_it_in_its_place() -> None:
    text = """
    from torch import nn, optim
    net = nn.Sequential(nn.Conv2d(3, width, 5), nn.Flatten(), nn.Linear(80, 1))
    opt = optim.Adam([{"params": net[0].parameters()}, {"params": net[-1].parameters(), "lr": 0.1}])
    """
    (model,) = read_program(textwrap.dedent(text)).models
    assert [one.kind for one in model.layers] == ["Conv2D", "Flatten", "Dense"]


def test_a_loop_over_the_parts_is_not_the_one_over_epochs() -> None:
    inner = TORCH[TORCH.index("for epoch in range(") :]
    loop, body = inner.split("\n", 1)
    parts = TORCH.replace(inner, f"{loop}\n  for part in {{'train': 1, 'validation': 2}}:\n{body}")
    (before,), (after,) = read_program(TORCH).trainings, read_program(parts).trainings
    assert before.epochs is not None
    assert after.epochs is not None
    assert after.epochs.value == before.epochs.value


RISING = """
import torch
net = torch.nn.Linear(4, 2)
optimizer = torch.optim.SGD(net.parameters(), lr=0.1, maximize=True)
for epoch in range(9):
    for x, y in pairs:
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(net(x), y)
        loss.backward()
        optimizer.step()
"""


def test_what_is_made_larger_is_a_fault_of_a_loss_and_of_nothing_else() -> None:
    turned = RISING.replace("loss = torch", "loss = -torch")
    likelihood = RISING.replace(
        "torch.nn.functional.cross_entropy(net(x), y)", "net(x).log_softmax(1)[:, y].mean()"
    )
    found = [codes(one, 0.8) for one in (RISING, turned, likelihood)]
    assert ["loop.gradient_sign" in one for one in found] == [True, False, False]
