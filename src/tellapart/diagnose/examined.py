"""What an examination has found out, before anything is concluded from it."""

from __future__ import annotations

from dataclasses import dataclass

from .proving.trial import Tried
from .reading import Program, Suspicion
from .recording import Recording
from .script import Script
from .watching import Discrepancy, RuledOut


@dataclass(frozen=True)
class Examined:
    """Everything the verdict goes by.

    Attributes
    ----------
    script
        As it was given, and completed.
    runs
        Of the program as it is, at least one.
    tried
        By round: what was tried on the program as it is, then on the program mended once, and so on.
    notes
        How the runs differ from what the user would run.
    cut
        None was as long as the program is.
    """

    script: Script
    program: Program
    runs: tuple[Recording, ...]
    suspects: tuple[Suspicion, ...]
    ruled_out: tuple[RuledOut, ...]
    compared: tuple[Discrepancy, ...]
    tried: tuple[tuple[Tried, ...], ...]
    notes: tuple[str, ...] = ()
    cut: bool = False
