"""All rules over all trainings of a recording."""

from __future__ import annotations

from dataclasses import dataclass

from tellapart.diagnose.reading.facts import Program
from tellapart.diagnose.reading.suspicions.registry import Suspicion
from tellapart.diagnose.recording import Recording
from tellapart.diagnose.robust import left_out

from . import (
    arch,
    arch_layers,
    augmenting,
    data,
    label,
    loop,
    loss,
    metric,
    optimizer,
    output,
    prep,
    regularisation,
    split,
)
from .registry import LISTED, RULES, Rule, RuledOut
from .view import View

GROUPS = (
    arch,
    arch_layers,
    augmenting,
    data,
    label,
    loop,
    loss,
    metric,
    optimizer,
    output,
    prep,
    regularisation,
    split,
)
"""Importing them fills the registry."""


@dataclass(frozen=True)
class Seen:
    """What a run shows.

    Attributes
    ----------
    suspicions
        One for each cause that may be, surest first.
    ruled_out
        Causes whose signs were looked for and clearly not found in any training.
    """

    suspicions: tuple[Suspicion, ...]
    ruled_out: tuple[RuledOut, ...]


def look(recording: Recording, program: Program | None = None) -> Seen:
    """Return what a recording shows; nothing is proved.

    Parameters
    ----------
    recording
        Of one run.
    program
        What `tellapart.diagnose.reading.read_program` found in its text; gives suspicions their positions.
    """
    surest: dict[str, Suspicion] = {}
    out: dict[str, RuledOut] = {}
    for number, training in enumerate(recording.trainings):
        view = View(recording, training, number, program)
        for rule in RULES.values():
            suspected, cleared = _asked(rule, view)
            for one in suspected:
                if one.code not in surest or surest[one.code].certainty < one.certainty:
                    surest[one.code] = one
            for ruled in cleared:
                out.setdefault(ruled.code, ruled)
    return Seen(
        tuple(sorted(surest.values(), key=lambda one: (-one.certainty, one.code))),
        tuple(
            one for code, one in sorted(out.items()) if code not in surest or surest[code].certainty < LISTED
        ),
    )


def _asked(rule: Rule, view: View) -> tuple[list[Suspicion], list[RuledOut]]:
    with left_out(f"watching for {rule.code}"):
        return rule.look(view)
    return [], []
