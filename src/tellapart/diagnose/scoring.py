"""Score the outputs that a recording kept in other ways, without another training."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tellapart.evaluate.measures import measure, to_json

from .gathered.labelling import expected, to_probabilities
from .recording import Scores, Training


def kept_scores(training: Training, part: str, *, mode: str = "eval", preparation: str = "") -> Scores | None:
    """Return the outputs that were kept for a part, or None."""
    return next(
        (
            one
            for one in training.scores
            if (one.part, one.mode, one.preparation) == (part, mode, preparation)
        ),
        None,
    )


def score_again(
    training: Training,
    part: str,
    *,
    mode: str = "eval",
    preparation: str = "",
    expects: str | None = None,
    without: Sequence[int] = (),
) -> dict[str, Any] | None:
    """Measure a part's kept outputs.

    Parameters
    ----------
    training
        One training of a recording.
    part
        Name of a part.
    mode, preparation
        Which outputs: in evaluation (``eval``) or training mode; with which preparation of the inputs.
    expects
        How outputs are read, ``logits`` or ``probabilities``; None as the script's loss does.
    without
        Looks to leave out (copies of training pictures, say).

    Returns
    -------
    dict
        As `tellapart.evaluate.measures.measure`, rendered as JSON; None where nothing fitting was kept.
    """
    kept = kept_scores(training, part, mode=mode, preparation=preparation)
    if kept is None:
        return None
    chosen = (kept.labels >= 0) & ~np.isin(kept.looks, np.array(list(without), dtype=np.int64))
    if not chosen.any():
        return None
    if expects is None:
        expects = expected(training.losses)
    probabilities = to_probabilities(kept.outputs[chosen], len(training.classes), expects)
    if probabilities is None:
        return None
    names = tuple(f"{value:g}" for value in training.classes)
    found: dict[str, Any] = to_json(measure(kept.labels[chosen], probabilities, classes=names))
    return found


def preparations(training: Training, part: str) -> tuple[str, ...]:
    """Return which preparations of a part's inputs were scored beside its own."""
    return tuple(one.preparation for one in training.scores if one.part == part and one.preparation)
