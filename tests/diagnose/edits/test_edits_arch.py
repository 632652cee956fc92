"""Edits of a network's layers, of what is trained, and of batch normalisation; none of the groups fails on a healthy
program.
"""

from __future__ import annotations

import pytest

from diagnose.reading.cases import SCRIPTS
from tellapart.diagnose.edits import EDITS, propose
from tellapart.diagnose.edits.draft import Draft
from tellapart.diagnose.reading import Suspicion, read_program

from .planted import KERAS, TORCH, change, edits, mended, planted, replaced, run

CASES = planted("arch")
GROUPS = ("loop", "output", "loss", "arch", "optimizer", "regularisation")


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_a_planted_fault_is_mended_by_a_small_change(case):
    _, faulty = case.texts()
    assert len(change(faulty, mended(case.code, faulty))) <= 10


@pytest.mark.parametrize("script", sorted(path.name for path in SCRIPTS.glob("*.txt")))
def test_no_edit_fails_on_a_healthy_program(script):
    program = read_program((SCRIPTS / script).read_text(encoding="utf-8"))
    codes = [code for code in EDITS if code.partition(".")[0] in GROUPS]
    assert len(codes) == 32
    for code in codes:
        for one in propose(program, Suspicion(code, None, "", 0.5, "")):
            assert len(change(program.text, one.text)) <= 16


@pytest.mark.parametrize(
    ("code", "faults", "lines"),
    [
        (
            "arch.linear_only",
            ("F.relu(self.conv(x))", "self.conv(x)"),
            [
                "-        x = F.max_pool2d(self.conv(x), 2)",
                "+        x = F.max_pool2d(torch.relu(self.conv(x)), 2)",
            ],
        ),
        (
            "arch.softmax_inside",
            ("F.relu(self.conv(x))", "torch.softmax(self.conv(x), dim=1)"),
            [
                "-        x = F.max_pool2d(torch.softmax(self.conv(x), dim=1), 2)",
                "+        x = F.max_pool2d(torch.relu(self.conv(x)), 2)",
            ],
        ),
        (
            "arch.flatten_explosion",
            ("nn.Linear(8 * 5 * 5, 2)", "nn.Linear(8 * 500 * 500, 2)"),
            [
                "-        self.out = nn.Linear(8 * 500 * 500, 2)",
                "+        self.out = nn.Linear(8, 2)",
                "-        x = self.drop(torch.flatten(x, 1))",
                "+        x = self.drop(x.amax(dim=(2, 3)))",
            ],
        ),
        (
            "arch.frozen",
            ("Adam(net.parameters()", "Adam(Net().parameters()"),
            [
                "-optimizer = torch.optim.Adam(Net().parameters(), lr=0.01)",
                "+optimizer = torch.optim.Adam(net.parameters(), lr=0.01)",
            ],
        ),
        (
            "arch.frozen",
            ("before = ", "for one in net.parameters():\n    one.requires_grad = False\nbefore = "),
            ["-for one in net.parameters():", "-    one.requires_grad = False"],
        ),
        (
            "arch.dropout_before_batchnorm",
            ("= self.drop(torch.flatten(x, 1))", "= self.bn(self.drop(torch.flatten(x, 1)))",
             "        self.out", "        self.bn = nn.BatchNorm1d(200)\n        self.out"),
            [
                "-        x = self.bn(self.drop(torch.flatten(x, 1)))",
                "+        x = self.bn(torch.flatten(x, 1))",
            ],
        ),
        (
            "arch.too_small",
            ("3, 8, 3", "3, 2, 3", "8 * 5 * 5", "2 * 5 * 5"),
            [
                "-        self.conv = nn.Conv2d(3, 2, 3)",
                "+        self.conv = nn.Conv2d(3, 32, 3)",
                "-        self.out = nn.Linear(2 * 5 * 5, 2)",
                "+        self.out = nn.Linear(800, 2)",
            ],
        ),
    ],
)  # fmt: skip
def test_hand_written_networks_change_in_one_place(code, faults, lines):
    faulty = replaced(TORCH, *faults)
    assert change(faulty, mended(code, faulty)) == lines


