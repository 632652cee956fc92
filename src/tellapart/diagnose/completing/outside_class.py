"""Code that was cut out of a class: ``self`` that nobody hands in, methods at the top, ``return`` outside of all."""

from __future__ import annotations

import libcst as cst

from tellapart.diagnose.edits.draft import Draft

from .imports import Words
from .scopes import undefined

SELF = "self"


def with_self(text: str) -> tuple[str, Words]:
    """Return the program with an object for the ``self`` of a method's body that was pasted without its class."""
    words: list[str] = []
    text, returned = _without_returns(text)
    if returned:
        words.append("return stands outside of a function: what it returns is computed, and dropped")
    if SELF in undefined(text).names:
        draft = Draft(text)
        draft.insert_before(
            draft.tree.body[_first(draft)], "", "", "class Pasted:", "    pass", "", "", "self = Pasted()"
        )
        text = draft.text()
        words.append("self is used outside of a class: an empty object was taken for it")
    return text, tuple(words)


def _first(draft: Draft) -> int:
    """Return the number of the first statement that imports nothing."""
    for number, statement in enumerate(draft.tree.body):
        first = statement.body[0] if isinstance(statement, cst.SimpleStatementLine) else None
        if not isinstance(first, (cst.Import, cst.ImportFrom)):
            return number
    return 0


def _without_returns(text: str) -> tuple[str, bool]:
    draft = Draft(text)
    found = False
    for node in draft.nodes(cst.Return):
        if draft.around(node, cst.FunctionDef) is None:
            found = True
            draft.replace(node, "pass" if node.value is None else draft.code(node.value))
    return (draft.text(), True) if found else (text, False)
