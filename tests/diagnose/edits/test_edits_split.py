"""Edits of how pictures are divided: after them both parts hold all classes, and no picture is in both."""

from __future__ import annotations

import numpy as np
import pytest

from tests.diagnose.reading.cases import Case

from .applying import cases_of, changed, check_case, check_healthy, edits, first, run


@pytest.mark.parametrize("case", cases_of("split"), ids=lambda case: case.name)
def test_planted_faults_are_mended(case: Case) -> None:
    check_case(case)


def test_healthy_scripts_bring_no_trouble() -> None:
    check_healthy("split")


TORCH = """
import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, Subset, TensorDataset

pictures = torch.arange(40.).reshape(40, 1)
labels = torch.tensor([0.] * 20 + [1.] * 20)
n = 30
a, b = pictures[:n], pictures[n:]  # two parts
c, d = labels[:n], labels[n:]
loader = DataLoader(TensorDataset(a, c), batch_size=8, shuffle=True)
net = nn.Sequential(nn.Linear(1, 1))
loss_fn = nn.BCEWithLogitsLoss()
opt = torch.optim.SGD(net.parameters(), lr=1e-4)
for epoch in range(1):
    for xb, yb in loader:
        loss = loss_fn(net(xb)[:, 0], yb)
        opt.zero_grad()
        loss.backward()
        opt.step()
"""


def test_slices_of_tensors_are_mixed_together() -> None:
    text = first(TORCH, "split.ordered")
    gone, new = changed(TORCH, text)
    assert gone == []
    assert len(new) == 2
    after = run(text)
    assert sorted(torch_list(after["a"]) + torch_list(after["b"])) == list(range(40))
    assert set(torch_list(after["d"])) == {0.0, 1.0}
    assert all(
        (one >= 20) == label
        for one, label in zip(torch_list(after["b"]), torch_list(after["d"]), strict=True)
    )
    assert set(torch_list(run(TORCH)["d"])) == {1.0}


def torch_list(tensor: object) -> list[float]:
    return np.asarray(tensor).ravel().tolist()


def test_lists_of_files_are_mixed_as_lists() -> None:
    text = TORCH.replace("pictures = torch.arange(40.).reshape(40, 1)", "pictures = list(range(40))").replace(
        "TensorDataset(a, c)", "TensorDataset(torch.tensor(a).float()[:, None], c)"
    )
    after = run(edits(text, "split.ordered")[0].text)
    assert isinstance(after["a"], list)
    assert set(torch_list(after["d"])) == {0.0, 1.0}


def test_subsets_by_range_are_drawn_from_a_random_order() -> None:
    text = TORCH.replace("DataLoader(TensorDataset(a, c),", "DataLoader(Subset(whole, range(30)),").replace(
        "n = 30\na, b = pictures[:n], pictures[n:]  # two parts\nc, d = labels[:n], labels[n:]\n",
        "whole = TensorDataset(pictures, labels)\nheld = Subset(whole, list(range(30, 40)))\n",
    )
    after = run(first(text, "split.ordered"))
    assert {float(label) for _, label in after["held"]} == {0.0, 1.0}
    taken = {float(one) for one, _ in after["held"]} | {float(one) for one, _ in after["loader"].dataset}
    assert len(taken) == 40


KERAS = """
import keras
import numpy as np
from sklearn.model_selection import train_test_split

keras.utils.set_random_seed(0)
made = np.arange(40.)[:, None] / 40
kinds = np.array([0] * 20 + [1] * 20)
net = keras.Sequential([keras.layers.Dense(1, activation="sigmoid")])
net.compile("sgd", "binary_crossentropy", metrics=["accuracy"])
SPLIT
"""
WHOLE = "net.fit(made, kinds, validation_split=.25, epochs=1, verbose=0)"
SAME = "net.fit(made, kinds, validation_data=(made, kinds), epochs=1, verbose=0)"
LEAK = """def twice(p, k):
    return np.concatenate([p, np.flip(p, 1)]), np.concatenate([k, k])

made, kinds = twice(made, kinds)  # more
p, q, r, s = train_test_split(made, kinds, test_size=.25, random_state=3)
net.fit(p, r, validation_data=(q, s), epochs=1, verbose=0)"""
RENAMED = """more = np.concatenate([made, np.fliplr(made)])
labels = np.concatenate([kinds, kinds])
p, q, r, s = train_test_split(more, labels, test_size=.25, stratify=labels)
net.fit(p, r, validation_data=(q, s), epochs=1, verbose=0)"""