def test_a_layer_replaced_after_the_optimiser_was_made_is_trained():
    faulty = replaced(TORCH, "for epoch", "net.out = nn.Linear(200, 2)\nfor epoch")
    after = mended("arch.frozen", faulty)
    assert after.index("net.out = ") < after.index("optimizer = ")
    assert run(after)["accuracy"] >= 0.95


@pytest.mark.parametrize("text", [TORCH, KERAS])
def test_pooling_instead_of_flattening_still_learns(text):
    for one in edits("arch.flatten_explosion", text.replace("range(4)", "range(25)")):
        assert run(one.text)["accuracy"] >= 0.9


def test_what_a_function_returned_is_pooled_and_not_an_argument_of_its_method():
    text = replaced(TORCH, "x = self.drop(torch.flatten(x, 1))", "x = self.drop(F.relu(x).flatten(1))")
    assert "x = self.drop(F.relu(x).amax(dim=(2, 3)))" in mended("arch.flatten_explosion", text)


def test_unfrozen_it_learns():
    faulty = replaced(KERAS, "net.compile", "net.trainable = False\nnet.compile")
    assert mended("arch.frozen", faulty) == KERAS
    assert run(faulty)["accuracy"] < run(KERAS)["accuracy"]


@pytest.mark.parametrize("text", [TORCH, KERAS])
@pytest.mark.parametrize("code", ["arch.dead_units", "arch.too_small", "arch.saturating_activations"])
def test_whatever_is_proposed_runs(text, code):
    if "saturating" in code:
        text = replaced(text, "F.relu", "torch.tanh") if text is TORCH else text.replace('"relu"', '"tanh"')
    for one in edits(code, text):
        assert "error" not in run(one.text)


def test_dead_units_are_woken_wherever_a_rate_is_set():
    by_hand = "for group in optimizer.param_groups:\n    group['lr'] = {}\n"
    text = replaced(TORCH, "for epoch", by_hand.format("3.0") + by_hand.format("2.0") + "for epoch")
    changed = {tuple(change(text, one.text)) for one in edits("arch.dead_units", text)}
    lines = {line for one in changed for line in one}
    assert any("3.0" in line for line in lines)
    assert any("2.0" in line for line in lines)


def test_a_tuple_keeps_its_brackets_and_a_line_its_other_statements():
    draft = Draft("f(a, (1, 2))\ng(); h(); i()\n")
    calls = {draft.code(one.func): one for one in draft.nodes(type(draft.tree.body[0].body[0].value))}
    assert draft.code(calls["f"].args[1].value) == "(1, 2)"
    draft.set_argument(calls["f"], "b", "3")
    draft.remove_statement(calls["h"])
    assert draft.text() == "f(a, (1, 2), b=3)\ng(); i()\n"
    draft = Draft("g(); h()\n")
    draft.remove_statement(list(draft.nodes(type(draft.tree.body[0].body[0].value)))[-1])
    assert draft.text() == "g()\n"


def test_what_is_frozen_by_a_computed_flag_is_learnt():
    faulty = replaced(
        KERAS,
        "net.compile(",
        "tune = False\nfor one in net.layers:\n    one.trainable = tune\nnet.compile(",
    )
    assert "one.trainable = True" in [one.text for one in edits("arch.frozen", faulty)][-1]


def test_an_optimiser_made_before_the_copy_that_learns_is_made_after_it():
    faulty = replaced(
        TORCH,
        "optimizer = torch.optim.Adam(net.parameters(), lr=0.01)",
        "import copy\noptimizer = torch.optim.Adam(net.parameters(), lr=0.01)\nnet = copy.deepcopy(net)",
    )
    text = mended("arch.frozen", faulty)
    assert text.index("net = copy.deepcopy(net)") < text.index(
        "optimizer = torch.optim.Adam(net.parameters()"
    )


def test_averages_that_hardly_move_follow_within_some_steps():
    """Keras's own momentum of .99 would still be too slow for a training of a few hundred steps."""
    healthy = (SCRIPTS / "keras_arrays.txt").read_text(encoding="utf-8")
    faulty = replaced(healthy, "BatchNormalization()", "BatchNormalization(momentum=0.9999)")
    found = propose(read_program(faulty), Suspicion("arch.batchnorm_mode", None, "", 0.5, ""))
    assert "BatchNormalization(momentum=0.9)" in found[0].text
