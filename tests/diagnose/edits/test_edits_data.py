"""Edits of order, coverage and balance: after them every picture is seen, mixed, and each class counts alike."""

from __future__ import annotations

import numpy as np
import pytest

from tests.diagnose.reading.cases import Case

from .applying import cases_of, changed, check_case, check_healthy, edits, first, run, seen


@pytest.mark.parametrize("case", cases_of("data"), ids=lambda case: case.name)
def test_planted_faults_are_mended(case: Case) -> None:
    check_case(case)


def test_healthy_scripts_bring_no_trouble() -> None:
    check_healthy("data")


BY_HAND = """
import numpy as np
import torch
from torch import nn

torch.manual_seed(0)
faces, kinds = torch.randn(40, 3), torch.arange(40) // 20
net = nn.Sequential(nn.Linear(3, 2))
lose = nn.CrossEntropyLoss()
opt = torch.optim.SGD(net.parameters(), lr=.1)
kept = []
def go(size):
    for start in range(0, len(faces), size):  # a batch each
        a, b = faces[start:start + size], kinds[start:start + size]
        kept.append(b.float().mean().item())
        loss = lose(net(a), b)
        opt.zero_grad()
        loss.backward()
        opt.step()
for epoch in range(2):
    go(10)
"""


def test_slices_by_hand_are_taken_from_a_random_order() -> None:
    text = first(BY_HAND, "data.unshuffled_training")
    assert [len(one) for one in changed(BY_HAND, text)] == [1, 2]
    assert set(run(BY_HAND)["kept"]) == {0.0, 1.0}
    assert not set(run(text)["kept"]) <= {0.0, 1.0}


SEQUENCE = """
import keras
import numpy as np

class Batches(keras.utils.PyDataset):
    def __init__(self, x, y, size):
        super().__init__()
        self.x, self.y, self.size = x, y, size

    def __len__(self):
        return len(self.x) // self.size

    def __getitem__(self, i):
        # one batch
        return self.x[i * self.size:(i + 1) * self.size], self.y[i * self.size:(i + 1) * self.size]

keras.utils.set_random_seed(0)
x, y = np.random.rand(40, 3), (np.arange(40) >= 20).astype("float32")
train = Batches(x, y, 10)
net = keras.Sequential([keras.layers.Dense(1, activation="sigmoid")])
net.compile("sgd", "binary_crossentropy", metrics=["accuracy"])
net.fit(train, epochs=2, verbose=0, shuffle=True, MORE)
"""


def test_a_data_set_of_arrays_gets_an_order_that_changes() -> None:
    faulty = SEQUENCE.replace(", MORE", "")
    after = run(first(faulty, "data.unshuffled_training"))
    batches = [after["train"][number] for number in range(4)]
    assert any(0 < labels.mean() < 1 for _, labels in batches)
    rows = {tuple(one) for pictures, _ in batches for one in pictures}
    assert len(rows) == 40
    for pictures, labels in batches:
        for one, label in zip(pictures, labels, strict=True):
            assert label == after["y"][np.flatnonzero((after["x"] == one).all(axis=1))[0]]


GENERATOR = SEQUENCE.replace("train = Batches(x, y, 10)", """def draw(a, b, size):
    while True:
        for i in range(0, len(a), size):
            yield a[i:i + size], b[i:i + size]

train = draw(x, y, 10)""")  # fmt: skip


def test_a_generator_of_the_program_draws_from_a_random_order() -> None:
    text = first(GENERATOR.replace("MORE", "steps_per_epoch=4"), "data.unshuffled_training")
    after = run(text)
    labels = [next(after["train"])[1].mean() for _ in range(4)]
    assert set(labels) - {0.0, 1.0}


def test_steps_of_a_generator_that_never_ends_are_counted() -> None:
    faulty = GENERATOR.replace("MORE", "steps_per_epoch=2")
    text = first(faulty, "data.partial_epoch")
    assert "steps_per_epoch=-(-(len(x)) // (10))" in text
    run(text)


def test_steps_of_other_sets_are_left_out() -> None:
    faulty = SEQUENCE.replace("MORE", "steps_per_epoch=2")
    gone, new = changed(faulty, first(faulty, "data.partial_epoch"))
    assert new == [gone[0].replace(", steps_per_epoch=2", "")]
    run(first(faulty, "data.partial_epoch"))


