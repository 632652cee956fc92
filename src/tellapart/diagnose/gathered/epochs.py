"""Epochs: what was reported and printed beside what is true."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from tellapart.diagnose.observed import Epoch
from tellapart.diagnose.plain import NOT_FINITE
from tellapart.evaluate.measures import measure, to_json

from .labelling import Labelling

MOST_MEASURED = 60
"""Epochs measured in full, evenly spaced, the last among them: each takes some 10 ms a part."""


def epochs(
    names: dict[int, str],
    ends: list[dict[str, Any]],
    arrays: list[dict[str, np.ndarray]],
    labelling: Labelling,
    printed: list[dict[str, Any]],
    model: int,
) -> tuple[Epoch, ...]:
    """Return the epochs that have training steps."""
    training = [(end, one) for end, one in zip(ends, arrays, strict=True) if end["steps"]]
    measured = set(np.linspace(0, len(training) - 1, min(len(training), MOST_MEASURED)).astype(int).tolist())
    return tuple(
        Epoch(
            number=end["number"],
            seconds=end["seconds"],
            loss=_number(end["loss"]),
            reported={key: _number(value) for key, value in end["reported"].items()},
            printed=_printed(printed, model, end["number"], last=at == len(training) - 1),
            true=_true(names, one, labelling) if at in measured else {},
            weight_changes={key: _number(value) for key, value in end["changes"].items()},
        )
        for at, (end, one) in enumerate(training)
    )


def _printed(lines: list[dict[str, Any]], model: int, epoch: int, *, last: bool) -> tuple[str, ...]:
    """Return what was printed while this epoch went on; the last one has what came after too."""
    found = []
    for line in lines:
        for number, at, steps, _ in line["at"]:
            if number == model and steps and (at == epoch or (last and at > epoch)):
                found.append(line["text"])
    return tuple(found)


def _true(
    names: dict[int, str], one: dict[str, np.ndarray], labelling: Labelling
) -> dict[str, dict[str, Any]]:
    found = {}
    for number, name in names.items():
        looks, outputs = one.get(f"{number}_true_looks"), one.get(f"{number}_true_outputs")
        if looks is None and not name.startswith("train"):
            looks, outputs = one.get(f"{number}_looks"), one.get(f"{number}_outputs")
        if looks is None or outputs is None:
            continue
        # Each picture once, however often it was shown.
        _, first = np.unique(looks, return_index=True)
        measures = true_measures(labelling, outputs[first], labelling.codes_of(looks[first]))
        if measures is not None:
            found[name] = measures
    return found


def true_measures(labelling: Labelling, outputs: np.ndarray, codes: np.ndarray) -> dict[str, Any] | None:
    """Measure (N, K) outputs against (N,) positions of classes; None where they do not fit together."""
    known = codes >= 0
    if not known.any():
        return None
    probabilities = labelling.probabilities(outputs[known])
    if probabilities is None:
        return None
    names = tuple(f"{value:g}" for value in labelling.classes)
    rows = np.ascontiguousarray(probabilities, dtype=np.float64)
    return _measured(codes[known].astype(np.int64).tobytes(), rows.tobytes(), names)


@functools.lru_cache(maxsize=512)
def _measured(codes: bytes, probabilities: bytes, names: tuple[str, ...]) -> dict[str, Any]:
    """Measure a part, once: a training that is watched live is gathered anew each time it is asked about."""
    labels, rows = np.frombuffer(codes, dtype=np.int64), np.frombuffer(probabilities)
    found: dict[str, Any] = to_json(measure(labels, rows.reshape(len(labels), -1), classes=names))
    return found


def _number(value: Any) -> Any:
    return NOT_FINITE.get(value, value) if isinstance(value, str) else value
