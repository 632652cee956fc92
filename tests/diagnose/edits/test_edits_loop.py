"""Edits of hand-written loops."""

from __future__ import annotations

import pytest

from .planted import TORCH, change, edits, mended, planted, replaced, run

CASES = planted("loop")


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_a_planted_fault_is_mended_by_a_small_change(case):
    _, faulty = case.texts()
    assert len(change(faulty, mended(case.code, faulty))) <= 6


EXACT = [case for case in CASES if "missing_step" in case.code or "detached" in case.code]


@pytest.mark.parametrize("case", EXACT, ids=[case.name for case in EXACT])
def test_what_was_taken_away_comes_back_to_the_letter(case):
    healthy, faulty = case.texts()
    assert mended(case.code, faulty) == healthy


IN_A_FUNCTION = """
import torch
from torch import nn, optim as o

def train(model, batches, crit, opt):
    for e in range(5):
        for xb, yb in batches:
            opt.zero_grad()
            out = model(xb)
            loss = crit(out, yb)
            loss.backward()   # keep me
            opt.step()

m = nn.Sequential(nn.Flatten(), nn.Linear(12, 4), nn.ReLU(), nn.Linear(4, 2))
batches = [(torch.rand(4, 12), torch.tensor([0, 1, 0, 1]))]
train(m, batches, nn.CrossEntropyLoss(), o.SGD(m.parameters(), lr=0.01))
"""


@pytest.mark.parametrize(
    ("code", "faults", "lines"),
    [
        ("loop.missing_zero_grad", ("            opt.zero_grad()\n", ""), ["+            opt.zero_grad()"]),
        ("loop.missing_step", ("            opt.step()\n", ""), ["+            opt.step()"]),
        (
            "loop.missing_step",
            ("            opt.step()\n", "        opt.step()\n"),
            ["-        opt.step()", "+            opt.step()"],
        ),
        (
            "loop.missing_step",
            ("            opt.zero_grad()\n", "", "opt.step()", "opt.zero_grad(); opt.step()"),
            [
                "+            opt.zero_grad()",
                "-            opt.zero_grad(); opt.step()",
                "+            opt.step()",
            ],
        ),
        (
            "loop.missing_step",
            ("            opt.step()\n", "", "loss.backward()   # keep me", "opt.step()"),
            ["+            loss.backward()"],
        ),
        (
            "loop.gradient_sign",
            ("crit(out, yb)", "-crit(out, yb)"),
            ["-            loss = -crit(out, yb)", "+            loss = crit(out, yb)"],
        ),
        (
            "loop.gradient_sign",
            ("crit(out, yb)", "crit(out, yb) * -1"),
            ["-            loss = crit(out, yb) * -1", "+            loss = crit(out, yb)"],
        ),
        (
            "loop.gradient_sign",
            ("lr=0.01", "lr=0.01, maximize=True"),
            [
                "-train(m, batches, nn.CrossEntropyLoss(), o.SGD(m.parameters(), lr=0.01, maximize=True))",
                "+train(m, batches, nn.CrossEntropyLoss(), o.SGD(m.parameters(), lr=0.01))",
            ],
        ),
        (
            "loop.detached_loss",
            ("crit(out, yb)", "torch.tensor(crit(out, yb).item(), requires_grad=True)"),
            [
                "-            loss = torch.tensor(crit(out, yb).item(), requires_grad=True)",
                "+            loss = crit(out, yb)",
            ],
        ),
        (
            "loop.detached_loss",
            ("crit(out, yb)", "crit(out.argmax(1).float(), yb)"),
            ["-            loss = crit(out.argmax(1).float(), yb)", "+            loss = crit(out, yb)"],
        ),
        (
            "loop.detached_loss",
            ("def train", "@torch.no_grad()\ndef train"),
            ["-@torch.no_grad()", "+@torch.enable_grad()"],
        ),
    ],
)
def test_only_the_line_in_question_changes(code, faults, lines):
    faulty = replaced(IN_A_FUNCTION, *faults)
    assert change(faulty, mended(code, faulty)) == lines


