"""Few pictures of many: a list cut short, a sample, a subset."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from .pictures_in_text import Text, change
from .registry import Asked, Edit, edit

LISTING = ("listdir", "glob", "iglob", "rglob", "iterdir", "scandir", "list_images", "find")
AROUND = ("sorted", "list", "tuple", "reversed")


@edit("data.too_few_pictures")
def all_pictures(asked: Asked) -> Iterator[Edit | None]:
    """Use every picture where the program takes a few of them."""
    yield change(asked, "All pictures are used, not the first few.", _not_cut_short)
    yield change(asked, "All pictures are used, not a sample of them.", _not_sampled)


def _not_cut_short(text: Text) -> bool:
    """Take ``[:n]`` away from lists of files and from what is filled by ``append``."""
    cut = [one for one in text.nodes(cst.Subscript) if _begins(one)]
    rests = {text.code(one.value) for one in text.nodes(cst.Subscript) if _ends(one)}
    changed = False
    for one in cut:
        # What has a rest is a split: its parts must stay apart.
        if _is_list_of_files(text, one.value) and text.code(one.value) not in rests:
            text.replace(one, text.code(one.value))
            changed = True
    return changed


def _slice(node: cst.Subscript) -> cst.Slice | None:
    found = node.slice[0].slice if len(node.slice) == 1 else None
    return found if isinstance(found, cst.Slice) else None


def _begins(node: cst.Subscript) -> bool:
    found = _slice(node)
    return found is not None and found.lower is None and found.upper is not None and found.step is None


def _ends(node: cst.Subscript) -> bool:
    found = _slice(node)
    return found is not None and found.lower is not None


def _is_list_of_files(text: Text, node: cst.BaseExpression) -> bool:
    made = text.resolve(node)
    if isinstance(made, (cst.List, cst.ListComp)):
        name = text.code(node)
        filled = [one for one in text.calls("append") if isinstance(one.func, cst.Attribute)]
        return isinstance(made, cst.ListComp) or any(text.code(one.func.value) == name for one in filled)  # type: ignore[attr-defined]
    while isinstance(made, cst.Call) and text.what(made) in AROUND and made.args:
        made = text.resolve(made.args[0].value)
    return isinstance(made, cst.ListComp) or (isinstance(made, cst.Call) and text.what(made) in LISTING)


def _not_sampled(text: Text) -> bool:
    """Take all of what ``random.sample(files, n)`` or ``Subset(pictures, range(n))`` draws from."""
    changed = False
    for call in text.calls("sample", "Subset"):
        if len(call.args) < 2:
            continue
        drawn = call.args[0].value
        if text.api(call.func) == "random.sample":
            text.replace(call, f"list({text.code(drawn)})")
            changed = True
        elif text.what(call) == "Subset" and _is_first_few(text, call):
            text.replace(call, text.code(drawn))
            changed = True
    return changed


def _is_first_few(text: Text, subset: cst.Call) -> bool:
    """Say whether a subset is ``range(n)`` of pictures that no other subset is drawn from."""
    numbers = text.resolve(subset.args[1].value)
    while isinstance(numbers, cst.Call) and text.what(numbers) in AROUND and numbers.args:
        numbers = text.resolve(numbers.args[0].value)
    drawn = text.code(subset.args[0].value)
    others = [one for one in text.calls("Subset") if one is not subset and one.args]
    alone = not any(text.code(one.args[0].value) == drawn for one in others)
    is_range = isinstance(numbers, cst.Call) and text.what(numbers) == "range" and len(numbers.args) == 1
    return alone and is_range
