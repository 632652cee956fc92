"""Code that was cut out of a class: ``self`` that nobody hands in, methods at the top, ``return`` outside of all."""

from __future__ import annotations

from collections.abc import Sequence

import libcst as cst

from tellapart.diagnose.edits.draft import Draft

from .imports import Words, source_of
from .scopes import undefined

SELF, CLASS = "self", "Pasted"
BASES = {"forward": "torch.nn.Module", "call": "keras.Model", "__getitem__": "torch.utils.data.Dataset"}
"""What a class is whose method of this name a library calls."""


def with_self(text: str) -> tuple[str, Words]:
    """Return the program with a class around methods that lack theirs, and an object for a ``self`` nobody hands in."""
    words: list[str] = []
    text, returned = _without_returns(text)
    if returned:
        words.append("return stands outside of a function: what it returns is computed, and dropped")
    text, wrapped = _with_class(text)
    if wrapped:
        words.append(f"{', '.join(wrapped)} are methods without a class: one was put around them")
    outside = SELF in undefined(text).names
    if outside:
        draft = Draft(text)
        draft.insert_before(
            draft.tree.body[_first(draft)],
            "",
            "",
            f"class {CLASS}:",
            "    pass",
            "",
            "",
            f"{SELF} = {CLASS}()",
        )
        text = draft.text()
        words.append("self is used outside of a class: an empty object was taken for it")
    if outside or (wrapped and not {*wrapped} & {*BASES}):  # what a library's class has is not in the text
        text, never_set = _without_lost_attributes(text)
        words += (f"self.{name} is never set: taken for {name}, which is not defined" for name in never_set)
    return text, tuple(words)


def _without_lost_attributes(text: str) -> tuple[str, list[str]]:
    """Write a plain name for an attribute of ``self`` that is used and nowhere set: it is completed like others."""
    draft = Draft(text)
    own = [
        one
        for one in draft.nodes(cst.Attribute)
        if isinstance(one.value, cst.Name) and one.value.value == SELF
    ]
    known = {one.name.value for one in draft.nodes(cst.FunctionDef)}
    known |= {one.attr.value for one in own if isinstance(draft.parent(one), (cst.AssignTarget, cst.Element))
              and draft.around(one, cst.AssignTarget) is not None}  # fmt: skip
    lost = [one for one in own if one.attr.value not in known and not isinstance(draft.parent(one), cst.Call)]
    for one in lost:
        draft.replace(one, one.attr.value)
    return draft.text(), list(dict.fromkeys(one.attr.value for one in lost))


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


def _with_class(text: str) -> tuple[str, list[str]]:
    """Put a class around functions at the top that begin with ``self``."""
    draft = Draft(text)
    methods = [node for node in draft.tree.body if isinstance(node, cst.FunctionDef) and _is_method(node)]
    if not methods:
        return text, []
    names = [node.name.value for node in methods]
    base = next((base for name, base in BASES.items() if name in names), "")
    lines = [f"class {_called(draft, text)}{f'({base})' if base else ''}:"]
    for node in methods:
        lines += [
            *(f"    {line}" if line.strip() else "" for line in draft.code(node).rstrip().split("\n")),
            "",
        ]
        if node is not methods[0]:
            draft.remove_statement(node)
    draft.replace(methods[0], "\n".join(lines).rstrip() + "\n")
    if base:
        draft.add_import(f"import {base.partition('.')[0]}")
    calls = "" if base else _calls(methods)
    return draft.text().rstrip("\n") + "\n" + calls, names


def _calls(methods: Sequence[cst.FunctionDef]) -> str:
    """Return lines that make an object of the class and call its methods one after the other, if they need nothing."""
    if any(one.default is None for method in methods for one in method.params.params[1:]):
        return ""
    names = [one.name.value for one in methods if not one.name.value.startswith("__")]
    return "".join([f"\n\npasted = {CLASS}()\n", *(f"pasted.{name}()\n" for name in names)])


def _is_method(node: cst.FunctionDef) -> bool:
    first = node.params.params[0].name.value if node.params.params else ""
    return first == SELF


def _called(draft: Draft, text: str) -> str:
    """Return the name of the one class that the program makes and does not have."""
    calls = {node.func.value for node in draft.nodes(cst.Call) if isinstance(node.func, cst.Name)}
    missing = [
        name for name in undefined(text).names if name in calls and name[:1].isupper() and not source_of(name)
    ]
    return missing[0] if len(missing) == 1 else CLASS
