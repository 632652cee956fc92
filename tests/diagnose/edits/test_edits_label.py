"""Edits of labels: after them they have the values and the form that the loss counts on, beside their pictures."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from tests.diagnose.reading.cases import Case

from .applying import cases_of, changed, check_case, check_healthy, edits, first, run, seen


@pytest.mark.parametrize("case", cases_of("label"), ids=lambda case: case.name)
def test_planted_faults_are_mended(case: Case) -> None:
    check_case(case)


def test_healthy_scripts_bring_no_trouble() -> None:
    check_healthy("label")


KERAS = """
import keras
import numpy as np

keras.utils.set_random_seed(0)
faces = np.random.rand(30, 4)
kinds = VALUES
net = keras.Sequential([keras.layers.Dense(UNITS, activation="ACT")])
net.compile("sgd", "LOSS", metrics=["accuracy"])  # go
done = net.fit(faces, kinds, epochs=1, verbose=0, validation_data=(faces, kinds))
"""


def keras_text(values: str, units: int, loss: str) -> str:
    act = "sigmoid" if units == 1 else "softmax"
    return (
        KERAS.replace("VALUES", values).replace("UNITS", str(units)).replace("ACT", act).replace("LOSS", loss)
    )


@pytest.mark.parametrize(
    ("values", "labels", "said"),
    [
        ("np.arange(30) % 3 + 1", (1.0, 2.0, 3.0), "kinds - 1"),
        ("np.arange(30) % 3 * 5", (0.0, 5.0, 10.0), "kinds / 5"),
    ],
)
def test_classes_are_counted_from_zero(values: str, labels: tuple[float, ...], said: str) -> None:
    faulty = keras_text(values, 3, "sparse_categorical_crossentropy")
    text = first(faulty, "label.wrong_encoding", seen(labels))
    gone, new = changed(faulty, text)
    assert len(gone) == 1
    assert new == [gone[0].replace("kinds", said)]
    run(text)


@pytest.mark.parametrize(
    ("values", "low", "high"), [("np.arange(30) % 2 * 255", 0, 255), ("np.arange(30) % 2 * 2 - 1", -1, 1)]
)
def test_two_values_become_0_and_1(values: str, low: int, high: int) -> None:
    faulty = keras_text(values, 1, "binary_crossentropy")
    after = run(first(faulty, "label.wrong_encoding", seen((low, high))))
    assert 0 < after["done"].history["loss"][0] < 2
    with pytest.raises(RuntimeError, match="between 0 and 1"):
        run(faulty)


def test_the_loss_is_chosen_for_the_labels_of_a_run() -> None:
    faulty = keras_text("np.arange(30) % 3", 3, "categorical_crossentropy")
    with pytest.raises(ValueError, match="shape"):
        run(faulty)
    text = first(faulty, "label.wrong_encoding", seen((0.0, 1.0, 2.0)))
    gone, new = changed(faulty, text)
    assert new == [gone[0].replace('"categorical', '"sparse_categorical')]
    run(text)


TORCH = """
import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
faces, kinds = torch.randn(24, 3), KINDS
loader = DataLoader(TensorDataset(faces, kinds), 8)
net = nn.Sequential(nn.Linear(3, UNITS))
lose = nn.LOSS()
opt = torch.optim.SGD(net.parameters(), lr=.1)
for epoch in range(2):
    for number, (a, b) in enumerate(loader):
        # a batch
        out = net(a)
        loss = lose(out, b)
        opt.zero_grad()
        loss.backward()
        opt.step()
