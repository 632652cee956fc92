"""The answer: causes, proved or not, as the interface writes them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from tellapart.evaluate.estimate import Estimate

from .read_files import Curves, RunRead
from .watching import RuledOut

SCHEMA = 1


class Verdict(StrEnum):
    """What is said of a training as a whole."""

    fails = "fails"
    healthy = "healthy"
    unknown = "unknown"


SCORES = {"balanced_accuracy": "balanced accuracy", "roc_auc": "the area under the ROC curve"}
"""Measures of an experiment that say how good the network is, in words."""


@dataclass(frozen=True)
class Experiment:
    """One change and what it did.

    Attributes
    ----------
    change
        What was changed, one sentence.
    measure
        ``balanced_accuracy`` or ``roc_auc`` (recomputed by us on the pictures that judge), or ``reported <measure>``:
        the script's own figure, which should be the recomputed one.
    before, after
        The measure without and with the change.
    effect
        The difference, paired by seed and, where they are the same, by picture.
    seeds
        Of both.
    """

    change: str
    measure: str
    before: Estimate
    after: Estimate
    effect: Estimate
    seeds: tuple[int, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the experiment as the interface writes it."""
        seeds = {"seeds": list(self.seeds)}
        return {
            "change": self.change,
            "measure": self.measure,
            "before": self.before.to_dict() | seeds,
            "after": self.after.to_dict() | seeds,
            "effect": self.effect.to_dict(),
        }


@dataclass(frozen=True)
class Entry:
    """A cause or a remark.

    Attributes
    ----------
    code, title
        As in `tellapart.diagnose.causes.catalogue`.
    words
        What was seen, with the program's own values.
    line
        Of the script, from 1; None where no line says it.
    source
        That line.
    confidence
        0 to 1.
    proved
        By an experiment, as the interface defines it.
    fix
        What to do, in words; `patch`: the change that was tried, as unified diff, "" where none was.
    together
        Codes of causes that only matter together; this entry stands for all of them.
    """

    code: str
    title: str
    words: str
    file: str
    line: int | None
    source: str
    confidence: float
    proved: bool
    experiments: tuple[Experiment, ...]
    fix: str
    patch: str = ""
    together: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the entry as the interface writes it."""
        found: dict[str, Any] = {
            "code": self.code,
            "title": self.title,
            "words": self.words,
            "where": {"file": self.file, "line": self.line, "source": self.source},
            "confidence": round(self.confidence, 2),
            "proved": self.proved,
            "experiments": [one.to_dict() for one in self.experiments],
            "fix": self.fix,
            "patch": self.patch,
        }
        return found | ({"together": list(self.together)} if self.together else {})


@dataclass(frozen=True)
class Remeasured:
    """A figure the script shows, beside the one recomputed by us from the same network over the whole part.

    Attributes
    ----------
    name
        Part and measure: ``validation precision``.
    agrees
        Whether the reported one lies within the interval of the true one.
    """

    name: str
    reported: float
    true: Estimate
    agrees: bool


@dataclass(frozen=True)
class Curve:
    """Balanced accuracy, by our own count, after each epoch of one run.

    Attributes
    ----------
    name
        ``as it is``, or what was changed.
    part
        Of the pictures that judge.
    epochs
        Numbers from 1; `values` belong to them.
    """

    name: str
    part: str
    seed: int
    epochs: tuple[int, ...]
    values: tuple[Estimate, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the curve for a page or a plot."""
        return {
            "name": self.name,
            "part": self.part,
            "seed": self.seed,
            "epochs": list(self.epochs),
            "balanced_accuracy": [one.to_dict() for one in self.values],
        }


@dataclass(frozen=True)
class Diagnosis:
    """Everything that was found out about a training.

    Attributes
    ----------
    summary
        One plain sentence.
    causes, remarks
        Best first. Remarks are smaller gains and matters of taste.
    assumptions
        What was taken for granted, completed or put in place of something that is not there.
    level
        Balanced accuracy of the program as it is, by our own count; None where nothing could be counted.
    chance
        Balanced accuracy of guessing.
    curves
        Of the program as it is, and of the last one that helped.
    fixed
        The program of the last trial that helped; "" where none did.
    patch
        From the program as it is to that one, as unified diff.
    limits
        What could not be known from what was given.
    next_steps
        Commands that would tell more.
    history, run
        What was read where nothing was run: curves, or a run folder; else None.
    """

    verdict: Verdict
    summary: str
    causes: tuple[Entry, ...] = ()
    remarks: tuple[Entry, ...] = ()
    ruled_out: tuple[RuledOut, ...] = ()
    assumptions: tuple[str, ...] = ()
    remeasured: tuple[Remeasured, ...] = ()
    level: Estimate | None = None
    chance: float | None = None
    curves: tuple[Curve, ...] = ()
    fixed: str = ""
    patch: str = ""
    seconds: float = 0.0
    limits: tuple[str, ...] = ()
    next_steps: tuple[str, ...] = ()
    history: Curves | None = None
    run: RunRead | None = None

    @property
    def was_run(self) -> bool:
        """Whether a program was run, or was to be; else files were read."""
        return self.history is None and self.run is None

    def to_dict(self) -> dict[str, Any]:
        """Return the diagnosis as the interface writes it."""
        read = {
            "limits": list(self.limits),
            "next": list(self.next_steps),
            "history": None if self.history is None else self.history.to_dict(),
            "run": None if self.run is None else self.run.to_dict(),
        }
        return {
            "schema": SCHEMA,
            "verdict": self.verdict.value,
            "summary": self.summary,
            "causes": [one.to_dict() for one in self.causes],
            "remarks": [one.to_dict() for one in self.remarks],
            "ruled_out": [{"code": one.code, "why": one.why} for one in self.ruled_out],
            "assumptions": list(self.assumptions),
            "remeasured": {
                "reported": {one.name: one.reported for one in self.remeasured},
                "true": {one.name: one.true.to_dict() for one in self.remeasured},
            },
            "curves": [one.to_dict() for one in self.curves],
            "chance": self.chance,
            "balanced_accuracy": None if self.level is None else self.level.to_dict(),
            "seconds": round(self.seconds, 1),
        } | {name: value for name, value in read.items() if value}
