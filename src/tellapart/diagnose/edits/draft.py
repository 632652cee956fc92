"""A program being changed: splices into its text, so that whatever is not meant stays to the letter.

Legend: an *offset* counts characters of the whole text from 0; positions are as in
`tellapart.diagnose.reading.position`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeVar

import libcst as cst
from libcst.metadata import MetadataWrapper, ParentNodeProvider, PositionProvider

from tellapart.diagnose.reading import Position

Node = TypeVar("Node", bound=cst.CSTNode)
STATEMENTS = (cst.SimpleStatementLine, cst.BaseCompoundStatement)


@dataclass(frozen=True, order=True)
class Splice:
    """`text` in place of what stands from `start` to `end`."""

    start: int
    end: int
    text: str


@lru_cache(maxsize=4)
def _parsed(script: str) -> tuple[cst.Module, Mapping[cst.CSTNode, Any], Mapping[cst.CSTNode, Any]]:
    """Return the tree, the places and the holders of its nodes: nothing changes them, so that drafts share them."""
    wrapper = MetadataWrapper(cst.parse_module(script), unsafe_skip_copy=True)
    return wrapper.module, wrapper.resolve(PositionProvider), wrapper.resolve(ParentNodeProvider)


class Draft:
    """A script, and the changes noted so far; `text` applies them.

    Parameters
    ----------
    script
        Valid Python; no notebook.
    """

    def __init__(self, script: str) -> None:
        self.script = script
        self.tree, self._ranges, self._parents = _parsed(script)
        self._line_starts = [0, *(found.end() for found in re.finditer("\n", script))]
        self._splices: list[Splice] = []

    # looking

    def nodes(self, *kinds: type[Node]) -> Iterator[Node]:
        """Yield the nodes of some kinds, in order of the text; of those that begin together the outer one first."""
        found = [node for node in self._ranges if isinstance(node, kinds)]
        yield from sorted(found, key=lambda one: (self.span(one)[0], -self.span(one)[1]))

    def at(self, position: Position, *kinds: type[Node]) -> Node | None:
        """Return the outermost node of some kinds that begins at a position, else the first one on its lines."""
        found = list(self.nodes(*kinds))
        for one in found:
            start = self._ranges[one].start
            if (start.line, start.column) == (position.line, position.column):
                return one
        within = (one for one in found if position.line <= self._ranges[one].start.line <= position.end_line)
        return next(within, None)

    def span(self, node: cst.CSTNode) -> tuple[int, int]:
        """Return the offsets of a node's text, with its own brackets, without the comments and blank lines around."""
        first, last = node, node
        if (
            isinstance(node, cst.BaseExpression) and node.lpar
        ):  # LibCST's position of a tuple is inside its brackets
            first, last = node.lpar[0], node.rpar[-1]
        return self._offset(self._ranges[first].start), self._offset(self._ranges[last].end)

    def code(self, node: cst.CSTNode) -> str:
        """Return a node's text."""
        start, end = self.span(node)
        return self.script[start:end]

    def line(self, node: cst.CSTNode) -> int:
        """Return the line on which a node begins, from 1."""
        return int(self._ranges[node].start.line)

    def parent(self, node: cst.CSTNode) -> cst.CSTNode | None:
        """Return the node that holds a node."""
        return self._parents.get(node)

    def around(self, node: cst.CSTNode, *kinds: type[Node]) -> Node | None:
        """Return the innermost node of some kinds that holds a node, or None."""
        above = self.parent(node)
        while above is not None and not isinstance(above, kinds):
            above = self.parent(above)
        return above

    def statement(self, node: cst.CSTNode) -> cst.CSTNode:
        """Return the statement in which a node stands: a line, or a whole ``if``, ``for`` or ``def``."""
        if isinstance(node, STATEMENTS):
            return node
        found = self.around(node, *STATEMENTS)  # type: ignore[type-abstract]
        return self.tree if found is None else found

    def indent(self, node: cst.CSTNode) -> str:
        """Return what stands before a node's statement on its line."""
        start = self._line_starts[self.line(self.statement(node)) - 1]
        found = re.match(r"[ \t]*", self.script[start:])
        return found.group() if found else ""

    # changing

    def replace(self, node: cst.CSTNode, text: str) -> None:
        """Put a text in place of a node."""
        self._splices.append(Splice(*self.span(node), text))

    def wrap(self, node: cst.CSTNode, before: str, after: str) -> None:
        """Put texts right before and after a node."""
        start, end = self.span(node)
        self._splices += [Splice(start, start, before), Splice(end, end, after)]

    def remove_statement(self, node: cst.CSTNode) -> None:
        """Take a statement's lines out; ``pass`` stays where a block would be empty."""
        statement = self.statement(node)
        if isinstance(statement, cst.SimpleStatementLine) and len(statement.body) > 1:
            self._remove_small(statement, node)
            return
        block = self.parent(statement)
        if isinstance(block, cst.IndentedBlock) and len(block.body) == 1:
            self.replace(statement, "pass")
            return
        _, end = self.span(statement)
        begin = self._line_starts[self.line(statement) - 1]
        after = self.script.find("\n", end)
        self._splices.append(Splice(begin, len(self.script) if after < 0 else after + 1, ""))

    def _remove_small(self, line: cst.SimpleStatementLine, node: cst.CSTNode) -> None:
        """Take out one of several statements on a line, with its semicolon."""
        ends = [self.span(one) for one in line.body]
        number = next(n for n, (begin, end) in enumerate(ends) if begin <= self.span(node)[0] < end)
        if number + 1 < len(ends):
            self._splices.append(Splice(ends[number][0], ends[number + 1][0], ""))
        else:
            start, end = (self._small_end(one) for one in line.body[number - 1 : number + 1])
            self._splices.append(Splice(start, end, ""))

    def _small_end(self, node: cst.CSTNode) -> int:
        """Return where a small statement ends, without its semicolon."""
        return self.span(node)[0] + len(self.code(node).rstrip().removesuffix(";").rstrip())

    def insert_before(self, node: cst.CSTNode, *lines: str) -> None:
        """Put lines before a node's statement, indented like it."""
        start = self._line_starts[self.line(self.statement(node)) - 1]
        indent = self.indent(node)
        self._splices.append(Splice(start, start, "".join(f"{indent}{one}\n" for one in lines)))

    def insert_after(self, node: cst.CSTNode, *lines: str) -> None:
        """Put lines after a node's statement, indented like it."""
        _, end = self.span(self.statement(node))
        newline = self.script.find("\n", end)
        at = len(self.script) if newline < 0 else newline + 1
        lead = "\n" if newline < 0 else ""
        indent = self.indent(node)
        self._splices.append(Splice(at, at, lead + "".join(f"{indent}{one}\n" for one in lines)))

    def insert_in_block(self, block: cst.BaseSuite, *lines: str) -> None:
        """Put lines at the beginning of an indented block."""
        if block.body:
            self.insert_before(block.body[0], *lines)

    def argument(self, call: cst.Call, keyword: str, place: int | None = None) -> cst.Arg | None:
        """Return an argument by its keyword, else by its place among those without one."""
        for one in call.args:
            if one.keyword is not None and one.keyword.value == keyword:
                return one
        plain = [one for one in call.args if one.keyword is None and not one.star]
        return plain[place] if place is not None and place < len(plain) else None

    def set_argument(self, call: cst.Call, keyword: str, text: str, place: int | None = None) -> None:
        """Give a call an argument: in place of the one it has, else as a keyword after the last."""
        known = self.argument(call, keyword, place)
        if known is not None:
            self.replace(known.value, text)
            return
        if not call.args:
            _, end = self.span(call)
            self._splices.append(Splice(end - 1, end - 1, f"{keyword}={text}"))
            return
        _, end = self.span(call.args[-1].value)
        stars = [one for one in call.args if one.star == "**"]
        if stars:  # **options may hold it, and no keyword may be given twice
            self.wrap(stars[-1].value, "{**", f', "{keyword}": {text}}}')
        else:
            self._splices.append(Splice(end, end, f", {keyword}={text}"))

    def drop_argument(self, call: cst.Call, keyword: str, place: int | None = None) -> bool:
        """Take an argument out, with its comma; say whether there was one."""
        known = self.argument(call, keyword, place)
        if known is None:
            return False
        self._drop(list(call.args), list(call.args).index(known))
        return True

    def drop_element(self, node: cst.BaseElement | cst.Arg) -> None:
        """Take an element out of a list, tuple or call, with its comma."""
        holder = self.parent(node)
        held: Sequence[cst.CSTNode] = ()
        if isinstance(holder, (cst.List, cst.Tuple)):
            held = holder.elements
        elif isinstance(holder, cst.Call):
            held = holder.args
        self._drop(list(held), list(held).index(node))

    def insert_element_before(self, node: cst.BaseElement | cst.Arg, text: str) -> None:
        """Put an element before another one of a list, tuple or call, on a line of its own if that one has one."""
        start, _ = self.span(node)
        line_start = self.script.rfind("\n", 0, start) + 1
        lead = self.script[line_start:start]
        self._splices.append(Splice(start, start, f"{text},\n{lead}" if lead.isspace() else f"{text}, "))

    def insert_element_after(self, node: cst.BaseElement | cst.Arg, text: str) -> None:
        """Put an element after another one of a list, tuple or call, on a line of its own if that one has one."""
        # Their own span may hold the comma.
        start, end = self.span(node)[0], self.span(node.value)[1]
        line_start = self.script.rfind("\n", 0, start) + 1
        lead = self.script[line_start:start]
        self._splices.append(Splice(end, end, f",\n{lead}{text}" if lead.isspace() else f", {text}"))

    def add_import(self, line: str) -> None:
        """Import something, unless the script has this very line; after the docstring and ``from __future__``."""
        if re.search(rf"^{re.escape(line)}\s*(#.*)?$", self.script, re.MULTILINE):
            return
        last = None
        for statement in self.tree.body:
            if not _stands_first(statement):
                break
            last = statement
        if last is None:
            self._splices.append(Splice(0, 0, f"{line}\n"))
        else:
            self.insert_after(last, line)

    def text(self) -> str:
        """Return the script with all changes.

        Raises
        ------
        ValueError
            Two changes overlap, or what results is no Python: a mistake in the edit, not in the script.
        """
        found, done = [], 0
        for one in sorted(self._splices, key=lambda splice: (splice.start, splice.end)):
            if one.start < done:
                raise ValueError(f"two changes overlap at character {one.start}")
            found += [self.script[done : one.start], one.text]
            done = one.end
        changed = "".join([*found, self.script[done:]])
        try:
            compile(changed, "<edited>", "exec", dont_inherit=True)
        except SyntaxError as error:
            raise ValueError(f"the change is no Python: {error}") from error
        return changed

    def _drop(self, held: list[cst.CSTNode], index: int) -> None:
        node = held[index]
        start, end = self.span(node)
        end = self.span(node.value)[1] if isinstance(node, (cst.Arg, cst.Element)) else end
        if index + 1 < len(held):
            end = self.span(held[index + 1])[0]
        elif index:
            before = held[index - 1]
            start = self.span(before.value if isinstance(before, (cst.Arg, cst.Element)) else before)[1]
            if self._after_comma(end) > end:  # a comma after the last one: the one before keeps its own
                start, end = self._after_comma(start), self._after_comma(end)
        self._splices.append(Splice(start, end, ""))

    def _after_comma(self, end: int) -> int:
        found = re.match(r"\s*,", self.script[end:])
        return end + found.end() if found else end

    def _offset(self, place: object) -> int:
        return self._line_starts[place.line - 1] + place.column  # type: ignore[attr-defined]


def _stands_first(statement: cst.CSTNode) -> bool:
    """Say whether nothing may be imported before a statement: a docstring, or ``from __future__``."""
    if not isinstance(statement, cst.SimpleStatementLine):
        return False
    first = statement.body[0]
    if isinstance(first, cst.Expr):
        return isinstance(first.value, (cst.SimpleString, cst.ConcatenatedString))
    return (
        isinstance(first, cst.ImportFrom)
        and isinstance(first.module, cst.Name)
        and first.module.value == "__future__"
    )