def test_arrays_are_mixed_before_the_last_are_held_out() -> None:
    text = first(KERAS.replace("SPLIT", WHOLE), "split.ordered")
    after = run(text)
    assert set(after["kinds"][after["order"]][30:]) == {0, 1}


def test_a_hold_out_is_carved_from_the_training_arrays() -> None:
    after = run(first(KERAS.replace("SPLIT", SAME), "split.validation_is_training"))
    assert not set(after["X_fit"].ravel()) & set(after["X_held"].ravel())
    assert after["y_held"].mean() == 0.5


def test_pictures_are_multiplied_after_the_split() -> None:
    faulty = KERAS.replace("SPLIT", LEAK)
    before, after = run(faulty), run(first(faulty, "split.leak"))
    assert set(before["p"].ravel()) & set(before["q"].ravel())
    assert not set(after["p"].ravel()) & set(after["q"].ravel())
    assert len(after["p"]) == len(after["r"]) == 60


def test_pictures_are_multiplied_after_the_split_under_their_other_names() -> None:
    text = first(KERAS.replace("SPLIT", RENAMED), "split.leak")
    after = run(text)
    assert "train_test_split(made, kinds, test_size=.25, stratify=kinds)" in text
    assert not set(after["p"].ravel()) & set(after["q"].ravel())
    assert len(after["p"]) == len(after["r"]) == 60


def test_a_library_set_is_validated_on_its_test_part() -> None:
    text = (
        "import torch\nfrom torchvision import datasets, transforms\nfrom torch import nn\n"
        "from torch.utils.data import DataLoader\n"
        "one = datasets.MNIST('d', train=True, transform=transforms.ToTensor())\n"
        "two = datasets.MNIST('d', train=True, transform=transforms.ToTensor())\n"
        "go, see = DataLoader(one, 8, shuffle=True), DataLoader(two, 8)\n"
        "net = nn.Sequential(nn.Flatten(), nn.Linear(784, 10))\nopt = torch.optim.Adam(net.parameters())\n"
        "for e in range(3):\n    for x, y in go:\n        loss = nn.CrossEntropyLoss()(net(x), y)\n"
        "        opt.zero_grad()\n        loss.backward()\n        opt.step()\n"
        "    for x, y in see:\n        print((net(x).argmax(1) == y).sum())\n"
    )
    gone, new = changed(text, first(text, "split.validation_is_training"))
    assert len(gone) == 1
    assert new == ["two = datasets.MNIST('d', train=False, transform=transforms.ToTensor())"]


def test_copies_in_a_reading_loop_are_left_out() -> None:
    text = (
        "import cv2, os, keras\nimport numpy as np\nfrom sklearn.model_selection import train_test_split\n"
        "xs, ys = [], []\nfor k, d in enumerate(sorted(os.listdir('p'))):\n    for f in os.listdir('p/' + d):\n"
        "        im = cv2.imread(f) / 255\n        xs.append(im)\n        ys.append(k)\n"
        "        xs.append(cv2.flip(im, 1))  # mirrored\n        ys.append(k)\n"
        "a, b, c, d = train_test_split(np.array(xs), np.array(ys), stratify=ys)\n"
        "net = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(1, activation='sigmoid')])\n"
        "net.compile('adam', 'binary_crossentropy')\nnet.fit(a, c, validation_data=(b, d), epochs=9)\n"
    )
    gone, new = changed(text, first(text, "split.leak"))
    assert (gone, new) == (["        xs.append(cv2.flip(im, 1))  # mirrored", "        ys.append(k)"], [])


