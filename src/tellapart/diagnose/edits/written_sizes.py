"""Where a program writes how large its pictures are."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator

import libcst as cst

from .pictures_in_text import Text

PLACED = ("resize", "Resize", "Resizing", "CenterCrop", "RandomResizedCrop", "load_img", "flow_from_directory", "Input",
          "flow_from_dataframe", "image_dataset_from_directory")  # fmt: skip
"""What takes a size by its place, too."""
SIZED = (*PLACED, "InputLayer", "Conv2D")
KEYWORDS = (
    "target_size",
    "image_size",
    "size",
    "dsize",
    "input_shape",
    "shape",
    "height",
    "width",
    "output_shape",
)
ARRAYS = ("zeros", "ones", "empty", "reshape", "Reshape")
"""What makes arrays of a shape: the pictures' axes may stand anywhere in it."""


def written_sizes(text: Text, sides: Collection[int]) -> list[cst.Integer]:
    """Return the numbers that say how large pictures are, through names, each once.

    Parameters
    ----------
    sides
        The height and the width, px: other numbers are none.
    """
    wanted = {str(one) for one in sides}
    found: dict[cst.Integer, None] = {}
    own = [text.what(one) for one in text.nodes(cst.Call) if text.argument(one, "input_shape") is not None]
    for call in text.calls(*SIZED, *own):
        for argument in call.args:
            keyword = argument.keyword.value if argument.keyword is not None else ""
            plain = not keyword and text.what(call) in PLACED
            if keyword in KEYWORDS or plain:
                found |= dict.fromkeys(_numbers(text, argument.value, wanted))
    for call in text.calls(*ARRAYS):
        for axis in _axes(call):
            found |= dict.fromkeys(_numbers(text, axis, wanted))
    return list(found)


def _axes(call: cst.Call) -> Iterator[cst.BaseExpression]:
    """Yield the axes of a shape that is given as a tuple or number by number; the first of four counts pictures."""
    given = [one.value for one in call.args]
    tuples = [one.elements for one in given if isinstance(one, (cst.Tuple, cst.List))]
    for shape in [[one.value for one in each] for each in tuples] or [given]:
        yield from shape[-3:]


def resize(text: Text, sides: Collection[int], change: Callable[[int], int]) -> bool:
    """Give pictures another size wherever theirs is written; say whether it is."""
    found = written_sizes(text, sides)
    for one in found:
        text.replace(one, str(change(int(one.value))))
    return bool(found)


def _numbers(text: Text, node: cst.BaseExpression, sides: set[str], depth: int = 0) -> Iterator[cst.Integer]:
    """Yield the numbers of a size, through names; a third number counts channels."""
    if isinstance(node, cst.Integer):
        if node.value in sides:
            yield node
    elif isinstance(node, (cst.Tuple, cst.List)):
        for one in node.elements[:2]:
            yield from _numbers(text, one.value, sides, depth + 1)
    elif isinstance(node, cst.BinaryOperation) and isinstance(node.operator, cst.Add):
        yield from _numbers(text, node.left, sides, depth + 1)
    elif isinstance(node, (cst.Name, cst.Attribute)) and depth < 6:
        found = text.binding(node)
        given = text.given(node) if found is None and isinstance(node, cst.Name) else None
        if found is not None and found.kind == "assign" and not found.path:
            yield from _numbers(text, found.value, sides, depth + 1)
        elif given is not None:
            yield from _numbers(text, given, sides, depth + 1)
