"""Reshapes that were meant to move the channels: numbers are read in the order they have, then axes are moved."""

from __future__ import annotations

from collections.abc import Sequence

import libcst as cst

from .pictures_in_text import Text

CHANNELS = ("3", "4")
RESHAPING = ("reshape", "view")


def axes_moved(text: Text, lines: Sequence[int] = ()) -> bool:
    """Read ``x.reshape(-1, 3, H, W)`` as (-1, H, W, 3) and move the channels to the front; or to the end.

    Parameters
    ----------
    lines
        On which reshapes were read to be on the way of the training pictures; none: every such reshape is meant.

    Returns
    -------
    bool
        Whether there was one.
    """
    found = [(call, sizes) for call in text.calls(*RESHAPING) if (sizes := _sizes(text, call)) is not None]
    on_the_way = [one for one in found if any(_holds(text, one[0], line) for line in lines)]
    for call, sizes in on_the_way or found:
        _read_and_moved(text, call, sizes)
    return bool(found)


def _holds(text: Text, call: cst.Call, line: int) -> bool:
    return text.line(call) <= line <= text.last_line(call)


def _sizes(text: Text, call: cst.Call) -> list[cst.BaseExpression] | None:
    """Return the sizes of three or four axes that a call reshapes to, if the first or last of a picture is channels."""
    given = [one.value for one in call.args if one.keyword is None]
    if text.api(call.func):  # np.reshape(x, ...), torch.reshape(x, ...)
        given = given[1:]
    if len(given) == 1 and isinstance(tuple_ := text.resolve(given[0]), (cst.Tuple, cst.List)):
        given = [one.value for one in tuple_.elements]
    if len(given) not in (3, 4):
        return None
    first, last = (_is_channels(text, given[at]) for at in (-3, -1))
    return given if first != last else None


def _is_channels(text: Text, size: cst.BaseExpression) -> bool:
    meant = text.resolve(size)
    return isinstance(meant, cst.Integer) and meant.value in CHANNELS


def _read_and_moved(text: Text, call: cst.Call, sizes: list[cst.BaseExpression]) -> None:
    *batch, one, two, three = (text.code(size) for size in sizes)
    first = _is_channels(text, sizes[-3])
    before = [*batch, two, three, one] if first else [*batch, three, one, two]
    order = ([0] if batch else []) + [at + len(batch) for at in ((2, 0, 1) if first else (1, 2, 0))]
    plain = text.api(call.func) != "" or not isinstance(call.func, cst.Attribute)
    picture = text.code(call.args[0].value) if plain else text.code(call.func.value)  # type: ignore[attr-defined]
    if plain:
        read = f"{text.code(call.func)}({picture}, ({', '.join(before)}))"
    else:
        read = f"{text.code(call.func)}({', '.join(before)})"
    tensor = text.api(call.func).startswith("torch.") or (not plain and _is_tensor(text, call))
    # A copy in the new order: what follows may go by the order in memory.
    moved = f"permute({_listed(order)}).contiguous()" if tensor else f"transpose({_listed(order)}).copy()"
    text.replace(call, f"{read}.{moved}")


def _listed(order: Sequence[int]) -> str:
    return ", ".join(map(str, order))


def _is_tensor(text: Text, node: cst.BaseExpression) -> bool:
    """Say whether an expression comes from PyTorch, as far as the text tells; `view` is PyTorch's own."""
    made: cst.BaseExpression | None = node
    while isinstance(made, cst.Call):
        if text.api(made.func).startswith("torch.") or text.what(made) == "view":
            return True
        made = text.resolve(made.func.value) if isinstance(made.func, cst.Attribute) else None
    return False
