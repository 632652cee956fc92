"""Prediction from a model file: onnxruntime, numpy and Pillow alone."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np

from tellapart.errors import RunFolderError
from tellapart.pictures.view import View

SCHEMA = 1
BATCH = 16


@dataclass(frozen=True)
class Answer:
    """What is said of one picture: the class, its (K,) probabilities, and whether the model is sure."""

    label: str
    sure: bool
    probabilities: np.ndarray


class Predictor:
    """A model file opened for prediction.

    Attributes
    ----------
    file
        The model file, or its bytes.
    classes
        K class names, in the order of the probabilities.
    positive
        The positive class's name; None with more than two classes.
    threshold
        The positive class is predicted from this probability on; None with more than two classes.
    not_sure_below
        "Not sure" is said where the predicted class has less than this.
    views
        Input of the model -> how pictures are prepared for it.
    """

    def __init__(self, file: Path | bytes, threads: int = 0, *, spin: bool = True) -> None:
        """Open a model file, or the bytes of one.

        Parameters
        ----------
        file
            The model, or its bytes.
        threads
            That compute one batch; 0: as many as there are cores.
        spin
            Whether they wait for each other busily, which is quicker where nothing else wants the cores.
        """
        import onnxruntime

        if isinstance(file, Path) and not file.is_file():
            raise RunFolderError(
                "A run folder with a model was expected.",
                found=f"no {file.name}",
                where=str(file.parent),
                advice="train first: tellapart train PICTURES --out RUN",
            )
        where = str(file) if isinstance(file, Path) else "in memory"
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads or os.cpu_count() or 1
        options.log_severity_level = 4
        options.add_session_config_entry("session.intra_op.allow_spinning", str(int(spin)))
        try:
            self._session = onnxruntime.InferenceSession(
                str(file) if isinstance(file, Path) else file, options, providers=["CPUExecutionProvider"]
            )
            facts = json.loads(self._session.get_modelmeta().custom_metadata_map["tellapart"])
        except Exception as error:  # onnxruntime raises many kinds on damaged files: all mean one thing here
            raise RunFolderError(
                "A model file written by tellapart was expected.",
                found=f"a file that cannot be opened as one ({type(error).__name__})",
                where=where,
                advice="it is damaged or not ours; train again",
            ) from error
        if facts["schema"] != SCHEMA:
            raise RunFolderError(
                f"A model of schema {SCHEMA} was expected.",
                found=f"schema {facts['schema']}",
                where=where,
                advice="use the version of tellapart that wrote it, or a newer one",
            )
        self.file = file
        self.classes: tuple[str, ...] = tuple(facts["classes"])
        self.positive: str | None = facts["positive"]
        self.threshold: float | None = facts["threshold"]
        self.not_sure_below: float = facts["not_sure_below"]
        self.views = {row["name"]: View(**row["view"]) for row in facts["inputs"]}

    def probabilities(self, images: Sequence[np.ndarray]) -> np.ndarray:
        """Return (N, K) probabilities of uint8 RGB pictures of any sizes."""
        prepared = [self.prepare(image) for image in images]
        by_shape: dict[tuple[tuple[int, ...], ...], list[int]] = {}
        for i, views in enumerate(prepared):
            by_shape.setdefault(tuple(view.shape for view in views.values()), []).append(i)
        rows = np.zeros((len(images), len(self.classes)), dtype=np.float64)
        for members in by_shape.values():
            for start in range(0, len(members), BATCH):
                chosen = members[start : start + BATCH]
                rows[chosen] = self.run(
                    {name: np.stack([prepared[i][name] for i in chosen]) for name in self.views}
                )
        return rows / rows.sum(1, keepdims=True)

    def prepare(self, image_HWC: np.ndarray) -> dict[str, np.ndarray]:
        """Return the picture as each view prepares it, uint8 HWC, by the name of the input."""
        return {name: view.apply(image_HWC) for name, view in self.views.items()}

    def run(self, prepared: Mapping[str, np.ndarray]) -> np.ndarray:
        """Return (N, K) float32 probabilities, as the model gives them, of prepared pictures (N, H, W, 3) by input."""
        found: np.ndarray = self._session.run(["probabilities"], dict(prepared))[0]
        return found

    def stream(self, images: Iterable[np.ndarray]) -> Iterator[Answer]:
        """Answer for pictures one after the other, a few batches at a time in memory."""
        source = iter(images)
        while chunk := list(islice(source, 8 * BATCH)):
            yield from self.answers(self.probabilities(chunk))

    def answers(self, probabilities_NK: np.ndarray) -> Iterator[Answer]:
        """Turn probabilities into answers: label by threshold (two classes) or largest, and whether it is sure."""
        for row, number in zip(probabilities_NK, self.predicted(probabilities_NK), strict=True):
            yield Answer(self.classes[number], bool(row[number] >= self.not_sure_below), row)

    def predicted(self, probabilities_NK: np.ndarray) -> np.ndarray:
        """Return (N,) class numbers."""
        if self.threshold is None or self.positive is None:
            return probabilities_NK.argmax(1)
        positive = self.classes.index(self.positive)
        return np.where(probabilities_NK[:, positive] >= self.threshold, positive, 1 - positive)
