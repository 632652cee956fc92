"""Two changes of one program side by side."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tellapart.diagnose.edits.joining import joined

BASE = """import torch

rate = 0.1
net = torch.nn.Linear(4, 2)
for epoch in range(3):
    loss = net(x).sum()
    loss.backward()
print(loss, rate)
"""


def test_changes_of_different_lines_are_both_made():
    one, other = BASE.replace("0.1", "0.001"), BASE.replace("backward()\n", "backward()\n    step()\n")
    assert joined(BASE, one, other) == one.replace("backward()\n", "backward()\n    step()\n")


def test_changes_of_one_line_are_both_made():
    one, other = BASE.replace("Linear(4", "Linear(8"), BASE.replace("4, 2)", "4, 3)")
    assert "Linear(8, 3)" in (joined(BASE, one, other) or "")


def test_two_changes_of_one_place_are_refused():
    assert joined(BASE, BASE.replace("0.1", "0.5"), BASE.replace("0.1", "0.7")) is None


def test_the_same_change_is_made_once():
    one = "import numpy\n" + BASE
    assert joined(BASE, one, one.replace("0.1", "0.5")) == one.replace("0.1", "0.5")


def test_what_is_no_python_is_refused():
    one = BASE.replace("for epoch in range(3):\n    loss", "loss").replace("\n    loss.b", "\nloss.b")
    other = BASE.replace("    loss.backward()\n", "    loss.backward()\n    step()\n")
    assert joined(BASE, one, other) is None


def test_a_change_can_be_taken_out_again():
    first = BASE.replace("backward()\n", "backward()\n    step()\n")
    both = first.replace("0.1", "0.001")
    assert joined(first, BASE, both) == BASE.replace("0.1", "0.001")


@given(
    st.lists(st.tuples(st.integers(0, 9), st.integers(0, 99)), min_size=1, max_size=6),
    st.lists(st.tuples(st.integers(10, 19), st.integers(0, 99)), min_size=1, max_size=6),
)
def test_numbers_changed_in_different_halves_are_all_changed(first, second):
    def program(values):
        return "".join(f"value_{number} = {value}\n" for number, value in enumerate(values))

    base = [1000 + number for number in range(20)]
    versions = []
    for changes in (first, second, first + second):
        values = list(base)
        for number, value in changes:
            values[number] = value
        versions.append(program(values))
    assert joined(program(base), versions[0], versions[1]) == versions[2]
