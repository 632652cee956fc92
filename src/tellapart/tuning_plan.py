"""What the plan says of the member `finetune`: size, steps, and how long they take. Sizes in px, times in seconds."""

from __future__ import annotations

from typing import Any

import numpy as np

SIDES = (128, 160, 192, 224)
"""Longest sides; the network was trained at the last, and a step costs as the area does."""
MULTIPLE = 32  # the network halves the sides five times
BATCH = 16
EPOCHS = 6
FEWEST_EPOCHS = 3
FEWEST_STEPS = 60  # with fewer, rates that are small enough to keep what was learnt move nothing
MOST_EPOCHS = 20  # so that a few dozen pictures are not seen hundreds of times
REPORTS = 4  # points of a learning curve; each scores what is held out
LOOK_PICTURES = (
    600  # for the look at mirrorings and turns: hardly any time, and enough to see a label that changes
)


def tuning_sides(found: dict[str, Any]) -> list[int]:
    """Return the sides that may be taken, smallest first: up to the first that has the pictures' own pixels."""
    native = found["longest_side_px"]["median"]
    return list(SIDES[: 1 + next((i for i, side in enumerate(SIDES) if side >= native), len(SIDES) - 1)])


def tuning_canvas(found: dict[str, Any], side: int) -> tuple[int, int]:
    """Return height and width of the canvas: the set's own aspect where it has one, else a square."""
    aspect = found["aspect_median"]
    if found["aspect_spread"] > 0.05:
        return side, side
    sides = (side * min(1.0, aspect), side * min(1.0, 1 / aspect))
    height, width = (max(2, round(px / MULTIPLE)) * MULTIPLE for px in sides)
    return height, width


def tuning_steps(n: int, epochs: int) -> int:
    """Return the steps of one net on n pictures."""
    fewest = max(1, min(FEWEST_STEPS, MOST_EPOCHS * n // BATCH))
    return int(max(fewest, epochs * n // BATCH))


def tuning_settings(found: dict[str, Any], folds: int) -> list[tuple[str, Any, str]]:
    """Return name, value and reason of every setting, before anything is cut."""
    sides, n = tuning_sides(found), found["parts"].get("train", 0) * (folds - 1) // folds
    return [
        (
            "finetune.side_px",
            sides[-1],
            f"the pictures' own size, between {SIDES[0]} px and the {SIDES[-1]} px of the network's training",
        ),
        ("finetune.canvas_px", list(tuning_canvas(found, sides[-1])), "the whole picture, aspect kept"),
        (
            "finetune.steps",
            tuning_steps(n, EPOCHS),
            f"{EPOCHS} passes, more where pictures are few; after a linear head was fitted on the frozen network",
        ),
        (
            "finetune.policy",
            "before the first step",
            "empirical: mirrorings and turns are taken if copies changed so lower the out-of-fold log loss of the head "
            "on the frozen network",
        ),
    ]


def tuning_cut(found: dict[str, Any], value: dict[str, Any]) -> tuple[dict[str, Any], str] | None:
    """Return the next cut of the settings `value`, and what it leaves out: first pixels, then passes."""
    smaller = [side for side in tuning_sides(found) if side < value["finetune.side_px"]]
    if smaller:
        changes = {
            "finetune.side_px": smaller[-1],
            "finetune.canvas_px": list(tuning_canvas(found, smaller[-1])),
        }
        return changes, f"tuning above {smaller[-1]} px"
    n = found["parts"].get("train", 0) * (value["folds"] - 1) // value["folds"]
    if value["finetune.steps"] > (fewer := tuning_steps(n, FEWEST_EPOCHS)):
        return {"finetune.steps": fewer}, f"tuning for more than {fewer} steps"
    return None


def tuning_seconds(found: dict[str, Any], value: dict[str, Any], seconds_per_step: float) -> float:
    """Return what the member takes by the settings `value`: all folds, the look and the test.

    A pass forward costs a third of a step.
    """
    parts, folds = found["parts"], value["folds"]
    training, validation, test = (parts.get(name, 0) for name in ("train", "validation", "test"))
    scored = training // folds
    look = found["pictures"] + 2 * min(training, LOOK_PICTURES)
    forward = look + REPORTS * scored + folds * (scored + validation + test)
    return float(seconds_per_step * (folds * value["finetune.steps"] + np.ceil(forward / BATCH) / 3))
