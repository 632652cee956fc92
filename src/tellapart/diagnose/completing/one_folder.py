"""Undefined folders of several parts, where the pictures have none: each reader is given its share of the one folder.

Without that the program would judge by what it trains on, and be blamed for what was completed.
"""

from __future__ import annotations

from collections.abc import Collection

import libcst as cst

from .imports import Words
from .uses import Uses

SHARE = 0.2


def with_shares(text: str, missing: Collection[str]) -> tuple[str, Words]:
    """Return the program whose readers of undefined folders take their shares, and what was done.

    Parameters
    ----------
    missing
        Names that are not defined.
    """
    uses = Uses(text)
    found = []
    for call in uses.methods("flow_from_directory"):
        folder = uses.argument(call, "directory", 0)
        maker = _maker(uses, call)
        named = folder is not None and isinstance(folder.value, cst.Name) and folder.value.value in missing
        if named and maker is not None and uses.keyword(call, "subset") is None:
            found.append((call, maker, uses.part_of(call)))
    if len({part for _, _, part in found}) < 2:
        return text, ()
    for call, _, part in found:
        uses.set_argument(call, "subset", uses.quoted("training" if part == "train" else "validation"))
    for maker in {id(maker): maker for _, maker, _ in found}.values():
        if uses.keyword(maker, "validation_split") is None:
            uses.set_argument(maker, "validation_split", str(SHARE))
    return uses.text(), (
        "the pictures have no parts: a fifth, of each class, is held out (validation_split)",
    )


def _maker(uses: Uses, call: cst.Call) -> cst.Call | None:
    """Return the ``ImageDataGenerator(...)`` whose method is called: written there, or given to a name before."""
    assert isinstance(call.func, cst.Attribute)  # noqa: S101 - Library.methods yields no others
    of = call.func.value
    if isinstance(of, cst.Call):
        return of
    name = uses.code(of)
    made = [
        node.value
        for node in uses.nodes(cst.Assign)
        if any(uses.code(one.target) == name for one in node.targets)
    ]
    return made[-1] if made and isinstance(made[-1], cst.Call) else None