def test_a_loop_goes_through_all_batches() -> None:
    faulty = LOADER.replace(
        "for a, b in loader:", "for i, (a, b) in enumerate(loader):\n        if i == 2:\n            break"
    )
    text = first(faulty, "data.partial_epoch")
    assert [len(one) for one in changed(faulty, text)] == [2, 0]
    assert len(run(text)["kept"]) == 10


LOADER = """
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
faces, kinds = torch.randn(40, 3), (torch.arange(40) >= 36).long()
loader = DataLoader(TensorDataset(faces, kinds), batch_size=8)
net = nn.Sequential(nn.Linear(3, 2))
lose = nn.CrossEntropyLoss()
opt = torch.optim.SGD(net.parameters(), lr=.1)
kept = []
for epoch in range(2):
    for a, b in loader:
        loss = lose(net(a), b)
        kept.append(b.float().mean().item())
        opt.zero_grad()
        loss.backward()
        opt.step()
"""


def test_a_loader_of_tensors_shuffles() -> None:
    text = first(LOADER, "data.unshuffled_training")
    gone, new = changed(LOADER, text)
    assert new == [gone[0].replace("batch_size=8", "batch_size=8, shuffle=True")]


def test_a_torch_loss_and_a_sampler_balance_the_classes() -> None:
    weighted, sampled = edits(LOADER, "data.imbalance_ignored")
    assert run(weighted.text)["lose"].weight.tolist() == pytest.approx([40 / 72, 5.0])
    assert np.mean(run(sampled.text)["kept"]) == pytest.approx(0.5, abs=0.2)
    known = first(LOADER, "data.imbalance_ignored", seen((0.0, 1.0), counts=(36, 4)))
    assert "nn.CrossEntropyLoss(weight=torch.tensor([0.5556, 5]))" in known
    run(known)


ARRAYS = SEQUENCE.replace("net.fit(train,", "net.fit(x, y,").replace(", MORE", "").replace(">= 20", ">= 36")


def test_keras_gets_the_weights_of_its_classes() -> None:
    text = first(ARRAYS, "data.imbalance_ignored")
    assert run(text)["counts"].tolist() == [36, 4]
    faulty = SEQUENCE.replace(", MORE", "")
    assert edits(faulty, "data.imbalance_ignored") == ()


def test_a_fit_that_is_told_not_to_shuffle_does() -> None:
    faulty = ARRAYS.replace("shuffle=True", "shuffle=False")
    gone, new = changed(faulty, first(faulty, "data.unshuffled_training"))
    assert new == [gone[0].replace("shuffle=False", "shuffle=True")]


WHOLE = SEQUENCE.replace("len(self.x) // self.size", "-(-len(self.x) // self.size)").replace(
    "shuffle=True, MORE", ""
)
COUNTED = """
class Files:
    def __init__(self, files, size):
        self.files, self.size = files, size

    def __len__(self):
        return len(self.files) // self.size // 2

    def __getitem__(self, at):
        BODY
"""


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        ("return self.files[at * self.size:(at + 1) * self.size]", "-(-len(self.files) // self.size)"),
        ("return [self.files[i] for i in range(self.size * at, min(9, len(self.files)))]",
         "-(-len(self.files) // self.size)"),
        ("return self.files[at]", "len(self.files)"),
    ],
)  # fmt: skip
def test_a_length_counts_all_that_can_be_given(body: str, wanted: str) -> None:
    faulty = WHOLE + COUNTED.replace("BODY", body)
    gone, new = changed(faulty, first(faulty, "data.partial_epoch"))
    assert (len(gone), new) == (1, [f"        return {wanted}"])


def test_a_length_that_cannot_be_told_is_left() -> None:
    body = "return list(range(at, len(self.files)))"
    faulty = WHOLE + COUNTED.replace("BODY", body)
    assert not edits(faulty, "data.partial_epoch")


HELPED = """
import torch
from torch.utils.data import DataLoader

def loader(pictures, mixed=False):
    return DataLoader(pictures, batch_size=8, shuffle=mixed)

net = torch.nn.Linear(4, 2)
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
for x, y in loader(pictures):
    optimizer.zero_grad()
    torch.nn.functional.cross_entropy(net(x), y).backward()
    optimizer.step()
"""


def test_a_loader_that_shuffles_only_when_its_function_is_told_to_is_told_to() -> None:
    gone, new = changed(HELPED, first(HELPED, "data.unshuffled_training"))
    assert (len(gone), new) == (1, ["    return DataLoader(pictures, batch_size=8, shuffle=True)"])
    assert not edits(HELPED.replace("mixed=False", "mixed=True"), "data.unshuffled_training")
