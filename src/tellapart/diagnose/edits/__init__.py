"""From a suspicion to the edits of the program that would mend it: one module a group of causes."""

from __future__ import annotations

import contextlib

from tellapart.diagnose.reading import Program, Suspicion
from tellapart.diagnose.recording import Recording
from tellapart.diagnose.robust import left_out

from . import (  # noqa: F401 - importing them fills the registry
    all_pictures,
    arch,
    arch_training,
    data,
    flattening,
    initial_weights,
    label,
    label_noise,
    loop,
    loop_graph,
    loop_mode,
    loss,
    metric,
    optimizer,
    output,
    prep,
    regularisation,
    split,
    training_length,
)
from .registry import EDITS, Asked, Edit, unified_diff


def propose(program: Program, suspicion: Suspicion, recording: Recording | None = None) -> tuple[Edit, ...]:
    """Return the edits that would mend what is suspected, best first; each changes the program as it is.

    Parameters
    ----------
    program
        As `tellapart.diagnose.reading.read_program` found it in a script.
    suspicion
        One of its suspicions, or one from watching it run.
    recording
        One run of it, where there is one.
    """
    make = EDITS.get(suspicion.code)
    if make is None:
        return ()
    found: list[Edit] = []
    # Splices that do not go together in this text: what came before stands, and an edit less is no harm.
    with left_out(f"the edit for {suspicion.code}"), contextlib.suppress(ValueError):
        found.extend(one for one in make(Asked(program, suspicion, recording)) if one is not None)
    return tuple(one for one in found if one.text != program.text)


__all__ = ["EDITS", "Edit", "propose", "unified_diff"]
