"""Every run of a diagnosis as text: what was changed, how it ended, what it printed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tellapart.diagnose.edits import unified_diff

from .effect import level
from .judged import judge
from .runs import Ran


def log(done: Sequence[Ran], original: str, file: str, plan: Sequence[str] = ()) -> str:
    """Return the log of all runs.

    Parameters
    ----------
    done
        In the order in which they ended.
    original, file
        The program as it is, and its name.
    plan
        What was going to be run, in words.
    """
    lines = [line for number, one in enumerate(done, 1) for line in _lines(number, one, original, file)]
    return "\n".join([*(["=== plan", *plan, ""] if plan else []), *lines])


def _lines(number: int, ran: Ran, original: str, file: str) -> Iterator[str]:
    recording = ran.recording
    shorter = f" ({ran.words})" if ran.words else ""
    yield f"=== run {number}: seed {ran.seed}, {recording.outcome.value} after {recording.seconds:.1f} s{shorter}"
    judged = judge(recording)
    if judged is not None:
        yield f"balanced accuracy on {judged.part}: {level([judged])}"
    if recording.failure is not None:
        yield f"{recording.failure.kind}: {recording.failure.message}"
    yield unified_diff(original, ran.text, file).rstrip("\n") or "The program as it is."
    yield "--- printed"
    yield recording.output.rstrip("\n")
    yield ""
