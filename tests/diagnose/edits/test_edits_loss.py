"""Edits of the loss."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from .planted import TORCH, change, edits, mended, planted, replaced, run

CASES = planted("loss")


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_a_planted_fault_is_mended_by_a_small_change(case):
    _, faulty = case.texts()
    assert len(change(faulty, mended(case.code, faulty))) <= 4


FUNCTIONAL = """
from keras import Model, layers

def net():
    i = layers.Input((12, 12, 3))
    x = layers.Flatten()(i)
    x = layers.Dense(3)(x)
    return Model(i, layers.Activation('softmax')(x))

m = net()
m.compile(loss='categorical_crossentropy', optimizer='sgd', metrics=['accuracy'])
m.fit(X, y, epochs=5)  # arrays
"""


def labelled(*shape: int, classes: int = 3, **use):
    """Return what of a recording says how labels look."""
    labels = SimpleNamespace(shape=shape)
    losses = (SimpleNamespace(output_shape=(4, 3), target_shape=(4, *shape), target_type="int64", **use),)
    training = SimpleNamespace(
        parts={"train": SimpleNamespace(labels=labels)},
        classes=tuple(map(float, range(classes))),
        losses=losses,
    )
    return SimpleNamespace(trainings=(training,))


@pytest.mark.parametrize(
    ("recording", "name"),
    [(labelled(3), "categorical_crossentropy"), (labelled(), "sparse_categorical_crossentropy")],
)
def test_the_recorded_labels_choose_among_losses(recording, name):
    faulty = replaced(FUNCTIONAL, "'categorical_crossentropy'", "'mse'")
    assert f"loss='{name}'" in mended("loss.regression_loss", faulty, recording)


def test_the_recorded_labels_say_how_many_outputs_there_should_be():
    faulty = replaced(FUNCTIONAL, "Dense(3)", "Dense(1)", "'categorical_", "'sparse_categorical_")
    assert "layers.Dense(3)" in mended("loss.does_not_fit_output", faulty, labelled())


def test_sigmoid_under_a_loss_for_several_becomes_softmax():
    faulty = replaced(FUNCTIONAL, "'softmax'", "'sigmoid'")
    assert mended("loss.does_not_fit_output", faulty) == FUNCTIONAL


def test_a_binary_loss_on_shares_becomes_one_for_several():
    faulty = replaced(FUNCTIONAL, "'categorical_crossentropy'", "'binary_crossentropy'")
    assert mended("loss.does_not_fit_output", faulty, labelled(3)) == FUNCTIONAL


OWN = """
class Fit(nn.Module):
    def forward(self, p, y):
        return -(y * torch.log(p) + (1 - y) * torch.log(1 - p)).sum()


net = Net()
"""
BINARY = replaced(
    TORCH, "5, 2)", "5, 1)", "return self.out(x)", "return torch.sigmoid(self.out(x))", "nn.CrossEntropyLoss()",
    "nn.BCELoss()", "criterion(out, yb)", "criterion(out, yb.float().unsqueeze(1))", "net(X).argmax(1) == y",
    "(net(X)[:, 0] > 0.5) == y",
)  # fmt: skip
OWN_LOSS = replaced(BINARY, "\nnet = Net()\n", OWN, "nn.BCELoss()", "Fit()")


@pytest.mark.parametrize("code", ["loss.bad_reduction", "loss.unstable"])
def test_a_loss_class_of_the_programs_own_gives_way_to_the_librarys(code):
    first, second = edits(code, OWN_LOSS)
    assert "criterion = torch.nn.BCELoss()" in first.text
    assert len(change(OWN_LOSS, second.text)) == 2
    assert run(first.text)["accuracy"] >= 0.95
    assert run(second.text)["accuracy"] >= 0.95


def test_squared_error_becomes_cross_entropy_whatever_the_shapes():
    plain = replaced(BINARY, "nn.BCELoss()", "nn.MSELoss()")
    assert change(plain, mended("loss.regression_loss", plain)) == [
        "-criterion = nn.MSELoss()", "+criterion = nn.BCELoss()"
    ]  # fmt: skip
    squeezed = replaced(
        plain, "criterion(out, yb.float().unsqueeze(1))", "criterion(out.squeeze(1), yb.float())"
    )
    spread = replaced(plain, "criterion(out, yb.float().unsqueeze(1))", "criterion(out, yb)")
    for text in (squeezed, spread):
        assert run(mended("loss.regression_loss", text))["accuracy"] >= 0.95


def test_squared_error_on_one_hot_labels_becomes_cross_entropy():
    faulty = replaced(
        TORCH, "return self.out(x)", "return F.softmax(self.out(x), 1)",
        "criterion(out, yb)", "F.mse_loss(out, F.one_hot(yb, 2).float())",
    )  # fmt: skip
    after = mended("loss.regression_loss", faulty)
    assert "F.cross_entropy(out, F.one_hot(yb, 2).float())" in after
    assert "return self.out(x)" in after
    assert run(after)["accuracy"] >= 0.95