"""


@pytest.mark.parametrize(
    ("kinds", "units", "loss", "recording", "line"),
    [
        ("torch.arange(24) % 3 + 1", 3, "CrossEntropyLoss", seen((1.0, 2.0, 3.0)), "b = b - 1"),
        (
            "(torch.arange(24) % 3).float()",
            3,
            "CrossEntropyLoss",
            seen((0.0, 1.0, 2.0), loss=SimpleNamespace(
                name="cross_entropy", target_shape=(8,), output_shape=(8, 3), target_type="float32")),
            "loss = lose(out, b.long())",
        ),
        (
            "(torch.arange(24) % 2).float()",
            1,
            "BCEWithLogitsLoss",
            seen((0.0, 1.0), loss=SimpleNamespace(
                name="bce_with_logits", target_shape=(8,), output_shape=(8, 1), target_type="float32")),
            "loss = lose(out, b.unsqueeze(1).float())",
        ),
    ],
)  # fmt: skip
def test_torch_labels_get_what_the_loss_wants(
    kinds: str, units: int, loss: str, recording: object, line: str
) -> None:
    faulty = TORCH.replace("KINDS", kinds).replace("UNITS", str(units)).replace("LOSS", loss)
    with pytest.raises((ValueError, IndexError, RuntimeError)):
        run(faulty)
    text = first(faulty, "label.wrong_encoding", recording)
    gone, new = changed(faulty, text)
    assert len(gone) <= 1
    assert [one.strip() for one in new] == [line]
    run(text)


def test_two_shuffles_become_one_permutation() -> None:
    faulty = keras_text("(faces[:, 0] > .5).astype(int)", 1, "binary_crossentropy").replace(
        "net =", "np.random.shuffle(faces)\nnp.random.shuffle(kinds)\nnet =", 1
    )
    text = first(faulty, "label.misaligned")
    after = run(text)
    assert ((after["faces"][:, 0] > 0.5) == after["kinds"]).all()
    before = run(faulty)
    assert ((before["faces"][:, 0] > 0.5) != before["kinds"]).any()


def test_two_orders_become_one() -> None:
    faulty = keras_text("(faces[:, 0] > .5).astype(int)", 1, "binary_crossentropy").replace(
        "net =",
        "faces = faces[np.random.permutation(30)]\nkinds = kinds[np.random.permutation(30)]\nnet =",
        1,
    )
    after = run(first(faulty, "label.misaligned"))
    assert ((after["faces"][:, 0] > 0.5) == after["kinds"]).all()


def test_two_splits_draw_with_one_seed() -> None:
    faulty = keras_text("(faces[:, 0] > .5).astype(int)", 1, "binary_crossentropy").replace(
        "net =",
        "from sklearn.model_selection import train_test_split\na, b = train_test_split(faces, test_size=.5)\n"
        "c, d = train_test_split(kinds, test_size=.5, random_state=4)\nnet =",
        1,
    )
    after = run(first(faulty, "label.misaligned"))
    assert ((after["a"][:, 0] > 0.5) == after["c"]).all()


def test_folders_are_listed_in_order() -> None:
    faulty = (
        "import os, glob, keras\nimport numpy as np\nfrom PIL import Image\n"
        "xs = [np.array(Image.open(os.path.join('p', one))) for one in os.listdir('p')]  # pictures\n"
        "ys = [int(open(one).read()) for one in glob.glob('l/*')]\nzs = sorted(os.listdir('p'))\n"
        "net = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(1, activation='sigmoid')])\n"
        "net.compile('adam', 'binary_crossentropy')\nnet.fit(np.array(xs) / 255, np.array(ys), epochs=9)\n"
    )
    gone, new = changed(faulty, first(faulty, "label.misaligned"))
    assert new == [
        gone[0].replace("os.listdir('p')", "sorted(os.listdir('p'))"),
        gone[1].replace("glob.glob('l/*')", "sorted(glob.glob('l/*'))"),
    ]


def test_nothing_to_hold_on_to_gives_no_edit() -> None:
    text = keras_text("np.arange(30) % 2", 1, "binary_crossentropy")
    assert edits(text, "label.wrong_encoding", seen((0.0, 1.0))) == ()
    assert edits(text, "label.misaligned") == ()
    assert np.isfinite(run(text)["done"].history["loss"][0])


APART = """
import random
import torch
from torch import nn

files = [f"{name}/{number}" for name in ("ash", "oak") for number in range(8)]
labels = [file.split("/")[0] for file in files]
random.shuffle(files)
net = nn.Linear(2, 2)
opt = torch.optim.SGD(net.parameters(), lr=.1)
for epoch in range(2):
    loss = nn.functional.cross_entropy(net(torch.ones(4, 2)), torch.ones(4).long())
    opt.zero_grad()
    loss.backward()
    opt.step()
"""


def test_files_are_shuffled_before_labels_are_taken_from_them() -> None:
    names = run(first(APART, "label.misaligned"))
    assert [file.split("/")[0] for file in names["files"]] == names["labels"] != sorted(names["labels"])


def test_what_is_shuffled_before_labels_are_taken_from_it_stays() -> None:
    lines = APART.splitlines()
    at = next(number for number, line in enumerate(lines) if line.startswith("labels"))
    lines[at : at + 2] = lines[at : at + 2][::-1]
    assert not edits("\n".join(lines), "label.misaligned")


TWO_ARRAYS = """
import numpy as np
import keras
from sklearn.utils import shuffle

x, y = np.arange(8.0)[:, None], np.arange(8)
SIZE = 4
p = np.random.default_rng(0).permutation(8)
{mixed}
net = keras.Sequential([keras.Input((1,)), keras.layers.Dense(8, activation="softmax")])
net.compile("sgd", "sparse_categorical_crossentropy")
net.fit(x[:6], y[:6], SIZE, validation_data=(x[6:], y[6:]), verbose=0)
"""


@pytest.mark.parametrize(
    "mixed",
    [
        "x = x[p]",
        "y = y[p]",
        "x = x[p]\ny = y[np.random.permutation(len(y))]",
        "x = x[np.random.permutation(len(x))]",
        "np.random.shuffle(x)",
        "x = shuffle(x, random_state=1)",
    ],
)
def test_what_is_shuffled_alone_takes_the_other_with_it(mixed):
    names = run(first(TWO_ARRAYS.replace("{mixed}", mixed), "label.misaligned"))
    assert names["x"][:, 0].tolist() == names["y"].tolist()
    assert sorted(names["y"].tolist()) == list(range(8))
    assert names["y"].tolist() != list(range(8))


@pytest.mark.parametrize("mixed", ["x, y = x[p], y[p]", "x, y = shuffle(x, y)", "x = x[:4]"])
def test_what_is_shuffled_together_stays(mixed):
    assert not edits(TWO_ARRAYS.replace("{mixed}", mixed), "label.misaligned")
