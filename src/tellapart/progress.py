"""Progress on standard error: a live line with the time left on a terminal, nothing elsewhere."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import TYPE_CHECKING, Protocol

from tellapart.visible import visible_lines

if TYPE_CHECKING:
    from rich.progress import TaskID


class Progress(Protocol):
    """Where work is shown."""

    def stage(self, name: str, total: int | None) -> None:
        """Begin a stage of `total` steps; None: nobody knows how many."""

    def advance(self, steps: int) -> None:
        """Say that so many steps are done."""

    def say(self, text: str) -> None:
        """Show a sentence."""


class Quiet:
    """Shows sentences only."""

    def stage(self, name: str, total: int | None) -> None:
        """Show nothing."""

    def advance(self, steps: int) -> None:
        """Show nothing."""

    def say(self, text: str) -> None:
        """Print the sentence to standard error."""
        print(visible_lines(text), file=sys.stderr)


class Live:
    """A Rich progress display; one line per stage."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeElapsedColumn,
            TimeRemainingColumn,
        )

        columns = (
            TextColumn("{task.description:<14}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
        )
        self._display = Progress(*columns, console=Console(stderr=True))
        self._task: TaskID | None = None

    def __enter__(self) -> Live:
        self._display.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self._end_stage()
        self._display.stop()

    def stage(self, name: str, total: int | None) -> None:
        """Begin a line; the one before is full, however many steps it took."""
        self._end_stage()
        self._task = self._display.add_task(name, total=total)

    def advance(self, steps: int) -> None:
        """Move the bar."""
        if self._task is not None:
            self._display.advance(self._task, steps)

    def say(self, text: str) -> None:
        """Print a sentence above the bars."""
        from rich.markup import escape

        self._display.console.print(escape(visible_lines(text)), highlight=False)

    def _end_stage(self) -> None:
        if self._task is not None:
            task = next(t for t in self._display.tasks if t.id == self._task)
            self._display.update(self._task, total=task.completed or 1, completed=task.completed or 1)
