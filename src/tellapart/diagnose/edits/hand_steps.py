"""Edits of weights that a loop changes by hand: the sign of the step, gradients that add up."""

from __future__ import annotations

import libcst as cst

from tellapart.diagnose.reading import Position

from .registry import Asked, Edit
from .sheet import Sheet, word

TURNED = {"add_": "sub_", "sub_": "add_"}
OTHER = {cst.Add: "-", cst.Subtract: "+", cst.AddAssign: "-=", cst.SubtractAssign: "+="}


def downhill(asked: Asked, position: Position) -> Edit | None:
    """Turn the sign round with which a gradient is added to a weight."""
    sheet = Sheet(asked.program)
    place = (position.line, position.column)
    for node in sheet.nodes(cst.AugAssign, cst.BinaryOperation, cst.Call):
        if sheet.starts(node) != place or not _gradients(sheet, node):
            continue
        if isinstance(node, cst.Call):
            if word(node) not in TURNED or not isinstance(node.func, cst.Attribute):
                continue
            sheet.replace(node.func.attr, TURNED[word(node)])
        elif isinstance(node, (cst.AugAssign, cst.BinaryOperation)) and type(node.operator) in OTHER:
            left = node.target if isinstance(node, cst.AugAssign) else node.left
            right = node.value if isinstance(node, cst.AugAssign) else node.right
            between = sheet.script[sheet.span(left)[1] : sheet.span(right)[0]]
            sheet.cut(sheet.span(left)[1], sheet.span(right)[0])
            spaced = " " if between[:1].isspace() else ""
            sheet.wrap(right, f"{spaced}{OTHER[type(node.operator)]}{spaced}", "")
        else:
            continue
        return Edit(asked.suspicion.code, "The weights are moved against their gradient.", sheet.text())
    return None


def zeroed_by_hand(asked: Asked) -> Edit | None:
    """Set a gradient to zero right after the weight was changed by it."""
    sheet = Sheet(asked.program)
    for node in sheet.nodes(cst.AugAssign, cst.Assign, cst.Expr):
        found = _gradients(sheet, node)
        changes = isinstance(node, (cst.AugAssign, cst.Assign)) or (
            isinstance(node, cst.Expr)
            and isinstance(node.value, cst.Call)
            and word(node.value) in (*TURNED, "copy_")
        )
        if not found or not changes or sheet.around(node, cst.For, cst.While) is None:
            continue
        if sheet.around(found[0], cst.ListComp, cst.GeneratorExp) is not None:
            continue  # its name is known only there
        sheet.insert_after(node, f"{sheet.code(found[0])}.zero_()")
        return Edit(asked.suspicion.code, "Each gradient is set to zero after its step.", sheet.text())
    return None


def _gradients(sheet: Sheet, node: cst.CSTNode) -> list[cst.Attribute]:
    start, end = sheet.span(node)
    return [
        one
        for one in sheet.nodes(cst.Attribute)
        if one.attr.value == "grad" and start <= sheet.span(one)[0] < end
    ]
