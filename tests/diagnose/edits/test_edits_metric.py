"""Edits of what is reported: after them, the figure shown is that of the whole set."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import f1_score, precision_score

from tellapart.diagnose.edits import propose
from tellapart.diagnose.reading import Suspicion
from tests.diagnose.reading.cases import Case

from .applying import cases_of, changed, check_case, check_healthy, edits, first, read, run


@pytest.mark.parametrize("case", cases_of("metric"), ids=lambda case: case.name)
def test_planted_faults_are_mended(case: Case) -> None:
    check_case(case)


def test_healthy_scripts_bring_no_trouble() -> None:
    check_healthy("metric")


LOOP = """
import numpy as np
import torch
from sklearn.metrics import f1_score
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
X, y = torch.randn(50, 4), (torch.arange(50) % 5 == 0).long()
loader = DataLoader(TensorDataset(X, y), batch_size=8)
net = nn.Sequential(nn.Linear(4, 2))
loss_fn = nn.CrossEntropyLoss()
opt = torch.optim.SGD(net.parameters(), lr=.1)
hits, n = 0, 0
shown = []
for epoch in range(3):
    for xb, yb in loader:  # batches
        out = net(xb)
        loss = loss_fn(out, yb)
        opt.zero_grad()
        loss.backward()
        opt.step()
        hits += (out.argmax(1) == yb).sum().item()
        n += len(yb)
    shown.append(n)
    print(hits / n)
net.eval()
score = 0
with torch.no_grad():
    for xb, yb in loader:
        f1 = f1_score(yb, net(xb)[:, 1] > net(xb)[:, 0] - .8)
        score += f1
print(score / len(loader))
"""


def test_totals_that_belong_together_are_set_back_together() -> None:
    text = first(LOOP, "metric.not_reset")
    assert changed(LOOP, text) == ([], ["    hits = 0", "    n = 0"])
    assert run(text)["shown"] == [50, 50, 50]
    assert run(LOOP)["shown"] == [50, 100, 150]


def test_a_ratio_is_computed_once_over_everything() -> None:
    text = first(LOOP, "metric.batch_averaged")
    after = run(text)
    scores = after["net"](after["X"])
    whole = f1_score(after["y"], scores[:, 1] > scores[:, 0] - 0.8)
    assert float(after["printed"].splitlines()[-1]) == pytest.approx(whole)
    assert float(run(LOOP)["printed"].splitlines()[-1]) != pytest.approx(whole)


KERAS = """
import keras
import numpy as np
from keras import ops, layers

keras.utils.set_random_seed(1)
X = np.random.rand(60, 6).astype("float32")
y = (X[:, 0] + X[:, 1] > 1.1).astype("float32")

def hits(y_true, y_pred):
    tp = ops.sum(ops.round(ops.clip(y_true * y_pred, 0, 1)))
    return tp / (ops.sum(ops.round(ops.clip(y_pred, 0, 1))) + 1e-7)

