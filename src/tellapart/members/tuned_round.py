"""The tuning of one net: a task that runs anywhere, and the file that keeps what it gave."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from tellapart.members.canvases import Canvases
from tellapart.members.detail_net import Schedule
from tellapart.members.group import Group
from tellapart.members.head import Axes, Linear
from tellapart.members.scores import balanced_accuracy, log_losses, softmax
from tellapart.members.tuned_net import TunedNet, logits, tune
from tellapart.scale.executor import Advance

FIRST_STEPS = 8  # after so many the time of all folds is known well enough to stop what cannot end
COLUMNS = ("step", "training_loss", "held_out_log_loss", "held_out_balanced_accuracy")


@dataclass(frozen=True)
class Tuned:
    """One net of one round, with what it scored: (n, K) logits of the round's held-out and of the validation part."""

    net: TunedNet
    scored: np.ndarray
    validation: np.ndarray
    history: tuple[dict[str, Any], ...]


@dataclass(frozen=True)
class Round:
    """All that the tuning of one net needs, wherever it runs.

    Attributes
    ----------
    canvases
        All pictures.
    fit, score, validation
        Indices: of the training, of the round's held-out and of the validation part.
    linear
        The head that was fitted on the frozen network.
    schedule, seed, threads
        How it is tuned; on as many threads everywhere, for the same numbers.
    row
        What is the same in its rows of `history.csv`.
    seconds, waves
        Until the time is up, and how many such rounds have to be done after each other by then, with this one.
    """

    canvases: Canvases
    fit: np.ndarray
    score: np.ndarray
    validation: np.ndarray
    linear: Linear
    schedule: Schedule
    seed: int
    threads: int
    row: dict[str, Any]
    seconds: float
    waves: int


def tune_round(
    one: Round, shared: tuple[Axes, np.ndarray], *, advance: Advance
) -> tuple[Tuned | None, float]:
    """Tune the net of one round; return it, or None where the time is too short, and the seconds of a step.

    Of several processes that tune it together, the first returns it, with the seconds that one alone would need at
    most. Shared by all rounds are the axes that the heads stand on, and the (N,) labels of all pictures.
    """
    torch.set_num_threads(one.threads)
    group = Group()
    axes, labels = shared
    labels = labels.copy()  # what was sent cannot be written to, and torch wants that
    history: list[dict[str, Any]] = []
    began = since = time.perf_counter()
    step_seconds = 0.0

    def report(step: int, loss: float, net: TunedNet) -> None:
        row = one.row | {"step": step, "training_loss": loss}
        if one.row["fold"] == 0:  # one held-out curve shows what there is to see; all of them would cost more
            found = softmax(logits(net, one.canvases, one.score))
            row["held_out_log_loss"] = float(log_losses(found, labels[one.score]).mean())
            row["held_out_balanced_accuracy"] = balanced_accuracy(found.argmax(1), labels[one.score])
        history.append(row)
        advance(1)

    def go_on(step: int) -> bool:
        nonlocal since, step_seconds
        now = time.perf_counter()
        spent = now - began
        if step == 1:  # it warms up; the net was loaded before it
            since = now
            return spent < one.seconds
        step_seconds = (now - since) / (step - 1) * group.size
        steps = one.schedule.steps * one.waves - step
        ends = step != FIRST_STEPS or step_seconds * steps < one.seconds - spent
        return ends and spent < one.seconds

    net = tune(
        TunedNet(axes, one.linear), one.canvases, one.fit, labels, one.schedule, one.seed, report, go_on
    )
    if net is None or not group.first:
        return None, step_seconds
    scored, validation = (logits(net, one.canvases, at) for at in (one.score, one.validation))
    return Tuned(net, scored, validation, tuple(history)), step_seconds


def write_round(file: Path, tuned: Tuned) -> None:
    """Keep what a round gave, whole or not at all."""
    state = {f"net.{name}": value.numpy() for name, value in tuned.net.state_dict().items()}
    history = np.array([[row.get(c, np.nan) for c in COLUMNS] for row in tuned.history], dtype=np.float64)
    temporary = file.with_suffix(".part")
    with temporary.open("wb") as out:
        np.savez(out, scored=tuned.scored, validation=tuned.validation, history=history, **state)
    temporary.replace(file)


def read_round(file: Path, net: TunedNet, row: dict[str, Any]) -> Tuned:
    """Read what a round gave into its net as that was before the first step; `row` is the same in its history."""
    with np.load(file, allow_pickle=False) as found:
        net.load_state_dict({key: torch.from_numpy(found[f"net.{key}"]) for key in net.state_dict()})
        history = tuple(
            row | {c: v for c, v in zip(COLUMNS, values.tolist(), strict=True) if not math.isnan(v)}
            for values in found["history"]
        )
        return Tuned(net.eval(), found["scored"], found["validation"], history)
