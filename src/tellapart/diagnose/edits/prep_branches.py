"""One piece of code that prepares training and other pictures differently: ``if self.training: ... else: ...``."""

from __future__ import annotations

import libcst as cst
import libcst.matchers as m

from .pictures_in_text import Text

SCALING = m.BinaryOperation(operator=m.Divide() | m.Multiply() | m.Subtract() | m.Add())
NUMBER = m.Integer() | m.Float()
NAMED = m.Name() | m.Attribute(value=m.Name())
FLAG = (
    NAMED
    | m.UnaryOperation(operator=m.Not(), expression=NAMED)
    | m.Comparison(left=NAMED, comparisons=[m.ComparisonTarget(comparator=m.SimpleString())])
)
"""What says which part a picture is of; a question about the picture itself is none."""


def first_way(text: Text) -> bool:
    """Prepare all pictures as where the flag is set."""
    return _one_way(text, first=True)


def other_way(text: Text) -> bool:
    """Prepare all pictures as where the flag is not set."""
    return _one_way(text, first=False)


def _one_way(text: Text, *, first: bool) -> bool:
    changed = False
    for one in text.nodes(cst.If):
        then, otherwise = _statement(one.body), _otherwise(one)
        if not m.matches(one.test, FLAG) or then is None or not _scales(then):
            continue
        kept, left = (then, otherwise) if first else (otherwise, then)
        if kept is not None and (left is None or _alike(text, kept, left)):
            text.replace(one, text.code(kept).strip())
            changed = True
    for choice in text.nodes(cst.IfExp):
        if m.matches(choice.test, FLAG) and (_scales(choice.body) or _scales(choice.orelse)):
            text.replace(choice, text.tight(choice.body if first else choice.orelse))
            changed = True
    return changed


def _otherwise(one: cst.If) -> cst.SimpleStatementLine | None:
    return _statement(one.orelse.body) if isinstance(one.orelse, cst.Else) else None


def _statement(block: cst.BaseSuite) -> cst.SimpleStatementLine | None:
    """Return the one statement of a block, if it gives a value a name or returns it."""
    if not isinstance(block, cst.IndentedBlock) or len(block.body) != 1:
        return None
    line = block.body[0]
    fits = m.SimpleStatementLine(body=[m.Assign(targets=[m.AssignTarget()]) | m.AugAssign() | m.Return()])
    return line if isinstance(line, cst.SimpleStatementLine) and m.matches(line, fits) else None


def _scales(node: cst.CSTNode) -> bool:
    """Whether values are multiplied, divided or moved by a number."""
    operations = [one for one in m.findall(node, SCALING) if isinstance(one, cst.BinaryOperation)]
    by_number = any(m.matches(side, NUMBER) for one in operations for side in (one.left, one.right))
    return by_number or bool(m.findall(node, m.AugAssign(value=NUMBER)))


def _alike(text: Text, one: cst.CSTNode, other: cst.CSTNode) -> bool:
    """Whether both are about the same name."""
    found = [m.findall(each, m.AssignTarget()) for each in (one, other)]
    names = [{text.code(target).split("=")[0].strip() for target in each} for each in found]
    return names[0] == names[1]
