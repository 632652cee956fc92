"""From facts to suspicions: what may be a cause, by reading alone. One module a group of causes."""

from __future__ import annotations

from tellapart.diagnose.reading.facts import Program
from tellapart.diagnose.reading.position import Position
from tellapart.diagnose.robust import left_out

from . import (
    arch,
    data,
    loop,
    loss,
    metric,
    optimizer,
    output,
    prep,
    prep_backbone,
    prep_picture,
    regularisation,
    split,
)
from .registry import CLEARLY, RULES, Suspicion

GROUPS = (
    arch,
    data,
    loop,
    loss,
    metric,
    optimizer,
    output,
    prep,
    prep_backbone,
    prep_picture,
    regularisation,
    split,
)
"""Importing them fills the registry."""


START = Position(0, 0, 0)


def suspect(program: Program) -> tuple[Suspicion, ...]:
    """Return what may be wrong with a program, surest first; nothing is proved.

    Parameters
    ----------
    program
        What `read_program` found.
    """
    found: dict[tuple[str, object], Suspicion] = {}
    for rule in RULES.values():
        with left_out(f"reading for {rule.code}"):
            for one in rule.look(program):
                key = (one.code, one.position)
                if key not in found or found[key].certainty < one.certainty:
                    found[key] = one
    return tuple(sorted(found.values(), key=lambda one: (-one.certainty, one.position or START, one.code)))


__all__ = ["CLEARLY", "RULES", "Suspicion", "suspect"]
