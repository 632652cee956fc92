"""Ways to feed a net, and to be told of figures, beside the usual ones."""

from __future__ import annotations

import importlib.util

import pytest

from tellapart.diagnose.recording import Outcome, Recording
from tellapart.diagnose.watching import compare, reported

KERAS = """
import keras, numpy as np
keras.utils.set_random_seed(0)
rng = np.random.default_rng(0)
X, V = rng.random((60, 8, 8, 3)).astype("float32"), rng.random((21, 8, 8, 3)).astype("float32")
y, w = np.arange(60) % 2, np.arange(21) % 2
model = keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Flatten(), keras.layers.Dropout(.5),
                          keras.layers.Dense(1, activation="sigmoid")])
model.compile("adam", "binary_crossentropy", metrics=["accuracy", keras.metrics.AUC(name="area")])
"""


@pytest.fixture
def finished(fork):
    def finished(framework: str, text: str) -> Recording:
        found = fork(framework, text)
        assert found.outcome is Outcome.finished, (found.failure, found.output)
        assert found.notes == ()
        return found

    return finished


def test_training_batch_by_batch(finished):
    pytest.importorskip("keras")
    found = finished(
        "keras",
        KERAS
        + """
for epoch in range(3):
    for start in range(0, 60, 20):
        model.train_on_batch(X[start:start + 20], y[start:start + 20])
    loss, accuracy, area = model.evaluate(V, w, verbose=0)
    print(f"epoch {epoch}: test accuracy {accuracy:.4f}")
""",
    )
    (training,) = found.trainings
    train = training.parts["train"]
    judged = next(part for name, part in training.parts.items() if name != "train")
    assert (train.pictures, judged.pictures, training.n_steps) == (60, 21, 9)
    assert [one.batch_sizes for one in train.passes] == [(20, 20, 20)] * 3
    assert [one.training_mode for one in judged.passes] == [0] * len(judged.passes)
    assert [one.epoch for one in training.evaluations] == [0, 1, 2]
    assert [one.after for one in training.evaluations] == [False, False, True]
    assert set(training.evaluations[0].reported) == {"loss", "accuracy", "area"}
    assert {one.part for one in training.evaluations} == {judged.name}
    assert len(compare(found)) >= 6
    assert not [one for one in compare(found) if one.differs]


def test_split_that_fit_makes_itself(finished):
    pytest.importorskip("keras")
    found = finished(
        "keras", KERAS + "model.fit(X, y, epochs=2, batch_size=16, validation_split=.3, verbose=0)\n"
    )
    (training,) = found.trainings
    train, validation = training.parts["train"], training.parts["validation"]
    assert (train.pictures, train.known, validation.pictures) == (42, 42, 18)
    assert validation.shared["train"] == 0
    assert not [one for one in compare(found) if one.differs]


def test_own_data_set_of_batches_and_a_callback_that_prints(finished):
    pytest.importorskip("keras")
    found = finished(
        "keras",
        KERAS
        + """
class Batches(keras.utils.PyDataset):
    def __init__(self, pictures, labels, size):
        super().__init__()
        self.pictures, self.labels, self.size = pictures, labels, size
    def __len__(self):
        return -(-len(self.pictures) // self.size)
    def __getitem__(self, at):
        part = slice(at * self.size, (at + 1) * self.size)
        return self.pictures[part], self.labels[part, None]
class Says(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        p = self.model.predict(V, verbose=0)[:, 0]
        print("accuracy on V:", ((p > .5) == w).mean())
        self.model.evaluate(V, w, verbose=0)
model.fit(Batches(X, y, 16), epochs=2, validation_data=Batches(V, w, 8), callbacks=[Says()], verbose=1)
""",
    )
    (training,) = found.trainings
    assert training.parts["train"].source["batches"] == 4
    # Keras draws the order of the batches.
    passes = training.parts["train"].passes
    assert [sorted(one.batch_sizes) for one in passes] == [[12, 16, 16, 16]] * 2
    # The progress bar's figures are Keras's, not the script's.
    assert [one.text.split(":")[0] for one in training.lines] == ["accuracy on V"] * 2
    assert {one.shown for one in training.lines} == {"predict"}
    assert len(training.evaluations) == 2
    assert {one.where for one in reported(found)} == {"logs", "printed", "evaluate"}
    assert not [one for one in compare(found) if one.differs]


