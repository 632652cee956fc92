"""The rules by their cause's code; a second rule under one code is refused."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tellapart.diagnose.reading.fact import Fact
from tellapart.diagnose.reading.facts import Program
from tellapart.diagnose.reading.position import Position

CLEARLY = 0.8
"""From this certainty on looking alone is sure enough to say so."""


@dataclass(frozen=True)
class Suspicion:
    """Something in the text, or in what was seen of a run, that may be a cause.

    Attributes
    ----------
    code
        Of the cause.
    position
        Where in the text; None where only the run shows it.
    words
        One sentence, with the program's own values.
    certainty
        0 to 1: how sure looking alone can be that it is so and that it matters; low where the pictures decide.
    predicts
        What a run would show if it is so.
    source
        The lines in question.
    """

    code: str
    position: Position | None
    words: str
    certainty: float
    predicts: str
    source: str = ""


@dataclass(frozen=True)
class Sign:
    """What a rule found: where, what it says, and how sure it is."""

    where: Fact | Position
    words: str
    certainty: float


@dataclass(frozen=True)
class Rule:
    """How one cause shows in the text."""

    code: str
    predicts: str
    signs: Callable[[Program], Iterator[Sign]]

    def look(self, program: Program) -> Iterator[Suspicion]:
        """Yield what the rule suspects in a program."""
        for sign in self.signs(program):
            where = sign.where
            position, source = (where.position, where.source) if isinstance(where, Fact) else (where, "")
            yield Suspicion(self.code, position, sign.words, sign.certainty, self.predicts, source)


RULES: dict[str, Rule] = {}


def rule(
    code: str, predicts: str
) -> Callable[[Callable[[Program], Iterator[Sign]]], Callable[[Program], Iterator[Sign]]]:
    """Register a rule.

    Raises
    ------
    ValueError
        There is a rule under this code.
    """

    def register(signs: Callable[[Program], Iterator[Sign]]) -> Callable[[Program], Iterator[Sign]]:
        if code in RULES:
            raise ValueError(f"a second rule under {code}")
        RULES[code] = Rule(code, predicts, signs)
        return signs

    return register
