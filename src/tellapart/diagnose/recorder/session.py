"""What the hooks of both frameworks share: the models that were seen, the journal, the clock."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from .adapter import Adapter
from .closing import close
from .journal import Notes
from .stream import Means
from .watch import Clock, Watched

MOST_PRINTED = 64 * 1024


class Session:
    """One run of a script.

    Attributes
    ----------
    models
        Identity of a model -> (the model, what is known of it).
    folder
        The script's own; "" where every file is.
    met
        Told of each model when it is seen for the first time.
    """

    def __init__(
        self,
        journal: Notes,
        folder: str = "",
        means: Means | None = None,
        met: Callable[[Watched], None] | None = None,
    ) -> None:
        self.journal, self.folder, self.met = journal, folder, met
        self.clock = Clock(lambda words: journal.line("note", text=words), means or Means())
        self.models: dict[int, tuple[Any, Watched]] = {}
        self._printed = 0

    @property
    def busy(self) -> int:
        """As `Clock.busy`."""
        return self.clock.busy

    @busy.setter
    def busy(self, value: int) -> None:
        self.clock.busy = value

    def watched(self, model: Any, adapter: type[Any]) -> Watched:
        """Return what is known of a model."""
        known = self.models.get(id(model))
        if known is None or known[0] is not model:
            one: Adapter = adapter(model)
            self.models[id(model)] = known = (model, Watched(len(self.models), one, self.journal, self.clock))
            if self.met is not None:
                self.met(known[1])
        return known[1]

    def printed(self, text: str, by: str = "") -> None:
        """Note a line that the script printed, if it has a number in it.

        Parameters
        ----------
        text
            Without its end.
        by
            File of the code that wrote it: within a framework's own loop its progress bar is none of the script's, a
            callback of the script's is.
        """
        if self.busy and not (self.folder and by.startswith(self.folder)):
            return
        if self._printed > MOST_PRINTED or not any(c.isdigit() for c in text):
            return
        self._printed += len(text)
        # Of several models the one that was asked last is spoken of.
        last = max((one for _, one in self.models.values()), key=lambda one: one.turn, default=None)
        at = [] if last is None else [[last.number, last.epoch, last.step, last.latest]]
        self.journal.line("printed", text=text[:500], at=at)

    def close(self, seconds: float, pictures: Path | None, *, count_folders: bool = False) -> None:
        """Close the last epochs, score what was kept and write everything; at most `seconds`.

        Parameters
        ----------
        seconds
            Then no more is scored.
        pictures
            The folder that was given with the script.
        count_folders
            Whether training labels are held against its folders.
        """
        begun = time.monotonic()
        own, spent = self.clock.own(), self.clock.spent
        for _, one in self.models.values():
            with self.clock.ours():
                close(one, begun + seconds, pictures, count_folders=count_folders)
        self.journal.line("time", seconds=own + spent, overhead=spent, closing=time.monotonic() - begun)
        self.journal.flush()


def array_of(value: Any) -> np.ndarray | None:
    """Return a tensor or array of rows as NumPy array, without a copy where that is possible."""
    if getattr(value, "is_meta", False):
        return None  # Keras tries shapes out on tensors without values
    if hasattr(value, "detach"):
        value = value.detach()
        value = (value.float() if str(value.dtype) == "torch.bfloat16" else value).cpu().numpy()
    if not isinstance(value, np.ndarray):
        try:
            value = np.asarray(value)
        except Exception:
            return None
    return value if value.ndim >= 1 and value.dtype.kind in "buifUSO" else None


def plain_options(options: dict[str, Any]) -> dict[str, Any]:
    """Return the settings that are numbers, words, flags or nothing."""
    return {
        str(key): value
        if value is None or isinstance(value, (bool, int, float, str))
        else f"<{type(value).__name__}>"
        for key, value in options.items()
    }
