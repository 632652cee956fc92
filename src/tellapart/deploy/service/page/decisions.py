"""What was decided about labels, written at once to corrections.csv in the run folder."""

from __future__ import annotations

import shlex
import threading
from pathlib import Path

from tellapart.pictures.address import Location
from tellapart.pictures.corrections import NAME, Correction, corrections_text, read_corrections
from tellapart.run_folder import RunFolder


class Decisions:
    """The corrections file of a run; it is read afresh each time, so that changes by hand are kept."""

    def __init__(self, run: RunFolder) -> None:
        self._run = run
        self._one_at_a_time = threading.Lock()

    @property
    def file(self) -> Path:
        """Where the decisions are written."""
        return self._run.path / NAME

    def read(self) -> dict[str, Correction]:
        """Return path -> what was decided; nothing before the first decision.

        Raises
        ------
        PicturesError
            Somebody changed the file into what is no corrections file.
        """
        return read_corrections(self.file) if self.file.exists() else {}

    def decide(self, path: str, correction: Correction | None) -> dict[str, Correction]:
        """Write a decision, or take it back, and return all that stand; the file is written whole or not at all.

        Raises
        ------
        TellapartError
            The file is damaged, or cannot be written.
        """
        with self._one_at_a_time:
            decided = self.read()
            decided.pop(path, None)
            if correction is not None:
                decided[path] = correction
            if decided:
                self._run.write_text(NAME, corrections_text(decided))
            else:
                self.file.unlink(missing_ok=True)
            return decided

    def command(self, pictures: Location) -> str:
        """Return the command that trains with these corrections into a new folder."""
        home = self._run.path.absolute()
        out = home.with_name(f"{home.name}-corrected")
        number = 2
        while out.exists():
            out, number = home.with_name(f"{home.name}-corrected-{number}"), number + 1
        words = ["tellapart", "train", str(pictures), "--corrections", str(home / NAME), "--out", str(out)]
        return shlex.join(words)
