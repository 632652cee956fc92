"""Suspicions of reading and of watching -> suspects: one for each cause, surest first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from .reading import Suspicion
from .watching import RuledOut, Seen

UNSURE = 0.5
"""Below this certainty of the text its line may be a wrong one."""


def suspects(
    read: Sequence[Suspicion], seen: Seen | None
) -> tuple[tuple[Suspicion, ...], tuple[RuledOut, ...]]:
    """Bring together what the text and the run say.

    Two independent witnesses of one cause are surer than each: the doubts of both are multiplied. What the run
    clearly rules out is no suspect, whatever the text looks like.

    Returns
    -------
    suspects
        One for each code; place and words of the text where it has any, for they name the line.
    ruled_out
        What the run rules out.
    """
    surest: dict[str, Suspicion] = {}
    for one in read:
        if one.code not in surest or surest[one.code].certainty < one.certainty:
            surest[one.code] = one
    out = () if seen is None else seen.ruled_out
    for ruled in out:
        surest.pop(ruled.code, None)
    for one in () if seen is None else seen.suspicions:
        surest[one.code] = _both(surest[one.code], one) if one.code in surest else one
    found = sorted(surest.values(), key=lambda one: (-one.certainty, one.code))
    return tuple(found), out


def _both(read: Suspicion, seen: Suspicion) -> Suspicion:
    certainty = 1 - (1 - read.certainty) * (1 - seen.certainty)
    # The text names a line, a run only the part of the program that its figures are of.
    if seen.position is not None and (read.position is None or read.certainty < UNSURE):
        read, seen = seen, read
    return replace(read, certainty=certainty, words=f"{read.words} {seen.words}")
