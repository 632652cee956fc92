"""Losses that a PyTorch program writes as plain functions: what is told of them, and what mends them."""

from __future__ import annotations

import pytest

from tellapart.diagnose.reading import read_program, suspect

from .planted import TORCH, change, edits, mended, replaced, run, suspected

BINARY = replaced(
    TORCH, "5, 2)", "5, 1)", "return self.out(x)", "return torch.sigmoid(self.out(x))",
    "criterion = nn.CrossEntropyLoss()\n", "", "net(X).argmax(1) == y", "(net(X)[:, 0] > 0.5) == y",
)  # fmt: skip
CALL = "criterion(out, yb)"
PLAIN = """
def entropy(p, t):
    return {formula}


net = Net()
"""


def binary(formula: str, call: str = "entropy(out, yb.float().unsqueeze(1))") -> str:
    """Return a program whose loss is a function of its own."""
    return replaced(BINARY, "\nnet = Net()\n", PLAIN.format(formula=formula), CALL, call)


def codes(text: str) -> set[str]:
    return {one.code for one in suspect(read_program(text)) if one.code.startswith("loss.")}


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("-torch.mean(t * torch.log(p + 1e-7) + (1 - t) * torch.log(1 - p + 1e-7))", set()),
        ("torch.mean(-t * torch.log(p + 1e-7) - (1 - t) * torch.log(1 - p + 1e-7))", set()),
        ("(-2 * t * torch.log(p.clamp(1e-7, 1 - 1e-7))).mean()", set()),
        ("torch.neg(t * torch.log(p + 1e-7)).mean()", set()),
        ("torch.mean(t * torch.log(p + 1e-7) + (1 - t) * torch.log(1 - p + 1e-7))", {"loss.bad_reduction"}),
        ("-torch.sum(t * torch.log(p + 1e-7) + (1 - t) * torch.log(1 - p + 1e-7))", {"loss.bad_reduction"}),
        ("-(t * torch.log(p) + (1 - t) * torch.log(1 - p)).mean()", {"loss.unstable"}),
        ("((p - t) ** 2).mean()", {"loss.regression_loss"}),
        ("torch.abs(t - p).mean()", {"loss.regression_loss"}),
        ("1 - (2 * (p * t).sum() + 1) / (p.sum() + t.sum() + 1)", set()),
    ],
)
def test_the_formula_of_a_function_tells_what_may_be_wrong(formula, expected):
    assert codes(binary(formula)) == expected


@pytest.mark.parametrize(
    ("formula", "code"),
    [
        ("torch.mean(t * torch.log(p + 1e-7) + (1 - t) * torch.log(1 - p + 1e-7))", "loss.bad_reduction"),
        ("-torch.sum(t * torch.log(p + 1e-7) + (1 - t) * torch.log(1 - p + 1e-7))", "loss.bad_reduction"),
        ("-(t * torch.log(p) + (1 - t) * torch.log(1 - p)).mean()", "loss.unstable"),
    ],
)
def test_a_loss_function_gives_way_to_the_librarys_or_is_put_right(formula, code):
    faulty = binary(formula)
    library, formula_put_right = edits(code, faulty)
    assert ".binary_cross_entropy(out, yb.float().unsqueeze(1))" in library.text
    assert len(change(faulty, library.text)) == 2
    assert len(change(faulty, formula_put_right.text)) == 2
    for one in (library, formula_put_right):
        assert not suspected(code, one.text)
    assert run(library.text)["accuracy"] >= 0.95


@pytest.mark.parametrize(
    "call",
    ["entropy(yb.float().unsqueeze(1), out)", "entropy(t=yb.float().unsqueeze(1), p=out)",
     "entropy(out, yb.float().unsqueeze(1), 2.0)"],
)  # fmt: skip
def test_scores_and_labels_stay_apart_in_any_order(call):
    faulty = replaced(binary("w * ((p - t) ** 2).mean()", call), "entropy(p, t)", "entropy(p, t, w=1.0)")
    assert run(mended("loss.regression_loss", faulty))["accuracy"] >= 0.95


HELPERS = """
def eachs(p, t):
    return t * torch.log(p + 1e-7) + (1 - t) * torch.log(1 - p + 1e-7)


def total(values):
    return values.mean()


def entropy(p, t):
    return total(eachs(p, t))


net = Net()
"""


def test_helpers_are_gone_through_and_the_sign_of_the_loop_counts():
    helped = replaced(BINARY, "\nnet = Net()\n", HELPERS, CALL, "entropy(out, yb.float().unsqueeze(1))")
    assert codes(helped) == {"loss.bad_reduction"}
    assert ".binary_cross_entropy(out," in mended("loss.bad_reduction", helped)
    turned = replaced(helped, "loss = entropy(", "loss = -entropy(")
    assert codes(turned) == set()


def test_an_inner_function_is_no_loss():
    inner = binary(
        "(p * t + (1 - p) * (1 - t))", "-torch.log(entropy(out, yb.float().unsqueeze(1)) + 1e-7).mean()"
    )
    training = read_program(inner).trainings[0]
    assert training.loss is None or training.loss.own is None