def test_loader_with_workers_and_two_models(finished):
    found = finished(
        "torch",
        """
import numpy, torch
from torch import nn
from torch.utils.data import DataLoader, Dataset

class Drawn(Dataset):
    def __init__(self, n, seed):
        self.n, self.seed = n, seed
    def __len__(self):
        return self.n
    def __getitem__(self, at):
        generator = torch.Generator().manual_seed(1000 * self.seed + at)
        return torch.rand(3, 8, 8, generator=generator) * .5 + .5 * (at % 2), at % 2

if __name__ == "__main__":
    for fold in range(2):
        torch.manual_seed(fold)
        net = nn.Sequential(nn.Flatten(), nn.Linear(192, 2))
        optimizer = torch.optim.Adam(net.parameters(), lr=.01)
        training = DataLoader(Drawn(40, fold), batch_size=10, shuffle=True, num_workers=2)
        validation = DataLoader(Drawn(22, 7), batch_size=10, num_workers=2)
        for epoch in range(2):
            for a, b in training:
                optimizer.zero_grad()
                nn.functional.cross_entropy(net(a), b).backward()
                optimizer.step()
            net.eval()
            with torch.no_grad():
                right = sum((net(a).argmax(1) == b).sum().item() for a, b in validation)
            print(f"fold {fold}, epoch {epoch}: accuracy {right}/22")
            net.train()
""",
    )
    assert len(found.trainings) == 2
    for number, training in enumerate(found.trainings):
        train, validation = training.parts["train"], training.parts["validation"]
        assert (train.pictures, train.known, validation.pictures, train.source["workers"]) == (40, 40, 22, 2)
        assert [one.batch_sizes for one in train.passes] == [(10, 10, 10, 10)] * 2
        assert validation.shared["train"] == 0
        # Each model has its own loss, optimiser and lines.
        assert [one.name for one in training.losses] == ["cross_entropy"]
        assert len(training.optimizers) == 1
        assert [one.text.split(",")[0] for one in training.lines] == [f"fold {number}"] * 2
        assert [(one.epoch, one.after) for one in training.lines] == [(0, False), (1, True)]
    assert len(compare(found)) == 4
    assert not [one for one in compare(found) if one.differs]


@pytest.mark.skipif(importlib.util.find_spec("h5py") is None, reason="needs h5py")
def test_pictures_from_an_hdf5_file(tmp_path, finished):
    import h5py
    import numpy as np

    rng = np.random.default_rng(0)
    with h5py.File(tmp_path / "data.h5", "w") as file:
        file["x"], file["y"] = rng.random((30, 3, 8, 8)).astype("float32"), np.arange(30) % 2
    found = finished(
        "torch",
        f"""
import h5py, numpy, torch
from torch import nn
with h5py.File({str(tmp_path / "data.h5")!r}, "r") as file:
    X, y = torch.tensor(file["x"][:]), torch.tensor(file["y"][:])
net = nn.Sequential(nn.Flatten(), nn.Linear(192, 2))
optimizer = torch.optim.SGD(net.parameters(), lr=.1)
for epoch in range(2):
    optimizer.zero_grad()
    nn.functional.cross_entropy(net(X), y).backward()
    optimizer.step()
with h5py.File("own.h5", "w") as file:
    file["weights"] = net[1].weight.detach().numpy()
""",
    )
    assert found.trainings[0].parts["train"].pictures == 30


@pytest.mark.skipif(importlib.util.find_spec("cv2") is None, reason="needs OpenCV")
def test_pictures_read_by_opencv(draw_folders, tmp_path, finished):
    folder = draw_folders(tmp_path / "pictures", {"a": 4})
    found = finished(
        "torch",
        f"""
import glob, cv2, numpy as np, torch
from torch import nn
X = np.stack([cv2.imread(one) for one in sorted(glob.glob({str(folder)!r} + "/a/*"))]).astype("float32") / 255
net = nn.Sequential(nn.Flatten(), nn.Linear(144, 2))
nn.functional.cross_entropy(net(torch.tensor(X)), torch.tensor([0, 1, 0, 1])).backward()
""",
    )
    assert found.trainings[0].parts["train"].pictures == 4


def test_whether_the_kernel_protects_is_recorded(finished):
    import os
    import sys

    from tellapart.diagnose.sandbox import landlock

    if not sys.platform.startswith("linux"):
        pytest.skip("Landlock is Linux's")
    pid = os.fork()
    if pid == 0:  # once restricted, always restricted: asked of a process of its own
        os._exit(0 if landlock.write_only_below(["/"]) else 1)
    there = os.waitpid(pid, 0)[1] == 0
    found = finished(
        "torch",
        "import numpy, torch\nnet = torch.nn.Linear(9, 2)\n"
        "torch.nn.functional.cross_entropy(net(torch.rand(4, 9)), torch.tensor([0, 1, 0, 1])).backward()\n",
    )
    assert found.kernel_protects is there
    assert Recording.from_dict(found.to_dict()).kernel_protects is there