FUNCTIONS = """
import os
import numpy as np
from sklearn.model_selection import train_test_split as divide
from tensorflow.keras import layers, models
import cv2

def load(folder, side):
    xs, ys = [], []
    for k, name in enumerate(os.listdir(folder)):
        for f in os.listdir(os.path.join(folder, name)):
            xs.append(cv2.resize(cv2.imread(os.path.join(folder, name, f)), (side, side)) / 255.0)
            ys.append(k)
    return np.array(xs), np.array(ys)

def build(shape):
    m = models.Sequential()
    m.add(layers.Conv2D(16, 3, activation="relu", input_shape=shape))
    m.add(layers.Flatten())
    m.add(layers.Dense(1, activation="sigmoid"))
    m.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    return m

def train(model, a, b, c, d):
    model.fit(a, b, epochs=20, batch_size=16, validation_data=(c, d))

def main():
    x, y = load("pics", 48)
    n = int(0.8 * len(x))
    xa, xb = x[:n], x[n:]
    ya, yb = y[:n], y[n:]
    train(build((48, 48, 3)), xa, ya, xb, yb)

if __name__ == "__main__":
    main()
"""


def test_a_program_in_functions_is_followed_through_them() -> None:
    assert changed(FUNCTIONS, first(FUNCTIONS, "split.ordered")) == (
        [],
        ["    order = np.random.default_rng(0).permutation(len(x))", "    x, y = x[order], y[order]"],
    )
    gone, new = changed(FUNCTIONS, first(FUNCTIONS, "prep.size_too_small"))
    assert new == ['    x, y = load("pics", 96)', "    train(build((96, 96, 3)), xa, ya, xb, yb)"]
    assert len(gone) == 2
    new = changed(FUNCTIONS, first(FUNCTIONS, "split.validation_is_training"))[1]
    assert new[0].endswith("= divide(a, b, test_size=0.2, stratify=b, random_state=0)")


def test_pictures_that_are_divided_already_are_left_alone_and_a_random_split_is_stratified() -> None:
    text = (
        "import torch\nfrom torch import nn\nfrom torch.utils.data import DataLoader, random_split\n"
        "from torchvision import datasets, transforms as T\nall_of = datasets.ImageFolder('p', T.ToTensor())\n"
        "one, two = random_split(all_of, [80, 20])  # parts\n"
        "go, see = DataLoader(one, 8, shuffle=True), DataLoader(two, 8)\n"
        "net = nn.Sequential(nn.Flatten(), nn.Linear(300, 2))\nopt = torch.optim.Adam(net.parameters())\n"
        "for e in range(9):\n    for x, y in go:\n        loss = nn.functional.cross_entropy(net(x), y)\n"
        "        opt.zero_grad()\n        loss.backward()\n        opt.step()\n"
    )
    assert edits(text, "split.validation_is_training") == ()
    new = changed(text, first(text, "split.not_stratified"))[1]
    assert new[2] == (
        "one, two = (Subset(all_of, one) for one in train_test_split(range(len(all_of)), test_size=20, "
        "stratify=all_of.targets, random_state=0))  # parts"
    )


@pytest.mark.parametrize(
    ("given", "becomes"),
    [("validation_split=0.01", "validation_split=0.25"), ("validation_split=share", "validation_split=0.25")],
)
def test_a_tiny_share_for_validation_becomes_a_quarter(given: str, becomes: str) -> None:
    text = f"import keras\nshare = 0.02\nnet = keras.Sequential()\nnet.compile('sgd', 'mse')\nnet.fit(x, y, {given})\n"
    assert f"net.fit(x, y, {becomes})" in first(text, "split.validation_too_small")
    assert edits(text.replace(given, "validation_split=0.2"), "split.validation_too_small") == ()
