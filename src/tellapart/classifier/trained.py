"""What a run left, held in memory: the model, the labels and the report, so that a fitted classifier can be copied."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import weakref
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from tellapart.classifier.labels import Labels
from tellapart.deploy.predictor import Predictor
from tellapart.errors import RunFolderError
from tellapart.result import Result
from tellapart.run_folder import SCHEMA, RunFolder

LABELS_FILE = "labels.json"


class TemporaryRun:
    """A run folder that is removed with its owner, or when Python ends."""

    def __init__(self) -> None:
        self.home = tempfile.mkdtemp(prefix="tellapart-run-")
        weakref.finalize(self, _remove, self.home, os.getpid())

    @property
    def path(self) -> Path:
        """The run folder."""
        return Path(self.home) / "run"


def _remove(home: str, owner: int) -> None:
    if os.getpid() == owner:  # not in a forked worker that ends before its parent
        shutil.rmtree(home, ignore_errors=True)


@dataclass(eq=False)
class Trained:
    """A finished run.

    Attributes
    ----------
    model
        The bytes of model.onnx.
    labels
        The classes as the user knows them.
    report
        metrics.json and report.html.
    run
        The run folder; None where it was temporary and belongs to another copy.
    temporary
        Whose life the run folder shares; None where it is the user's own.
    """

    model: bytes
    labels: Labels
    report: Result
    run: Path | None
    temporary: TemporaryRun | None = None

    @cached_property
    def predictor(self) -> Predictor:
        """The model, opened when it is first asked."""
        return Predictor(self.model)

    @property
    def columns(self) -> list[int]:
        """Where the model has the probability of each class."""
        return [self.predictor.classes.index(name) for name in self.labels.names]

    def __getstate__(self) -> dict[str, Any]:
        state = {key: value for key, value in vars(self).items() if key != "predictor"}
        return state if self.temporary is None else {**state, "run": None, "temporary": None}


def read_run(run: Path, labels: Labels | None, temporary: TemporaryRun | None = None) -> Trained:
    """Read a finished run folder; `labels` None: as it says itself.

    Raises
    ------
    RunFolderError
        It is none, not finished, damaged, or of another schema.
    """
    from tellapart.report import figures_in_words, render_report

    metrics = RunFolder(run).read_json("metrics.json")
    try:
        model = (run / "model.onnx").read_bytes()
    except OSError as error:
        raise RunFolderError(
            "A run folder with a model was expected.",
            found=error.strerror or str(error),
            where=str(run / "model.onnx"),
            advice="train again",
        ) from error
    report = Result(figures_in_words(metrics), render_report(run), metrics)
    return Trained(model, labels or _read_labels(run, metrics["classes"]), report, run, temporary)


def write_labels(run: Path, labels: Labels) -> None:
    """Keep beside the model what its names stand for, where labels are numbers or true and false."""
    if not labels.speaks_names:
        document = {"schema": SCHEMA, "names": list(labels.names), "labels": labels.classes.tolist()}
        RunFolder(run).write_json(LABELS_FILE, document)


def _read_labels(run: Path, names: list[str]) -> Labels:
    if not (run / LABELS_FILE).exists():
        return Labels.named(names)
    document = RunFolder(run).read_json(LABELS_FILE)
    try:
        labels = Labels(np.array(document["labels"]), tuple(document["names"]))
        if sorted(labels.names) != sorted(names) or labels.classes.shape != (len(names),):
            raise ValueError("the names are not those of the model")
    except (KeyError, TypeError, ValueError, json.JSONDecodeError) as error:
        raise RunFolderError(
            f"{LABELS_FILE} should say what the classes of the model stand for.",
            found=str(error),
            where=str(run / LABELS_FILE),
            advice="the file is damaged; train again",
        ) from error
    return labels
