"""What was recorded of one run of a script: frozen, and written as JSON without loss.

Legend: N pictures, K outputs; a *part* is a set of pictures that the script presents together (``train``,
``validation``, ``test``, ``predict``); a *look* is a 48-bit hash of what a picture shows, the same whatever
increasing scaling its pixels went through (`tellapart.diagnose.recorder.fingerprint`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np

from .observed import Epoch, Evaluation, Line, LossUse, Model, Optimizer, Part, Step
from .plain import from_plain, to_plain


class Outcome(StrEnum):
    """How the run ended."""

    finished = "finished"
    crashed = "crashed"
    time_up = "time up"
    memory = "memory"
    asked_for_input = "asked for input"
    no_training_seen = "no training seen"
    import_missing = "import missing"


@dataclass(frozen=True)
class Failure:
    """The exception that ended the script.

    Attributes
    ----------
    kind, message
        Class and text of the exception.
    file, line
        The innermost line of the script's own folder; `file` is relative to that folder.
    missing
        The package that could not be imported, or "".
    """

    kind: str
    message: str
    file: str = ""
    line: int = 0
    missing: str = ""


@dataclass(frozen=True)
class Replaced:
    """A path that the script names and that does not exist here, and what it was given instead."""

    asked: str
    given: str


@dataclass(frozen=True, eq=False)
class Scores:
    """Outputs for one part, kept at the end of the run.

    Attributes
    ----------
    part
        Name of the part.
    mode
        ``eval`` or ``train``.
    preparation
        What was done to the inputs as the script fed them: "" nothing, else in words (``divided by 255``…).
    outputs : (N, K) float64, as the model gave them
    labels : (N,) int64, -1 where not known
    looks : (N,) int64
    batch
        Pictures scored together; in training mode the outputs depend on it.
    """

    part: str
    mode: str
    preparation: str
    outputs: np.ndarray
    labels: np.ndarray
    looks: np.ndarray
    batch: int

    def __post_init__(self) -> None:
        # JSON knows neither the width of an integer nor the shape of nothing.
        for name, kind in (("outputs", np.float64), ("labels", np.int64), ("looks", np.int64)):
            object.__setattr__(self, name, np.asarray(getattr(self, name), dtype=kind))
        if self.outputs.ndim != 2:
            object.__setattr__(self, "outputs", self.outputs.reshape(len(self.looks), -1))


@dataclass(frozen=True)
class NearCopies:
    """Pictures of a part that have a near copy (noisy, mirrored, shifted, brighter) in another; not exact copies.

    Attributes
    ----------
    part, other
        Names; the same name twice: copies within the part.
    compared
        Kept pictures of the part that are not in the other as they are.
    looks
        Those of them that have a near copy.
    """

    part: str
    other: str
    compared: int
    looks: tuple[int, ...]


@dataclass(frozen=True)
class Training:
    """Everything seen of one model.

    Attributes
    ----------
    arguments
        What Keras's ``fit`` was told that is a number, word or flag.
    metrics
        Names of the metrics that Keras was asked for.
    classes
        Label values as they occur, in order; true measures use their position.
    initial_loss
        Of the first step.
    expected_initial_loss
        ln k, what an untrained net should start from under cross-entropy; None without labels.
    first_not_finite
        Number of the first step whose loss was nan or infinite, or None.
    steps
        Every one of the first 2,000, then every tenth.
    evaluations
        What Keras's ``evaluate`` told the script outside of ``fit``.
    lines
        What the script printed, as far as there is a number in it.
    near
        Near copies in the training part, for each part where enough was kept to tell.
    """

    model: Model
    arguments: dict[str, Any]
    metrics: tuple[str, ...]
    losses: tuple[LossUse, ...]
    optimizers: tuple[Optimizer, ...]
    parts: dict[str, Part]
    classes: tuple[float, ...]
    initial_loss: float | None
    expected_initial_loss: float | None
    first_not_finite: int | None
    n_steps: int
    steps: tuple[Step, ...]
    epochs: tuple[Epoch, ...]
    scores: tuple[Scores, ...]
    evaluations: tuple[Evaluation, ...] = ()
    lines: tuple[Line, ...] = ()
    near: tuple[NearCopies, ...] = ()


@dataclass(frozen=True)
class Recording:
    """One run of a script.

    Attributes
    ----------
    outcome, failure
        How it ended, and on what.
    seconds, overhead_seconds, closing_seconds
        Wall time from the script's first line to its end; what of it was the recorder's; what scoring the kept
        pictures took afterwards.
    peak_bytes
        Largest memory of all its processes together, as sampled.
    output, output_bytes
        The end of what it printed (both streams, at most 64 KB), and how much it was in all.
    replaced
        Folders named in the script that do not exist here and what stood in for them.
    kept_inside
        Paths outside its folder that it wished to write to; they were written within the copy.
    refused
        What it was not allowed to do.
    processes
        Programs it started.
    windows
        How often it wished to open a window.
    files_read
        Different picture files it opened from Python.
    notes
        What could not be recorded, in words.
    kernel_protects
        Whether the kernel itself kept the script, compiled code and other programs included, from writing elsewhere
        (Landlock); False: only Python's own functions were watched.
    """

    outcome: Outcome
    failure: Failure | None
    seconds: float
    overhead_seconds: float
    closing_seconds: float
    peak_bytes: int
    output: str
    output_bytes: int
    replaced: tuple[Replaced, ...]
    kept_inside: tuple[str, ...]
    refused: tuple[str, ...]
    processes: tuple[str, ...]
    windows: int
    files_read: int
    notes: tuple[str, ...]
    versions: dict[str, str]
    trainings: tuple[Training, ...]
    kernel_protects: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Return plain dicts, lists and numbers; what is not finite is written ``"nan"``, ``"inf"``, ``"-inf"``."""
        return to_plain(self)

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Recording:
        """Return the recording that `to_dict` rendered."""
        return from_plain(cls, plain)
