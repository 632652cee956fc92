"""A loop over batches that a counter ends before its time: ``if step >= 10: break``."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst
import libcst.matchers as m

from .position import Position
from .source import Source

REACHED = (cst.GreaterThan, cst.GreaterThanEqual, cst.Equal)


def cut_short(source: Source, batches: Position) -> Position | None:
    """Return where a counter breaks off the loop over batches that stands at a position."""
    loop = next((one for one in source.nodes(cst.For) if source.position(one) == batches), None)
    tests = [one for one in loop.body.body if isinstance(one, cst.If)] if loop is not None else []
    if loop is None or not tests:  # mostly so, and looking for counters takes as long as parsing
        return None
    counters = set(_counters(loop))
    return next((source.position(one) for one in tests if _breaks(one, counters)), None)


def _counters(loop: cst.For) -> Iterator[str]:
    """Yield what ``enumerate`` counts with, and what grows by steps of the loop."""
    counted = m.matches(loop.iter, m.Call(func=m.Name("enumerate")))
    if counted and isinstance(loop.target, cst.Tuple) and loop.target.elements:
        first = loop.target.elements[0].value
        yield from [first.value] if isinstance(first, cst.Name) else []
    for one in m.findall(loop.body, m.AugAssign(target=m.Name(), operator=m.AddAssign(), value=m.Integer())):
        yield one.target.value  # type: ignore[attr-defined]


def _breaks(branch: cst.If, counters: set[str]) -> bool:
    test = branch.test
    if not isinstance(test, cst.Comparison) or not isinstance(test.comparisons[0].operator, REACHED):
        return False
    names = {one.value for one in m.findall(test.left, m.Name()) if isinstance(one, cst.Name)}
    return bool(names & counters) and bool(m.findall(branch.body, m.Break()))
