"""`evaluate`: the same honest measures on other pictures."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from tellapart.deploy.predictor import Predictor
from tellapart.errors import PicturesError
from tellapart.evaluate.decision import decide
from tellapart.evaluate.estimate import Estimate
from tellapart.evaluate.measures import measure, to_json
from tellapart.evaluate.not_sure import NotSure, apply_not_sure
from tellapart.pictures.collection import LeftOut, Pictures
from tellapart.pictures.read import read_pictures
from tellapart.pictures.stream import decode_stream
from tellapart.run_folder import SCHEMA, RunFolder


def evaluate_run(run: str | os.PathLike[str], source: str | os.PathLike[str]) -> dict[str, Any]:
    """Measure the model of RUN on all of PICTURES; the schema is that of metrics.json.

    Raises
    ------
    TellapartError
        The run or the pictures cannot be used, or a class is unknown to the run.
    """
    began = time.perf_counter()
    folder = RunFolder(Path(run))
    trained = folder.read_json("metrics.json")
    predictor = Predictor(folder.path / "model.onnx")
    pictures = _with_classes_of(read_pictures(source, for_training=False), predictor)
    kept: list[int] = []
    left_out: list[LeftOut] = []

    def readable() -> Iterator[np.ndarray]:
        files = [pictures.file(i) for i in range(len(pictures))]
        for i, result in enumerate(decode_stream(files)):
            if isinstance(result, tuple):
                kept.append(i)
                yield result[0]
            else:
                left_out.append(LeftOut(pictures.paths[i], result.found))

    answers = [answer.probabilities for answer in predictor.stream(readable())]
    if not answers:
        raise PicturesError(
            "At least one picture that can be read was expected.", found="none", where=str(source)
        )
    return _describe(trained, predictor, pictures.select(np.array(kept), left_out), np.stack(answers), began)


def _with_classes_of(pictures: Pictures, predictor: Predictor) -> Pictures:
    unknown = [name for name in pictures.classes if name not in predictor.classes]
    if unknown:
        raise PicturesError(
            f"The classes should be those of the run: {', '.join(map(repr, predictor.classes))}.",
            found=", ".join(map(repr, unknown)),
            where=str(pictures.root),
        )
    number = np.array([predictor.classes.index(name) for name in pictures.classes])
    return replace(pictures, labels=number[pictures.labels], classes=predictor.classes)


def _describe(
    trained: dict[str, Any], predictor: Predictor, pictures: Pictures, probabilities: np.ndarray, began: float
) -> dict[str, Any]:
    positive = None if predictor.positive is None else predictor.classes.index(predictor.positive)
    groups = pictures.group_numbers()
    rules: dict[str, Any] = {"positive": positive, "threshold": predictor.threshold, "groups": groups}
    test = measure(pictures.labels, probabilities, classes=predictor.classes, **rules)
    decision = decide(test)
    chosen, none = trained["not_sure"], Estimate.undefined()
    rule = NotSure(predictor.not_sure_below, chosen["rate"], chosen["reached"], none, none, none)
    return to_json(
        {
            "schema": SCHEMA,
            "name": pictures.root.name,
            "classes": list(predictor.classes),
            "positive": predictor.positive,
            "positive_chosen_by": trained["positive_chosen_by"],
            "decision": decision.verdict,
            "words": {"sentence": decision.sentence, "reasons": list(decision.reasons)},
            "test_part": "other pictures",
            "test": test,
            "threshold": trained["threshold"],
            "not_sure": {
                "part": "test",
                **apply_not_sure(rule, pictures.labels, probabilities, **rules).to_dict(),
            },
            "seconds": {"total": round(time.perf_counter() - began, 2)},
            "pictures": {
                "used": len(pictures),
                "left_out": len(pictures.left_out),
                "left_out_files": [{"path": one.path, "why": one.reason} for one in pictures.left_out],
            },
        }
    )
