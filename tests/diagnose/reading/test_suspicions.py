"""Each planted fault fires, its healthy twin stays silent."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import libcst as cst
import libcst.matchers as m
import pytest

from tellapart.diagnose.reading import Suspicion, read_program, suspect
from tellapart.diagnose.reading.suspicions import RULES
from tellapart.diagnose.reading.suspicions.registry import rule

from .cases import CASES, SCRIPTS, Case


@cache
def suspicions(text: str) -> tuple[Suspicion, ...]:
    return suspect(read_program(text))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_fires_on_the_fault_and_is_silent_on_its_twin(case: Case) -> None:
    healthy, faulty = case.texts()
    found = {one.code: one for one in suspicions(faulty)}
    assert case.code in found
    assert case.code not in {one.code for one in suspicions(healthy)}
    one = found[case.code]
    assert 0 < one.certainty <= 1
    assert one.words.endswith(".")
    assert one.predicts
    assert 1 <= one.position.line <= one.position.end_line <= faulty.count("\n") + 1


@pytest.mark.parametrize("script", sorted(SCRIPTS.glob("*.txt")), ids=lambda path: path.stem)
def test_healthy_scripts_are_under_no_suspicion(script: Path) -> None:
    assert suspicions(script.read_text(encoding="utf-8")) == ()


def test_every_rule_has_a_case() -> None:
    assert set(RULES) == {case.code for case in CASES}


def test_a_second_rule_under_one_code_is_refused() -> None:
    with pytest.raises(ValueError, match="second rule"):
        rule("output.double_softmax", "nothing")(lambda program: iter(()))


class Renaming(cst.CSTTransformer):
    """Gives every name that the program itself binds another one."""

    def __init__(self, tree: cst.Module) -> None:
        super().__init__()
        bound = m.findall(tree, m.AssignTarget(target=m.Name()) | m.For(target=m.Name()))
        names = {one.target.value for one in bound}
        names |= {one.name.value for one in tree.body if isinstance(one, cst.FunctionDef | cst.ClassDef)}
        self.names = {name: f"q{number}" for number, name in enumerate(sorted(names))}

    def leave_Attribute(self, original_node: cst.Attribute, updated_node: cst.Attribute) -> cst.Attribute:  # noqa: N802
        return updated_node.with_changes(attr=original_node.attr)

    def leave_Arg(self, original_node: cst.Arg, updated_node: cst.Arg) -> cst.Arg:  # noqa: N802
        return updated_node.with_changes(keyword=original_node.keyword)

    def leave_Name(self, original_node: cst.Name, updated_node: cst.Name) -> cst.Name:  # noqa: N802
        return updated_node.with_changes(value=self.names.get(original_node.value, original_node.value))


@pytest.mark.parametrize("script", sorted(SCRIPTS.glob("*.txt")), ids=lambda path: path.stem)
def test_names_decide_nothing(script: Path) -> None:
    for case in CASES:
        if case.script == script.stem:
            faulty = case.texts()[1]
            tree = cst.parse_module(faulty)
            renamed = suspicions(tree.visit(Renaming(tree)).code)
            expected = [(one.code, one.certainty, one.position.line) for one in suspicions(faulty)]
            assert [(one.code, one.certainty, one.position.line) for one in renamed] == expected
