"""The rules by their cause's code; a second rule under one code is refused."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tellapart.diagnose.reading.fact import Fact
from tellapart.diagnose.reading.position import Position
from tellapart.diagnose.reading.suspicions.registry import Suspicion

from .view import View

TEMPERED = 0.25
"""Most certain that something is a cause of failure can be where the training demonstrably does not fail."""
LISTED = 0.3
"""From this certainty on a cause is suspected; below it is only kept in mind, and may be ruled out beside it."""


@dataclass(frozen=True)
class RuledOut:
    """A cause whose sign was looked for and clearly not found, and what was seen instead."""

    code: str
    why: str


@dataclass(frozen=True)
class Sign:
    """What a rule saw: in words with the observed figures, how sure it is, and where in the text it belongs."""

    words: str
    certainty: float
    where: Fact | Position | None = None


@dataclass(frozen=True)
class Clear:
    """What a rule saw that rules its cause out, in words."""

    why: str


Look = Callable[[View], Iterator[Sign | Clear]]


@dataclass(frozen=True)
class Rule:
    """How one cause shows in a run.

    Attributes
    ----------
    prevents
        The cause harms by keeping the network from learning: where it has learnt, the cause is no more than a remark.
        False for wrong figures, leaks and mixed-up parts: they are wrong however well the training goes.
    """

    code: str
    predicts: str
    signs: Look
    prevents: bool

    def look(self, view: View) -> tuple[list[Suspicion], list[RuledOut]]:
        """Return what the rule suspects in a run, and what it rules out."""
        suspected, out = [], []
        for sign in self.signs(view):
            if isinstance(sign, Clear):
                out.append(RuledOut(self.code, sign.why))
                continue
            tempered = self.prevents and view.works
            certainty = min(sign.certainty, TEMPERED) if tempered else sign.certainty
            words = f"{sign.words} Yet {view.works_words}." if tempered else sign.words
            fact = sign.where if isinstance(sign.where, Fact) else None
            position = fact.position if fact is not None else sign.where
            suspected.append(
                Suspicion(
                    self.code,
                    position if isinstance(position, Position) else None,
                    words,
                    certainty,
                    self.predicts,
                    "" if fact is None else fact.source,
                )
            )
        return suspected, out


RULES: dict[str, Rule] = {}


def rule(code: str, predicts: str, *, prevents: bool = True) -> Callable[[Look], Look]:
    """Register a rule; see `Rule` for what is given.

    Raises
    ------
    ValueError
        There is a rule under this code.
    """

    def register(signs: Look) -> Look:
        if code in RULES:
            raise ValueError(f"a second rule under {code}")
        RULES[code] = Rule(code, predicts, signs, prevents)
        return signs

    return register