net = keras.Sequential([layers.Dense(8, activation="relu"), layers.Dense(1, activation="sigmoid")])
net.compile(keras.optimizers.Adam(.05), "binary_crossentropy", metrics=["accuracy", hits])
net.fit(X, y.reshape(-1, 1), epochs=6, batch_size=7, verbose=0)
shown = net.evaluate(X, y.reshape(-1, 1), batch_size=7, verbose=0)[-1]
scores = net.predict(X, verbose=0)
right = np.mean(np.argmax(scores, axis=1) == y)
agree = (net.predict(X, verbose=0) > 0.5) == y
"""


def test_both_ways_to_count_a_metric_of_the_program_agree() -> None:
    before = run(KERAS)
    whole = [run(one.text) for one in edits(KERAS, "metric.batch_averaged")]
    expected = precision_score(before["y"], before["scores"][:, 0] > 0.5, zero_division=0)
    assert expected > 0
    assert before["shown"] != pytest.approx(expected)
    assert [one["shown"] for one in whole] == pytest.approx([expected] * 2)


def test_labels_without_a_second_axis_are_counted_rightly_too() -> None:
    flat = KERAS.replace("y.reshape(-1, 1)", "y")
    for one in edits(flat, "metric.batch_averaged"):
        after = run(one.text)
        expected = precision_score(after["y"], after["scores"][:, 0] > 0.5, zero_division=0)
        assert after["shown"] == pytest.approx(expected)


def test_one_output_is_held_against_its_limit() -> None:
    text = first(KERAS, "metric.wrong_decision")
    after = run(text)
    assert after["right"] == np.mean((after["scores"][:, 0] > 0.5) == after["y"])


def test_scores_and_labels_are_compared_in_one_shape() -> None:
    faulty = KERAS.replace("right = np.mean(np.argmax(scores, axis=1) == y)\n", "")
    assert run(faulty)["agree"].shape == (60, 60)
    assert run(first(faulty, "metric.wrong_decision"))["agree"].shape == (60,)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("_, best = torch.max(net(x), 1)", "best = (net(x)[:, 0] > 0).long()"),
        ("best = net(x).argmax(dim=1)", "best = (net(x)[:, 0] > 0).long()"),
        ("best = torch.round(net(x))[:, 0]", "best = (net(x) > 0).float()[:, 0]"),
    ],
)
def test_a_torch_decision_on_one_raw_score(before: str, after: str) -> None:
    text = (
        "import torch\nfrom torch import nn\nx, y = torch.randn(6, 3), torch.ones(6, 1)\n"
        "net = nn.Sequential(nn.Linear(3, 1))\nlose = nn.BCEWithLogitsLoss()\n"
        "opt = torch.optim.SGD(net.parameters(), lr=.1)\n"
        "for epoch in range(2):\n    loss = lose(net(x), y)\n    opt.zero_grad()\n    loss.backward()\n    opt.step()\n"
        f"{before}  # the class\nprint((best == y[:, 0]).sum())\n"
    )
    changed_text = first(text, "metric.wrong_decision")
    assert changed(text, changed_text) == ([f"{before}  # the class"], [f"{after}  # the class"])
    assert run(changed_text)["best"].shape == (6,)


def test_a_folder_that_is_split_stays_shuffled_and_is_drawn_once() -> None:
    text = (
        "import numpy as np\nimport keras\n"
        "ds = keras.utils.image_dataset_from_directory('d', validation_split=.2, subset='validation', seed=1)\n"
        "net = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(1, activation='sigmoid')])\n"
        "net.compile('adam', 'binary_crossentropy', metrics=['accuracy'])\n"
        "guess = net.predict(ds)\ntruth = np.concatenate([y for x, y in ds])\n"
        "from sklearn.metrics import confusion_matrix\nprint(confusion_matrix(truth, guess[:, 0] > .5))\n"
    )
    gone, new = changed(text, first(text, "metric.shuffled_evaluation"))
    assert gone == ["guess = net.predict(ds)", "truth = np.concatenate([y for x, y in ds])"]
    assert new == [
        "batches = list(ds)",
        "guess = np.concatenate([net.predict(one[0]) for one in batches])",
        "truth = np.concatenate([y for x, y in batches])",
    ]


def test_the_own_switch_that_shuffles_is_off_for_what_is_predicted() -> None:
    text = (
        "import keras\nimport numpy as np\nfrom sklearn.metrics import accuracy_score\n"
        "class Reader(keras.utils.PyDataset):\n"
        "    def __init__(self, x, y, mix=True):\n        super().__init__()\n"
        "        self.x, self.y, self.mix = x, y, mix\n"
        "        self.order = np.arange(len(x))\n        if self.mix:\n            np.random.shuffle(self.order)\n"
        "    def __len__(self):\n        return 1\n"
        "    def __getitem__(self, i):\n        return self.x[self.order], self.y[self.order]\n"
        "x, y = np.random.rand(20, 3), np.arange(20) % 2\n"
        "given, held = Reader(x, y), Reader(x, y)\n"
        "net = keras.Sequential([keras.layers.Dense(2, activation='softmax')])\n"
        "net.compile(loss='sparse_categorical_crossentropy')\nnet.fit(given)\n"
        "print('accuracy', accuracy_score(y, net.predict(held).argmax(axis=1)))\n"
    )
    edited = first(text, "metric.shuffled_evaluation")
    assert changed(text, edited) == (
        ["given, held = Reader(x, y), Reader(x, y)"],
        ["given, held = Reader(x, y), Reader(x, y, mix=False)"],
    )


def test_totals_of_the_loop_that_judges_are_set_back_too() -> None:
    trains = LOOP.split("        hits += (out", maxsplit=1)[0]
    judged = (
        "    for xb, yb in loader:\n        hits += (net(xb).argmax(1) == yb).sum().item()\n        n += len(yb)\n"
        "    shown.append(n)\n    print(hits / n)\n"
    )
    text = first(trains + judged, "metric.not_reset")
    assert changed(trains + judged, text) == ([], ["    hits = 0", "    n = 0"])
    assert run(text)["shown"] == [50, 50, 50]


def test_totals_are_found_where_the_suspicion_points_at_the_loop() -> None:
    program = read(LOOP)
    backward = program.trainings[0].position
    text = propose(program, Suspicion("metric.not_reset", backward, "Seen in a run.", 0.9, ""))[0].text
    assert run(text)["shown"] == [50, 50, 50]


@pytest.mark.parametrize(
    ("written", "numbered"),
    [
        ('{"right": 0, "left": 1}', '{"right": 1, "left": 0}'),
        ('{0: "right", 1: "left"}', '{1: "right", 0: "left"}'),
    ],
)
def test_classes_written_down_are_numbered_in_the_order_of_their_names(written: str, numbered: str) -> None:
    text = f"{LOOP}\nnumbers = {written}\nsizes = {{'width': 20, 'height': 10}}\n"
    assert changed(text, first(text, "metric.class_order")) == (
        [f"numbers = {written}"],
        [f"numbers = {numbered}"],
    )


def test_a_list_of_classes_is_sorted_only_where_its_places_count() -> None:
    text = LOOP + '\nnames = ["weft", "warp"]\nparts = ["train", "test"]\nprint(names[0], *parts)\n'
    assert changed(text, first(text, "metric.class_order"))[1] == ['names = ["warp", "weft"]']
    assert not edits(LOOP + '\nnumbers = {"left": 0, "right": 1}\n', "metric.class_order")
