"""Loops around an event."""

from __future__ import annotations

from .interpret.state import Event, Frame
from .interpret.values import Items, Known, Table, Value


def innermost(event: Event) -> Frame | None:
    """Return the innermost loop around an event."""
    return next((frame for frame in reversed(event.frames) if frame.kind in ("for", "while")), None)


def outer(event: Event, batch: Frame) -> Frame | None:
    """Return the loop over epochs around the loop over batches; a loop over written-out phases is none."""
    before: Frame | None = None
    for frame in event.frames:
        if frame is batch:
            return before
        if frame.kind in ("for", "while") and not _phases(frame.what):
            before = frame
    return None


def _phases(value: Value | None) -> bool:
    if isinstance(value, Table):
        return True  # nobody counts epochs in a dictionary
    return isinstance(value, Items) and bool(value.items) and not (
        isinstance(value.items[0], Known) and isinstance(value.items[0].value, int)
    )  # fmt: skip


def inside(event: Event, frame: Frame) -> bool:
    """Say whether an event happens in a loop."""
    return any(one is frame for one in event.frames)