SCORED_EACH_EPOCH = """
import torch
from torch import nn
a_net = nn.Sequential(nn.Flatten(), nn.Linear(12, 4), nn.BatchNorm1d(4), nn.ReLU(), nn.Linear(4, 2))
adam = torch.optim.Adam(a_net.parameters())
parts = [(torch.rand(4, 12), torch.tensor([0, 1, 0, 1]))]
for epoch in range(5):
    for x, y in parts:
        adam.zero_grad()
        nn.functional.cross_entropy(a_net(x), y).backward()
        adam.step()
    right = 0
    with torch.no_grad():
        for x, y in parts:
            right += (a_net(x).argmax(1) == y).sum().item()
    print(right)
"""


def test_a_network_scored_between_epochs_goes_back_to_training():
    after = mended("loop.missing_eval_mode", SCORED_EACH_EPOCH)
    assert change(SCORED_EACH_EPOCH, after) == ["+    a_net.train()", "+    a_net.eval()"]
    lines = after.splitlines()
    assert lines[lines.index("    a_net.eval()") + 1] == "    with torch.no_grad():"
    assert "error" not in run(after)


def test_a_gradient_scaler_steps_the_optimiser():
    text = replaced(
        IN_A_FUNCTION, "            opt.step()\n", "", "loss.backward()", "s.scale(loss).backward()"
    )
    text = text.replace("def train", "s = torch.amp.GradScaler('cpu')\ndef train")
    assert change(text, mended("loop.missing_step", text)) == [
        "+            s.step(opt)",
        "+            s.update()",
    ]


RUNS = [
    ("loop.missing_step", ("        optimizer.step()\n", "")),
    ("loop.missing_step", ("        loss.backward()\n", "")),
    ("loop.gradient_sign", ("        loss.backward()", "        (-loss).backward()")),
    ("loop.detached_loss", ("criterion(out, yb)", "criterion(out.detach(), yb)")),
    (
        "loop.detached_loss",
        ("criterion(out, yb)", "torch.autograd.Variable(criterion(out, yb).data, requires_grad=True)"),
    ),
    (
        "loop.detached_loss",
        ("        out = net(xb)\n", "        with torch.no_grad():\n            out = net(xb)\n"),
    ),
]


@pytest.mark.parametrize(("code", "faults"), RUNS)
def test_the_mended_program_learns_and_the_faulty_one_does_not(code, faults):
    faulty = replaced(TORCH, *faults)
    after = mended(code, faulty)
    assert run(after)["accuracy"] >= 0.95
    bad = run(faulty)
    assert "error" in bad or bad["accuracy"] < 0.9


def test_dropout_as_a_function_is_told_the_mode():
    faulty = replaced(TORCH, "self.drop(torch.flatten(x, 1))", "F.dropout(torch.flatten(x, 1), 0.6)")
    after = mended("loop.missing_eval_mode", faulty)
    assert "F.dropout(torch.flatten(x, 1), 0.6, training=self.training)" in after
    net, X = (run(after)[name] for name in ("net", "X"))
    assert bool((net(X) == net(X)).all())


def test_where_nothing_shows_the_optimiser_nothing_is_changed():
    text = replaced(IN_A_FUNCTION, "            opt.step()\n", "", "            opt.zero_grad()\n", "")
    text = text.replace(", o.SGD(m.parameters(), lr=0.01)", ", given")
    assert edits("loop.missing_step", text) == ()


OWN_STEP = """
import keras

class Own(keras.Model):
    def train_step(model, data):
        images, labels = data
        loss = model.compute_loss(y=labels, y_pred=model(images, training=True))
        loss.backward()
        weights = model.trainable_weights
        model.optimizer.apply([one.value.grad for one in weights], weights)
        return {"loss": loss}

net = Own(given, keras.layers.Dense(1, activation="sigmoid")(keras.layers.Flatten()(given)))
net.compile("adam", "binary_crossentropy")
net.fit(X, y)
"""


def test_a_model_with_its_own_train_step_clears_its_gradients():
    assert change(OWN_STEP, mended("loop.missing_zero_grad", OWN_STEP)) == ["+        model.zero_grad()"]
    assert "model.zero_grad()\n        loss.backward()" in mended("loop.missing_zero_grad", OWN_STEP)
    assert not edits("loop.missing_zero_grad", OWN_STEP.replace("train_step", "elsewhere"))


def test_a_method_that_is_only_named_is_called():
    named = TORCH.replace("        optimizer.zero_grad()\n", "        optimizer.zero_grad\n")
    assert change(named, mended("loop.missing_zero_grad", named)) == [
        "-        optimizer.zero_grad",
        "+        optimizer.zero_grad()",
    ]
