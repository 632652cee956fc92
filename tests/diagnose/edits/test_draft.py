"""Edits of a script's text: what is meant changes, the rest stays to the letter."""

from __future__ import annotations

import subprocess
from pathlib import Path

import libcst as cst
import pytest

from tellapart.diagnose.edits.draft import Draft
from tellapart.diagnose.edits.registry import unified_diff

SCRIPT = '''"""A docstring."""
from __future__ import annotations
import keras   # comment

def train(model, **more):
    model.fit(x,
              y,
              epochs=3,  # few
              **more)
    for one in range(3):
        step(one)

net = Sequential([
    Conv2D(8, 3),
    Dropout(.5),
    Dense(1),
])
compile()
'''


def call(draft: Draft, name: str) -> cst.Call:
    return next(one for one in draft.nodes(cst.Call) if draft.code(one.func).endswith(name))


def changed(change) -> str:
    draft = Draft(SCRIPT)
    change(draft)
    return draft.text()


def test_nothing_noted_changes_nothing():
    assert Draft(SCRIPT).text() == SCRIPT


@pytest.mark.parametrize(
    ("change", "before", "after"),
    [
        (lambda d: d.set_argument(call(d, "fit"), "epochs", "30"), "epochs=3,  # few", "epochs=30,  # few"),
        (
            lambda d: d.set_argument(call(d, "fit"), "shuffle", "True"),
            "   **more)",
            '   **{**more, "shuffle": True})',
        ),
        (lambda d: d.set_argument(call(d, "compile"), "loss", "'mse'"), "compile()", "compile(loss='mse')"),
        (lambda d: d.set_argument(call(d, "Dense"), "units", "2", place=0), "Dense(1)", "Dense(2)"),
        (
            lambda d: d.set_argument(call(d, "Dense"), "activation", "'relu'"),
            "Dense(1)",
            "Dense(1, activation='relu')",
        ),
        (lambda d: d.drop_argument(call(d, "Conv2D"), "kernel", place=1), "Conv2D(8, 3)", "Conv2D(8)"),
        (lambda d: d.drop_element(d.parent(call(d, "Dropout"))), "    Dropout(.5),\n", ""),
        (lambda d: d.drop_element(d.parent(call(d, "Dense"))), "\n    Dense(1),", ""),
        (
            lambda d: d.insert_element_after(d.parent(call(d, "Conv2D")), "ReLU()"),
            "Conv2D(8, 3),\n",
            "Conv2D(8, 3),\n    ReLU(),\n",
        ),
        (
            lambda d: d.insert_element_before(d.parent(call(d, "Conv2D")), "Rescaling(1 / 255)"),
            "    Conv2D(8, 3),\n",
            "    Rescaling(1 / 255),\n    Conv2D(8, 3),\n",
        ),
        (lambda d: d.remove_statement(call(d, "step")), "step(one)", "pass"),
        (lambda d: d.remove_statement(call(d, "compile")), "compile()\n", ""),
        (
            lambda d: d.insert_before(call(d, "step"), "zero()"),
            "        step(one)",
            "        zero()\n        step(one)",
        ),
        (lambda d: d.insert_after(call(d, "compile"), "a()", "b()"), "compile()\n", "compile()\na()\nb()\n"),
        (lambda d: d.add_import("import numpy"), "annotations\n", "annotations\nimport numpy\n"),
        (lambda d: d.add_import("import keras"), "", ""),
        (lambda d: d.wrap(call(d, "step").args[0].value, "-(", ")"), "step(one)", "step(-(one))"),
    ],
)
def test_one_change_is_the_only_change(change, before, after):
    assert changed(change) == (SCRIPT.replace(before, after) if before else SCRIPT)


def test_changes_that_overlap_are_a_mistake():
    draft = Draft(SCRIPT)
    draft.replace(call(draft, "fit"), "pass")
    draft.set_argument(call(draft, "fit"), "epochs", "1")
    with pytest.raises(ValueError, match="overlap"):
        draft.text()


def test_a_change_that_is_no_python_is_a_mistake():
    draft = Draft(SCRIPT)
    draft.replace(call(draft, "compile"), "compile(")
    with pytest.raises(ValueError, match="no Python"):
        draft.text()


@pytest.mark.parametrize(
    "script", [SCRIPT, SCRIPT.removesuffix("\n"), SCRIPT.replace("keras", "kéras 😀 = 1 #")]
)
def test_the_patch_is_taken_by_git(tmp_path: Path, script):
    script = script.replace("import kéras", "kéras")
    draft = Draft(script.replace("kéras 😀", "kéras"))
    draft.insert_after(call(draft, "compile"), "print('done')")
    file = tmp_path / "train.py"
    file.write_text(draft.script, encoding="utf-8")
    patch = unified_diff(draft.script, draft.text(), "train.py")
    subprocess.run(["git", "apply", "-"], input=patch.encode(), cwd=tmp_path, check=True)
    assert file.read_text(encoding="utf-8") == draft.text()
