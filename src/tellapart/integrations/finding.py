"""What a doctor says: one finding, and the words of the end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

PREFIX = "tellapart"
NEXT = "`tellapart diagnose SCRIPT` can prove it and write the patch."
"""The doctor only looks: what is cause and what is consequence, runs with and without a change tell."""


@dataclass(frozen=True)
class Finding:
    """Something seen in a training, said once, when it was seen.

    Attributes
    ----------
    code
        Of the cause, as in the pages of the documentation; ``live.…`` for what is seen of a training that has no one
        cause.
    title
        What is wrong.
    words
        What was seen, with the numbers.
    advice
        What to do.
    epoch, step
        When it was seen, counted from 1; `step` counts on through all epochs, 0 before the first.
    certainty
        0 to 1: how sure looking alone can be.
    """

    code: str
    title: str
    words: str
    advice: str
    epoch: int
    step: int
    certainty: float

    def __str__(self) -> str:
        return "\n".join(
            [
                f"{PREFIX}, epoch {self.epoch}, step {self.step}: {self.title}.",
                f"    Seen: {self.words}",
                f"    To do: {self.advice}",
                f"    {self.code}: {NEXT}",
            ]
        )


def summary(findings: Sequence[Finding], epochs: int, steps: int, share: float) -> str:
    """Return what is said at the end.

    Parameters
    ----------
    findings
        All of the training.
    epochs, steps
        How many were watched.
    share
        Of the training's own time that watching took.
    """
    times = f"{epochs} epoch{'s' if epochs != 1 else ''}, {steps} step{'s' if steps != 1 else ''}"
    watched = f"{PREFIX}: watched {times} (watching took {share:.0%} of the time)"
    if not steps and not findings:
        return f"{PREFIX}: no training step was seen, so nothing was watched."
    if not findings:
        return f"{watched}; nothing found against this training."
    listed = [f"    {one.code}: {one.title} (epoch {one.epoch}, step {one.step})" for one in findings]
    number = f"{len(findings)} finding{'s' if len(findings) > 1 else ''}"
    return "\n".join([f"{watched}; {number}:", *listed, f"    {NEXT}"])
