"""Outputs kept at the end of the run."""

from __future__ import annotations

from typing import Any

import numpy as np

from tellapart.diagnose.recording import Scores

from .labelling import Labelling


def scores(
    names: dict[int, str],
    kept: dict[int, tuple[dict[str, Any], dict[str, np.ndarray]]],
    labelling: Labelling,
) -> tuple[Scores, ...]:
    """Return one entry for each part, mode and preparation."""
    found = []
    for number, (line, arrays) in kept.items():
        if number not in names or "looks" not in arrays:
            continue
        codes = labelling.codes_of(arrays["looks"])
        for at, (mode, preparation) in enumerate(line["variants"]):
            found.append(
                Scores(
                    part=names[number],
                    mode=mode,
                    preparation=preparation,
                    outputs=arrays[f"outputs_{at}"],
                    labels=codes,
                    looks=arrays["looks"],
                    batch=line["batch"],
                )
            )
    return tuple(found)
