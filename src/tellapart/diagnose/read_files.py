"""What is read where nothing is run: the curves of a training, or the folder of a run."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from tellapart.report.summary import Summary


@dataclass(frozen=True)
class Series:
    """One figure, epoch by epoch.

    Attributes
    ----------
    part
        ``training``, ``validation`` or ``test``; "" for what belongs to none, as the learning rate.
    measure
        ``loss``, ``accuracy``, ``precision``…; shares are 0..1.
    column
        What the file calls it.
    values
        One for each epoch of the curves; nan as the training wrote it, None where nothing is written.
    """

    part: str
    measure: str
    column: str
    values: tuple[float | None, ...]

    @property
    def name(self) -> str:
        """Part and measure: ``validation accuracy``."""
        return f"{self.part} {self.measure}".strip()

    def to_dict(self) -> dict[str, Any]:
        """Return the series; what is not finite becomes None."""
        known = [None if one is None or not math.isfinite(one) else one for one in self.values]
        return {"name": self.name, "column": self.column, "values": known}


@dataclass(frozen=True)
class Curves:
    """What a history holds.

    Attributes
    ----------
    epochs
        Numbers from 1, rising.
    series
        What was understood.
    unread
        Columns that were not.
    """

    epochs: tuple[int, ...]
    series: tuple[Series, ...]
    unread: tuple[str, ...] = ()

    def get(self, part: str, measure: str) -> Series | None:
        """Return the figure of a part; None where there is none."""
        return next((one for one in self.series if (one.part, one.measure) == (part, measure)), None)

    def judging(self, measure: str) -> Series | None:
        """Return the figure on pictures that were held back."""
        return self.get("validation", measure) or self.get("test", measure)

    def to_dict(self) -> dict[str, Any]:
        """Return what was understood and what not."""
        return {
            "epochs": list(self.epochs),
            "series": [one.to_dict() for one in self.series],
            "unread": list(self.unread),
        }


@dataclass(frozen=True)
class Point:
    """Something about a run that is no cause of a failing training.

    Attributes
    ----------
    code
        Of the audit's findings, or ``run.…``.
    title, words
        What it is, and what the files say of it.
    advice
        What to do.
    file
        Of the run folder, where it stands.
    """

    code: str
    title: str
    words: str
    advice: str
    file: str

    def to_dict(self) -> dict[str, str]:
        """Return plain values."""
        return {
            "code": self.code,
            "title": self.title,
            "words": self.words,
            "advice": self.advice,
            "file": self.file,
        }


@dataclass(frozen=True)
class RunRead:
    """A run folder, and what holds it back; the gravest first."""

    summary: Summary
    points: tuple[Point, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the decision, the points, and what each member reached out of fold."""
        scores = {one.name: one.figures.get("balanced_accuracy") for one in self.summary.members}
        return {
            "decision": self.summary.decision,
            "points": [one.to_dict() for one in self.points],
            "members": [
                {"name": name, "balanced_accuracy": None if figure is None else figure.estimate.to_dict()}
                for name, figure in scores.items()
            ],
        }
