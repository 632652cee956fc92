"""The running record of one training, in the memory of the process that trains: bounded, and never on disk."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

MOST_STEPS = 4000
"""Steps kept; with more, every second of those between the first and the last is forgotten."""
ENDS = 500
"""Steps at either end that are kept whole."""
MOST_ARRAY_BYTES = 64 * 2**20
"""Of looks, labels and outputs of all epochs; with more, those of epochs between the first and the last two go."""
MOST_NOTES = 50
REPLACED = ("stream", "scores")
"""Of these only the last of each stream counts."""

Lines = list[dict[str, Any]]


class Ledger:
    """What a recorder's journal is told (`tellapart.diagnose.recorder.journal.Notes`), kept in memory."""

    def __init__(self) -> None:
        self._lines: dict[Any, dict[str, Any]] = {}
        self._steps: Lines = []
        self._arrays: dict[str, dict[str, np.ndarray]] = {}

    def line(self, kind: str, **fields: Any) -> None:
        """Note one thing."""
        found = {"kind": kind, **fields}
        if kind == "step":
            self._steps.append(found)
            if len(self._steps) > MOST_STEPS:
                between = self._steps[ENDS:-ENDS]
                self._steps = [*self._steps[:ENDS], *between[::2], *self._steps[-ENDS:]]
            return
        if kind == "note" and sum(one["kind"] == "note" for one in self._lines.values()) >= MOST_NOTES:
            return
        self._lines[self._key(found)] = found

    def _key(self, line: dict[str, Any]) -> Any:
        """Return what tells a line apart from those that it does not replace."""
        if line["kind"] in REPLACED:
            return line["kind"], line["model"], line.get("number", line.get("stream"))
        if line["kind"] == "model":
            return "model", line["model"], line["when"]
        return len(self._lines), "other"

    def arrays(self, name: str, arrays: Mapping[str, np.ndarray]) -> None:
        """Keep arrays under a name."""
        self._arrays[name] = dict(arrays)
        epochs = [one for one in self._arrays if one.startswith("epoch-")]
        for between in epochs[1:-2]:
            if self.array_bytes <= MOST_ARRAY_BYTES:
                return
            del self._arrays[between]

    def flush(self) -> None:
        """Nothing waits."""

    @property
    def array_bytes(self) -> int:
        """Memory of the arrays."""
        return sum(one.nbytes for each in self._arrays.values() for one in each.values())

    @property
    def lines(self) -> Lines:
        """All lines; steps come last, in order."""
        return [*self._lines.values(), *self._steps]

    @property
    def losses_seen(self) -> int:
        """Steps kept whose loss is known."""
        return sum(one["loss"] is not None for one in self._steps)

    @property
    def last_step(self) -> dict[str, Any] | None:
        """The latest step."""
        return self._steps[-1] if self._steps else None

    def arrays_of(self, name: str) -> dict[str, np.ndarray]:
        """Return the arrays under a name; {} where they are forgotten."""
        return self._arrays.get(name, {})
